"""Another e-mail address: proven by a code to the new one, undone for a week by a code to the old one.

The codes are made when their mails are rendered: an outbox row holds no secret. An address that somebody has
already is answered like a free one; its owner is told instead of mailed a code.

An old address that was never proven may be anyone's (a slip at sign-up), so it gets no code to undo with. While a
change can be undone the old address is kept for its owner (`is_reserved`), and neither another change nor the end of
the account may slip in (`selectors.find_undoable_email_change`).
"""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext

from pairly.common.problems import InvalidInput, NotFound
from pairly.outbox import services as outbox
from security import limits
from security.client_ip import network_of
from security.identifiers import keyed_hash, normalise
from security.services import attempts, audit
from security.types import Client, Door

from .. import selectors
from ..constants import (
    EMAIL_CHANGE_KIND,
    EMAIL_CHANGE_OPEN,
    EMAIL_CODE_DIGITS,
    EMAIL_CODE_LIFE,
    EMAIL_CODE_TRIES,
    EMAIL_CODES_PER_HOUR,
    EMAIL_UNDO_KIND,
    EMAIL_UNDO_LIFE,
    EMAIL_UNDO_TRIES_PER_HOUR,
    RESET_CODE_ALPHABET,
    RESET_CODE_LENGTH,
)
from ..errors import EmailChangeHeld, EmailTaken, InvalidCode
from ..models import EmailChange, PasswordReset, SignInChallenge, User
from ..types import SignIn
from . import entrance, lockouts, security_mails, sessions, step_up

Severity = audit.Severity


def request(*, user: User, sign_in: SignIn, new_email: str, client: Client) -> None:
    """Have a code mailed to the new address; a request that is still open is replaced.

    Nothing tells whether somebody has the address. Raises StepUpRequired, InvalidInput (the same address),
    EmailChangeHeld (the last change can still be undone), AccountLocked or RateLimited (per account and per address).
    """
    step_up.require(user=user, sign_in=sign_in)
    new_email = normalise(identifier=new_email)
    if new_email == user.email:
        raise InvalidInput(errors=[_row("new_email", "email_unchanged", gettext("This is your address already."))])
    _check_not_locked(user)
    _check_limit("email-change", str(user.uid))
    _check_limit("email-change-address", keyed_hash(identifier=new_email).hex())
    with transaction.atomic():
        held = entrance.hold(user=user)
        if held is None:
            raise NotFound
        if selectors.find_undoable_email_change(user=held):
            raise EmailChangeHeld
        _cancel_open(held)
        change = EmailChange.objects.create(
            user=held, old_email=held.email, new_email=new_email, expires_at=timezone.now() + EMAIL_CHANGE_OPEN
        )
        outbox.write(kind=EMAIL_CHANGE_KIND, payload={"change": str(change.pk)}, user_uid=held.uid)
        audit.record(action="email.change_requested", actor_uid=held.uid, subject_uid=held.uid, client=client)


def cancel(*, user: User) -> None:
    """Drop the change that waits for its code, if there is one."""
    _cancel_open(user)


def confirm(*, user: User, sign_in: SignIn, code: str, client: Client) -> None:
    """Take the new address by the code that was mailed there; both addresses are told.

    Each try is counted before the comparison, and a code is used once. A locked account waits: the lockout counts
    by address, and a new one must be no way around it. Raises InvalidCode, EmailTaken (somebody was faster) or
    AccountLocked.
    """
    _check_not_locked(user)
    change = _find_by_code(user, code)
    try:
        with transaction.atomic():
            _close_old_ways_in(user)
            held = entrance.hold(user=user)
            if held is None or held.email != change.old_email or not _consume(change):
                raise _invalid()
            _swap(held, change)
            _forgive(change.new_email, held, client)
            audit.record(
                action="email.changed",
                actor_uid=held.uid,
                subject_uid=held.uid,
                severity=Severity.WARNING,
                family=sign_in.family,
                client=client,
            )
    except IntegrityError as error:
        if selectors.find_user_by_email(email=change.new_email) is None:
            raise
        raise EmailTaken from error
    user.refresh_from_db(fields=["email", "email_verified_at"])


