"""How people want to hear of things."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from pairly.common.problems import InvalidInput, NotFound

from .. import notification_selectors as selectors
from ..errors import SettingsChanged
from ..models import NotificationChoice, User
from ..notification_kinds import KINDS, Mail, list_kinds
from ..types import NotificationSettings

# The token in the address that ends these mails (RFC 8058): whoever has it can do that, and nothing else with it.
_STOP_SALT = "users.stop-notification-mails"


class Choice(NamedTuple):
    """What somebody chose for one kind."""

    kind: str
    in_app: bool
    mail: str
    push: bool


def save_choices(
    *, user: User, choices: Sequence[Choice], versions: Collection[str] | None = None
) -> NotificationSettings:
    """Keep what `user` chose; kinds that are not named stay as they are. Returns all of it.

    `versions`: the settings that the change is meant for, None for any. Raises SettingsChanged where they are others
    by now, InvalidInput for a kind that `user` does not get or an unknown frequency of mails.
    """
    known = {kind.code for kind in list_kinds(is_creator=user.is_creator)}
    errors = [one for number, choice in enumerate(choices) for one in _errors_of(choice, number, known)]
    if errors:
        raise InvalidInput(errors=errors)
    with transaction.atomic():
        # Two tabs that save at once come one after the other, or both would find the version that they name.
        User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
        if versions is not None and selectors.get_settings(user=user).version not in versions:
            raise SettingsChanged()
        _write(user, choices)
        return selectors.get_settings(user=user)


def stop_mails(*, token: str) -> None:
    """End all mails of notifications for whom `token` was made (`stop_token`), for good or until they choose anew.
    Raises NotFound for a token that is none."""
    user = find_user_of(token=token)
    if user is None:
        raise NotFound
    with transaction.atomic():
        rows = {row.kind: row for row in NotificationChoice.objects.select_for_update().filter(user=user)}
        _write(user, [_without_mail(code, rows.get(code)) for code in KINDS])


def stop_token(*, user: User) -> str:
    """What ends the mails to `user` without signing in: it never expires, is no secret, and is good for that only."""
    return signing.Signer(salt=_STOP_SALT).sign(user.uid.hex)


def find_user_of(*, token: str) -> User | None:
    """Whose mails `token` ends."""
    try:
        named = signing.Signer(salt=_STOP_SALT).unsign(token)
    except signing.BadSignature:
        return None
    return User.objects.filter(uid=named).first()


def _errors_of(choice: Choice, number: int, known: Collection[str]) -> list[dict[str, str]]:
    errors = []
    if choice.kind not in known:
        detail = gettext("There is no such kind of notification for you")
        errors.append({"pointer": f"/settings/{number}/kind", "code": "unknown_kind", "detail": detail})
    if choice.mail not in list(Mail):
        detail = gettext("Choose one of: off, now, daily, weekly")
        errors.append({"pointer": f"/settings/{number}/mail", "code": "invalid_choice", "detail": detail})
    return errors


def _without_mail(code: str, row: NotificationChoice | None) -> Choice:
    kind = KINDS[code]
    return Choice(code, row.in_app if row else True, Mail.OFF, row.push if row else kind.push)


def _write(user: User, choices: Sequence[Choice]) -> None:
    now = timezone.now()
    NotificationChoice.objects.bulk_create(
        [
            NotificationChoice(
                user=user, kind=one.kind, in_app=one.in_app, mail=one.mail, push=one.push, updated_at=now
            )
            for one in {one.kind: one for one in choices}.values()
        ],
        update_conflicts=True,
        unique_fields=["user", "kind"],
        update_fields=["in_app", "mail", "push", "updated_at"],
    )
