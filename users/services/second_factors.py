"""Turning second factors on and off: what belongs together happens in one transaction, and its owner is told.

Every change needs a fresh proof (`step_up`); turning one off needs a proof of its own besides, so that a browser
left open is not enough. No session ends by itself: the pages offer to end all others (OWASP ASVS 7.4.3).
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext

from pairly.common.problems import NotAuthenticated, NotFound
from security import limits
from security.services import audit
from security.types import Client

from .. import selectors
from ..constants import SECOND_FACTOR_SETUPS_PER_MINUTE
from ..errors import EmailNotVerified, NoSecondFactor, SecondFactorRequired, StrongerFactorSet
from ..models import User
from ..types import FactorState, Method, SignIn, TotpSetup
from . import backup_codes, challenges, entrance, factors, security_mails, step_up, totp


def get_state(*, user: User) -> FactorState:
    """Which factors are set up, and how many backup codes are left."""
    methods = factors.list_methods(user=user)
    return FactorState(
        methods=methods,
        has_totp=Method.TOTP in methods,
        n_passkeys=selectors.count_passkeys(user=user),
        has_email=Method.EMAIL in methods,
        n_backup_codes=selectors.count_backup_codes(user=user),
    )


def begin_totp(*, user: User, sign_in: SignIn) -> TotpSetup:
    """A new key for an authenticator app; an app that is in use stays so until `enable_totp`.

    Raises StepUpRequired or RateLimited.
    """
    step_up.require(user=user, sign_in=sign_in)
    _check_limit(user)
    return totp.begin(user=user)


def find_totp_setup(*, user: User, sign_in: SignIn) -> TotpSetup | None:
    """The key of the set-up that goes on; shown only while the proof is fresh."""
    return totp.find_setup(user=user) if step_up.is_fresh(sign_in=sign_in) else None


def enable_totp(*, user: User, sign_in: SignIn, code: str, client: Client) -> list[str]:
    """Ask for codes of the new key from now on. Returns ten backup codes, or none where some are left.

    This sign-in counts as one with the factor. Sign-ins that wait for a second step begin anew, for a code by
    mail would do for them. Raises StepUpRequired, RateLimited or InvalidCode.
    """
    step_up.require(user=user, sign_in=sign_in)
    _check_limit(user)
    with transaction.atomic():
        held = _hold(user)
        totp.confirm(user=held, code=code)
        User.objects.filter(pk=held.pk).update(email_factor_at=None)
        challenges.cancel(user=held)
        has_codes = selectors.count_backup_codes(user=held) > 0
        codes = [] if has_codes else backup_codes.renew(user=held)
        step_up.grant(sign_in=sign_in, method=Method.TOTP)
        _tell(held, "factor_on", "factor.totp_on", Method.TOTP, sign_in, client)
    return codes


def disable_totp(*, user: User, sign_in: SignIn, method: Method, code: str, client: Client) -> None:
    """Forget the authenticator app; with the last factor go the backup codes.

    `code` is one of the app or a backup code (`method`), and a try at it counts for the lockout. Raises NotFound
    (there is no app), SecondFactorRequired (staff keep one strong factor), RateLimited, AccountLocked or
    InvalidCode (with `attempts_left`). Must not run inside a transaction.
    """
    _check_may_lose_totp(user)
    step_up.confirm(user=user, sign_in=sign_in, method=_typed(method), code=code, client=client)
    with transaction.atomic():
        held = _hold(user)
        _check_may_lose_totp(held)
        totp.remove(user=held)
        _remove_codes_of_none(held)
        _tell(held, "factor_off", "factor.totp_off", Method.TOTP, sign_in, client)


def enable_email(*, user: User, sign_in: SignIn, client: Client) -> None:
    """Ask for a code by mail at each sign-in; for accounts that have nothing stronger.

    Raises StepUpRequired, RateLimited, EmailNotVerified or StrongerFactorSet.
    """
    step_up.require(user=user, sign_in=sign_in)
    _check_limit(user)
    with transaction.atomic():
        held = _hold(user)
        if held.email_verified_at is None:
            raise EmailNotVerified
        if selectors.list_strong_methods(user=held):
            raise StrongerFactorSet
        if User.objects.filter(pk=held.pk, email_factor_at__isnull=True).update(email_factor_at=timezone.now()):
            _tell(held, "factor_on", "factor.email_on", Method.EMAIL, sign_in, client)


def disable_email(*, user: User, sign_in: SignIn, password: str, client: Client) -> None:
    """Ask for no codes by mail any more. A try at the password counts for the lockout.

    Raises NotFound (it is off), RateLimited, AccountLocked, Overloaded or InvalidCode (with `attempts_left`).
    Must not run inside a transaction.
    """
    if Method.EMAIL not in factors.list_methods(user=user):
        raise NotFound
    step_up.confirm(user=user, sign_in=sign_in, method=Method.PASSWORD, code=password, client=client)
    with transaction.atomic():
        held = _hold(user)
        if User.objects.filter(pk=held.pk, email_factor_at__isnull=False).update(email_factor_at=None):
            _remove_codes_of_none(held)
            _tell(held, "factor_off", "factor.email_off", Method.EMAIL, sign_in, client)


def set_email(*, user: User, sign_in: SignIn, is_on: bool, password: str, client: Client) -> None:
    """`enable_email` or `disable_email`, as asked."""
    if is_on:
        enable_email(user=user, sign_in=sign_in, client=client)
    else:
        disable_email(user=user, sign_in=sign_in, password=password, client=client)


def renew_backup_codes(*, user: User, sign_in: SignIn, client: Client) -> list[str]:
    """Ten new codes, shown this once; the ones before work no more. Raises StepUpRequired, RateLimited or
    NoSecondFactor."""
    step_up.require(user=user, sign_in=sign_in)
    _check_limit(user)
    with transaction.atomic():
        held = _hold(user)
        if not factors.list_methods(user=held):
            raise NoSecondFactor
        codes = backup_codes.renew(user=held)
        security_mails.write(user=held, notice="backup_codes_renewed")
        _record("factor.backup_codes_renewed", held, sign_in, client)
    return codes


def _hold(user: User) -> User:
    """The account as it is now, its factors too, until the transaction ends."""
    held = entrance.hold(user=user)
    if held is None:
        raise NotAuthenticated
    return held


def _check_limit(user: User) -> None:
    limits.require(
        name="second-factor-setup",
        key=str(user.uid),
        limit=SECOND_FACTOR_SETUPS_PER_MINUTE,
        window_s=60,
        is_strict=True,
    )


def _check_may_lose_totp(user: User) -> None:
    strong = selectors.list_strong_methods(user=user)
    if Method.TOTP not in strong:
        raise NotFound
    if user.is_staff and strong == [Method.TOTP]:
        raise SecondFactorRequired(gettext("Staff need a strong second factor: add a passkey first."))


def _typed(method: Method) -> Method:
    """Only what is typed is a code; anything else proves nothing here."""
    return method if method in (Method.TOTP, Method.BACKUP_CODE) else Method.TOTP


def _remove_codes_of_none(user: User) -> None:
    """Backup codes stand in for a factor; where none is left they would be asked for at no time."""
    user.refresh_from_db(fields=["email_factor_at"])
    if not selectors.list_strong_methods(user=user) and user.email_factor_at is None:
        backup_codes.remove(user=user)


def _tell(user: User, notice: str, action: str, method: Method, sign_in: SignIn, client: Client) -> None:
    with translation.override(user.language):
        factor = gettext("codes by mail") if method == Method.EMAIL else gettext("an authenticator app")
    security_mails.write(user=user, notice=notice, factor=factor)
    _record(action, user, sign_in, client)


def _record(action: str, user: User, sign_in: SignIn, client: Client) -> None:
    audit.record(
        action=action,
        actor_uid=user.uid,
        subject_uid=user.uid,
        severity=audit.Severity.NOTICE,
        family=sign_in.family,
        client=client,
    )
