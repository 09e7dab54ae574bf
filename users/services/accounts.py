"""New accounts."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from psycopg.errors import UniqueViolation

from pairly.common.clock import age_on
from pairly.common.problems import InvalidInput
from security import limits
from security.client_ip import network_of
from security.identifiers import normalise
from security.services import devices, events
from security.types import Client

from .. import selectors
from ..constants import MAXIMUM_AGE_YEARS, MINIMUM_AGE_YEARS, SIGN_UP_PER_MINUTE
from ..errors import EmailTaken, UnderAge
from ..models import Session, User
from ..registry import run_sign_up_hooks
from ..types import Device, StartedSession
from . import email_changes, email_codes, passwords, sessions


def sign_up(
    *,
    email: str,
    password: str,
    name: str,
    role: User.Role,
    birth_date: date,
    kind: Session.Kind,
    client: Client,
    device: Device | None = None,
) -> StartedSession:
    """Create an account with everything the upper apps add to it, and sign its owner in.

    Raises UnderAge or InvalidInput (rows name the field), RateLimited (per network address; only asked for
    input that is in order, for only that learns whether an address is taken) or EmailTaken.
    """
    user = User(
        email=normalise(identifier=email),
        name=name.strip(),
        role=role,
        birth_date=birth_date,
        language=(get_language() or "en")[:8],
    )
    check_new(user=user, password=password)
    _check_limit(client)
    if selectors.find_user_by_email(email=user.email):
        raise _email_taken()
    user.password = make_password(password)
    with transaction.atomic():
        _insert(user)
        # Asked for last: a change away from this address may just have been confirmed.
        if email_changes.is_reserved(email=user.email):
            raise _email_taken()
        run_sign_up_hooks(user=user)
        email_codes.request_first_code(user=user)
        device = device or Device()
        devices.remember(
            user_uid=user.uid, fingerprint=device.fingerprint, client=client, name=device.name, is_trusted=True
        )
        events.report_sign_up(
            user_uid=user.uid, joined_at=user.created_at, email=user.email, client=client, device=device.fingerprint
        )
        return sessions.start_session(user=user, kind=kind, client=client, device=device)


def check_new(*, user: User, password: str) -> None:
    """Whether somebody (not saved yet) may have an account with this password. Raises UnderAge or InvalidInput."""
    password_rows = passwords.list_weaknesses(user=user, password=password, field="password")
    age = age_on(birth_date=user.birth_date, day=timezone.now().date())
    if not 0 <= age <= MAXIMUM_AGE_YEARS:
        detail = _("Enter the date you were born.")
        raise InvalidInput(errors=[_row("birth_date", "invalid", str(detail)), *password_rows])
    if age < MINIMUM_AGE_YEARS:
        raise UnderAge(errors=[_row("birth_date", UnderAge.code, str(UnderAge.title)), *password_rows])
    if password_rows:
        raise InvalidInput(errors=password_rows)


def _check_limit(client: Client) -> None:
    network = network_of(ip=client.ip)
    limits.require(name="sign-up", key=network, limit=SIGN_UP_PER_MINUTE, window_s=60, is_strict=True)


def _insert(user: User) -> None:
    """Two sign-ups of one address at once: the unique constraint lets one through. Whose address it was may have
    changed it since: it is asked of the refusal, not of the table."""
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        refusal = error.__cause__
        if not (isinstance(refusal, UniqueViolation) and "email" in (refusal.diag.constraint_name or "")):
            raise
        raise _email_taken() from error


def _email_taken() -> EmailTaken:
    detail = str(_("There is already an account with this address. Sign in, or use another address."))
    return EmailTaken(detail, errors=[_row("email", EmailTaken.code, detail)])


def _row(field: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{field}", "code": code, "detail": detail}
