"""What the chat refuses, as problems with the codes of the protocol."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from pairly.common.etags import PreconditionFailed
from pairly.common.problems import Problem

from .protocol.codes import status_of

TITLES = {
    "insufficient_credits": _("You do not have enough credits for this message"),
    "debt_outstanding": _("A past payment was reversed; settle it before you write again"),
    "spending_cap_reached": _("This message would exceed your spending limit for today"),
    "price_changed": _("The price of a message has changed; confirm the new one"),
    "not_participant": _("There is nothing here, or it is not yours to see"),
    "rcpt_key_stale": _("The other person's keys have changed; the message needs to be sealed again"),
    "sig_key_revoked": _("This device is no longer allowed to write"),
    "blocked": _("You cannot write to this person"),
    "suspended": _("Your account is suspended"),
    "muted": _("You cannot write for a while"),
    "clock_skew": _("The clock of your device is wrong; correct it and try again"),
}


class MessageRejected(Problem):
    """A reject of e2e section 2.4 (or of a key statement, section 1), with its code and HTTP status."""

    title = _("The message was not accepted")

    def __init__(self, *, code: str, **extra: Any) -> None:
        super().__init__(**extra)
        self.args = (code,)
        self.code = code
        self.status = status_of(code)
        self.title = TITLES.get(code, type(self).title)


class Muted(Problem):
    code, status, title = "muted", 429, _("You cannot write for a while")


class BackupVersionConflict(PreconditionFailed):
    code, title = "version_conflict", _("Your keys were changed on another device; load them again")


class NoContact(Problem):
    code, status, title = "blocked", 403, _("You cannot write to this person")
