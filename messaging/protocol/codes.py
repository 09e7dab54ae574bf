"""Every code with which the server refuses an envelope or a key statement, and its HTTP status."""

from __future__ import annotations

STATELESS = (
    "envelope_fields",
    "bad_base64",
    "hdr_length",
    "hdr_magic",
    "suite_unknown",
    "kind_unknown",
    "rcpt_count",
    "att_count",
    "rcpt_order",
    "conv_mismatch",
    "sender_mismatch",
    "ct_length",
    "ct_hash",
    "box_length",
    "box_hash",
    "sig_key_unknown",
    "sig_invalid",
)

# Everything not named here answers 400.
_STATUS = {
    "conv_mismatch": 403,
    "sender_mismatch": 403,
    "not_participant": 404,
    "duplicate_msg_id": 409,
    "sig_key_revoked": 403,
    "suspended": 403,
    "blocked": 403,
    "muted": 429,
    "seq": 409,
    "seen_head": 409,
    "target_unknown": 409,
    "edit_too_late": 409,
    "rcpt_key_stale": 409,
    "price_changed": 409,
    "spending_cap_reached": 403,
    "cooling_off": 403,
    "debt_outstanding": 402,
    "insufficient_credits": 402,
    "stmt_chain": 409,
    "key_exists": 409,
    "too_many_devices": 409,
}


def status_of(code: str) -> int:
    """HTTP status of a reject code (e2e section 2.4, api contract)."""
    return _STATUS.get(code, 400)
