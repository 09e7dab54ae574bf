"""The statement of reasons by mail: what was done, by which rule, for what, until when, and how to appeal."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from pairly.outbox import services as outbox
from users.services import notifications

from ...models import Sanction
from .. import selectors
from ..constants import STATEMENT_MAIL


def write(*, sanction: Sanction) -> None:
    """Have it mailed, and told in the app, in the caller's transaction. The mail is made when it leaves."""
    _tell(sanction, "imposed")


def write_lifted(*, sanction: Sanction) -> None:
    """As `write`, that it is over."""
    _tell(sanction, "lifted")


def deliver(user_uid: uuid.UUID | None, payload: dict[str, Any]) -> None:
    """Outbox handler: in the language of the account, to its address. Nothing where the account is gone."""
    sanction = selectors.find_by_uid(uid=uuid.UUID(payload["sanction"]))
    if sanction is None or "@" not in sanction.user.email:
        return
    with translation.override(sanction.user.language):
        if payload["state"] == "lifted":
            subject, text = _("A decision about your account was lifted"), _lifted(sanction)
        else:
            subject, text = words(sanction=sanction)
        send_mail(subject, text, None, [sanction.user.email])


def words(*, sanction: Sanction) -> tuple[str, str]:
    """Subject and text of the statement, in the language that is active; also of one that is only drafted, which has
    the address of its page when it is imposed."""
    return _("A decision about your account"), _statement(sanction)


def _tell(sanction: Sanction, state: str) -> None:
    payload = {"sanction": str(sanction.uid), "state": state}
    outbox.write(kind=STATEMENT_MAIL, payload=payload, user_uid=sanction.user.uid)
    notifications.notify(user=sanction.user, kind="sanction", payload=payload, key=f"sanction:{sanction.uid}:{state}")


def _statement(sanction: Sanction) -> str:
    until = f"{sanction.until:%Y-%m-%d %H:%M} UTC" if sanction.until else _("until it is lifted")
    how = _("by a program") if sanction.is_automated else _("by a person")
    lines = [
        _("We have made a decision about your Pairly account."),
        "",
        f"{_('Decision')}: {sanction.get_kind_display()}",
        f"{_('Rule')}: {selectors.rule_of(sanction=sanction)}",
        f"{_('What happened')}: {sanction.facts}",
        f"{_('It reaches')}: {selectors.scope_of(sanction=sanction)}",
        f"{_('Until')}: {until}",
        f"{_('Decided')}: {how}",
        "",
        _("You can appeal until %(day)s. Another person than the first one decides then. Sign in to do so; this works "
          "while you are suspended, and so do the copy of your data and deletion:")
        % {"day": f"{sanction.appeal_until:%Y-%m-%d}"},
        _url(sanction),
        "",
        _("You may also take it to a court, or to a body that settles disputes out of court."),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _lifted(sanction: Sanction) -> str:
    text = _("This decision about your Pairly account is lifted: %(kind)s.") % {"kind": sanction.get_kind_display()}
    why = f"{_('Why')}: {sanction.lifted_reason}\n\n" if sanction.lifted_reason else ""
    return f"{text}\n\n{why}{_url(sanction)}\n"


def _url(sanction: Sanction) -> str:
    if sanction.pk is None:
        return f"{settings.PUBLIC_URL}{reverse('trust:restrictions')}"
    return f"{settings.PUBLIC_URL}{reverse('trust:restriction', args=[sanction.uid])}"
