"""Reads of what a creator's devices are to send, and of texts they keep."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from pairly.common.problems import NotFound
from users.models import User

from . import inbox_selectors
from .models import Key, Message, Plan, PlannedMessage, SealedText


@dataclass(frozen=True, kw_only=True, slots=True)
class DueMessage:
    """A message that a device of the creator has leased: to seal for `peer` and to send under `message`."""

    plan: uuid.UUID
    kind: str
    message: uuid.UUID
    conversation: uuid.UUID
    peer: uuid.UUID
    box: bytes
    leased_until: datetime


def list_texts(*, user: User) -> list[SealedText]:
    """One's kept texts in their order; at most MAX_SEALED_TEXTS."""
    return list(SealedText.objects.filter(user=user).order_by("position", "pk"))


def list_plans(*, user: User) -> QuerySet[Plan]:
    """One's plans, the latest first, each with `n_sent`, `n_waiting` and `n_skipped`."""
    counts = {f"n_{state}": Count("messages", filter=Q(messages__state=state)) for state in PlannedMessage.State.values}
    return Plan.objects.filter(user=user).annotate(**counts).order_by("-pk")


# The plans that their page shows: the latest.
PLANS_SHOWN = 50


def list_latest(*, user: User) -> list[Plan]:
    """One's latest plans as `list_plans` has them, but the welcomes: these have a place of their own."""
    return list(list_plans(user=user).exclude(kind=Plan.Kind.WELCOME)[:PLANS_SHOWN])


def get_plan(*, user: User, uid: uuid.UUID) -> Plan:
    """A plan of one's own with its counts; raises NotFound otherwise."""
    found = list_plans(user=user).filter(uid=uid).first()
    if found is None:
        raise NotFound()
    return found


def find_welcome(*, user: User) -> Plan | None:
    """The welcome that stands."""
    return list_plans(user=user).filter(kind=Plan.Kind.WELCOME, ended_at=None).first()


# People a scheduled message can be for, on the page: the latest.
PEOPLE_SHOWN = 100


def list_people(*, user: User) -> list[tuple[uuid.UUID, str]]:
    """(id, name as shown) of those one writes with, the latest first: whom a scheduled message can be for."""
    page = inbox_selectors.list_inbox(user=user, sort="recent", size=PEOPLE_SHOWN)
    return [(row.peer.uid, row.shown.display_name) for row in page.rows]


def count_open_plans(*, user: User) -> int:
    return Plan.objects.filter(user=user, ended_at=None).count()


def is_own_encryption_key(*, user: User, kid: bytes) -> bool:
    """Whether a text sealed for this key is sealed for its writer."""
    return Key.objects.filter(kid=kid, user=user, role=Key.Role.ENCRYPTION).exists()


def is_in_conversation(*, planned: PlannedMessage) -> bool:
    """Whether the message of that id has been accepted."""
    return Message.objects.filter(conversation=planned.conversation_id, id=planned.message).exists()
