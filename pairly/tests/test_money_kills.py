"""Worker, database and web process are killed again and again while money moves through the product's own doors: what
was acknowledged, and what the provider did, is booked exactly once, and the provider's own list says the same. Part
of `make prove`.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from credits import invariants
from credits.services import roll_up
from messaging.models import Message
from pairly.common.sql import close_connections
from pairly.testing.faults import faulty_world
from pairly.testing.ports import free_port
from payments import selectors
from payments.gateways.registry import get_gateway
from payments.models import MoneyBack, Payment, Payout, WebhookEvent
from payments.services import money_back, payout_sending, provider_lists, reconciliation
from payments.tests.paying_out import count_at_provider
from payments.tests.sandboxes import SECRET, running_sandbox

from .fault_people import is_well, wait_until
from .money_load import MoneyLoad
from .test_faults_kills import prove

pytestmark = pytest.mark.prove

ROUNDS = 20
ORDERS = list(itertools.permutations(("worker", "postgres", "server")))
DONE = {"bought", "disputed", "won", "lost", "warned", "refunded", "asked", "approve", "reject", "cancel", "came_back"}
# What the provider says of a dispute after each of its steps.
DISPUTES = {"disputed": "open", "won": "won", "appealed": "won", "lost": "lost"}
PAYOUTS = {"approve": "paid", "returned": "paid", "came_back": "returned", "reject": "rejected", "cancel": "rejected"}


@pytest.fixture(scope="module")
def sandbox_url():
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory, sandbox_url):
    env = {
        "STRIPE_WEBHOOK_SECRET": SECRET, "STRIPE_SECRET_KEY": "sk_test_sandbox", "STRIPE_API_BASE": sandbox_url,
        "SOCKET_FRAMES": "100000", "PAYOUT_MIN_CENTI": "1000", "PAYOUT_TWO_PEOPLE_CENTI": "3000",
        "DATABASE_ANSWER_SECONDS_WEB": "3",
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("money")
    with faulty_world(folder, blocker=django_db_blocker, durable=True, **env) as running:
        yield running


def go_on(load):
    """Until money has moved in each direction that was not refused, by acts that were begun after now."""
    before = load.done.copy()

    def has_moved():
        new = load.done - before
        turned_back = new["disputed"] + new["warned"] + new["refunded"]
        return min(new["bought"], new["asked"], turned_back) > 0

    wait_until(lambda: has_moved() or load.is_wrong, seconds=180)
    assert not load.is_wrong, (load.crashes, load.slow, load.statuses)


def kill_and_start(world, worker, order):
    """kill -9 of all three, one after the other, in the midst of it; the new worker."""
    for what in order:
        if what == "worker":
            worker.kill()
            worker.wait()
        elif what == "postgres":
            world.kill_postgres()
        else:
            world.kill_server()
    world.postgres.start()
    world.start_server()
    fresh = world.start_worker()
    wait_until(lambda: is_well(world, "database", "redis"), seconds=120)
    return fresh


# -- what has to come of it
def do_lost_jobs(at):
    """What beat starts, as if its time had come: jobs died with the worker, and nobody calls the provider any more."""
    reconciliation.sweep_events(at=at)
    reconciliation.reconcile(at=at)
    money_back.finish_refunds(at=at)
    Payout.objects.filter(status__in=["approved", "processing"]).update(checked_at=None)
    payout_sending.sweep(at=at)


def find_unsettled(load):
    """What the provider did or was acknowledged, and was not followed yet."""
    found = [str(row) for row in WebhookEvent.objects.filter(processed_at__isnull=True)]
    for payment in Payment.objects.filter(uid__in=list(load.paid)).prefetch_related("money_back"):
        happened, rows = load.happened[payment.uid], payment.money_back.all()
        disputes = [row.state for row in rows if row.kind == "dispute"]
        expected = [DISPUTES[step] for step in happened if step in DISPUTES][-1:]
        is_unanswered = "warned" in happened and payment.refunded_minor < payment.amount_minor
        is_pending = any(row.state == "pending" for row in rows)
        if payment.is_open or disputes != expected or is_pending or is_unanswered:
            found.append(f"{payment.uid} {payment.status} {payment.flag} {happened} {disputes}")
    for payout in Payout.objects.filter(uid__in=list(load.payouts)):
        if load.payouts[payout.uid] != "asked" and payout.status != PAYOUTS[load.payouts[payout.uid]]:
            found.append(f"{payout.uid} {payout.status} {payout.reason} {load.payouts[payout.uid]}")
    return found


def settle(load):
    """Until everything has its end; what the provider did must be heard of, which its repeated webhooks see to."""
    deadline = time.monotonic() + 240
    while found := find_unsettled(load):
        assert time.monotonic() < deadline, found
        do_lost_jobs(timezone.now() + timedelta(hours=1))
        time.sleep(0.5)


def assert_books(load, since, sandbox, looked_at):
    """I1 to I8; one operation for each of the provider's objects; the provider's list is ours. `looked_at` has the
    payments and payouts, as they then stood, whose truth was asked for in an earlier round."""
    assert [found for found in invariants.check_all() if not found.is_ok] == []
    payments = list(Payment.objects.filter(uid__in=list(load.paid)).prefetch_related("money_back"))
    assert len(payments) == len(load.paid)
    expected = Counter(
        selectors.op_id(provider="stripe", provider_payment_id=one.provider_payment_id) for one in payments
    )
    taken = [row for one in payments for row in one.money_back.all() if row.is_taken]
    expected.update(selectors.return_op_id(row=row) for row in taken)
    expected.update(selectors.return_op_id(row=row, part="back") for row in taken if row.state in ("won", "failed"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM credits_op WHERE id = ANY(%s)", [list(expected)])
        assert Counter(one for (one,) in cursor.fetchall()) == expected
    for payment in payments:
        state = (payment.status, len(load.happened[payment.uid]))
        if looked_at.get(payment.uid) != state:
            assert_is_truth(payment)
            looked_at[payment.uid] = state
    for payout in Payout.objects.all():
        if looked_at.get(payout.uid) != payout.status:
            assert count_at_provider(sandbox, payout) == (payout.sent_at is not None), payout.uid
            looked_at[payout.uid] = payout.status
    for day in {since.date(), timezone.now().date()}:
        run = provider_lists.compare_day(provider="stripe", day=day)
        assert (run.n_differences, list(run.differences.values())) == (0, [])
    return run.n_listed


def assert_is_truth(payment):
    """Paid, refunded and disputed as the provider says, object by object."""
    truth = get_gateway(provider="stripe").fetch_payment(session_id=payment.provider_session_id)
    rows = payment.money_back.all()
    assert (truth.provider_object_id, truth.amount_minor) == (payment.provider_payment_id, payment.amount_minor)
    assert {(one.id, one.amount_minor, str(one.state)) for one in (*truth.refunds, *truth.disputes)} == {
        (row.provider_object_id, row.amount_minor, row.state) for row in rows
    }
    assert payment.refunded_minor == sum(one.amount_minor for one in truth.refunds if one.state == "succeeded")


def test_worker_database_and_web_process_are_killed_20_times_and_no_money_is_lost_or_doubled(
    world, sandbox_url, tmp_path, record_property
):
    hook, since, looked_at = f"{world.url}/api/v1/payments/webhook/stripe", timezone.now(), {}
    keys = {"STRIPE_API_BASE": sandbox_url, "STRIPE_SECRET_KEY": "sk_test_sandbox", "STRIPE_WEBHOOK_SECRET": SECRET}
    port = int(sandbox_url.rsplit(":", 1)[1])
    with (
        running_sandbox(tmp_path, port=port, webhook_url=hook) as sandbox,
        override_settings(**keys, ACCESS_TOKEN_MINUTES=120),
    ):
        sandbox.turn(duplicate=2, reorder=True)
        worker = world.start_worker()
        with MoneyLoad(world, sandbox) as load:
            for number in range(ROUNDS):
                begun = time.monotonic()
                go_on(load)
                killed = time.monotonic()
                worker = kill_and_start(world, worker, ORDERS[number % len(ORDERS)])
                well = time.monotonic()
                with load.calm():
                    close_connections()
                    calm = time.monotonic()
                    settle(load)
                    n_listed = assert_books(load, since, sandbox, looked_at)
                spans = [killed - begun, well - killed, calm - well, time.monotonic() - calm]
                print(number + 1, [round(span, 1) for span in spans], n_listed, dict(load.done), flush=True)
            go_on(load)
        assert load.crashes == []
        close_connections()
        settle(load)
        n_listed = assert_books(load, since, sandbox, looked_at)
    asked = Counter(MoneyBack.objects.filter(request_id__in=list(load.refunds)).values_list("request_id", flat=True))
    assert asked == Counter(list(load.refunds))
    assert Payout.objects.filter(uid__in=list(load.payouts)).count() == len(load.payouts)
    assert set(load.done) >= DONE, load.done
    for name, n in load.done.items():
        record_property(name, n)
    print(f"{ROUNDS} kills: {n_listed} movements, {len(load.sent)} messages, {dict(load.done)}, {dict(load.refused)}")
    roll_up.allocate_lots(limit=10_000)
    roll_up.roll_up()
    record_property("messages", Message.objects.count())
    prove(load)
