"""Reads about held credits after a reply. Callers have the conversation already, and with it the right to look."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count

from credits import selectors as ledger
from credits.types import AnswerRecord, HoldState
from pairly.common.problems import NotFound
from users.models import User

from .models import AnswerDispute, Conversation, Message
from .types import TrackRecord

State = AnswerDispute.State


def get_message(*, conversation: Conversation, message_id: uuid.UUID) -> Message:
    """A message of kind 1 or 5 by the id that its sender gave it. Raises NotFound."""
    found = Message.objects.filter(conversation=conversation, id=message_id, kind__in=(1, 5)).first()
    if found is None:
        raise NotFound()
    return found


def list_messages_of(
    *, conversation: Conversation, sender_id: int, after_n: int, received_at: datetime
) -> list[Message]:
    """Messages of kind 1 that were received at that very moment: a reply among them, by the time of its payment."""
    recv_ms = round(received_at.timestamp() * 1000)
    found = Message.objects.filter(conversation=conversation, n__gt=after_n, sender=sender_id, kind=1, recv_ms=recv_ms)
    return list(found.order_by("n"))


# -- disputes
def lock_fan(*, user: User) -> None:
    """One dispute of a fan at a time, until the transaction ends: their number has a limit."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)


def find_dispute(*, conversation: Conversation, answer_op: uuid.UUID) -> AnswerDispute | None:
    """What was said about this reply."""
    return AnswerDispute.objects.filter(conversation=conversation, answer_op=answer_op).first()


def get_dispute(*, uid: uuid.UUID, is_locked: bool = False) -> AnswerDispute:
    """A dispute, for staff and jobs; `is_locked` until the transaction ends. Raises NotFound."""
    rows = AnswerDispute.objects.select_related("fan__profile", "creator__profile", "conversation")
    if is_locked:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(uid=uid).first()
    if found is None:
        raise NotFound()
    return found


def list_party_uids(*, uids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[uuid.UUID, uuid.UUID]]:
    """The two people of these disputes, by dispute: one query."""
    rows = AnswerDispute.objects.filter(uid__in=uids).values_list("uid", "fan__uid", "creator__uid")
    return {uid: (fan, creator) for uid, fan, creator in rows}


def lock_open_dispute(*, uid: uuid.UUID) -> AnswerDispute | None:
    """An undecided dispute that nobody else works on, locked."""
    rows = AnswerDispute.objects.select_related("fan", "creator", "conversation").filter(uid=uid, state=State.OPEN)
    return rows.select_for_update(of=("self",), skip_locked=True).first()


def list_overdue_disputes(*, at: datetime, limit: int) -> list[uuid.UUID]:
    """What nobody decided in time, the oldest first. For the job only."""
    rows = AnswerDispute.objects.filter(state=State.OPEN, decide_by__lte=at).order_by("decide_by")
    return list(rows.values_list("uid", flat=True)[:limit])


def count_open_disputes(*, user: User) -> int:
    """How many of a fan's wait for a decision."""
    return AnswerDispute.objects.filter(fan=user, state=State.OPEN).count()


def find_pause(*, user: User, at: datetime) -> datetime | None:
    """Until when a fan may not dispute: too many, and too great a share, of their last decided ones were rejected."""
    decided = AnswerDispute.objects.filter(fan=user, state__in=(State.UPHELD, State.REJECTED)).order_by("-decided_at")
    last = list(decided.values_list("state", "decided_at")[: settings.DISPUTE_FAN_LAST])
    rejected = [decided_at for state, decided_at in last if state == State.REJECTED and decided_at]
    is_often = len(rejected) * 100 >= settings.DISPUTE_FAN_REJECTED_PERCENT * len(last)
    if len(rejected) < settings.DISPUTE_FAN_REJECTED_MIN or not is_often:
        return None
    until = max(rejected) + timedelta(days=settings.DISPUTE_FAN_PAUSE_DAYS)
    return until if until > at else None


def get_track_record(*, user: User, is_creator: bool) -> TrackRecord:
    """How disputes about their replies, or those they opened, ended. For staff with a case."""
    mine = AnswerDispute.objects.filter(creator=user) if is_creator else AnswerDispute.objects.filter(fan=user)
    counts = dict(mine.values_list("state").annotate(n=Count("id")))
    return TrackRecord(
        n_open=counts.get(State.OPEN, 0),
        n_upheld=counts.get(State.UPHELD, 0),
        n_rejected=counts.get(State.REJECTED, 0),
        n_conceded=counts.get(State.CONCEDED, 0),
        n_undecided=counts.get(State.UNDECIDED, 0),
    )


def get_reply_record(*, creator: User) -> AnswerRecord:
    """How the last replies that count for instant release were found, and whether it is lost. For staff with a case."""
    return ledger.get_answer_record(payee_id=creator.pk, n_replies=settings.DELAY_LAST)


# -- what the two of a conversation see
def disputes_of(*, holds: Collection[HoldState]) -> dict[uuid.UUID, AnswerDispute]:
    """The disputes behind these holds by their uid; no query where there is none."""
    ops = {hold.dispute_op for hold in holds if hold.dispute_op}
    return {d.uid: d for d in AnswerDispute.objects.filter(uid__in=ops)} if ops else {}


def hold_facts(*, user: User, hold: HoldState | None, disputes: dict[uuid.UUID, AnswerDispute]) -> dict[str, Any]:
    """What a row of the history says of its hold, to one of the two."""
    if hold is None:
        names = ("state", "expires_at", "until", "reason")
        return {f"hold_{name}": None for name in names} | {
            "dispute_until": None, "give_back_until": None, "dispute": None,
        }  # fmt: skip
    found = disputes.get(hold.dispute_op) if hold.dispute_op else None
    return {
        "hold_state": hold.state,
        "hold_expires_at": hold.expires_at.isoformat(),
        "hold_until": _iso(hold.held_until),
        "hold_reason": hold.reason,
        "dispute_until": _iso(_dispute_until(user, hold)),
        "give_back_until": _iso(_give_back_until(user, hold)),
        "dispute": found and dispute_facts(dispute=found),
    }


def dispute_facts(*, dispute: AnswerDispute) -> dict[str, Any]:
    """What both read; the fan's own words are for staff."""
    return {
        "id": str(dispute.uid),
        "state": dispute.state,
        "reason": dispute.reason,
        "created_at": dispute.created_at.isoformat(),
        "decide_by": dispute.decide_by.isoformat(),
        "decided_at": _iso(dispute.decided_at),
        "decision": dispute.decision,
    }


def _dispute_until(user: User, hold: HoldState) -> datetime | None:
    if hold.actor != user.pk or hold.dispute_op or hold.state not in ("posted", "answered") or not hold.answered_at:
        return None
    return hold.answered_at + timedelta(hours=settings.DISPUTE_WINDOW_HOURS)


def _give_back_until(user: User, hold: HoldState) -> datetime | None:
    if hold.payee != user.pk:
        return None
    return {
        "open": hold.expires_at, "answered": hold.held_until, "frozen": hold.held_until, "posted": hold.matures_at,
    }.get(hold.state)  # fmt: skip


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
