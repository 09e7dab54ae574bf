"""Refunds and disputes end to end: the provider's word, the row, the ledger, what people are told."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from credits import invariants
from credits import selectors as ledger
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import make_staff, make_user
from payments import money_back_selectors as traces
from payments.models import MoneyBack, Payment
from payments.services import fulfilment, privacy
from payments.services import returns as returning
from payments.tests.buying import Buyer, deliver_all, start, work
from users.models import Notification
from users.selectors import find_user_by_uid

pytestmark = pytest.mark.django_db
FEE = 1_500


def assert_books() -> None:
    assert [finding for finding in invariants.check_in_transaction() if not finding.is_ok] == []


def happen(shop, payment: Payment, *words: str | tuple[str, dict[str, object]]) -> Payment:
    """Let things happen at the provider, deliver what it says of them, and do the work."""
    for word in words:
        name, how = (word, {}) if isinstance(word, str) else word
        deliver_all(shop.hold(payment.uid, name, **how))
        work()
    payment.refresh_from_db()
    return payment


def bought(shop, buyer: Buyer) -> Payment:
    return happen(shop, start(buyer.user), "paid")


def owed(buyer: Buyer) -> int:
    return ledger.get_balance(user_id=buyer.user.pk).debt_centi


def provider_fees() -> int:
    """What providers keep, by the transfers; the account itself is folded later."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(sum(CASE WHEN t.debit = a.id THEN t.amount ELSE -t.amount END), 0) FROM credits_account a "
            "JOIN credits_transfer t ON a.id IN (t.debit, t.credit) WHERE a.kind = 'psp_fee' AND a.unit = 'USD'"
        )
        return int(cursor.fetchone()[0])


def told(user, kind: str = "money_back") -> list[dict[str, object]]:
    return [row.payload for row in Notification.objects.filter(user=user, kind=kind).order_by("id")]


def test_refunds_in_parts_take_their_share_and_the_last_makes_it_refunded(shop):
    buyer = Buyer()
    payment = bought(shop, buyer)
    happen(shop, payment, ("refunded", {"amount_minor": 200}))
    assert (payment.status, payment.refunded_minor, buyer.balance_centi) == ("paid", 200, 30_000)
    happen(shop, payment, "refunded")
    assert (payment.status, payment.refunded_minor, buyer.balance_centi) == ("refunded", 500, 0)
    rows = MoneyBack.objects.filter(payment=payment).order_by("id")
    assert [(r.kind, r.state, r.amount_minor, r.unspent_centi) for r in rows] == [
        ("refund", "succeeded", 200, 20_000),
        ("refund", "succeeded", 300, 30_000),
    ]
    assert [row["amount_centi"] for row in told(buyer.user)] == [20_000, 30_000]
    assert_books()


def test_a_refund_under_way_takes_nothing_until_it_is_done_and_one_that_fails_gives_again(shop):
    buyer = Buyer()
    payment = bought(shop, buyer)
    happen(shop, payment, ("refunded", {"status": "pending"}))
    assert (payment.status, payment.refunded_minor, buyer.balance_centi) == ("paid", 0, 50_000)
    happen(shop, payment, "refund_done")
    assert (payment.status, payment.refunded_minor, buyer.balance_centi) == ("refunded", 500, 0)
    happen(shop, payment, "refund_failed")
    assert (payment.status, payment.refunded_minor, buyer.balance_centi) == ("paid", 0, 50_000)
    assert payment.flag == "refund_failed"  # somebody has to find another way for the money
    assert [row["is_back"] for row in told(buyer.user)] == [False, True]
    happen(shop, payment, "refunded")
    assert (payment.status, buyer.balance_centi) == ("refunded", 0)
    assert_books()


@pytest.mark.parametrize(
    ("how", "status", "balance_centi", "fees"),
    [
        (["lost"], "lost", 0, FEE),
        (["won"], "won", 50_000, FEE),
        ([("won", {"is_fee_back": True})], "won", 50_000, 0),
    ],
)
def test_a_dispute_takes_all_and_its_fee_and_is_decided(shop, how, status, balance_centi, fees):
    buyer = Buyer()
    payment = bought(shop, buyer)
    happen(shop, payment, "disputed")
    row = MoneyBack.objects.get(payment=payment)
    assert (payment.status, buyer.balance_centi, row.state, row.fee_minor) == ("disputed", 0, "open", FEE)
    assert row.evidence_due_at is not None
    happen(shop, payment, *how)
    row.refresh_from_db()
    assert (payment.status, buyer.balance_centi, provider_fees()) == (status, balance_centi, fees)
    assert row.closed_at is not None
    assert_books()


