from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """A certificate as anybody may see it. What it says is read from the bytes that are signed and from nothing else.

    After an erasure `payload` and `signature` are empty: only that it was taken back is left.
    """

    code: str
    kid: str
    payload: bytes
    signature: bytes
    has_profile: bool
    expires_at: datetime
    revoked_at: datetime | None
    revoked_because: str

    @property
    def says(self) -> dict[str, Any]:
        """The statement: level, user_id, name, identity, issued_at, expires_at. Empty after an erasure."""
        return json.loads(self.payload) if self.payload else {}

    def state(self, *, at: datetime) -> str:
        """`valid`, `expired` or `revoked`; the last one outlives the other two."""
        if self.revoked_at is not None:
            return "revoked"
        return "valid" if at < self.expires_at else "expired"
