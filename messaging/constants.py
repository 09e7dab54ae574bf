from __future__ import annotations

from datetime import timedelta
from enum import IntEnum

MAX_DEVICES = 20
CLOCK_SKEW_MS = 5 * 60 * 1000
HISTORY_PAGE = 50
BACKUP_MAX_BYTES = 64 * 1024
FRAME_MAX_BYTES = 128 * 1024
NOTE_MAX_BYTES = 40 * 1024
MAX_SEALED_TEXTS = 100
MAX_OPEN_PLANS = 50
BROADCAST_MAX_PEOPLE = 5_000
PLAN_AHEAD_DAYS = 366

# Approving a device from another one.
MAX_OPEN_APPROVALS = 3
APPROVAL_SECONDS = 600
APPROVALS_PER_HOUR = 10
# What one says of answers, gives back and cannot read, of one account.
ANSWERS_PER_MINUTE = 30

# -- attachments
ATTACHMENT_PART_BYTES = 1024 * 1024
ATTACHMENT_KEPT = timedelta(hours=24)  # what no message refers to
ATTACHMENTS_BEGUN_PER_MINUTE = 60
ATTACHMENT_PARTS_PER_MINUTE = 240
ATTACHMENT_READS_PER_MINUTE = 240

# A conversation that its reader has not accepted: nothing tells the writer what becomes of it.
OPEN_REQUEST = ("asked", "declined")
INBOX_PAGE = 30


class Kind(IntEnum):
    """Message kinds of the protocol (e2e section 2.1)."""

    MESSAGE = 1
    EDIT = 2
    DELETE = 3
    REACTION = 4
    AUTOMATIC = 5
