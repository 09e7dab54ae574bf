"""Razorpay's payments that failed first and are authorised later, without any notice of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credits import invariants
from pairly.testing.fixtures import free_port
from pairly.testing.people import make_user
from payments import selectors
from payments.constants import ASK_AGAIN_SECONDS, LATE_PAYMENT_SPAN
from payments.models import Payment, WebhookEvent
from payments.services import fulfilment, reconciliation
from payments.tasks import reconcile
from payments.tests.buying import Buyer, start
from payments.tests.sandboxes import RunningSandbox, running_sandbox
from payments.tests.test_razorpay_purchase import tries_of

pytestmark = pytest.mark.django_db
AGAIN = timedelta(seconds=ASK_AGAIN_SECONDS + 1)


class Receiver:
    """Where the sandbox sends its notices: their kinds, in order."""

    def __init__(self) -> None:
        self.kinds: Queue[str] = Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.kinds.put(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["event"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/webhook/stripe"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory, receiver) -> Iterator[RunningSandbox]:
    """One that sends its notices to somebody who does not pass them on."""
    with running_sandbox(tmp_path_factory.mktemp("late"), port=free_port(), webhook_url=receiver.url) as running:
        yield running


def closed(shop, user=None, *, word="failed"):
    """A payment that we know to have failed or expired, asked about a moment ago."""
    payment = start(user or make_user("fan"), provider="razorpay", currency="INR")
    shop.hold(payment.uid, "failed")
    if word == "expired":
        shop.hold(payment.uid, "expired")
    payment = fulfilment.fulfil(payment_id=payment.uid)
    assert payment.status == word
    return payment


def due(**fields):
    """As if these payments were last asked about an hour ago."""
    Payment.objects.filter(**fields).update(checked_at=timezone.now() - AGAIN)


@pytest.mark.parametrize("word", ["failed", "expired"])
def test_a_late_authorised_payment_whose_notice_is_dropped_is_fulfilled_exactly_once(shop, receiver, word):
    told, buyer = closed(shop, word=word), Buyer()
    payment = closed(shop, buyer.user, word=word)
    assert shop.control(told.uid, "authorised").status_code == 200
    assert receiver.kinds.get(timeout=30) == "payment.authorized"  # the control: without the knob it is heard
    shop.turn(drop=True)
    assert shop.control(payment.uid, "authorised").status_code == 200
    assert receiver.kinds.empty()
    due(uid=payment.uid)
    assert reconciliation.reconcile(at=timezone.now()) == 0  # it does not wait for its buyer any more
    assert reconcile() == 1
    payment.refresh_from_db()
    assert (payment.status, payment.flag, buyer.balance_centi) == ("paid", "", 50_000)
    assert tries_of(shop, payment) == ["captured"]
    due(uid=payment.uid)
    assert (reconcile(), buyer.balance_centi) == (0, 50_000)
    shop.turn()
    assert fulfilment.fulfil(payment_id=payment.uid).status == "paid"  # and what a notice does that comes after all
    assert (buyer.balance_centi, WebhookEvent.objects.count()) == (50_000, 0)
    assert [finding for finding in invariants.check_in_transaction() if not finding.is_ok] == []


def test_a_payment_that_stays_failed_is_asked_about_once_an_hour_and_stays_so(shop):
    payment = closed(shop)
    assert selectors.list_late(at=timezone.now()) == []
    due(uid=payment.uid)
    assert selectors.list_late(at=timezone.now()) == [payment.uid]
    assert reconciliation.look_for_late(at=timezone.now()) == 0
    payment.refresh_from_db()
    assert (payment.status, payment.flag) == ("failed", "")
    assert selectors.list_late(at=timezone.now()) == []


def test_what_is_older_than_the_window_paid_flagged_or_another_providers_is_left_alone(shop):
    late, flagged, mine = closed(shop), closed(shop), closed(shop)
    Payment.objects.filter(pk=flagged.pk).update(flag=Payment.Flag.WRONG_AMOUNT)
    other = start(make_user("fan"))
    shop.hold(other.uid, "expired")
    fulfilment.fulfil(payment_id=other.uid)
    paid = start(make_user("fan"), provider="razorpay", currency="INR")
    shop.hold(paid.uid, "paid")
    fulfilment.fulfil(payment_id=paid.uid)
    due()
    now = timezone.now()
    assert set(selectors.list_late(at=now)) == {late.uid, mine.uid}
    assert set(selectors.list_late(at=late.created_at + LATE_PAYMENT_SPAN)) == {late.uid, mine.uid}
    assert selectors.list_late(at=mine.created_at + LATE_PAYMENT_SPAN + timedelta(seconds=1)) == []


def test_a_provider_that_is_away_ends_the_round_and_changes_nothing(shop, settings):
    payment = closed(shop)
    due(uid=payment.uid)
    settings.RAZORPAY_API_BASE = "http://127.0.0.1:9"
    assert reconciliation.look_for_late(at=timezone.now()) == 0
    payment.refresh_from_db()
    assert payment.status == "failed"


def test_the_window_is_read_along_its_own_index_in_one_query(shop):
    closed(shop)
    with CaptureQueriesContext(connection) as queries:
        selectors.list_late(at=timezone.now())
    assert len(queries) == 1
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "payment_late_idx" in plan
