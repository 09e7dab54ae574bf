"""Staff accepts a dispute: the provider is told once, after the decision, by its official client."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from moderation import payment_disputes as queue
from moderation.models import WorkItem
from pairly.common import after_commit
from pairly.testing.people import make_staff, make_user, sign_in_as
from payments import tasks
from payments.gateways.base import ProviderRefused
from payments.gateways.razorpay import RazorpayGateway
from payments.gateways.registry import get_gateway
from payments.gateways.stripe import StripeGateway
from payments.models import MoneyBack
from payments.services import dispute_answers
from payments.tests.buying import deliver, deliver_all, start, work
from payments.tests.conftest import sandbox, shop  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db


def disputed(shop):  # noqa: F811
    payment = start(make_user("fan"))
    for word in ("paid", "disputed"):
        deliver_all(shop.hold(payment.uid, word))
        work()
    return MoneyBack.objects.get(payment=payment)


def decide(row, outcome="accepted"):
    item = WorkItem.objects.get(kind=queue.KIND, ref=row.uid)
    browser = sign_in_as(make_staff("finance"))
    browser.post(f"/staff/queues/{queue.KIND}/take/")
    response = browser.post(f"/staff/cases/{item.uid}/decide/", {"outcome": outcome, "note": "We cannot prove it."})
    assert response.status_code == 302
    row.refresh_from_db()
    item.refresh_from_db()
    return item, browser


def at_stripe(row):
    return get_gateway(provider="stripe")._client.v1.disputes.retrieve(row.provider_object_id).status


@pytest.fixture
def started(monkeypatch):
    jobs = []
    monkeypatch.setattr(after_commit, "enqueue_now", lambda *, task, kwargs: jobs.append((task, kwargs)))
    return jobs


def test_accepting_closes_it_at_the_provider_after_the_commit_and_once(
    shop, started, django_capture_on_commit_callbacks  # noqa: F811
):  # fmt: skip
    row = disputed(shop)
    with django_capture_on_commit_callbacks(execute=True):
        item, _ = decide(row)
    assert (item.outcome, row.state, at_stripe(row)) == ("accepted", "open", "needs_response")
    assert [job for job in started if job[0] == "payments.accept_dispute"] == [
        ("payments.accept_dispute", {"uid": str(row.uid)})
    ]
    for _ in range(2):
        assert tasks.accept_dispute(uid=str(row.uid)) is True
    row.refresh_from_db()
    assert (row.state, at_stripe(row), row.accept_refused) == ("lost", "lost", "")
    assert dispute_answers.accept(uid=row.uid) is False  # the bank has decided


def test_that_evidence_was_sent_tells_the_provider_nothing(shop):  # noqa: F811
    row = disputed(shop)
    decide(row, "answered")
    assert row.accept_asked_at is None
    assert tasks.accept_dispute(uid=str(row.uid)) is False
    assert at_stripe(row) == "needs_response"


def test_a_lost_job_or_answer_is_made_good_by_the_reconciler(shop, settings):  # noqa: F811
    row = disputed(shop)
    decide(row)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    assert tasks.accept_dispute(uid=str(row.uid)) is False
    settings.STRIPE_API_BASE = shop.url
    shop.turn(error_after_commit=9)
    assert tasks.accept_dispute(uid=str(row.uid)) is False
    shop.turn()
    assert dispute_answers.finish_acceptances(at=timezone.now()) == 0
    assert dispute_answers.finish_acceptances(at=timezone.now() + timedelta(minutes=3)) == 1
    row.refresh_from_db()
    assert row.state == "lost"


def test_a_refusal_opens_the_case_again_and_says_so(shop, monkeypatch):  # noqa: F811
    row = disputed(shop)
    item, browser = decide(row)

    def refuse(self, *, dispute_id):
        raise ProviderRefused("dispute_closed")

    with monkeypatch.context() as cut:
        cut.setattr(StripeGateway, "accept_dispute", refuse)
        assert tasks.accept_dispute(uid=str(row.uid)) is False
    item.refresh_from_db()
    row.refresh_from_db()
    assert (item.decided_at, item.outcome, row.accept_refused) == (None, "", "dispute_closed")
    assert dispute_answers.finish_acceptances(at=timezone.now() + timedelta(days=1)) == 0  # a person's turn
    assert "dispute_closed" in browser.get(f"/staff/cases/{item.uid}/").content.decode()
    decide(row)
    assert tasks.accept_dispute(uid=str(row.uid)) is True


def test_by_razorpay_it_is_accepted_too(shop):  # noqa: F811
    payment = start(make_user("fan"), provider="razorpay")
    for word in ("paid", "disputed"):
        for webhook in shop.hold(payment.uid, word):
            assert deliver(webhook, path="/api/v1/payments/webhook/razorpay").status_code == 200
        work()
    row = MoneyBack.objects.get(payment=payment)
    decide(row)
    for _ in range(2):
        assert tasks.accept_dispute(uid=str(row.uid)) is True
    gateway = get_gateway(provider="razorpay")
    assert isinstance(gateway, RazorpayGateway)
    gateway.accept_dispute(dispute_id=row.provider_object_id)  # it has ended: nothing happens
    row.refresh_from_db()
    assert row.state == "lost"
