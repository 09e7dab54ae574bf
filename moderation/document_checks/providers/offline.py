"""Without a vision model: what OCR, zone and shape tell on this machine. It sees less, and says that it was it."""

from __future__ import annotations

import re

from .. import cards, names, ocr
from ..errors import NotAssessable
from ..evidence import Evidence
from ..types import LayerResult, Reason

# Whom a card would speak to, and of what.
_TO_MACHINES = re.compile(
    r"\b(IGNORE|DISREGARD|FORGET|OVERRIDE)\b.{0,40}\b(INSTRUCTION|PROMPT|RULE|ABOVE|PREVIOUS|PRIOR|EVERYTHING|CHECK)"
    r"|\b(SYSTEM|ASSISTANT|DEVELOPER)\s{0,3}(PROMPT|MESSAGE|INSTRUCTION|NOTE|:)"
    r"|\bLANGUAGE MODEL\b|\bAI (MODEL|REVIEWER)\b"
    r"|\b(SET|RETURN|OUTPUT|REPORT|ANSWER)\b.{0,30}"
    r"\b(TAMPERING|RISK|SCORE|NONCE|APPROVED|GENUINE|CLEAN|TRUE|FALSE|ZERO)\b"
    r"|\b(APPROVE|MARK|TREAT|CONSIDER)\b.{0,30}\b(THIS|DOCUMENT|CARD|APPLICANT|IMAGE|GENUINE|VALID)\b"
    r"|\bTAMPERING_PERCENT\b|\bYOU ARE (AN?|NOW)\b",
    re.DOTALL,
)


def speaks_to_machines(text: str) -> bool:
    """Whether text on a card addresses who reads it by machine."""
    return bool(_TO_MACHINES.search(re.sub(r"\s+", " ", text.upper())))


def assess(*, evidence: Evidence) -> LayerResult:
    """Shape, zone and printed words against the declared kind of document.

    Unknown where neither zone nor text was read, and always for the rest: no model looked for signs of tampering.
    """
    declared = evidence.inputs.declared
    card, reading = evidence.card, evidence.reading
    reasons: list[Reason] = []
    wanted = "TD3" if declared.document_class == "passport" else "TD1"
    nearest = min(cards.RATIOS, key=lambda form: abs(cards.RATIOS[form] - card.ratio))
    if nearest != wanted and abs(card.ratio / cards.RATIOS[wanted] - 1) > 0.07:
        reasons.append(Reason(code="template_differs", points=6))
    if reading is not None and reading.is_certain and (reading.zone.form == "TD3") != (wanted == "TD3"):
        reasons.append(Reason(code="vision_class_differs", points=8))
    try:
        text = evidence.text
    except NotAssessable:
        text = ""
    if text:
        if speaks_to_machines(text):
            reasons.append(Reason(code="text_for_machines", points=20))
        name = f"{declared.given_names} {declared.family_names}"
        if names.words(name) and len(text) > 80 and not ocr.holds_name(text=text, name=name):
            reasons.append(Reason(code="text_form_differs", points=4, values={"fields": "name"}))
    is_read = bool(text) or (reading is not None and reading.is_certain)
    reasons.append(Reason(code="vision_offline" if is_read else "text_not_read"))
    return LayerResult(
        score=min(sum(reason.points for reason in reasons), 20),
        reasons=tuple(reasons),
        assessable=False,
        provider="offline",
    )
