"""What a decision is said with."""

from __future__ import annotations

from ..models import Verification
from .constants import REJECT_REASONS


def reason_of(*, verification: Verification) -> str:
    """Why it was not approved, in words; "" where nothing is to be said."""
    words = REJECT_REASONS.get(verification.reason_code)
    return str(words) if words else ""
