from __future__ import annotations

from dataclasses import dataclass

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
