"""Refunds that we ask for: by staff, after a warning of fraud, lost answers, two at once."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from credits import invariants
from credits.services import money_back as ledger_money_back
from pairly.common.ids import uuid7
from pairly.common.problems import IdempotencyConflict, NotFound, Problem
from pairly.testing.people import make_staff
from payments import tasks
from payments.errors import NotRefundable, OwnPayment, ProviderUnavailable, RefundRefused, RefundTooLarge
from payments.models import MoneyBack, Payment
from payments.services import fulfilment, money_back
from payments.tests.buying import Buyer, deliver, deliver_all, start, work
from security.models import AuditEntry
from users.errors import StepUpRequired
from users.models import User
from users.tests.helpers import at_once
from users.types import SignIn

RACERS = 30


def bought(shop, buyer: Buyer) -> Payment:
    payment = start(buyer.user)
    deliver_all(shop.hold(payment.uid, "paid"))
    work()
    payment.refresh_from_db()
    return payment


def proof(staff: User, *, minutes: int = 0) -> SignIn:
    return SignIn(staff.uid, uuid.uuid4(), stepped_up_at=timezone.now() - timedelta(minutes=minutes))


def refund(staff: User, payment: Payment, **changes: object) -> MoneyBack:
    fields = {"amount_minor": 500, "reason": "asked_for", "idempotency_key": uuid.uuid4(), **changes}
    sign_in = fields.pop("sign_in", None) or proof(staff)
    return money_back.refund_payment(staff=staff, sign_in=sign_in, payment_uid=payment.uid, **fields)


def refunds_at_provider(payment: Payment) -> list[int]:
    gateway = fulfilment.get_gateway(provider=payment.provider)
    return [row.amount_minor for row in gateway.fetch_payment(session_id=payment.provider_session_id).refunds]


def assert_books(check=invariants.check_in_transaction) -> None:
    assert [finding for finding in check() if not finding.is_ok] == []


def in_two_hours():
    return timezone.now() + timedelta(hours=2)


@pytest.fixture
def finance(db) -> User:
    return make_staff("finance")


@pytest.mark.django_db
def test_staff_refund_a_part_and_then_the_rest_once_for_each_key(shop, finance):
    buyer = Buyer()
    payment, key = bought(shop, buyer), uuid.uuid4()
    first = refund(finance, payment, amount_minor=200, idempotency_key=key)
    assert (first.state, first.unspent_centi, first.requested_by) == ("succeeded", 20_000, finance)
    assert refund(finance, payment, amount_minor=200, idempotency_key=key).pk == first.pk
    with pytest.raises(IdempotencyConflict):
        refund(finance, payment, amount_minor=201, idempotency_key=key)
    with pytest.raises(RefundTooLarge) as refused:
        refund(finance, payment, amount_minor=301)
    assert refused.value.extra["left_minor"] == 300
    refund(finance, payment, amount_minor=300)
    with pytest.raises(NotRefundable):
        refund(finance, payment, amount_minor=1)
    payment.refresh_from_db()
    assert (payment.status, buyer.balance_centi, refunds_at_provider(payment)) == ("refunded", 0, [200, 300])
    assert AuditEntry.objects.filter(action="payment.refund_requested", subject_uid=buyer.user.uid).count() == 2


@pytest.mark.django_db
def test_only_finance_with_a_fresh_proof_refunds_and_nobody_their_own_payment(shop, finance):
    buyer = Buyer()
    payment = bought(shop, buyer)
    for stranger in (buyer.user, Buyer().user, make_staff("moderator")):
        with pytest.raises(NotFound):
            refund(stranger, payment)
    with pytest.raises(StepUpRequired):
        refund(finance, payment, sign_in=proof(finance, minutes=60))
    with pytest.raises(NotFound):
        money_back.refund_payment(
            staff=finance, sign_in=proof(finance), payment_uid=uuid.uuid4(), amount_minor=1, reason="asked_for",
            idempotency_key=uuid.uuid4(),
        )  # fmt: skip
    with pytest.raises(OwnPayment):
        refund(finance, start(finance))
    assert (MoneyBack.objects.count(), refunds_at_provider(payment)) == (0, [])


@pytest.mark.django_db
def test_what_is_unpaid_or_with_the_bank_is_not_refundable(shop, finance):
    waiting, disputed = start(Buyer().user), bought(shop, Buyer())
    deliver_all(shop.hold(disputed.uid, "disputed"))
    work()
    for payment in (waiting, disputed):
        with pytest.raises(NotRefundable):
            refund(finance, payment)


@pytest.mark.django_db
def test_a_dispute_that_comes_first_is_the_providers_refusal_and_the_row_says_so(shop, finance):
    payment = bought(shop, Buyer())
    shop.hold(payment.uid, "disputed")  # its notice has not come
    with pytest.raises(RefundRefused) as refused:
        refund(finance, payment)
    assert refused.value.extra["reason"] == "charge_disputed"
    row = MoneyBack.objects.get(payment=payment)
    assert (row.state, row.provider_object_id, row.is_taken) == ("failed", None, False)
    assert_books()


@pytest.mark.django_db
@pytest.mark.parametrize("is_heard", [True, False])
def test_a_lost_answer_is_one_refund_by_its_notice_or_by_the_reconciler(shop, finance, is_heard):
    buyer = Buyer()
    payment = bought(shop, buyer)
    shop.turn(error_after_commit=3)
    with pytest.raises(ProviderUnavailable):
        refund(finance, payment)
    row = MoneyBack.objects.get(payment=payment)
    assert (row.state, row.provider_object_id, buyer.balance_centi) == ("pending", None, 50_000)
    if is_heard:
        fulfilment.fulfil(payment_id=payment.uid)
    else:
        assert money_back.finish_refunds(at=timezone.now()) == 0  # too young
        assert money_back.finish_refunds(at=in_two_hours()) == 1
    row.refresh_from_db()
    assert (row.state, buyer.balance_centi, refunds_at_provider(payment)) == ("succeeded", 0, [500])
    assert money_back.finish_refunds(at=in_two_hours()) == 0
    assert MoneyBack.objects.count() == 1


@pytest.mark.django_db
def test_a_refund_that_never_reached_the_provider_is_asked_for_again(shop, finance, settings):
    buyer = Buyer()
    payment = bought(shop, buyer)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(ProviderUnavailable):
        refund(finance, payment)
    assert money_back.finish_refunds(at=in_two_hours()) == 0
    settings.STRIPE_API_BASE = shop.url
    assert money_back.finish_refunds(at=in_two_hours()) == 1
    assert (buyer.balance_centi, refunds_at_provider(payment)) == (0, [500])


# -- early fraud warnings
@pytest.mark.django_db
def test_a_warning_of_fraud_sends_back_what_is_left_at_once_and_once(shop):
    buyer = Buyer()
    payment = bought(shop, buyer)
    deliver_all(shop.hold(payment.uid, "refunded", amount_minor=200))
    work()
    deliver_all(shop.hold(payment.uid, "warned"))
    work()
    payment.refresh_from_db()
    assert payment.warned_at is not None
    assert tasks.refund_warned(payment_uid=str(payment.uid))
    assert tasks.refund_warned(payment_uid=str(payment.uid))
    payment.refresh_from_db()
    assert (payment.status, buyer.balance_centi, refunds_at_provider(payment)) == ("refunded", 0, [200, 300])
    row = MoneyBack.objects.get(payment=payment, reason="early_fraud_warning")
    assert (row.requested_by, row.amount_minor) == (None, 300)
    assert_books()


@pytest.mark.django_db
def test_a_warning_that_nobody_answered_is_answered_by_the_reconciler(shop):
    payment = bought(shop, Buyer())
    shop.hold(payment.uid, "warned")
    fulfilment.fulfil(payment_id=payment.uid)
    assert money_back.finish_refunds(at=timezone.now()) == 0
    assert money_back.finish_refunds(at=in_two_hours()) == 1
    assert money_back.finish_refunds(at=in_two_hours()) == 0
    assert refunds_at_provider(payment) == [500]


@pytest.mark.django_db
def test_after_the_bank_has_it_a_warning_sends_nothing_and_an_unwarned_payment_is_not_found(shop):
    payment = bought(shop, Buyer())
    for word in ("warned", "disputed"):
        deliver_all(shop.hold(payment.uid, word))
    work()
    assert money_back.refund_warned(payment_uid=payment.uid) is None
    with pytest.raises(NotFound):
        money_back.refund_warned(payment_uid=bought(shop, Buyer()).uid)
    assert MoneyBack.objects.filter(kind="refund").count() == 0


# -- races
def test_of_30_refunds_at_once_of_the_whole_payment_one_is_made(committed_db, shop):
    buyer, staff = Buyer(), make_staff("finance")
    payment, key = bought(shop, buyer), uuid.uuid4()

    def ask(number: int) -> str:
        try:  # every third is the same click again
            refund(staff, payment, idempotency_key=key if number % 3 == 0 else uuid.uuid4())
        except Problem as problem:
            return problem.code
        return "done"

    outcomes = Counter(at_once(RACERS, ask))
    assert MoneyBack.objects.count() == 1
    assert set(outcomes) <= {"done", "not_refundable"}
    assert outcomes["done"] in (1, RACERS // 3)
    assert (buyer.balance_centi, refunds_at_provider(payment)) == (0, [500])
    assert_books(invariants.check_all)


def test_control_without_the_payments_lock_many_refunds_would_be_asked_for(committed_db, shop):
    payment = bought(shop, Buyer())
    gate = threading.Barrier(8)

    def ask_unguarded(_number: int) -> None:
        with transaction.atomic():
            left_minor = money_back._left_minor(Payment.objects.get(pk=payment.pk))
            gate.wait(timeout=30)
            money_back._request(payment, uuid.uuid4(), left_minor, "asked_for", None)

    at_once(8, ask_unguarded)
    assert MoneyBack.objects.count() == 8


def test_a_dispute_told_of_50_times_at_once_is_taken_once(committed_db, shop):
    buyer = Buyer()
    payment = bought(shop, buyer)
    webhooks = shop.hold(payment.uid, "disputed") * 25

    def hit(number: int) -> int:
        status = deliver(webhooks[number]).status_code
        fulfilment.fulfil(payment_id=payment.uid)
        return status

    assert set(at_once(RACERS, hit) + [deliver(one).status_code for one in webhooks[RACERS:]]) == {200}
    work()
    assert n_taken() == 1
    assert buyer.balance_centi == 0
    assert_books(invariants.check_all)


def test_control_without_the_row_and_its_operation_a_dispute_would_be_taken_by_each(committed_db, shop):
    buyer = Buyer()
    payment = bought(shop, buyer)

    def take_unguarded(_number: int) -> None:
        ledger_money_back.take_back(
            user_id=buyer.user.pk, op_id=uuid7(), payment_uid=payment.uid, kind="dispute", amount_minor=500,
            at=timezone.now(),
        )  # fmt: skip

    at_once(8, take_unguarded)
    assert n_taken() == 8
    assert [finding.name for finding in invariants.check_all() if not finding.is_ok] == ["I4"]


def n_taken() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM credits_money_back")
        return cursor.fetchone()[0]
