"""The check of one submission: six layers side by side, summed, with vetoes beside the sum."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.conf import settings as django_settings

from . import runner
from .evidence import Evidence
from .layers import chain, database, exif, geography, pixels, vision
from .types import CheckSettings, Inputs, LayerName, LayerResult, Report

LAYERS: dict[LayerName, Callable[..., LayerResult]] = {
    "exif": exif.assess,
    "pixels": pixels.assess,
    "vision": vision.assess,
    "database": database.assess,
    "chain": chain.assess,
    "geography": geography.assess,
}


def check_document(*, inputs: Inputs, settings: CheckSettings) -> Report:
    """What the six layers found, within `settings.layer_seconds` of waiting. It raises nothing of theirs.

    Safe to call from several threads. Layers run in threads of their own; the callables in `inputs` are called from
    there. Blocking: call it from a worker.
    """
    evidence = Evidence(inputs=inputs, settings=settings)
    work = {name: partial(assess, evidence=evidence) for name, assess in LAYERS.items()}
    parts = runner.run(layers=work, seconds=settings.layer_seconds)
    return summed(parts=parts, suspect_from=settings.suspect_from)


def summed(*, parts: dict[LayerName, LayerResult], suspect_from: int) -> Report:
    """The report of the layers' results. A layer that is not there is unknown."""
    total = min(sum(part.score for part in parts.values()), 100)
    vetoes = tuple(dict.fromkeys(veto for part in parts.values() for veto in part.vetoes))
    missing = [name for name in LAYERS if name not in parts]
    return Report(
        total=total,
        parts=parts,
        vetoes=vetoes,
        unknown=tuple(missing + [name for name, part in parts.items() if not part.assessable]),
        reasons=tuple(reason for part in parts.values() for reason in part.reasons),
        heat_map=next((part.heat_map for part in parts.values() if part.heat_map), None),
        is_suspect=total >= suspect_from,
    )


def settings_of_project() -> CheckSettings:
    """What the environment says (.env.example, "Documents")."""
    return CheckSettings(
        vision=django_settings.DOCUMENT_VISION,
        gemini_api_key=django_settings.GEMINI_API_KEY,
        gemini_base_url=django_settings.GEMINI_BASE_URL,
        gemini_model=django_settings.GEMINI_MODEL,
        openai_api_key=django_settings.OPENAI_API_KEY,
        openai_base_url=django_settings.OPENAI_BASE_URL,
        openai_model=django_settings.OPENAI_MODEL,
        tesseract=django_settings.TESSERACT,
        layer_seconds=django_settings.DOCUMENT_LAYER_SECONDS,
    )
