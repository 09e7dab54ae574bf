"""Public ids: UUIDv7 (RFC 9562 section 5.7), so that indexes stay dense and rows sort by time."""

from __future__ import annotations

import uuid

from uuid_utils.compat import uuid7 as _uuid7


def uuid7() -> uuid.UUID:
    """A new UUIDv7."""
    return _uuid7()
