"""What a person reads of a decision: the reason with its placeholders filled, and how it looks before it is sent.

The preview is made by what makes the real thing, in the language of the person it is about.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils import translation
from django.utils.translation import get_language_info

from .. import people_panel, placeholders, queues, reason_selectors
from ..errors import UnknownOutcome
from ..models import CannedReason, WorkItem
from ..queues import Letter


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What somebody will read: `letters` in their `language`; none where nobody reads the reason."""

    language: str
    letters: list[Letter] = field(default_factory=list)

    @property
    def direction(self) -> str:
        """Of the language: `ltr` or `rtl`."""
        return "rtl" if get_language_info(self.language)["bidi"] else "ltr"

    def as_dict(self) -> dict[str, Any]:
        """For scripts of the page."""
        return {
            "language": self.language,
            "direction": self.direction,
            "letters": [asdict(letter) for letter in self.letters],
        }


def fill(*, item: WorkItem, outcome: str, note: str) -> str:
    """The reason as it is kept and sent with this outcome. Texts that only staff read stay as they are. Raises
    EmptyPlaceholder (`/note`)."""
    kind = queues.get_kind(kind=item.kind)
    decision = kind.find_decision(outcome)
    if decision is None or not decision.is_read or kind.values is None or not placeholders.has_any(text=note):
        return note
    with translation.override(language_of(item=item)):
        values = kind.values(item=item, outcome=outcome)
    return placeholders.fill(text=note, values=values, pointer="/note")


def preview(*, item: WorkItem, outcome: str, note: str) -> Preview:
    """How the decision reads to whom the case is about. The caller got the case from a selector. Raises
    UnknownOutcome, EmptyPlaceholder (`/note`), NotFound (what it is about is gone)."""
    kind = queues.get_kind(kind=item.kind)
    decision = kind.find_decision(outcome)
    if decision is None or not decision.is_read or kind.letters is None:
        raise UnknownOutcome
    language, text = language_of(item=item), fill(item=item, outcome=outcome, note=note)
    with translation.override(language):
        letters = kind.letters(item=item, outcome=outcome, note=text.strip())
    return Preview(language=language, letters=letters)


def language_of(*, item: WorkItem) -> str:
    """The language of the person that a case is about."""
    uid = item.subject_uid
    person = people_panel.list_people(uids=[uid]).get(uid) if uid else None
    return person.language if person else "en"


def list_reasons(*, kind: str, language: str) -> list[CannedReason]:
    """Texts that are offered with a decision about who reads `language`; none for a queue without."""
    return reason_selectors.list_offered(kind=kind, language=language) if kind else []


def put_in(*, kind: str, uid: uuid.UUID, text: str) -> str:
    """`text` with a kept one: in its place where it is empty or a kept one itself, else below what was written. Raises
    NotFound."""
    chosen = reason_selectors.get_offered(kind=kind, uid=uid)
    written = text.replace("\r\n", "\n").strip()
    kept = {row.text for row in reason_selectors.list_offered(kind=kind, language="")}
    return chosen.text if not written or written in kept else f"{written}\n\n{chosen.text}"
