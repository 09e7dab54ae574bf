"""What a vision model sees, or what this machine can tell without one."""

from __future__ import annotations

import structlog

from .. import names
from ..errors import NotAssessable
from ..evidence import Evidence
from ..providers import base, offline
from ..providers.gemini import Gemini
from ..providers.openai_compatible import OpenAICompatible
from ..types import CheckSettings, Declared, LayerResult, Reason

log = structlog.get_logger(__name__)
_SUSPECT_PERCENT = 30
_NAME_MIN = 0.75


def assess(*, evidence: Evidence) -> LayerResult:
    """Points for the model's signs and for what it read that is not in the form.

    Unknown where the model does not answer in time or in form; then nothing it may have said counts. Offline it is
    always unknown: a person looks.
    """
    provider = chosen(settings=evidence.settings)
    if provider is None:
        return offline.assess(evidence=evidence)
    try:
        opinion = base.ask(provider=provider, evidence=evidence)
    except base.Unavailable as error:
        log.warning("document_vision_unavailable", provider=provider.name, cause=str(error))
        return _unknown("vision_unavailable", provider.name)
    except base.InvalidAnswer:
        log.warning("document_vision_invalid", provider=provider.name)
        return _unknown("vision_answer_invalid", provider.name)
    reasons = [*_signs(opinion), *_readings(opinion, evidence.inputs.declared), *_machine_text(opinion, evidence)]
    return LayerResult(
        score=min(sum(reason.points for reason in reasons), 20),
        reasons=tuple(reasons),
        assessable=True,
        provider=provider.name,
    )


def chosen(*, settings: CheckSettings) -> base.Provider | None:
    """The provider that the settings name; None is offline."""
    if settings.vision == "openai" and settings.openai_base_url:
        return OpenAICompatible(
            api_key=settings.openai_api_key, model=settings.openai_model, base_url=settings.openai_base_url
        )
    if settings.vision in ("gemini", "") and settings.gemini_api_key:
        return Gemini(api_key=settings.gemini_api_key, model=settings.gemini_model, base_url=settings.gemini_base_url)
    return None


def _unknown(code: str, provider: str) -> LayerResult:
    return LayerResult(score=0, reasons=(Reason(code=code),), assessable=False, provider=provider)


def _signs(opinion: base.Opinion) -> list[Reason]:
    reasons = []
    if not opinion.is_identity_document:
        reasons.append(Reason(code="vision_not_document", points=20))
    if opinion.tampering_percent >= _SUSPECT_PERCENT:
        signs = ", ".join(sorted(set(opinion.signs))) or "other"
        points = round(opinion.tampering_percent / 5)
        reasons.append(Reason(code="vision_tampering", points=points, values={"signs": signs}))
    if opinion.recapture_percent >= _SUSPECT_PERCENT:
        reasons.append(Reason(code="vision_recapture", points=round(opinion.recapture_percent / 8)))
    return reasons


def _readings(opinion: base.Opinion, declared: Declared) -> list[Reason]:
    """What the model read against the form, here: the model never knows what would be right."""
    reasons = []
    if opinion.document_class != declared.document_class:
        reasons.append(Reason(code="vision_class_differs", points=6))
    if opinion.issuing_country and opinion.issuing_country.upper() != declared.document_country:
        reasons.append(Reason(code="vision_country_differs", points=6))
    read_name = f"{opinion.given_names} {opinion.family_names}"
    name = f"{declared.given_names} {declared.family_names}"
    differs = {
        "name": bool(read_name.strip()) and names.similarity(one=read_name, other=name) < _NAME_MIN,
        "birth": bool(opinion.birth_date) and opinion.birth_date != declared.born_on.isoformat(),
        "number": bool(opinion.document_number and declared.document_number)
        and names.folded(opinion.document_number) != names.folded(declared.document_number),
        "expiry": bool(opinion.expiry_date and declared.expires_on)
        and opinion.expiry_date != (declared.expires_on.isoformat() if declared.expires_on else ""),
    }
    found = [field for field, is_other in differs.items() if is_other]
    if found:
        reasons.append(Reason(code="vision_fields_differ", points=6 * len(found), values={"fields": ", ".join(found)}))
    return reasons


def _machine_text(opinion: base.Opinion, evidence: Evidence) -> list[Reason]:
    """Text to machines on the card: told by the model, found in what it copied, or read here where OCR is present."""
    copied = " ".join((opinion.given_names, opinion.family_names, opinion.document_number))
    is_there = opinion.has_text_addressed_to_reader or offline.speaks_to_machines(copied)
    if not is_there and evidence.settings.tesseract:
        try:
            is_there = offline.speaks_to_machines(evidence.text)
        except NotAssessable:
            is_there = False
    return [Reason(code="text_for_machines", points=20)] if is_there else []
