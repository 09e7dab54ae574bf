"""What a bank is shown of a dispute: true, of this payment alone, without a word of any message."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from credits.services import money_back as ledger
from credits.services import purchases, unlocks
from moderation.tests.test_payouts import text_of
from pairly.common.ids import uuid7
from pairly.testing.people import make_staff, make_user, sign_in_as
from payments.models import MoneyBack, Payment
from payments.selectors import return_op_id
from security.models import AuditEntry, LoginAttempt

pytestmark = pytest.mark.django_db


@pytest.fixture
def fan():
    return make_user("fan", name="Dora Disputes")


@pytest.fixture
def dispute(fan):
    """A payment that bought something of Mara, as did another one of the same buyer, of Otto."""
    rows = {}
    for name in ("Otto Other", "Mara Lind"):
        now = timezone.now()
        payment = Payment.objects.create(
            user=fan, request_id=uuid7(), provider="stripe", package="credits-500", currency="USD", amount_minor=500,
            credits_centi=50_000, status="disputed", paid_at=now, provider_payment_id=f"pi_{name[0]}",
        )  # fmt: skip
        given = {"user_id": fan.pk, "payment_uid": payment.uid}
        purchases.record_purchase(**given, op_id=uuid7(), credits_centi=50_000, currency="USD", amount_minor=500)
        creator = make_user("creator", name=name)
        unlocks.unlock(
            op_id=uuid7(), user_id=fan.pk, payee_id=creator.pk, item=creator.pk, unlock=creator.pk,
            amount_centi=50_000, at=now,
        )  # fmt: skip
        row = MoneyBack(
            payment=payment, kind="dispute", state="open", amount_minor=500, provider_object_id=f"du_{name}"
        )
        taken = ledger.take_back(**given, op_id=return_op_id(row=row), kind="dispute", amount_minor=500, at=now)
        row.unspent_centi, row.held_centi = taken.unspent_centi, taken.held_centi
        row.reserve_centi, row.debt_centi = taken.reserve_centi, taken.debt_centi
        row.save()
        rows[name] = row
        ledger.reinstate(user_id=fan.pk, op_id=uuid7(), taken_op=return_op_id(row=row), at=now)  # the next one may buy
    return rows["Mara Lind"]


def attempt(fan, ip, *, outcome="succeeded", days=0):
    made = LoginAttempt.objects.create(
        identifier_hash=b"x" * 32, user_uid=fan.uid, door="web", ip=ip, outcome=outcome,
        failure_reason="" if outcome == "succeeded" else "wrong_password",
    )  # fmt: skip
    LoginAttempt.objects.filter(pk=made.pk).update(created_at=timezone.now() - timedelta(days=days))


def test_the_pack_tells_of_this_payment_its_buyer_and_their_sign_ins(dispute, fan):
    attempt(fan, "192.0.2.5")
    attempt(fan, "192.0.2.6", outcome="failed")
    attempt(fan, "192.0.2.7", days=40)
    attempt(make_user("fan"), "192.0.2.8")
    page = text_of(sign_in_as(make_staff("finance")).get(f"/staff/disputes/{dispute.uid}/evidence/"))
    for shown in ("USD 5.00", "pi_M", "Dora Disputes", fan.email, "Mara Lind", "delivered", "192.0.2.5", "500"):
        assert shown in page, shown
    for hidden in ("Otto Other", "pi_O", "192.0.2.6", "192.0.2.7", "192.0.2.8"):
        assert hidden not in page, hidden
    seen = AuditEntry.objects.get(action="staff.dispute_evidence_viewed")
    assert (seen.subject_uid, seen.is_private_view) == (fan.uid, True)


def test_a_refund_has_no_pack(dispute):
    refund = MoneyBack.objects.create(
        payment=dispute.payment, kind="refund", state="pending", amount_minor=100, provider_object_id="re_1"
    )
    page = sign_in_as(make_staff("finance")).get(f"/staff/disputes/{refund.uid}/evidence/")
    assert page.status_code == 404
    assert not AuditEntry.objects.filter(action="staff.dispute_evidence_viewed").exists()


@pytest.mark.parametrize("who", ["stranger", "the buyer", "moderator"])
def test_the_pack_is_for_finance_alone(dispute, fan, who):
    person = {
        "stranger": lambda: make_user("fan"),
        "the buyer": lambda: fan,
        "moderator": lambda: make_staff("moderator"),
    }
    answer = sign_in_as(person[who]()).get(f"/staff/disputes/{dispute.uid}/evidence/")
    assert answer.status_code == (403 if who == "moderator" else 404)
    assert fan.email not in answer.content.decode() or who == "the buyer"
    assert not AuditEntry.objects.filter(action="staff.dispute_evidence_viewed").exists()