def undo(*, email: str, code: str, client: Client) -> None:
    """Put the old address back by the code that was mailed there, and end every sign-in.

    Tries are limited per network and never used up: who made off with the account must not be able to spend them.
    (31 to the power of 10 codes, 5 tries an hour.) Raises RateLimited or InvalidCode, also for an unknown address.
    """
    old_email = normalise(identifier=email)
    key = f"{keyed_hash(identifier=old_email).hex()}:{network_of(ip=client.ip)}"
    limits.require(name="email-undo", key=key, limit=EMAIL_UNDO_TRIES_PER_HOUR, window_s=3600, is_strict=True)
    change = selectors.find_undoable_email_change(old_email=old_email)
    hashed = _hash_undo(change.pk if change else uuid.UUID(int=0), code)
    if change is None or not constant_time_compare(bytes(change.undo_code_hash or b""), hashed):
        raise _cannot_undo()
    with transaction.atomic():
        _close_old_ways_in(change.user)
        user = entrance.hold(user=change.user)
        now = timezone.now()
        usable = EmailChange.objects.filter(pk=change.pk, undone_at__isnull=True, undo_until__gt=now)
        if user is None or not usable.filter(undo_code_hash=hashed).update(undone_at=now):
            raise _cannot_undo()
        _cancel_open(user)
        security_mails.write(user=user, notice="email_undone")
        User.objects.filter(pk=user.pk).update(email=change.old_email, email_verified_at=now)
        user.email = change.old_email
        security_mails.write(user=user, notice="email_undone")
        sessions.end_sessions(user=user, reason="email_undone")
        _forgive(change.old_email, user, client)
        audit.record(
            action="email.undone",
            actor_uid=user.uid,
            subject_uid=user.uid,
            severity=Severity.WARNING,
            client=client,
        )


def is_reserved(*, email: str) -> bool:
    """Whether an address that nobody has is kept for who may still undo a change away from it."""
    return selectors.find_undoable_email_change(old_email=normalise(identifier=email)) is not None


def deliver_code(user_uid: uuid.UUID | None, payload: dict[str, Any]) -> None:
    """Outbox handler: make the code of a change and mail it, or tell who has the address already."""
    open_changes = EmailChange.objects.select_related("user").filter(confirmed_at__isnull=True, cancelled_at=None)
    change = open_changes.filter(pk=payload["change"], expires_at__gt=timezone.now()).first()
    if change is None:
        return
    code = f"{secrets.randbelow(10**EMAIL_CODE_DIGITS):0{EMAIL_CODE_DIGITS}d}"
    open_changes.filter(pk=change.pk).update(
        code_hash=_hash(change, code), n_tries=0, expires_at=timezone.now() + EMAIL_CODE_LIFE
    )
    owner = selectors.find_user_by_email(email=change.new_email)
    if owner or is_reserved(email=change.new_email):
        _mail_taken(change.new_email, owner.language if owner else change.user.language)
    else:
        _mail_code(change, code)


def deliver_undo(user_uid: uuid.UUID | None, payload: dict[str, Any]) -> None:
    """Outbox handler: make a code that undoes the change, which replaces the one before, and mail it to the old
    address."""
    change = selectors.find_undoable_email_change(uid=payload["change"])
    if change is None or change.undo_until is None:
        return
    code = "".join(secrets.choice(RESET_CODE_ALPHABET) for _ in range(RESET_CODE_LENGTH))
    EmailChange.objects.filter(pk=change.pk).update(undo_code_hash=_hash_undo(change.pk, code))
    _mail_undo(change, code)


def _find_by_code(user: User, code: str) -> EmailChange:
    usable = EmailChange.objects.filter(
        user=user,
        confirmed_at__isnull=True,
        cancelled_at__isnull=True,
        code_hash__isnull=False,
        expires_at__gt=timezone.now(),
    )
    if not usable.filter(n_tries__lt=EMAIL_CODE_TRIES).update(n_tries=F("n_tries") + 1):
        raise _invalid()
    change = usable.first()
    hashed = _hash(change, "".join(code.split())) if change else b""
    if change is None or not constant_time_compare(bytes(change.code_hash or b""), hashed):
        raise _invalid()
    return change


def _consume(change: EmailChange) -> bool:
    """Win the code, or not: of any number of parallel requests one does."""
    now = timezone.now()
    usable = EmailChange.objects.filter(pk=change.pk, confirmed_at__isnull=True, cancelled_at__isnull=True)
    return bool(usable.filter(code_hash=change.code_hash, expires_at__gt=now).update(confirmed_at=now))


