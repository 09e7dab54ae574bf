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
    "spending_cap_reached": _("This message would exceed your spending limit"),
    "cooling_off": _("You wanted to spend nothing for a while, and that is not over yet"),
    "price_changed": _("The price of a message has changed; confirm the new one"),
    "not_participant": _("There is nothing here, or it is not yours to see"),
    "rcpt_key_stale": _("The other person's keys have changed; the message needs to be sealed again"),
    "sig_key_revoked": _("This device is no longer allowed to write"),
    "blocked": _("You cannot write to this person"),
    "edit_too_late": _("A message can be changed for 15 minutes after it was sent"),
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


class TooMuchPlanned(Problem):
    code, status, title = "too_much_planned", 409, _("There is no room for more; remove something first")


# -- keys
class NoKeys(Problem):
    code, status, title = "no_keys", 409, _("Set up encryption first")


class ApprovalOver(Problem):
    code, status, title = "approval_over", 409, _("This request is over; ask again on the new device")


class TooManyApprovals(Problem):
    code, status, title = "too_many_approvals", 409, _("Three devices are waiting already; answer them first")


# -- held credits after a reply
class TooManyDisputes(Problem):
    code, status, title = "too_many_disputes", 409, _("We are looking at other answers for you; please wait for those")


class DisputeRightLost(Problem):
    """`until` in the document says when it comes back."""

    code, status, title = "dispute_right_lost", 403, _("Too much of what you reported was an answer after all")


class OwnDispute(Problem):
    code, status, title = "own_case", 403, _("Somebody else has to decide this: it is about you")


# -- attachments
class QuotaReached(Problem):
    code, status, title = "attachment_quota", 429, _("You have sent as many files as a day allows")


class UploadClosed(Problem):
    code, status, title = "upload_closed", 409, _("This upload is over; begin another one")


class UploadChanged(Problem):
    code, status, title = "upload_changed", 409, _("The file was changed while it was checked; try again")


class PartsMissing(Problem):
    code, status, title = "parts_missing", 409, _("Parts of the file are missing; send them and try again")


class AttachmentUsed(Problem):
    code, status, title = "attachment_used", 409, _("A message has this file already; seal it again to send it again")


class RangeNotSatisfiable(Problem):
    code, status, title = "range", 416, _("The file has no such part")

    def __init__(self, *, length: int) -> None:
        super().__init__()
        self._length = length

    def headers(self) -> dict[str, str]:
        return {"Content-Range": f"bytes */{self._length}"}
