"""Messages that a creator's device sends by itself: a welcome, a message at a time, one to many.

The text is sealed for the creator's own key and opened by their device only, which seals it anew for each reader (e2e
kind 5, labelled automatic). So it leaves when a device of theirs is online; until then it stands in their queue. The
id of each message is fixed beforehand: two devices that take the same one send it once.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from pairly.common.after_commit import push
from pairly.common.problems import InvalidInput, NotFound
from users.models import User

from .. import events, key_selectors, plan_selectors, selectors
from ..constants import (
    BROADCAST_MAX_PEOPLE,
    MAX_OPEN_PLANS,
    MAX_SEALED_TEXTS,
    NOTE_MAX_BYTES,
    PLAN_AHEAD_DAYS,
)
from ..envelopes import BOX_LENGTH
from ..errors import TooMuchPlanned
from ..models import Plan, PlannedMessage, SealedText
from ..plan_selectors import DueMessage

LEASE = timedelta(minutes=2)
# A welcome greets who began to write within this time: later it would be odd.
WELCOME_WITHIN = timedelta(days=3)
_KID_LENGTH = 32
_LEAST_BOX = _KID_LENGTH + BOX_LENGTH - 32 + 1  # kid, encapsulated key, tag, and a text


# -- texts one keeps --------------------------------------------------------------------------------------
@transaction.atomic
def save_text(*, user: User, uid: uuid.UUID, box: bytes, position: int) -> SealedText:
    """Keep a text, or another version of it, under the client's id. Raises InvalidInput for a box that is not sealed
    for `user`, TooMuchPlanned beyond MAX_SEALED_TEXTS, NotFound where the id is somebody else's."""
    _check_box(user=user, box=box)
    key_selectors.lock_key_log(user_id=user.pk)  # one at a time: the number of texts is counted
    known = SealedText.objects.filter(uid=uid).first()
    if known is not None and known.user_id != user.pk:
        raise NotFound()
    if known is None and SealedText.objects.filter(user=user).count() >= MAX_SEALED_TEXTS:
        raise TooMuchPlanned()
    fields = {"user": user, "box": box, "position": position, "updated_at": timezone.now()}
    return SealedText.objects.update_or_create(uid=uid, defaults=fields)[0]


def remove_text(*, user: User, uid: uuid.UUID) -> None:
    """Raises NotFound."""
    n, _ = SealedText.objects.filter(user=user, uid=uid).delete()
    if not n:
        raise NotFound()


def _check_box(*, user: User, box: bytes) -> None:
    is_sealed = _LEAST_BOX <= len(box) <= NOTE_MAX_BYTES
    if not is_sealed or not plan_selectors.is_own_encryption_key(user=user, kid=box[:_KID_LENGTH]):
        detail = "a text is sealed for an encryption key of its writer"
        raise InvalidInput(errors=[{"pointer": "/box", "code": "not_sealed_for_me", "detail": detail}])


# -- plans ------------------------------------------------------------------------------------------------
@transaction.atomic
def plan_message(
    *,
    user: User,
    uid: uuid.UUID,
    kind: str,
    box: bytes,
    send_at: datetime,
    audience: str = "",
    peer_uid: uuid.UUID | None = None,
) -> Plan:
    """Put a message into the queue of a creator. A new welcome takes the place of the one before.

    `peer_uid` is for `scheduled`, `audience` for `broadcast`. The same id again gives the plan that is there. Raises
    NotFound for people without a conversation and for who is no creator, InvalidInput, TooMuchPlanned.
    """
    if not user.is_creator:
        raise NotFound()
    _check_box(user=user, box=box)
    if send_at > timezone.now() + timedelta(days=PLAN_AHEAD_DAYS):
        raise InvalidInput(errors=[{"pointer": "/send_at", "code": "too_late", "detail": "within a year"}])
    key_selectors.lock_key_log(user_id=user.pk)  # one at a time: open plans are counted, one welcome stands
    if Plan.objects.filter(uid=uid).exists():
        return plan_selectors.get_plan(user=user, uid=uid)
    if plan_selectors.count_open_plans(user=user) >= MAX_OPEN_PLANS:
        raise TooMuchPlanned()
    whom = _audience_of(kind=kind, audience=audience)
    place = None
    if kind == Plan.Kind.SCHEDULED:
        place = _conversation_with(user=user, peer_uid=peer_uid)
    if kind == Plan.Kind.WELCOME:
        _end(Plan.objects.filter(user=user, kind=kind, ended_at=None).first(), Plan.State.CANCELLED)
    state = Plan.State.SENDING if kind == Plan.Kind.WELCOME else Plan.State.QUEUED
    plan = Plan.objects.create(
        uid=uid, user=user, kind=kind, state=state, audience=whom, box=box, send_at=max(send_at, timezone.now())
    )
    if place is not None:
        PlannedMessage.objects.create(plan=plan, conversation_id=place)
    _tell(plan)
    return plan_selectors.get_plan(user=user, uid=uid)


