"""Worker and database are killed again and again under purchases, sends, replies, disputes and payouts: what was
acknowledged is there exactly once, and the ledger agrees with the payments. F7 of `make prove`.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from datetime import timedelta

import httpx
import pytest
from django.db import InterfaceError, OperationalError, connection, transaction
from django.test import override_settings
from django.utils import timezone

from credits.errors import InsufficientEarnings
from credits.services import accounts, money_back, payouts, roll_up
from messaging.models import Conversation, Message
from pairly.common.ids import uuid7
from pairly.common.sql import call_row, close_connections
from pairly.testing.faults import faulty_world
from pairly.testing.people import make_staff
from pairly.testing.ports import free_port
from payments.constants import OP_NAMESPACE
from payments.models import MoneyBack, Payment, Payout, PayoutMethod
from payments.services import reconciliation
from payments.tests.sandboxes import SECRET, running_sandbox

from .fault_people import Person, is_well, wait_until
from .test_faults_kills import Load, go_on, prove

pytestmark = pytest.mark.prove

ROUNDS = 20
CENTI = 1_000
MATURED = timedelta(days=30)  # payouts are asked for, and so dated, when what is earned now may be withdrawn


@pytest.fixture(scope="module")
def sandbox_url():
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory, sandbox_url):
    env = {
        "STRIPE_WEBHOOK_SECRET": SECRET, "STRIPE_SECRET_KEY": "sk_test_sandbox", "STRIPE_API_BASE": sandbox_url,
        "SOCKET_FRAMES": "100000",
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("money")
    with faulty_world(folder, blocker=django_db_blocker, durable=True, **env) as running:
        yield running


class MoneyLoad(Load):
    """The other load, and money in every direction."""

    def __init__(self, world, sandbox):
        super().__init__(world)
        self.sandbox, self.buyer, self.staff = sandbox, Person(world, "fan"), make_staff("finance")
        for person in (self.buyer, *(talk.fan for talk in self.talks)):
            accounts.set_day_limit(user=person.user, limit_centi=None)
        self.paid: set[uuid.UUID] = set()
        self.n_booked = {"dispute": 0, "won": 0, "reply": 0, "payout": 0}
        self.scopes = {talk.creator.user.pk: Conversation.objects.get(uid=talk.uid).pk for talk in self.talks}
        self.methods = {
            payee: PayoutMethod.objects.create(
                user_id=payee, kind="manual", currency="USD", country="US", label="Bank 1234",
                fingerprint=b"0" * 32, usable_at=timezone.now(),
            )
            for payee in self.scopes
        }  # fmt: skip
        work = (self._buy, self._reply, self._dispute, self._pay_out)
        self._threads += [threading.Thread(target=self._until_over, args=(one,)) for one in work]

    def _until_over(self, work):
        try:
            while not self._over.is_set():
                work()
                self._over.wait(0.2)
        finally:
            connection.close()

    def _book(self, act):
        """`act` in a transaction, repeated until it is acknowledged; None where the load ended before."""
        while True:
            try:
                with transaction.atomic():
                    return act()
            except (OperationalError, InterfaceError):
                connection.close()
            if self._over.is_set():
                return None
            time.sleep(0.2)

    def _buy(self):
        key, found = str(uuid.uuid4()), {}
        order = {"package_id": "credits-500", "provider": "stripe", "currency": "USD"}

        def check_out():
            headers = {**self.buyer.headers(), "Idempotency-Key": key}
            answer = httpx.post(f"{self.world.url}/api/v1/payments/checkout", json=order, headers=headers, timeout=20)
            found.update(answer.json())
            return answer

        if self._until_taken(check_out):
            assert httpx.post(found["checkout_url"], timeout=60).status_code == 303
            self.paid.add(uuid.UUID(found["payment_id"]))

    def _reply(self):
        payee, scope = random.choice(list(self.scopes.items()))
        op = uuid7()
        sql = "SELECT n_holds FROM credits_post_holds(%s, %s, %s, %s, %s, 7, 14, 90)"
        if self._book(lambda: call_row(sql=sql, params=[op, payee, scope, 2**40, timezone.now()])):
            self.n_booked["reply"] += 1

    def _dispute(self):
        payment = self._book(Payment.objects.filter(status="paid", money_back=None).order_by("id").first)
        if payment is None:
            return
        name = f"dp_{uuid.uuid4().hex}"
        self.n_booked["dispute"] += bool(self._book(lambda: _open_dispute(payment, name)))
        if random.random() < 0.5:
            self.n_booked["won"] += bool(self._book(lambda: _win_dispute(payment, name)))

    def _pay_out(self):
        payee, uid = random.choice(list(self.scopes)), uuid7()
        ends = random.choice([("rejected",), ("sent",), ("sent", "settled"), ("sent", "settled", "bounced")])
        try:
            asked = self._book(lambda: _ask(self.methods[payee], uid))
        except InsufficientEarnings:
            return
        done = asked and [self._book(lambda step=step: _step(uid, step, self.staff)) for step in ends]
        self.n_booked["payout"] += bool(done and all(done))


def _op(name):
    return uuid.uuid5(OP_NAMESPACE, name)


def _open_dispute(payment, name):
    row, _ = MoneyBack.objects.get_or_create(
        provider_object_id=name, payment=payment, kind="dispute", defaults={"state": "open", "amount_minor": 500}
    )
    taken = money_back.take_back(
        user_id=payment.user_id, op_id=_op(f"stripe:{name}"), payment_uid=payment.uid, kind="dispute",
        amount_minor=500, at=timezone.now(),
    )  # fmt: skip
    row.unspent_centi, row.held_centi = taken.unspent_centi, taken.held_centi
    row.reserve_centi, row.debt_centi = taken.reserve_centi, taken.debt_centi
    row.save()
    return True


def _win_dispute(payment, name):
    MoneyBack.objects.filter(provider_object_id=name).update(state="won")
    money_back.reinstate(
        user_id=payment.user_id, op_id=_op(f"stripe:{name}:back"), taken_op=_op(f"stripe:{name}"), at=timezone.now()
    )
    return True


def _ask(method, uid):
    Payout.objects.get_or_create(
        uid=uid, user_id=method.user_id, method=method, request_id=uid, amount_centi=CENTI, currency="USD",
        amount_minor=10, rate_micro=1_000_000,
    )  # fmt: skip
    at = timezone.now() + MATURED
    payouts.lock(user_id=method.user_id, op_id=_op(f"payout:{uid}:requested"), amount_centi=CENTI, at=at)
    return True


def _step(uid, step, staff):
    payout = Payout.objects.select_for_update().get(uid=uid)
    payout.status = {"rejected": "rejected", "sent": "processing", "settled": "paid", "bounced": "returned"}[step]
    if step != "rejected":
        payout.approved_by, payout.approved_at = staff, timezone.now()
    payout.save()
    payouts.step(
        user_id=payout.user_id, op_id=_op(f"payout:{uid}:{step}"), name=step, amount_centi=CENTI, currency="USD",
        amount_minor=10, at=timezone.now() + MATURED,
    )  # fmt: skip
    return True


def test_worker_and_database_are_killed_20_times_and_no_money_is_lost_or_doubled(
    world, sandbox_url, tmp_path, record_property
):
    hook = f"{world.url}/api/v1/payments/webhook/stripe"
    with running_sandbox(tmp_path, port=int(sandbox_url.rsplit(":", 1)[1]), webhook_url=hook) as sandbox:
        sandbox.turn(duplicate=2, reorder=True)
        worker = world.start_worker()
        with MoneyLoad(world, sandbox) as load:
            for _ in range(ROUNDS):
                go_on(load)
                # A purchase that this round's worker credited was disputed.
                n_before = load.n_booked["dispute"]
                wait_until(lambda n_before=n_before: load.n_booked["dispute"] > n_before, seconds=120)
                worker.kill()
                world.kill_postgres()
                worker.wait()
                world.postgres.start()
                worker = world.start_worker()
                wait_until(lambda: is_well(world, "database", "redis"), seconds=60)
            go_on(load)
        close_connections()
        with override_settings(
            STRIPE_API_BASE=sandbox_url, STRIPE_SECRET_KEY="sk_test_sandbox", STRIPE_WEBHOOK_SECRET=SECRET
        ):
            reconciliation.sweep_events(at=timezone.now() + timedelta(hours=1))
            while reconciliation.reconcile(at=timezone.now() + timedelta(hours=1)):
                pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT payment FROM credits_lot WHERE payment = ANY (%s)", [load.paid])
        bought = [payment for (payment,) in cursor.fetchall()]
    assert sorted(bought) == sorted(load.paid)
    assert load.paid
    assert min(load.n_booked.values()) > 0, load.n_booked
    record_property("purchases", len(load.paid))
    for name, n in load.n_booked.items():
        record_property(name, n)
    record_property("messages", Message.objects.count())
    print(f"{ROUNDS} kills: {len(load.paid)} purchases, {len(load.sent)} messages, {load.n_booked}")
    roll_up.allocate_lots(limit=10_000)
    roll_up.roll_up()
    prove(load)
