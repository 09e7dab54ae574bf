"""What the checks are given of a request, and what is kept of what they say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from django.utils import timezone

from ...document_checks.check import check_document, settings_of_project
from ...document_checks.types import MAXIMA, Declared, DocumentClass, Inputs, Report
from ...models import Verification
from ...services import vault
from .. import selectors
from .earlier import EarlierDocuments


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What was found. `report` is shown to the reviewer and kept; hashes are keyed; looks are signed 64 bits."""

    score: int | None
    report: dict[str, Any]
    vetoes: list[str] = field(default_factory=list)
    country: str = ""
    is_of_age: bool | None = None
    hashes: dict[str, bytes] = field(default_factory=dict)
    looks: dict[str, int] = field(default_factory=dict)
    heat_map: bytes = b""


def nothing() -> Evidence:
    """Where no check could be run: all is unknown."""
    return Evidence(score=None, report={"layers": [], "unknown": ["all"], "vetoes": []})


def gather(*, verification: Verification) -> Evidence:
    """What the checks say of its pictures. The name is the account's: a request has none. Raises FileGone."""
    files = selectors.list_files(verification=verification)
    document, user = files["document"].file, verification.user
    declared = Declared(
        given_names=user.name,
        family_names="",
        born_on=user.birth_date,
        document_class=cast(DocumentClass, verification.document_type),
        document_country=verification.document_country,
    )
    earlier = EarlierDocuments(verification=verification)
    inputs = Inputs(
        document=vault.read(file=document),
        selfie=vault.read(file=files["selfie"].file),
        declared=declared,
        uploaded_hash=bytes(document.digest),
        today=timezone.now().date(),
        ip_address=verification.ip or "",
        lookup=earlier,
    )
    report = check_document(inputs=inputs, settings=settings_of_project())
    is_read = report.parts["database"].assessable
    return Evidence(
        score=report.total if len(report.unknown) < len(report.parts) else None,
        report=_kept(report),
        vetoes=list(report.vetoes),
        country=verification.document_country or earlier.country,
        is_of_age="under_age" not in report.vetoes if is_read else None,
        hashes=dict(earlier.hashes),
        looks=dict(earlier.looks),
        heat_map=report.heat_map or b"",
    )


def _kept(report: Report) -> dict[str, Any]:
    """The report without its pictures; reasons by their codes, which are put into words where they are read."""
    layers = [
        {
            "name": name,
            "score": part.score,
            "max": MAXIMA[name],
            "assessable": part.assessable,
            "ms": part.ms,
            "provider": part.provider,
            "reasons": [
                {"code": reason.code, "points": reason.points, "values": dict(reason.values)} for reason in part.reasons
            ],
        }
        for name, part in report.parts.items()
    ]
    return {"layers": layers, "unknown": list(report.unknown), "vetoes": list(report.vetoes)}


def bands_of(*, bits: int) -> tuple[int, int, int, int]:
    """The four 16-bit bands of a signed 64-bit look, by which alike ones are found."""
    return tuple((bits >> shift) & 0xFFFF for shift in (48, 32, 16, 0))  # type: ignore[return-value]
