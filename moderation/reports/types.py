from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from users.models import User

from ..models import Report, ReportCase, ReportedAttachment, ReportedMessage


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What was found of one message of a report. `flaw` is "" where everything holds; `body` as it was given."""

    flaw: str
    n: int | None = None
    sender_uid: uuid.UUID | None = None
    sent_at: datetime | None = None
    body: bytes | None = None
    proof: dict[str, Any] = field(default_factory=dict)

    @property
    def is_verified(self) -> bool:
        return not self.flaw


@dataclass(frozen=True, kw_only=True, slots=True)
class Aim:
    """What is reported: whose it is, and the case's `target` and `target_ref`."""

    subject: User
    target: str
    ref: uuid.UUID
    conversation: uuid.UUID | None = None
    peer_uids: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownAttachment:
    """A file of a verified message as staff see it. `name` and `mime` are its sender's words."""

    row: ReportedAttachment
    name: str
    mime: str
    flaw: str

    @property
    def can_be_opened(self) -> bool:
        return self.row.state in (ReportedAttachment.State.WAITING, ReportedAttachment.State.VERIFIED)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedFile:
    """What staff get of a file: a picture as WebP, or any bytes to be saved under `name`."""

    data: bytes
    is_picture: bool
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownMessage:
    """A message of a report as staff see it; `text` is None once its evidence is gone, or where it has no words.

    `missing` is how many messages before it, since the last verified one, were not shown.
    """

    row: ReportedMessage
    text: str | None
    sender: str
    n_attachments: int
    flaw: str
    missing: int = 0
    attachments: list[ShownAttachment] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """How somebody's reports ended."""

    n_made: int
    n_upheld: int
    n_dismissed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownReport:
    """One report of a case as staff see it."""

    report: Report
    record: Record
    messages: list[ShownMessage]
    files: list[uuid.UUID]


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownCase:
    """A case with its evidence. `about`: cases about the same person before, by how they ended."""

    case: ReportCase
    reports: list[ShownReport]
    n_upheld: int
    n_dismissed: int
    before: list[ReportCase]
    item_title: str = ""
