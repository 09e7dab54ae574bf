from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

KIND = "report"
PERMISSION = "users.staff_review_reports"
DETAILS_MAX = 2000
MESSAGES_MAX = 50
PICTURES_MAX = 5
REPORTS_A_DAY = 20
REPORTS_PER_MINUTE = 10
VIEW_WIDTH_PX = 1600
# After the decision: so long an appeal may be made, and the evidence is kept. Nobody appeals a dismissal.
APPEAL_TIME = timedelta(days=180)
DISMISSED_KEPT = timedelta(days=30)
CRITICAL_TARGET = timedelta(hours=1)

# Severity of a case by what was reported (`WorkItem.Severity`); the rest is normal.
SEVERITIES = {"minor": 4, "self_harm": 4, "harassment": 3, "illegal": 3, "sexual": 3, "spam": 1}

# Why a message is not verified, for staff.
FLAWS = {
    "malformed": _("The report cannot be read"),
    "not_participant": _("Who reports took no part in it"),
    "other_conversation": _("It is from another conversation"),
    "receipt_key_unknown": _("Its receipt names a key that is not ours"),
    "receipt_invalid": _("Our receipt is of another message, place or time"),
    "sender_key_unknown": _("Its device is none of the sender’s"),
    "sender_key_revoked": _("Its device was revoked before"),
    "sig_invalid": _("The sender’s signature does not fit"),
    "commit_mismatch": _("The words are not those that were sent"),
    "duplicate": _("The same message twice"),
}
