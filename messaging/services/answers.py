"""Held credits after a reply: the creator gives them back, the fan says that it was no answer, staff decide.

The ledger decides what happens to credits; here it is written down for people, told to both, and put before staff. A
dispute's row is locked before its holds, in every service.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from credits import selectors as ledger_selectors
from credits.errors import HoldReturned, NotAnswered, NotFrozen
from credits.services import answers as ledger
from credits.types import Frozen, GivenBack, HoldState
from pairly.common.after_commit import push
from pairly.common.problems import NotFound
from users.models import User

from .. import answer_selectors, events, registry, selectors
from ..errors import DisputeRightLost, OwnDispute, TooManyDisputes
from ..models import AnswerDispute, Conversation, Message
from ..types import Unreadable
from . import answer_telling as telling
from .sending import ledger_op

log = structlog.get_logger(__name__)

State, Reason = AnswerDispute.State, AnswerDispute.Reason


# -- giving back
def give_back(
    *, user: User, conversation_uid: uuid.UUID, message_id: uuid.UUID, at: datetime | None = None
) -> GivenBack:
    """Return to the fan what they paid for a message to `user`, fee included, before it has matured. Again is once.

    A dispute about it ends when nothing of it is frozen any more. Raises NotFound for anybody but the payee and for
    what cost nothing, HoldReturned, HoldMatured.
    """
    at = at or timezone.now()
    conversation, message = _message_to(user, conversation_uid, message_id)
    op = uuid.uuid5(conversation_uid, f"refund:{message_id}")
    with transaction.atomic():
        hold = ledger_selectors.holds_by_position(scope=conversation.pk, positions=[message.n]).get(message.n)
        if hold is not None and hold.dispute_op:
            answer_selectors.get_dispute(uid=hold.dispute_op, is_locked=True)
        given = ledger.give_back(op_id=op, payee_id=user.pk, scope=conversation.pk, position=message.n, at=at)
        if given.is_replay:
            return given
        if given.dispute_op:
            _concede(given.dispute_op, at)
        _push_return(conversation, message, given)
        telling.tell_of_return(conversation=conversation.uid, given=given, payee_id=user.pk, why="given_back", at=at)
    return given


def say_unreadable(
    *, user: User, conversation_uid: uuid.UUID, message_id: uuid.UUID, at: datetime | None = None
) -> Unreadable:
    """The key that opened a message to `user` is lost: what is held for it goes back at once, and its sender's pages
    offer to send it again. It costs who says so the credits, so nobody asks for a proof. Raises NotFound."""
    at = at or timezone.now()
    conversation, message = _message_to(user, conversation_uid, message_id)
    op = uuid.uuid5(conversation_uid, f"unreadable:{message_id}")
    with transaction.atomic():
        given = ledger.return_unreadable(op_id=op, payee_id=user.pk, scope=conversation.pk, position=message.n, at=at)
        _, sender_uid = selectors.side_of(conversation=conversation, user=user)
        push(user_id=sender_uid, event=events.message_unreadable(conversation=conversation.uid, n=message.n))
        if given is not None and not given.is_replay:
            _push_return(conversation, message, given)
            telling.tell_of_return(
                conversation=conversation.uid, given=given, payee_id=user.pk, why="unreadable", at=at
            )
    return Unreadable(n=message.n, amount_centi=given.amount_centi if given else 0)


# -- not an answer
def say_no_answer(
    *,
    user: User,
    conversation_uid: uuid.UUID,
    message_id: uuid.UUID,
    reason: str,
    words: str = "",
    at: datetime | None = None,
) -> tuple[AnswerDispute, bool]:
    """`user`, a fan, says that the reply to a message they paid for was no answer, within DISPUTE_WINDOW_HOURS of it
    and once. `message_id` is the reply, or a message it answered. All that the reply was paid for is frozen, and
    staff have DISPUTE_DECIDE_DAYS. The flag says whether it is new; the same again gives what is there.

    Raises NotFound, NotAnswered, HoldReturned, DisputeTooLate, TooManyDisputes, DisputeRightLost.
    """
    at = at or timezone.now()
    conversation = selectors.get_conversation(user=user, uid=conversation_uid)
    message = answer_selectors.get_message(conversation=conversation, message_id=message_id)
    answer_op = _answer_op(user, conversation, message)
    with transaction.atomic():
        answer_selectors.lock_fan(user=user)
        known = answer_selectors.find_dispute(conversation=conversation, answer_op=answer_op)
        if known is not None and known.fan_id == user.pk:
            return known, False
        uid = uuid.uuid5(answer_op, "not-an-answer")
        frozen = ledger.freeze(op_id=uid, actor_id=user.pk, scope=conversation.pk, answer_op=answer_op, at=at)
        assert frozen is not None  # a repetition has its row, found above under the same lock
        _check_right(user, at)  # what was refused above has another reason, and the right one
        dispute = _write(_Said(uid, user, conversation, answer_op, Reason(reason), words, at), frozen)
        registry.run_opened(uid=uid, fan_uid=user.uid, creator_uid=dispute.creator.uid)
        _push_frozen(conversation, dispute)
        telling.tell_of_dispute(dispute=dispute)
    return dispute, True


def decide(*, uid: uuid.UUID, staff: User, is_upheld: bool, decision: str, at: datetime | None = None) -> AnswerDispute:
    """Staff found that a reply was no answer (the credits go to the fan), or that it was one (they are paid again).

    `decision` is read by both. A creator found so too often is paid late for DELAY_DAYS. Raises NotFound, OwnDispute
    for one of the two, NotFrozen when it is over already.
    """
    at = at or timezone.now()
    with transaction.atomic():
        dispute = answer_selectors.get_dispute(uid=uid, is_locked=True)
        if staff.pk in (dispute.fan_id, dispute.creator_id):
            raise OwnDispute()
        if dispute.state != State.OPEN:
            raise NotFrozen()
        state = State.UPHELD if is_upheld else State.REJECTED
        _close(dispute, state, at, staff=staff, decision=decision)
        delayed_until = _delay_where_due(dispute, at) if is_upheld else None
        telling.tell_of_decision(dispute=dispute, delayed_until=delayed_until)
    return dispute


def return_undecided(*, at: datetime | None = None, limit: int = 100) -> int:
    """The job: what nobody decided in time goes to the fans. Returns how many disputes. Safe to run twice at once."""
    at, n_returned = at or timezone.now(), 0
    for uid in answer_selectors.list_overdue_disputes(at=at, limit=limit):
        try:
            n_returned += _return_undecided(uid, at)
        except NotFrozen:  # one that cannot be ended must not keep the others waiting; I3 of the ledger tells of it
            log.error("dispute_not_frozen", dispute=str(uid))
    return n_returned


def _return_undecided(uid: uuid.UUID, at: datetime) -> bool:
    with transaction.atomic():
        dispute = answer_selectors.lock_open_dispute(uid=uid)
        if dispute is None:
            return False
        _close(dispute, State.UNDECIDED, at)
        registry.run_closed(uid=uid, outcome=State.UNDECIDED)
        telling.tell_of_decision(dispute=dispute, delayed_until=None)
        return True


def pay_answered(*, at: datetime | None = None, limit: int = 200) -> int:
    """The job: creators who are paid late are paid. Returns how many holds. Safe to run twice at once."""
    with transaction.atomic():
        paid = ledger.post_answered(at=at or timezone.now(), limit=limit)
        places = selectors.list_conversations_by_id(ids={hold.scope for hold in paid})
        for hold in paid:
            if hold.scope in places:
                place = places[hold.scope]
                _push_both(place, events.hold_settled(conversation=place.uid, n=hold.position, state="posted"))
    return len(paid)


# -- parts
@dataclass(frozen=True, slots=True)
class _Said:
    uid: uuid.UUID
    fan: User
    conversation: Conversation
    answer_op: uuid.UUID
    reason: AnswerDispute.Reason
    words: str
    at: datetime


def _message_to(user: User, conversation_uid: uuid.UUID, message_id: uuid.UUID) -> tuple[Conversation, Message]:
    conversation = selectors.get_conversation(user=user, uid=conversation_uid)
    message = answer_selectors.get_message(conversation=conversation, message_id=message_id)
    if message.sender == user.pk:
        raise NotFound()
    return conversation, message


def _answer_op(user: User, conversation: Conversation, message: Message) -> uuid.UUID:
    if message.sender != user.pk:
        return ledger_op(conversation=conversation.uid, message_id=message.id)
    hold = ledger_selectors.holds_by_position(scope=conversation.pk, positions=[message.n]).get(message.n)
    if hold is None:
        raise NotFound()
    if hold.answer_op is None:
        raise NotAnswered() if hold.state == "open" else HoldReturned()
    return hold.answer_op


def _check_right(user: User, at: datetime) -> None:
    until = answer_selectors.find_pause(user=user, at=at)
    if until is not None:
        raise DisputeRightLost(until=until.isoformat())
    if answer_selectors.count_open_disputes(user=user) >= settings.DISPUTE_OPEN_MAX:
        raise TooManyDisputes()


def _write(said: _Said, frozen: Frozen) -> AnswerDispute:
    first, last = min(frozen.positions), max(frozen.positions)
    held = ledger_selectors.holds_by_position(scope=said.conversation.pk, positions=[first])
    same_time = answer_selectors.list_messages_of(
        conversation=said.conversation, sender_id=frozen.payee, after_n=last, received_at=frozen.answered_at
    )
    of_reply = {ledger_op(conversation=said.conversation.uid, message_id=m.id): m for m in same_time}
    reply = of_reply.get(said.answer_op)
    return AnswerDispute.objects.create(
        uid=said.uid,
        conversation=said.conversation,
        fan=said.fan,
        creator_id=frozen.payee,
        answer_op=said.answer_op,
        message_ns=sorted(frozen.positions),
        reply_n=reply.n if reply else None,
        reply_bytes=len(reply.ct) if reply and reply.ct else None,
        amount_centi=frozen.amount_centi,
        sent_at=held[first].created_at,
        answered_at=frozen.answered_at,
        reason=said.reason,
        words=said.words.strip(),
        created_at=said.at,
        decide_by=frozen.decide_by,
    )


def _close(
    dispute: AnswerDispute, state: AnswerDispute.State, at: datetime, *, staff: User | None = None, decision: str = ""
) -> None:
    """Move the credits as `state` says, write it down and tell open pages. The row is locked by the caller."""
    decided = ledger.decide_frozen(
        op_id=uuid.uuid5(dispute.uid, "decided"),
        dispute_op=dispute.uid,
        is_upheld=state != State.REJECTED,
        is_undecided=state == State.UNDECIDED,
        at=at,
    )
    dispute.state, dispute.decided_at, dispute.decided_by, dispute.decision = state, at, staff, decision.strip()
    dispute.save(update_fields=["state", "decided_at", "decided_by", "decision"])
    settled: events.SettledState = "posted" if state == State.REJECTED else "voided"
    for n in decided.positions:
        frame = events.hold_settled(conversation=dispute.conversation.uid, n=n, state=settled)
        _push_both(dispute.conversation, frame)
    if settled == "voided":
        balance_centi = selectors.get_balance_centi(user=dispute.fan)
        push(user_id=dispute.fan.uid, event=events.balance(balance_centi=balance_centi))


def _concede(uid: uuid.UUID, at: datetime) -> None:
    """The creator gave back what a dispute was about: it ends with the last of it."""
    holds = ledger_selectors.holds_of_dispute(dispute_op=uid)
    if any(hold.state == "frozen" for hold in holds.values()):
        return
    rows = AnswerDispute.objects.filter(uid=uid, state=State.OPEN)
    if rows.update(state=State.CONCEDED, decided_at=at):
        registry.run_closed(uid=uid, outcome=State.CONCEDED)


def _delay_where_due(dispute: AnswerDispute, at: datetime) -> datetime | None:
    record = ledger_selectors.get_answer_record(payee_id=dispute.creator_id, n_replies=settings.DELAY_LAST)
    is_often = record.n_upheld * 100 >= settings.DELAY_UPHELD_PERCENT * record.n_replies
    if record.n_upheld < settings.DELAY_UPHELD_MIN or not is_often:
        return None
    return ledger.delay_payee(payee_id=dispute.creator_id, until=at + timedelta(days=settings.DELAY_DAYS))


def _push_return(conversation: Conversation, message: Message, given: GivenBack) -> None:
    """Both hear that a hold went back, the fan also what they can spend now."""
    frame = events.hold_refunded(conversation=conversation.uid, n=message.n, amount_centi=given.amount_centi)
    _push_both(conversation, frame)
    is_low = conversation.low_id == given.actor
    balance_centi = ledger_selectors.list_balances(user_ids=[given.actor])[given.actor]
    push(
        user_id=conversation.low_uid if is_low else conversation.high_uid,
        event=events.balance(balance_centi=balance_centi),
    )


def _push_frozen(conversation: Conversation, dispute: AnswerDispute) -> None:
    holds: dict[int, HoldState] = ledger_selectors.holds_by_position(
        scope=conversation.pk, positions=dispute.message_ns
    )
    for n, hold in sorted(holds.items()):
        _push_both(conversation, events.hold_frozen(conversation=conversation.uid, n=n, amount_centi=hold.amount_centi))


def _push_both(conversation: Conversation, frame: events.Frame) -> None:
    for uid in (conversation.low_uid, conversation.high_uid):
        push(user_id=uid, event=frame)
