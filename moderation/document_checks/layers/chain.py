"""Is the file the one that was uploaded, and does the transparency log say so?"""

from __future__ import annotations

import hashlib
import hmac

from ..errors import NotAssessable
from ..evidence import Evidence
from ..types import LayerResult, Reason


def assess(*, evidence: Evidence) -> LayerResult:
    """0 where hash and entry agree, 10 where one does not. Unknown without a log, or before its next signed head."""
    inputs = evidence.inputs
    now = hashlib.sha256(inputs.document).digest()
    if not hmac.compare_digest(now, inputs.uploaded_hash):
        return _found("file_changed")
    if inputs.chain is None:
        raise NotAssessable("chain_missing")
    state = inputs.chain(inputs.uploaded_hash)
    if state == "verified":
        return LayerResult(score=0, reasons=(), assessable=True)
    if state == "waiting":
        raise NotAssessable("chain_waiting")
    if state in ("missing", "wrong"):
        return _found(f"entry_{state}")
    raise NotAssessable("chain_missing")


def _found(code: str) -> LayerResult:
    return LayerResult(score=10, reasons=(Reason(code=code, points=10),), assessable=True)