def _audience_of(*, kind: str, audience: str) -> str:
    match kind:
        case Plan.Kind.WELCOME:
            return Plan.Audience.FIRST_WRITERS
        case Plan.Kind.SCHEDULED:
            return Plan.Audience.ONE
    if audience not in (Plan.Audience.EVERYBODY, Plan.Audience.PAYING, Plan.Audience.FOLLOWERS):
        raise InvalidInput(errors=[{"pointer": "/audience", "code": "invalid_choice", "detail": "no such audience"}])
    return audience


def _conversation_with(*, user: User, peer_uid: uuid.UUID | None) -> int:
    peer = selectors.find_contact(uid=peer_uid) if peer_uid else None
    place = selectors.find_conversation(user=user, peer_id=peer.pk) if peer else None
    if place is None:
        raise NotFound()
    return place.pk


@transaction.atomic
def cancel_plan(*, user: User, uid: uuid.UUID) -> Plan:
    """Nothing more of it is sent; what a device has in hand may still arrive. Raises NotFound."""
    plan = Plan.objects.select_for_update(no_key=True).filter(user=user, uid=uid).first()
    if plan is None:
        raise NotFound()
    if plan.ended_at is None:
        _end(plan, Plan.State.CANCELLED)
        _tell(plan)
    return plan_selectors.get_plan(user=user, uid=uid)


def _end(plan: Plan | None, state: str) -> None:
    if plan is None:
        return
    now = timezone.now()
    waiting = plan.messages.filter(state=PlannedMessage.State.WAITING)
    waiting.update(state=PlannedMessage.State.SKIPPED, reason="cancelled", settled_at=now)
    plan.state, plan.ended_at = state, now
    plan.save(update_fields=["state", "ended_at"])


def _tell(plan: Plan) -> None:
    push(user_id=plan.user.uid, event=events.planned(id=plan.uid, state=plan.state))


# -- when the time has come -------------------------------------------------------------------------------
def start_due(*, at: datetime | None = None, limit: int = 20) -> int:
    """Turn plans whose time has come into messages, one for each reader; returns how many plans. Safe to run twice
    at once."""
    n = 0
    while n < limit and _start_next(at or timezone.now()):
        n += 1
    return n


@transaction.atomic
def _start_next(at: datetime) -> bool:
    due = Plan.objects.select_for_update(skip_locked=True, no_key=True, of=("self",)).select_related("user")
    plan = due.filter(state=Plan.State.QUEUED, send_at__lte=at).order_by("send_at", "pk").first()
    if plan is None:
        return False
    if plan.kind == Plan.Kind.BROADCAST:
        _address(plan)
    plan.state = Plan.State.SENDING
    plan.save(update_fields=["state"])
    _finish_if_settled(plan)
    _tell(plan)
    return True


def _address(plan: Plan) -> None:
    """One message for each of the audience, who are those the creator has a conversation with: the latest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ADDRESS, {"plan": plan.pk, "user": plan.user_id, "whom": plan.audience, "limit": BROADCAST_MAX_PEOPLE}
        )


_ADDRESS = """
INSERT INTO messaging_plannedmessage (plan_id, conversation_id, message, state, reason)
SELECT %(plan)s::bigint, c.id, messaging_uuid7(), 'waiting', ''
  FROM (SELECT c.id, c.low, c.high, c.recv_ms, CASE WHEN c.low = %(user)s::bigint THEN c.high ELSE c.low END AS peer
          FROM messaging_conversation c
         WHERE c.low = %(user)s::bigint OR c.high = %(user)s::bigint) c
 WHERE users_may_contact(%(user)s::bigint, c.peer) = ''
   AND CASE %(whom)s::text
       WHEN 'everybody' THEN EXISTS (
            SELECT FROM messaging_message m WHERE m.conversation_id = c.id AND m.sender = c.peer)
       WHEN 'paying' THEN EXISTS (
            SELECT FROM messaging_message m WHERE m.conversation_id = c.id AND m.price_centi > 0)
       ELSE EXISTS (SELECT FROM profiles_follow f WHERE f.follower_id = c.peer AND f.followed_id = %(user)s::bigint) END
 ORDER BY c.recv_ms DESC, c.id DESC
 LIMIT %(limit)s::bigint
    ON CONFLICT DO NOTHING
