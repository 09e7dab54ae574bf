from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

KIND = "report"
APPEAL_KIND = "appeal"  # of `moderation.appeals`, which knows reports and not the other way round
PERMISSION = "users.staff_review_reports"
DETAILS_MAX = 2000
MESSAGES_MAX = 50
PICTURES_MAX = 5
REPORTS_A_DAY = 20
REPORTS_PER_MINUTE = 10
VIEW_WIDTH_PX = 1600
NAME_MAX = 100  # of a file, as it is shown
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
    # of a file
    "att_mismatch": _("The words name other files than the message does"),
    "blob_changed": _("What is stored is not what was sent"),
    "key_does_not_fit": _("It does not open with the key that was sent"),
}

# Endings of files that staff save, by the type that their sender gave them; of the chat's list.
ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "audio/webm": "webm",
    "audio/ogg": "ogg",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "application/pdf": "pdf",
    "text/plain": "txt",
    "application/zip": "zip",
}
