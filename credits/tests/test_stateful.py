"""Hypothesis drives the ledger against a small model in Python; every invariant holds after each batch."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from credits import invariants, selectors
from credits.services import accounts, deadlines, purchases, roll_up
from pairly.common.ids import uuid7
from pairly.testing.people import make_user

N_STEPS = 10_000 if os.environ.get("PAIRLY_PROVE") else 500
STEPS_A_RUN = 50
FEE = 2_000
START = datetime(2026, 1, 1, tzinfo=UTC)
people = st.integers(0, 1)
amounts = st.integers(1, 20_000)


class Ledger(RuleBasedStateMachine):
    """Two fans, two creators, one clock that only moves forward."""

    @initialize()
    def begin(self):
        self.sid = transaction.savepoint()
        self.now = START
        self.fans = [make_user("fan") for _ in range(2)]
        self.creators = [make_user("creator") for _ in range(2)]
        self.paid, self.promo, self.earned, self.promo_earned = [0, 0], [0, 0], [0, 0], [0, 0]
        self.limit: list[int | None] = [None, None]
        self.day_held: dict[tuple[int, object], int] = {}
        self.holds: list[dict] = []
        self.n_positions = 0
        for fan in self.fans:
            accounts.set_day_limit(user=fan, limit_centi=None)

    def teardown(self):
        if hasattr(self, "sid"):
            transaction.savepoint_rollback(self.sid)

    @rule(fan=people, amount=amounts, minor=st.integers(1, 5_000), currency=st.sampled_from(["USD", "EUR", "INR"]))
    def buy(self, fan, amount, minor, currency):
        arguments = {"user_id": self.fans[fan].pk, "op_id": uuid7(), "credits_centi": amount, "currency": currency}
        payment = uuid7()
        for _ in range(2):  # the second time it is a repetition
            purchases.record_purchase(amount_minor=minor, payment_uid=payment, **arguments)
        self.paid[fan] += amount

    @rule(fan=people, amount=amounts)
    def give(self, fan, amount):
        purchases.grant_promo(user_id=self.fans[fan].pk, op_id=uuid7(), credits_centi=amount)
        self.promo[fan] += amount

    @rule(fan=people, limit=st.none() | st.integers(0, 30_000))
    def cap(self, fan, limit):
        accounts.set_day_limit(user=self.fans[fan], limit_centi=limit)
        self.limit[fan] = limit

    @rule(fan=people, creator=people, amount=amounts, hours=st.integers(1, 72))
    def hold(self, fan, creator, amount, hours):
        self.n_positions += 1
        expires = self.now + timedelta(hours=hours)
        scope, position = 10 * fan + creator + 1, self.n_positions
        code = call(
            "SELECT code FROM credits_hold(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            uuid7(), self.fans[fan].pk, self.creators[creator].pk, scope, position, amount, FEE, self.now, expires,
        )  # fmt: skip
        assert code == self._expected(fan, amount)
        if code:
            return
        promo = min(self.promo[fan], amount)
        self.promo[fan] -= promo
        self.paid[fan] -= amount - promo
        day = (fan, self.now.date())
        self.day_held[day] = self.day_held.get(day, 0) + amount
        self.holds.append(
            {"fan": fan, "creator": creator, "scope": scope, "position": position, "paid": amount - promo,
             "promo": promo, "expires": expires}
        )  # fmt: skip

    def _expected(self, fan, amount):
        limit = self.limit[fan]
        if limit is not None and self.day_held.get((fan, self.now.date()), 0) + amount > limit:
            return "spending_cap_reached"
        return "insufficient_credits" if self.paid[fan] + self.promo[fan] < amount else ""

    @rule(fan=people, creator=people, back=st.integers(0, 3))
    def reply(self, fan, creator, back):
        scope, upto = 10 * fan + creator + 1, self.n_positions - back
        n = call(
            "SELECT n_holds FROM credits_post_holds(%s, %s, %s, %s, %s, 7, 14, 90)",
            uuid7(), self.creators[creator].pk, scope, upto, self.now,
        )  # fmt: skip
        due = [h for h in self.holds if h["scope"] == scope and h["position"] <= upto and h["expires"] > self.now]
        assert n == len(due)
        for h in due:
            self.earned[creator] += h["paid"] - h["paid"] * FEE // 10_000
            self.promo_earned[creator] += h["promo"] - h["promo"] * FEE // 10_000
            self.holds.remove(h)

    @rule(hours=st.integers(1, 40))
    def wait_for_the_deadline_job(self, hours):
        self.now += timedelta(hours=hours)
        voided = deadlines.void_overdue(at=self.now)
        due = [h for h in self.holds if h["expires"] <= self.now]
        assert sorted(v.position for v in voided) == sorted(h["position"] for h in due)
        for h in due:
            self.paid[h["fan"]] += h["paid"]
            self.promo[h["fan"]] += h["promo"]
            self.holds.remove(h)

    @rule()
    def fold(self):
        roll_up.roll_up()

    @rule()
    def allocate(self):
        roll_up.allocate_lots()
        for fan, paid in zip(self.fans, self.paid, strict=True):
            assert sum(lot.remaining for lot in selectors.list_lots(user_id=fan.pk)) == paid

    @invariant()
    def the_books_are_the_models(self):
        if not hasattr(self, "fans"):
            return
        for i, fan in enumerate(self.fans):
            balance = selectors.get_balance(user_id=fan.pk)
            held = sum(h["paid"] + h["promo"] for h in self.holds if h["fan"] == i)
            assert (balance.balance_centi, balance.promo_centi) == (self.paid[i] + self.promo[i], self.promo[i])
            assert balance.held_centi == held
        for i, creator in enumerate(self.creators):
            earnings = selectors.get_earnings(user_id=creator.pk)
            assert (earnings.earned_centi, earnings.promo_earned_centi) == (self.earned[i], self.promo_earned[i])
        overdue_on_purpose = {"I3"}  # the model's clock is not the server's
        bad = [f for f in invariants.check_in_transaction() if not f.is_ok and f.name not in overdue_on_purpose]
        assert bad == []


def call(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_the_ledger_does_what_the_model_does():
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=N_STEPS // STEPS_A_RUN,
            stateful_step_count=STEPS_A_RUN,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
