"""Held credits after a reply: given back, frozen and decided, paid later. The invariants hold after every step."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from credits import errors, invariants, selectors, statement_selectors
from credits.models import Hold, Transfer
from credits.services import answers, deadlines, purchases, roll_up
from credits.tests.test_ledger_sql import call
from pairly.common.ids import uuid7
from pairly.common.problems import NotFound
from pairly.testing.people import make_user

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SCOPE = 7


class Scene:
    """A fan with 10,000 bought and 3,000 given, a creator; messages of 5,000 in one conversation."""

    def __init__(self, promo: int = 3_000) -> None:
        self.fan, self.creator = make_user("fan"), make_user("creator")
        purchases.record_purchase(
            user_id=self.fan.pk, op_id=uuid7(), credits_centi=10_000, currency="USD", amount_minor=100,
            payment_uid=uuid7(), at=BEGIN,
        )  # fmt: skip
        if promo:
            purchases.grant_promo(user_id=self.fan.pk, op_id=uuid7(), credits_centi=promo, at=BEGIN)
        self.n = 0

    def send(self, at: datetime = BEGIN) -> int:
        self.n += 1
        code, *_ = call(
            "SELECT code FROM credits_hold(%s, %s, %s, %s, %s, 5000, 2000, %s, %s)",
            uuid7(), self.fan.pk, self.creator.pk, SCOPE, self.n, at, at + 3 * DAY,
        )  # fmt: skip
        assert code == ""
        return self.n

    def reply(self, at: datetime = BEGIN + HOUR) -> uuid.UUID:
        op = uuid7()
        call(
            "SELECT n_holds FROM credits_post_holds(%s, %s, %s, %s, %s, 7, 14, 90)",
            op,
            self.creator.pk,
            SCOPE,
            self.n,
            at,
        )
        return op

    def give_back(self, n: int = 1, at: datetime = BEGIN + 2 * HOUR, op: uuid.UUID | None = None):
        return answers.give_back(op_id=op or uuid7(), payee_id=self.creator.pk, scope=SCOPE, position=n, at=at)

    def dispute(self, reply: uuid.UUID, at: datetime = BEGIN + 2 * HOUR, op: uuid.UUID | None = None):
        return answers.freeze(op_id=op or uuid7(), actor_id=self.fan.pk, scope=SCOPE, answer_op=reply, at=at)

    @property
    def spendable(self) -> tuple[int, int]:
        balance = selectors.get_balance(user_id=self.fan.pk)
        return balance.balance_centi, balance.held_centi

    @property
    def earned(self) -> tuple[int, int, int]:
        found = selectors.get_earnings(user_id=self.creator.pk, at=BEGIN + 3 * HOUR)
        return found.earned_centi, found.promo_earned_centi, found.withdrawable_centi

    def states(self) -> list[str]:
        return list(Hold.objects.filter(actor=self.fan.pk).order_by("position").values_list("state", flat=True))

    def check(self) -> None:
        roll_up.allocate_lots()
        bought = sum(lot.remaining for lot in selectors.list_lots(user_id=self.fan.pk))
        balance = selectors.get_balance(user_id=self.fan.pk)
        assert bought == balance.balance_centi - balance.promo_centi
        overdue_on_purpose = {"I3", "I5"}  # the clock of these tests is not the server's
        bad = [f for f in invariants.check_in_transaction() if not f.is_ok and f.name not in overdue_on_purpose]
        assert bad == []
        held = sum(h.paid + h.promo for h in Hold.objects.filter(state__in=("open", "answered", "frozen")))
        assert escrow() == held


def escrow() -> int:
    """From the transfers alone."""
    return call(
        "SELECT COALESCE(sum(CASE WHEN t.credit = a.id THEN t.amount ELSE -t.amount END), 0) FROM credits_transfer t, "
        "credits_account a WHERE a.kind = 'escrow' AND a.id IN (t.credit, t.debit)"
    )[0]


def delay(scene: Scene) -> None:
    answers.delay_payee(payee_id=scene.creator.pk, until=BEGIN + 90 * DAY)


# -- giving back
@pytest.mark.parametrize("promo", [0, 3_000, 6_000])
@pytest.mark.parametrize("was", ["open", "posted", "answered", "frozen"])
def test_the_creator_gives_everything_back_fee_and_lots_included(was, promo):
    scene = Scene(promo)
    scene.send()
    before = scene.spendable
    if was == "answered":
        delay(scene)
    if was != "open":
        reply = scene.reply()
    if was == "frozen":
        scene.dispute(reply)
    scene.check()
    given = scene.give_back()
    assert (given.actor, given.amount_centi, given.was) == (scene.fan.pk, 5_000, was)
    assert scene.spendable == (before[0] + 5_000, 0) == (10_000 + promo, 0)
    assert scene.earned == (0, 0, 0)
    assert Hold.objects.get().reason == "given_back"
    scene.check()


def test_giving_back_twice_is_once_and_another_time_is_refused():
    scene, op = Scene(), uuid7()
    scene.send()
    assert [scene.give_back(op=op).is_replay for _ in range(2)] == [False, True]
    with pytest.raises(errors.HoldReturned):
        scene.give_back()
    assert scene.spendable == (13_000, 0)
    scene.check()


def test_what_has_matured_is_not_given_back():
    scene = Scene()
    scene.send()
    scene.reply()
    matures = Hold.objects.get().matures_at
    assert matures is not None
    with pytest.raises(errors.HoldMatured):
        scene.give_back(at=matures)
    scene.check()
    scene.give_back(at=matures - timedelta(milliseconds=1))
    scene.check()


def test_strangers_have_nothing_to_give_back_or_to_dispute():
    scene, stranger = Scene(), make_user("creator")
    scene.send()
    reply = scene.reply()
    before = (scene.spendable, scene.earned)
    for payee in (stranger, scene.fan):
        with pytest.raises(NotFound):
            answers.give_back(op_id=uuid7(), payee_id=payee.pk, scope=SCOPE, position=1, at=BEGIN + 2 * HOUR)
    for actor in (stranger, scene.creator):
        with pytest.raises(NotFound):
            answers.freeze(op_id=uuid7(), actor_id=actor.pk, scope=SCOPE, answer_op=reply, at=BEGIN + 2 * HOUR)
    assert (scene.spendable, scene.earned) == before


def test_an_unreadable_message_is_returned_only_while_it_is_open():
    scene = Scene()
    scene.send()
    scene.send()
    how = {"payee_id": scene.creator.pk, "scope": SCOPE, "at": BEGIN + HOUR}
    given = answers.return_unreadable(op_id=uuid7(), position=1, **how)
    assert given is not None
    assert given.amount_centi == 5_000
    scene.reply()
    assert answers.return_unreadable(op_id=uuid7(), position=2, **how) is None
    assert answers.return_unreadable(op_id=uuid7(), position=9, **how) is None
    assert scene.states() == ["voided", "posted"]
    scene.check()


# -- not an answer
@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("is_upheld", [True, False])
def test_a_dispute_freezes_all_that_the_reply_was_paid_for_until_it_is_decided(is_upheld, is_late):
    scene, dispute = Scene(), uuid7()
    if is_late:
        delay(scene)
    scene.send()
    scene.send()
    reply = scene.reply()
    assert scene.earned == ((0, 0, 0) if is_late else (7_000 * 8 // 10, 3_000 * 8 // 10, 0))
    frozen = scene.dispute(reply, op=dispute)
    assert frozen is not None
    assert (frozen.payee, frozen.amount_centi, frozen.positions) == (scene.creator.pk, 10_000, [1, 2])
    assert (frozen.answered_at, frozen.decide_by) == (BEGIN + HOUR, BEGIN + 2 * HOUR + 14 * DAY)
    assert scene.states() == ["frozen"] * 2
    assert (scene.spendable, scene.earned) == ((3_000, 10_000), (0, 0, 0))
    scene.check()
    op, at = uuid7(), BEGIN + 3 * HOUR
    for _ in range(2):  # the second time it is a repetition
        answers.decide_frozen(op_id=op, dispute_op=dispute, is_upheld=is_upheld, at=at)
    assert scene.states() == (["voided"] if is_upheld else ["posted"]) * 2
    assert scene.spendable == ((13_000, 0) if is_upheld else (3_000, 0))
    assert scene.earned == ((0, 0, 0) if is_upheld else (5_600, 2_400, 0))
    if not is_upheld:
        assert {hold.matures_at for hold in Hold.objects.all()} == {at + 14 * DAY}  # anew, of a new creator
    scene.check()


def test_a_hold_is_disputed_once_and_within_a_day_of_the_reply():
    scene, dispute = Scene(), uuid7()
    scene.send()
    reply = scene.reply()
    with pytest.raises(errors.DisputeTooLate):
        scene.dispute(reply, at=BEGIN + 25 * HOUR)
    assert scene.dispute(reply, at=BEGIN + 25 * HOUR - timedelta(milliseconds=1), op=dispute) is not None
    assert scene.dispute(reply, op=dispute) is None
    answers.decide_frozen(op_id=uuid7(), dispute_op=dispute, is_upheld=False, at=BEGIN + 2 * HOUR)
    with pytest.raises(errors.AlreadyDisputed):
        scene.dispute(reply)
    with pytest.raises(errors.NotFrozen):
        answers.decide_frozen(op_id=uuid7(), dispute_op=dispute, is_upheld=True, at=BEGIN + 2 * HOUR)
    scene.give_back(at=BEGIN + 3 * HOUR)  # may still be given back after it was rejected
    assert scene.spendable == (13_000, 0)
    scene.check()


def test_what_was_given_back_is_left_out_of_a_dispute_and_of_its_decision():
    scene, dispute = Scene(), uuid7()
    for _ in range(2):
        scene.send()
    reply = scene.reply()
    scene.give_back(1)
    frozen = scene.dispute(reply, op=dispute)
    assert frozen is not None
    assert frozen.positions == [2]
    scene.give_back(2)
    with pytest.raises(errors.NotFrozen):
        answers.decide_frozen(op_id=uuid7(), dispute_op=dispute, is_upheld=False, at=BEGIN + 3 * HOUR)
    with pytest.raises(errors.HoldReturned):
        scene.give_back(2)
    assert scene.spendable == (13_000, 0)
    scene.check()


# -- paid later
def test_the_replies_of_a_delayed_creator_are_paid_a_day_later_unless_disputed():
    scene = Scene()
    delay(scene)
    scene.send()
    first = scene.reply()
    scene.send()
    second = scene.reply(BEGIN + 2 * HOUR)
    assert scene.states() == ["answered"] * 2
    assert selectors.list_answered_positions(scope=SCOPE, answer_op=first) == [1]
    assert scene.earned == (0, 0, 0)
    assert deadlines.void_overdue(at=BEGIN + 10 * DAY) == []  # the deadline is over: they are answered all the same
    scene.dispute(second, at=BEGIN + 20 * HOUR)
    assert answers.post_answered(at=BEGIN + 25 * HOUR - timedelta(milliseconds=1)) == []
    assert [paid.position for paid in answers.post_answered(at=BEGIN + 27 * HOUR)] == [1]
    assert answers.post_answered(at=BEGIN + 27 * HOUR) == []
    assert scene.states() == ["posted", "frozen"]
    assert Hold.objects.get(position=1).matures_at == BEGIN + 27 * HOUR + 14 * DAY
    scene.check()


def test_a_delay_ends_and_is_never_shortened():
    scene = Scene()
    delay(scene)
    assert answers.delay_payee(payee_id=scene.creator.pk, until=BEGIN + DAY) == BEGIN + 90 * DAY
    scene.send(BEGIN + 90 * DAY)
    scene.reply(BEGIN + 90 * DAY)
    assert scene.states() == ["posted"]


def test_the_record_counts_replies_not_messages_and_what_staff_found():
    scene, dispute = Scene(), uuid7()
    for _ in range(2):
        scene.send()
    reply = scene.reply()
    assert _record(scene) == (1, 0)
    scene.dispute(reply, op=dispute)
    answers.decide_frozen(op_id=uuid7(), dispute_op=dispute, is_upheld=True, at=BEGIN + 3 * HOUR)
    scene.send()
    scene.reply()
    scene.send()
    scene.give_back(4)  # unanswered
    assert _record(scene) == (2, 1)
    scene.give_back(3)
    assert _record(scene) == (2, 1)


def _record(scene: Scene) -> tuple[int, int]:
    found = selectors.get_answer_record(payee_id=scene.creator.pk, n_replies=20)
    return found.n_replies, found.n_upheld


def test_facts_count_a_reply_that_was_given_back_and_leave_frozen_ones_out():
    scene = Scene(5_000)
    delay(scene)
    scene.send()  # all of it given credits: no fact
    scene.send()
    scene.send()
    scene.reply()
    assert _facts(scene) == [(True, 3_600)] * 2
    scene.give_back(2)
    assert _facts(scene) == [(True, 3_600)] * 2
    scene.dispute(Hold.objects.get(position=3).answered_op)
    assert _facts(scene) == [(True, 3_600)]
    scene.check()


def _facts(scene: Scene) -> list[tuple[bool, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT is_answered, took_s FROM credits_settled(%s, %s)", [scene.creator.pk, BEGIN - DAY])
        return cursor.fetchall()


def test_an_overdue_frozen_or_answered_hold_is_a_difference_of_i3():
    scene = Scene()
    delay(scene)
    scene.send()
    reply = scene.reply()
    assert "overdue answered 1" in _i3()
    scene.dispute(reply)
    assert "overdue frozen 1" in _i3()


def _i3() -> str:
    return next(f.difference for f in invariants.check_in_transaction() if f.name == "I3")


def test_every_movement_says_in_the_wallet_what_it_was():
    scene, dispute = Scene(), uuid7()
    scene.send()
    scene.dispute(scene.reply(), op=dispute)
    answers.decide_frozen(op_id=uuid7(), dispute_op=dispute, is_upheld=True, at=BEGIN + 3 * HOUR)
    assert set(Transfer.objects.values_list("code", flat=True)) >= {"hold", "earn", "reverse", "upheld"}
    rows = [row for one in (scene.fan, scene.creator) for row in statement_selectors.list_transactions(user_id=one.pk)]
    assert all(row.description != row.transaction_type for row in rows)


@pytest.mark.parametrize("table", ["credits_delayed_payee"])
def test_the_application_cannot_write_who_is_paid_late(table):
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        call(f"DELETE FROM {table}")


@pytest.mark.parametrize("name", ["credits_pay_hold", "credits_take_back", "credits_return_hold"])
def test_the_application_cannot_call_what_moves_without_a_look_at_the_state(name):
    assert call("SELECT bool_or(has_function_privilege(oid, 'execute')) FROM pg_proc WHERE proname = %s", name) == (
        False,
    )


def test_settings_are_what_the_help_says():
    assert (settings.DISPUTE_WINDOW_HOURS, settings.DISPUTE_DECIDE_DAYS) == (24, 14)