"""


# -- a device that is online ------------------------------------------------------------------------------
@transaction.atomic
def take_due(*, user: User, limit: int = 10) -> list[DueMessage]:
    """Lease up to `limit` messages to a device of `user`, which seals and sends them; after LEASE another may take what
    was not settled. Whoever wrote for the first time is greeted here."""
    _greet(user)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"user": user.pk, "now": timezone.now(), "until": timezone.now() + LEASE, "limit": limit})
        rows = cursor.fetchall()
    return [
        DueMessage(
            plan=plan,
            kind=kind,
            message=message,
            conversation=conversation,
            peer=low if high == user.uid else high,
            box=bytes(box),
            leased_until=until,
        )
        for plan, kind, message, conversation, low, high, box, until in rows
    ]


_TAKE = """
WITH taken AS (
    UPDATE messaging_plannedmessage m SET leased_until = %(until)s::timestamptz
     WHERE m.id IN (
        SELECT m.id FROM messaging_plannedmessage m JOIN messaging_plan p ON p.id = m.plan_id
         WHERE p.user_id = %(user)s::bigint AND p.state = 'sending' AND m.state = 'waiting'
           AND (m.leased_until IS NULL OR m.leased_until <= %(now)s::timestamptz)
         ORDER BY m.id LIMIT %(limit)s::bigint FOR UPDATE OF m SKIP LOCKED)
    RETURNING m.*)
SELECT p.uid, p.kind, t.message, c.uid, c.low_uid, c.high_uid, p.box, t.leased_until
  FROM taken t JOIN messaging_plan p ON p.id = t.plan_id JOIN messaging_conversation c ON c.id = t.conversation_id
 ORDER BY t.id
"""


def _greet(user: User) -> None:
    """A message of the welcome for each conversation that somebody else began since the welcome stands."""
    with connection.cursor() as cursor:
        since = timezone.now() - WELCOME_WITHIN
        cursor.execute(_GREET, {"user": user.pk, "since_ms": int(since.timestamp() * 1000)})


_GREET = """
INSERT INTO messaging_plannedmessage (plan_id, conversation_id, message, state, reason)
SELECT p.id, c.id, messaging_uuid7(), 'waiting', ''
  FROM messaging_plan p
  JOIN messaging_conversation c ON (c.low = p.user_id OR c.high = p.user_id)
  JOIN messaging_message m ON m.conversation_id = c.id AND m.n = 1
 WHERE p.user_id = %(user)s::bigint AND p.kind = 'welcome' AND p.ended_at IS NULL
   AND c.recv_ms > %(since_ms)s::bigint AND m.sender <> p.user_id AND m.kind = 1
   AND m.recv_ms >= extract(epoch FROM p.created_at) * 1000
   AND NOT EXISTS (SELECT FROM messaging_plannedmessage x JOIN messaging_plan w ON w.id = x.plan_id
                    WHERE x.conversation_id = c.id AND w.user_id = p.user_id AND w.kind = 'welcome')
    ON CONFLICT DO NOTHING
"""


@transaction.atomic
def settle(*, user: User, message: uuid.UUID, code: str) -> None:
    """What became of a planned message: `code` "" means sent, which is believed where the message is in its
    conversation; another one is the refusal for which it is given up. Raises NotFound, and InvalidInput for a
    message that is nowhere."""
    found = PlannedMessage.objects.select_for_update(of=("self",)).select_related("plan__user")
    planned = found.filter(message=message, plan__user=user).first()
    if planned is None:
        raise NotFound()
    is_there = plan_selectors.is_in_conversation(planned=planned)
    if not code and not is_there:
        raise InvalidInput(errors=[{"pointer": "/code", "code": "not_sent", "detail": "no such message"}])
    if planned.state != PlannedMessage.State.WAITING:
        return
    planned.state = PlannedMessage.State.SENT if is_there else PlannedMessage.State.SKIPPED
    planned.reason = "" if is_there else code[:40]
    planned.settled_at = timezone.now()
    planned.save(update_fields=["state", "reason", "settled_at"])
    plan = Plan.objects.select_for_update(no_key=True).select_related("user").get(pk=planned.plan_id)
    if _finish_if_settled(plan):
        _tell(plan)


def _finish_if_settled(plan: Plan) -> bool:
    """A plan all of whose messages are settled is done; a welcome stands until it is taken back."""
    if plan.kind == Plan.Kind.WELCOME or plan.state != Plan.State.SENDING:
        return False
    if plan.messages.filter(state=PlannedMessage.State.WAITING).exists():
        return False
    plan.state, plan.ended_at = Plan.State.DONE, timezone.now()
    plan.save(update_fields=["state", "ended_at"])
    return True
