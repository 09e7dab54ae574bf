from __future__ import annotations

from enum import IntEnum

MAX_DEVICES = 20
HISTORY_PAGE = 50
BACKUP_MAX_BYTES = 64 * 1024
FRAME_MAX_BYTES = 128 * 1024


class Kind(IntEnum):
    """Message kinds of the protocol (e2e section 2.1)."""

    MESSAGE = 1
    EDIT = 2
    DELETE = 3
    REACTION = 4
    AUTOMATIC = 5