def _swap(user: User, change: EmailChange) -> None:
    """Give the held account its new address. Raises IntegrityError or EmailTaken when it is somebody's by now."""
    now = timezone.now()
    was_proven = user.email_verified_at is not None
    User.objects.filter(pk=user.pk).update(email=change.new_email, email_verified_at=now)
    user.email = change.new_email
    if is_reserved(email=change.new_email):
        raise EmailTaken
    security_mails.write(user=user, notice="email_changed")
    if was_proven:
        EmailChange.objects.filter(pk=change.pk).update(undo_until=now + EMAIL_UNDO_LIFE)
        outbox.write(kind=EMAIL_UNDO_KIND, payload={"change": str(change.pk)}, user_uid=user.uid)


def _close_old_ways_in(user: User) -> None:
    """Codes that were mailed to the address before open nothing now. First of all: a reset locks its code before
    the account too."""
    PasswordReset.objects.filter(user=user, used_at__isnull=True).update(used_at=timezone.now())
    entrance.hold(user=user)
    SignInChallenge.objects.filter(user=user).delete()


def _cancel_open(user: User) -> None:
    rows = EmailChange.objects.filter(user=user, confirmed_at__isnull=True, cancelled_at__isnull=True)
    rows.update(cancelled_at=timezone.now())


def _check_not_locked(user: User) -> None:
    locked_until = attempts.find_locked_until(identifier=user.email)
    if locked_until:
        raise lockouts.locked(locked_until)


def _forgive(email: str, user: User, client: Client) -> None:
    """Wrong guesses at an address before it was this account's (again) must not lock its owner out."""
    if attempts.find_locked_until(identifier=email):
        attempts.forgive(identifier=email, client=client, door=Door.RESET, user_uid=user.uid)


def _check_limit(name: str, key: str) -> None:
    limits.require(name=name, key=key, limit=EMAIL_CODES_PER_HOUR, window_s=3600, is_strict=True)


def _hash(change: EmailChange, code: str) -> bytes:
    """Keyed, for six digits alone are guessed from any plain hash."""
    return salted_hmac("users.email_change", f"{change.pk}:{code}", algorithm="sha256").digest()


def _hash_undo(uid: uuid.UUID, code: str) -> bytes:
    """Of what was typed, without the hyphen and spaces that help to read it, in capitals."""
    typed = "".join(character for character in code.upper() if character.isalnum())
    return salted_hmac("users.email_undo", f"{uid}:{typed}", algorithm="sha256").digest()


def _mail_code(change: EmailChange, code: str) -> None:
    with translation.override(change.user.language):
        text = gettext(
            "Your code for your new e-mail address is %(code)s.\n\n"
            "Type it on the page that asked for it. It is valid for %(minutes)d minutes. "
            "If you did not ask for it, ignore this mail: nothing changes.\n"
        ) % {"code": code, "minutes": EMAIL_CODE_LIFE.seconds // 60}
        send_mail(gettext("Confirm your new e-mail address"), text, None, [change.new_email])


def _mail_taken(email: str, language: str) -> None:
    with translation.override(language):
        text = gettext(
            "Somebody asked to use this e-mail address for another Pairly account.\n\n"
            "It belongs to an account already, so nothing changes. If it was you, sign in with this address instead:\n"
            "%(url)s\n"
        ) % {"url": f"{settings.PUBLIC_URL}{reverse('users:sign-in')}"}
        send_mail(gettext("Your e-mail address is in use already"), text, None, [email])


def _mail_undo(change: EmailChange, code: str) -> None:
    half = RESET_CODE_LENGTH // 2
    with translation.override(change.user.language):
        text = gettext(
            "The e-mail address of your Pairly account was changed; this address is no longer used.\n\n"
            "If it was you, there is nothing to do. If it was not, type this code within %(days)d days to take your "
            "account back: %(code)s\n\nType it here: %(url)s\n"
        ) % {
            "code": f"{code[:half]}-{code[half:]}",
            "days": EMAIL_UNDO_LIFE // timedelta(days=1),
            "url": f"{settings.PUBLIC_URL}{reverse('users:email-undo')}",
        }
        send_mail(gettext("Your e-mail address was changed"), text, None, [change.old_email])


def _invalid() -> InvalidCode:
    return InvalidCode(errors=[_row("code", InvalidCode.code, str(InvalidCode.title))])


def _cannot_undo() -> InvalidCode:
    detail = gettext("This is not the code in the mail to this address, or it is older than 7 days.")
    return InvalidCode(detail, errors=[_row("code", InvalidCode.code, detail)])


def _row(field: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{field}", "code": code, "detail": detail}
