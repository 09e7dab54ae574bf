from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from ..models import Membership, Representation


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownMember:
    """A member, or somebody who is invited, as the other members see them."""

    row: Membership
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownCreator:
    """A creator whom an organisation represents, or has asked."""

    row: Representation
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownCertificate:
    """A certificate in a list; `name` is what it calls its holder."""

    code: str
    state: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadDelivery:
    """A notice that was given up, as staff see it: not what it told, and of its address the host alone."""

    id: uuid.UUID
    organisation: str
    host: str
    event: str
    event_id: uuid.UUID
    n_tries: int
    status: int | None
    error: str
    ended_at: datetime | None
    is_paused: bool = False
