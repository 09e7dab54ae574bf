"""The phone number: optional, one account a number, kept as E.164 (ITU-T), shown to nobody, sent nothing."""

from __future__ import annotations

import phonenumbers
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from pairly.common.problems import InvalidInput
from security import limits
from security.services import audit
from security.types import Client

from ..constants import PHONE_CHANGES_PER_HOUR
from ..errors import PhoneTaken
from ..models import User
from ..types import SignIn
from . import step_up


def change(*, user: User, sign_in: SignIn, phone: str, client: Client) -> None:
    """Set the number, written with its country's code ("+44 …"), or remove it with "".

    Raises StepUpRequired, RateLimited (each change tells whether a number is taken), InvalidInput or PhoneTaken.
    """
    step_up.require(user=user, sign_in=sign_in)
    number = _normalised(phone) if phone.strip() else None
    if number == user.phone:
        return
    limits.require(name="phone", key=str(user.uid), limit=PHONE_CHANGES_PER_HOUR, window_s=3600)
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(phone=number)
            action = "phone.changed" if number else "phone.removed"
            audit.record(action=action, actor_uid=user.uid, subject_uid=user.uid, family=sign_in.family, client=client)
    except IntegrityError as error:
        raise PhoneTaken(errors=[_row(PhoneTaken.code, str(PhoneTaken.title))]) from error
    user.phone = number


def _normalised(phone: str) -> str:
    """E.164: "+", country code, number; raises InvalidInput for what is no number of any country."""
    try:
        parsed = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException as error:
        raise _invalid() from error
    if not phonenumbers.is_valid_number(parsed):
        raise _invalid()
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def _invalid() -> InvalidInput:
    detail = gettext("Write the number with its country's code, for example +44 20 7946 0958.")
    return InvalidInput(errors=[_row("invalid", detail)])


def _row(code: str, detail: str) -> dict[str, str]:
    return {"pointer": "/phone", "code": code, "detail": detail}