def test_an_inquiry_takes_nothing_until_it_becomes_a_dispute(shop):
    buyer = Buyer()
    inquiry = ("disputed", {"is_inquiry": True})
    closed = happen(shop, bought(shop, buyer), inquiry, "closed")
    assert (closed.status, buyer.balance_centi, provider_fees()) == ("paid", 50_000, 0)
    grown = happen(shop, bought(shop, buyer), inquiry)
    assert (grown.status, buyer.balance_centi) == ("paid", 100_000)
    happen(shop, grown, "escalated")
    assert (grown.status, buyer.balance_centi, provider_fees()) == ("disputed", 50_000, FEE)
    assert_books()


def test_a_dispute_first_heard_of_when_it_is_won_was_never_taken(shop):
    buyer = Buyer()
    payment = bought(shop, buyer)
    for word in ("disputed", "won"):
        shop.hold(payment.uid, word)
    fulfilment.fulfil(payment_id=payment.uid)
    payment.refresh_from_db()
    assert (payment.status, buyer.balance_centi, told(buyer.user)) == ("won", 50_000, [])
    assert_books()


def test_a_crash_before_the_end_leaves_nothing_and_the_next_try_does_all(shop, monkeypatch):
    buyer = Buyer()
    payment = bought(shop, buyer)
    deliver_all(shop.hold(payment.uid, "disputed"))

    def crash(**_given):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(returning, "notify", crash)
        with pytest.raises(KeyboardInterrupt):
            work()
    payment.refresh_from_db()
    assert (payment.status, buyer.balance_centi, MoneyBack.objects.count(), provider_fees()) == ("paid", 50_000, 0, 0)
    work()
    payment.refresh_from_db()
    assert (payment.status, buyer.balance_centi, provider_fees()) == ("disputed", 0, FEE)
    assert_books()


