"""What the checks are given of a request, and what is kept of what they say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...models import Verification


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
    """What the checks say of its pictures. None is asked yet, so all of it is unknown and a person looks at everything:
    `moderation.document_checks` wants the given and the family name and the document's country, which nobody is asked
    for so far."""
    return nothing()


def bands_of(*, bits: int) -> tuple[int, int, int, int]:
    """The four 16-bit bands of a signed 64-bit look, by which alike ones are found."""
    return tuple((bits >> shift) & 0xFFFF for shift in (48, 32, 16, 0))  # type: ignore[return-value]