def test_rows_go_forward_only_and_what_was_taken_stays(shop):
    payment = happen(shop, bought(shop, Buyer()), "disputed", "lost")
    rows = MoneyBack.objects.filter(payment=payment)
    for change in ({"state": "open"}, {"debt_centi": 1}, {"amount_minor": 1}, {"provider_object_id": "du_other"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(status="paid")


def test_a_return_that_only_one_side_has_booked_is_an_i4_difference(shop):
    buyer = Buyer()
    payment = happen(shop, bought(shop, buyer), ("refunded", {"amount_minor": 100}))
    MoneyBack.objects.create(
        payment=payment, kind="dispute", state="open", provider_object_id="du_never_booked", amount_minor=400
    )
    found = {finding.name: finding.difference for finding in invariants.check_in_transaction()}
    assert str(payment.uid) in found["I4"]


class Affair:
    """A fan who bought 500 credits, wrote two letters of 50 each, of which the first was answered."""

    def __init__(self, shop) -> None:
        self.shop = shop
        self.fan = PenFriend("fan", name="Fay Fan")
        self.creator = PenFriend("creator", name="Cleo Creator", price_centi=5_000)
        self.payment = happen(shop, start(self.fan.user), "paid")
        self.letters = Letters(fan=self.fan, creator=self.creator)
        self.letters.write(self.fan, "First")
        self.letters.write(self.creator, "Answer")
        self.letters.write(self.fan, "Second")

    def dispute(self) -> MoneyBack:
        happen(self.shop, self.payment, "disputed")
        return MoneyBack.objects.get(payment=self.payment)


def test_a_dispute_takes_unspent_held_and_then_debt_and_everybody_is_told(shop, monkeypatch):
    pushed: list[tuple[uuid.UUID, dict[str, object]]] = []
    monkeypatch.setattr(returning, "push", lambda *, user_id, event: pushed.append((user_id, event)))
    affair = Affair(shop)
    fan, creator = affair.fan.user, affair.creator.user
    row = affair.dispute()
    taken = (row.unspent_centi, row.held_centi, row.reserve_centi, row.debt_centi)
    assert taken == (40_000, 5_000, 0, 5_000)
    balance = ledger.get_balance(user_id=fan.pk)
    assert (balance.balance_centi, balance.held_centi, balance.debt_centi) == (0, 0, 5_000)
    assert ledger.get_earnings(user_id=creator.pk).earned_centi == 4_000  # what was earned stays
    assert pushed == [(fan.uid, {"type": "balance", "balance_centi": 0})]
    case = str(row.uid)
    assert told(fan) == [{"case": case, "amount_centi": 50_000, "owed_centi": 5_000, "is_back": False}]
    (freed,) = told(fan, "hold_refunded")
    assert (freed["why"], freed["amount_centi"]) == ("reversed", 5_000)
    happen(shop, affair.payment, "won")
    assert ledger.get_balance(user_id=fan.pk).debt_centi == 0
    assert told(fan)[-1] == {"case": case, "amount_centi": 50_000, "owed_centi": 0, "is_back": True}
    assert_books()


def test_open_pages_of_both_hear_of_a_voided_hold_at_the_commit(shop, monkeypatch, django_capture_on_commit_callbacks):
    affair = Affair(shop)
    pushed: list[tuple[uuid.UUID, dict[str, object]]] = []
    monkeypatch.setattr("messaging.services.delivery.push_all", lambda *, pushes: pushed.extend(pushes))
    with django_capture_on_commit_callbacks() as after:
        affair.dispute()
        assert pushed == []
    for callback in after:
        callback()
    told_of = {(user, event["type"], event.get("n")) for user, event in pushed}
    fan, creator = affair.fan.user.uid, affair.creator.user.uid
    assert told_of == {(fan, "hold.refunded", 3), (creator, "hold.refunded", 3), (fan, "balance", None)}
    assert [event["balance_centi"] for _, event in pushed if event["type"] == "balance"] == [0]


def test_the_trace_names_what_was_funded_and_what_covers_it_to_whom_it_concerns(shop):
    affair = Affair(shop)
    row = affair.dispute()
    for viewer in (affair.fan.user, make_staff("finance")):
        trace = traces.get_trace(user=viewer, uid=row.uid)
        assert (trace.unspent_centi, trace.held_centi, trace.debt_centi) == (40_000, 5_000, 5_000)
        assert [(p.position, p.state, p.held_centi, p.reserve_centi, p.debt_centi) for p in trace.parts] == [
            (1, "posted", 0, 0, 5_000),
            (3, "voided", 5_000, 0, 0),
        ]
    mine = traces.get_trace(user=affair.creator.user, uid=row.uid)
    assert [(p.position, p.held_centi, p.platform_centi, p.debt_centi) for p in mine.parts] == [
        (1, 0, 5_000, 0),
        (3, 5_000, 0, 0),
    ]
    assert (mine.amount_minor, mine.unspent_centi, mine.debt_centi) == (0, 0, 0)
    assert traces.list_touched(user=affair.creator.user) == [mine]
    assert traces.list_money_back(user=affair.fan.user, payment_uid=affair.payment.uid) == [row]


def test_a_trace_is_not_there_for_a_stranger_nor_for_a_creator_whom_it_does_not_touch(shop):
    row = Affair(shop).dispute()
    for stranger in (make_user("fan"), make_user("creator"), make_staff("moderator")):
        with pytest.raises(traces.NotFound):
            traces.get_trace(user=stranger, uid=row.uid)
        with pytest.raises(traces.NotFound):
            traces.get_trace(user=stranger, uid=uuid.uuid4())
        assert traces.list_touched(user=stranger) == []
        assert traces.list_money_back(user=stranger, payment_uid=row.payment.uid) == []


def test_parts_of_two_refunds_are_not_traced_to_the_same_credits(shop):
    affair = Affair(shop)
    happen(shop, affair.payment, ("refunded", {"amount_minor": 475}), "refunded")
    first, second = MoneyBack.objects.filter(payment=affair.payment).order_by("id")
    assert (first.debt_centi, second.debt_centi) == (2_500, 2_500)
    for row in (first, second):
        parts = traces.get_trace(user=affair.fan.user, uid=row.uid).parts
        assert [(p.position, p.debt_centi) for p in parts if p.debt_centi] == [(1, 2_500)]
    assert_books()


def test_the_copy_of_ones_data_has_refunds_and_disputes(shop):
    buyer = Buyer()
    happen(shop, bought(shop, buyer), "disputed")
    files: dict[str, list[dict[str, object]]] = {}

    class Out:
        def rows(self, name, rows):
            files[name] = list(rows)

    privacy.export(user=find_user_by_uid(uid=buyer.user.uid), out=Out())
    (row,) = files["payments/refunds_and_disputes"]
    assert (row["kind"], row["state"], row["amount_minor"]) == ("dispute", "open", 500)
