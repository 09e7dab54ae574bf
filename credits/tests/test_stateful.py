"""Hypothesis drives the ledger against a small model in Python; every invariant holds after each batch.

Every operation is rolled back once before it is done, as by a crash, then repeated, which changes nothing, at once and
again much later, and repeated with other numbers, which is refused. Amounts and times are also chosen at the edges of
what is allowed: all there is and one more, up to a cap and one above it, the very moment of a deadline.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from credits import invariants, selectors
from credits.constants import CAP_RAISE_WAIT, CURRENCIES
from credits.errors import (
    AlreadyDisputed,
    CoolingOff,
    DebtOutstanding,
    DisputeTooLate,
    HoldMatured,
    HoldReturned,
    InsufficientCredits,
    InsufficientEarnings,
    NotFrozen,
    SpendingCapReached,
)
from credits.services import (
    answers,
    caps,
    deadlines,
    money_back,
    payouts,
    provider_money,
    purchases,
    roll_up,
    unlocks,
)
from credits.tests.ledger_model import FEE, Lot, Model
from pairly.common.ids import uuid7
from pairly.common.problems import IdempotencyConflict
from pairly.testing.people import make_user

N_STEPS = 10_000 if os.environ.get("PAIRLY_PROVE") else 500
STEPS_A_RUN = 50
START = datetime(2026, 1, 1, tzinfo=UTC)
REFUSALS = {
    one.code: one for one in (SpendingCapReached, CoolingOff, DebtOutstanding, InsufficientCredits)
}  # fmt: skip
people = st.integers(0, 1)
amounts = st.integers(1, 20_000)
limits = st.none() | st.integers(0, 60_000)
EDGES = 6
edges = st.integers(0, 2 * EDGES)  # from EDGES on, none


class Crash(Exception):
    """The process dies after the work and before the commit."""


def crash(act, **arguments):
    with transaction.atomic():
        act(**arguments)
        raise Crash


def call(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


def n_moves():
    return call("SELECT count(*) FROM credits_transfer")


def known(self, what):
    return bool(getattr(self, what, None))


SINCE = invariants.Since(xid=0, at=datetime(2000, 1, 1, tzinfo=UTC))


class Ledger(RuleBasedStateMachine):
    """Two fans, two creators, one clock that only moves forward."""

    @initialize()
    def begin(self):
        self.sid = transaction.savepoint()
        self.now = START - timedelta(days=15)
        self.model = Model()
        self.fans = [make_user("fan") for _ in range(2)]
        self.creators = [make_user("creator") for _ in range(2)]
        for fan in self.fans:
            fan.email_verified_at, fan.verification_level = self.now, 1  # so that no ceiling is over what they choose
            fan.save()
            caps.refresh(user=fan, at=self.now)
        self.delayed_until: list[datetime | None] = [None, None]
        self.payouts: list[dict] = []
        self.n_positions = 0
        self.done: list[tuple] = []
        self.platform = platform()
        for fan in range(2):  # enough of two lots to do something from the first step on
            self._buy(fan, 9_000, 500, "USD")
            self._buy(fan, 30_000, 1_000, "EUR")
            self._unlock(fan, 1 - fan, 5_000)
        self.now = START  # what was earned has matured
        self._bank()

    def teardown(self):
        if hasattr(self, "sid"):
            transaction.savepoint_rollback(self.sid)

    # -- what is done to every operation
    def once(self, act, *, expected=None, other=None, **arguments):
        """Do it as described above and return what it says; `other`: the numbers of the conflict. None when `expected`
        was raised."""
        with pytest.raises(expected or Crash):
            crash(act, **arguments)
        if expected:
            return None
        done = act(**arguments)
        before = n_moves()
        act(**arguments)
        if other:
            with pytest.raises(IdempotencyConflict), transaction.atomic():
                act(**{**arguments, **other})
        assert n_moves() == before
        if "op_id" in arguments:
            self.done.append((act, arguments))
        return done

    @precondition(lambda self: known(self, "done"))
    @rule(data=st.data())
    def repeat_an_old_one(self, data):
        """Its caller never heard of the answer, and much has happened since."""
        act, arguments = data.draw(st.sampled_from(self.done))
        before = n_moves()
        act(**arguments)
        assert n_moves() == before

    def job(self, act, **arguments):
        """What a job says that dies on its way, is begun again and then runs once more, for nothing."""
        with pytest.raises(Crash):
            crash(act, **arguments)
        done = act(**arguments)
        before = n_moves()
        assert not act(**arguments)
        assert n_moves() == before
        return done

    def _near(self, fan, amount, edge):
        """`amount`, or an edge of what the fan may spend."""
        one = self.model.fans[fan]
        left = [one.paid + one.promo, one.promo]
        left += [limit - one.used(cap, self.now) for cap, limit in one.limits.items() if limit is not None]
        edges = [n for n in (min(left), min(left) + 1, *left) if n > 0]
        return edges[edge % len(edges)] if edge < EDGES and edges else amount

    @rule(pick=st.integers(0, 9))
    def come_to_a_moment(self, pick):
        """The clock stands at the very moment when something ends, and no job has come yet."""
        ends = [h.expires for h in self.model.of_state("open")]
        ends += [h.held_until for h in self.model.of_state("answered", "frozen")]
        first = min([*ends, self.now + timedelta(days=4)])  # by then the provider has sent what it holds
        moments = {first, *(h.matures for h in self.model.of_state("posted"))}
        moments |= {h.answered + timedelta(days=1) for h in self.model.holds if h.answered}
        moments |= {at for at in (*self.delayed_until, *(one.cool_off for one in self.model.fans)) if at}
        moments |= {at for one in self.model.fans for _, at in one.raises.values()}
        ahead = sorted(at for at in moments if self.now < at <= first)
        if ahead:
            self.now = ahead[pick % len(ahead)]
            self._bank()
            for h in [h for h in self.model.of_state("open") if h.expires == self.now]:
                self._reply(h.fan, h.creator, 0)  # too late, though the job that returns it has not come

    # -- ways in
    @rule(fan=people, amount=amounts, minor=st.integers(1, 5_000), currency=st.sampled_from(CURRENCIES))
    def buy(self, fan, amount, minor, currency):
        self._buy(fan, amount, minor, currency)

    def _buy(self, fan, amount, minor, currency):
        payment = uuid7()
        self.once(
            purchases.record_purchase, other={"amount_minor": minor + 1}, user_id=self.fans[fan].pk, op_id=uuid7(),
            credits_centi=amount, currency=currency, amount_minor=minor, payment_uid=payment, at=self.now,
        )  # fmt: skip
        self.model.buy(Lot(fan=fan, amount=amount, remaining=amount, minor=minor, currency=currency, payment=payment))
        self.model.repay(fan)

    @rule(fan=people, amount=amounts)
    def give(self, fan, amount):
        how = {"user_id": self.fans[fan].pk, "op_id": uuid7(), "credits_centi": amount}
        self.once(purchases.grant_promo, other={"credits_centi": amount + 1}, **how)
        self.model.fans[fan].promo += amount

    # -- caps
    @rule(fan=people, day=limits, week=limits, month=limits)
    def cap(self, fan, day, week, month):
        wanted = {"day": day, "week": week, "month": month}
        args = {f"{name}_centi": limit for name, limit in wanted.items()}
        self.once(caps.set_caps, user=self.fans[fan], at=self.now, **args)
        one = self.model.fans[fan]
        for name, limit in wanted.items():
            current = one.limits[name]
            if limit == current or (limit is not None and (current is None or limit < current)):
                one.limits[name] = limit
                one.raises.pop(name, None)
            elif one.raises.get(name, (-1,))[0] != limit:
                one.raises[name] = (limit, self.now + CAP_RAISE_WAIT)

    @rule(fan=people, is_meant=st.integers(0, 3))
    def cool_off(self, fan, is_meant):
        if not is_meant:
            until = self.once(caps.cool_off, user=self.fans[fan], length="day", at=self.now)
            self.model.fans[fan].cool_off = until
            assert until == self.now + timedelta(days=1)

    # -- spending
    @rule(fan=people, creator=people, amount=amounts, edge=edges, hours=st.integers(1, 72))
    def hold(self, fan, creator, amount, edge, hours):
        amount = self._near(fan, amount, edge)
        self.n_positions += 1
        expires = self.now + timedelta(hours=hours)
        scope, position, op = 10 * fan + creator + 1, self.n_positions, uuid7()
        params = (op, self.fans[fan].pk, self.creators[creator].pk, scope, position, amount, FEE, self.now, expires)
        sql = "SELECT code FROM credits_hold(%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        expected = self.model.refusal(fan, amount, self.now)
        with pytest.raises(Crash):
            crash(lambda: call(sql, *params))
        assert call(sql, *params) == expected
        if expected:
            return
        self.model.hold(fan, amount, self.now, creator=creator, scope=scope, position=position, expires=expires)
        if again := self.model.refusal(fan, amount, self.now):
            assert call(sql, *params) == again
            return
        with pytest.raises(IntegrityError), transaction.atomic():
            call(sql, *params)  # a message is written once; this is the last barrier

    @rule(fan=people, creator=people, amount=amounts, edge=edges)
    def unlock(self, fan, creator, amount, edge):
        self._unlock(fan, creator, self._near(fan, amount, edge))

    def _unlock(self, fan, creator, amount):
        self.n_positions += 1
        item, number = 10 * fan + creator + 1, self.n_positions
        expected = REFUSALS.get(self.model.refusal(fan, amount, self.now))
        self.once(
            unlocks.unlock, expected=expected, other={"amount_centi": amount + 1}, op_id=uuid7(),
            user_id=self.fans[fan].pk, payee_id=self.creators[creator].pk, item=item, unlock=number,
            amount_centi=amount, at=self.now,
        )  # fmt: skip
        if not expected:
            made = self.model.hold(
                fan, amount, self.now, creator=creator, scope=-item, position=number, expires=self.now
            )
            self.model.settle(made, "posted", self.now)

    # -- what becomes of it
    @rule(fan=people, creator=people, back=st.integers(0, 3))
    def reply(self, fan, creator, back):
        self._reply(fan, creator, back)

    def _reply(self, fan, creator, back):
        scope, upto, op = 10 * fan + creator + 1, self.n_positions - back, uuid7()
        sql = "SELECT n_holds FROM credits_post_holds(%s, %s, %s, %s, %s, 7, 14, 90)"
        params = (op, self.creators[creator].pk, scope, upto, self.now)
        with pytest.raises(Crash):
            crash(lambda: call(sql, *params))
        n, again = (call(sql, *params) for _ in range(2))
        due = [
            h for h in self.model.of_state("open")
            if h.scope == scope and h.position <= upto and h.expires > self.now
        ]  # fmt: skip
        assert (n, again) == (len(due), 0)
        until = self.delayed_until[creator]
        for h in due:
            h.answer, h.answered, h.held_until = op, self.now, self.now + timedelta(days=1)
            self.model.settle(h, "answered" if until and until > self.now else "posted", self.now)

    @rule(hours=st.integers(1, 40))
    def wait_for_the_jobs(self, hours):
        self.now += timedelta(hours=hours)
        voided = self.job(deadlines.void_overdue, at=self.now)
        self._settled([v.position for v in voided], "open", "expires", "voided")
        posted = self.job(answers.post_answered, at=self.now)
        self._settled([p.position for p in posted], "answered", "held_until", "posted")
        for dispute in {h.dispute for h in self.model.of_state("frozen") if h.held_until <= self.now}:
            self._decide(dispute, True)
        self._raise_caps()
        self.job(money_back.repay_debts, at=self.now)
        for fan in range(2):
            self.model.repay(fan)
        self._bank()

    def _settled(self, positions, state, when, into):
        due = [h for h in self.model.of_state(state) if getattr(h, when) <= self.now]
        assert sorted(positions) == sorted(h.position for h in due)
        for h in due:
            self.model.settle(h, into, self.now)

    def _raise_caps(self):
        n = self.job(caps.refresh_due, at=self.now)
        for one in self.model.fans:
            for name, (limit, at) in list(one.raises.items()):
                if at <= self.now:
                    one.limits[name] = limit
                    del one.raises[name]
                    n -= 1
        assert n == 0

    def _bank(self):
        """The provider sends what it holds, or gets what it lacks; what was sent to creators has arrived."""
        for currency in CURRENCIES:
            minor = self.model.money["psp_clearing", currency]
            if minor:
                movement = "provider_payout" if minor < 0 else "provider_top_up"
                self.once(
                    provider_money.record, other={"amount_minor": abs(minor) + 1}, op_id=uuid7(), movement=movement,
                    currency=currency, amount_minor=abs(minor), at=self.now,
                )  # fmt: skip
                self.model.move("bank", "psp_clearing", currency, -minor)
        for one in self.payouts:
            if one["state"] == "sent" and one["at"] + timedelta(days=3) <= self.now:
                self._step(one, "settled", "bank")

    @rule(creator=people, days=st.integers(1, 5))
    def delay(self, creator, days):
        until = self.now + timedelta(days=days)
        before = self.delayed_until[creator]
        self.delayed_until[creator] = max(until, before) if before else until
        assert answers.delay_payee(payee_id=self.creators[creator].pk, until=until) == self.delayed_until[creator]

    @precondition(lambda self: known(self, "model") and self.model.holds)
    @rule(data=st.data())
    def give_back(self, data):
        h = data.draw(st.sampled_from(self.model.holds))
        expected = {"voided": HoldReturned}.get(h.state)
        if h.state == "posted" and h.matures <= self.now:
            expected = HoldMatured
        how = {"payee_id": self.creators[h.creator].pk, "scope": h.scope, "position": h.position, "op_id": uuid7()}
        self.once(answers.give_back, expected=expected, at=self.now, **how)
        if not expected:
            self.model.settle(h, "voided", self.now)

    @precondition(lambda self: known(self, "model") and any(h.answer for h in self.model.holds))
    @rule(data=st.data())
    def no_answer(self, data):
        one = data.draw(st.sampled_from([h for h in self.model.holds if h.answer]))
        mine = [h for h in self.model.holds if h.answer == one.answer]
        still = [h for h in mine if h.state in ("posted", "answered")]
        expected = None if still else HoldReturned
        if still and one.answered + timedelta(days=1) <= self.now:
            expected = DisputeTooLate
        if any(h.dispute for h in mine):
            expected = AlreadyDisputed
        op = uuid7()
        how = {"op_id": op, "actor_id": self.fans[one.fan].pk, "scope": one.scope, "answer_op": one.answer}
        frozen = self.once(answers.freeze, expected=expected, at=self.now, **how)
        if not expected:
            for h in still:
                self.model.settle(h, "frozen", self.now)
                h.dispute, h.held_until = op, frozen.decide_by

    @precondition(lambda self: known(self, "model") and any(h.dispute for h in self.model.holds))
    @rule(data=st.data(), is_upheld=st.booleans())
    def decide(self, data, is_upheld):
        self._decide(data.draw(st.sampled_from(sorted({h.dispute for h in self.model.holds if h.dispute}))), is_upheld)

    def _decide(self, dispute, is_upheld):
        frozen = [h for h in self.model.of_state("frozen") if h.dispute == dispute]
        how = {"op_id": uuid7(), "dispute_op": dispute, "is_upheld": is_upheld, "at": self.now}
        self.once(answers.decide_frozen, expected=None if frozen else NotFrozen, **how)
        for h in frozen:
            self.model.settle(h, "voided" if is_upheld else "posted", self.now)

    # -- money that goes back
    def _lots(self):
        return [lot for fan in self.model.fans for lot in fan.lots if lot.payment]

    @precondition(lambda self: known(self, "model") and self._lots())
    @rule(data=st.data(), kind=st.sampled_from(["refund", "dispute"]), part=st.sampled_from([1, 3, 10, 10, 13]))
    def money_goes_back(self, data, kind, part):
        lot, op = data.draw(st.sampled_from(self._lots())), uuid7()
        minor = max(1, lot.minor * part // 10)
        found = self.once(
            money_back.take_back, other={"amount_minor": minor + 1}, user_id=self.fans[lot.fan].pk, op_id=op,
            payment_uid=lot.payment, kind=kind, amount_minor=minor, at=self.now,
        )  # fmt: skip
        taken = self.model.take_back(lot, op, minor, self.now)
        assert (found.unspent_centi, found.held_centi, found.reserve_centi, found.debt_centi) == (
            taken.unspent, taken.held, taken.reserve, taken.debt,
        )  # fmt: skip

    @precondition(lambda self: known(self, "model") and any(lot.taken for lot in self._lots()))
    @rule(data=st.data())
    def money_comes_again(self, data):
        lot, taken = data.draw(st.sampled_from([(lot, one) for lot in self._lots() for one in lot.taken]))
        how = {"user_id": self.fans[lot.fan].pk, "op_id": uuid7(), "taken_op": taken.op, "at": self.now}
        other = next((t for one in self._lots() for t in one.taken if one.fan == lot.fan and t is not taken), None)
        found = self.once(
            money_back.reinstate, expected=IdempotencyConflict if taken.is_over else None,
            other={"taken_op": other.op} if other else None, **how,
        )  # fmt: skip
        if found:
            assert (found.to_fan_centi, found.to_debt_centi, found.to_reserve_centi) == self.model.reinstate(lot, taken)

    @rule(fan=people)
    def repay(self, fan):
        repaid = self.job(money_back.repay_debt, user_id=self.fans[fan].pk, at=self.now)
        assert repaid == self.model.repay(fan)

    @rule()
    def fund_the_reserve(self):
        assert self.job(money_back.fund_reserve, at=self.now) == self.model.fund_reserve()

    # -- payouts
    @rule(creator=people, data=st.data(), currency=st.sampled_from(CURRENCIES))
    def ask_for_a_payout(self, creator, data, currency):
        available = self.model.available(creator, self.now)
        amount = data.draw(st.integers(1, available + 1) | st.sampled_from([max(1, available), available + 1]))
        expected = InsufficientEarnings if amount > available else None
        how = {"user_id": self.creators[creator].pk, "op_id": uuid7(), "at": self.now}
        self.once(payouts.lock, expected=expected, other={"amount_centi": amount + 1}, amount_centi=amount, **how)
        if not expected:
            self.model.earned[creator] -= amount
            self.model.locked[creator] += amount
            one = {"creator": creator, "amount": amount, "currency": currency, "minor": amount + 1, "at": self.now}
            self.payouts.append({**one, "state": "locked"})

    @precondition(lambda self: any(one["state"] in STEPS for one in getattr(self, "payouts", ())))
    @rule(data=st.data(), source=st.sampled_from(["bank", "psp_clearing"]))
    def payout_goes_on(self, data, source):
        one = data.draw(st.sampled_from([one for one in self.payouts if one["state"] in STEPS]))
        for _ in range(data.draw(st.integers(1, 3))):
            if one["state"] in STEPS:
                self._step(one, data.draw(st.sampled_from(STEPS[one["state"]])), source)

    def _step(self, one, step, source):
        op_id = uuid7()
        self.once(
            payouts.step, other={"amount_minor": one["minor"] + 1}, user_id=self.creators[one["creator"]].pk,
            op_id=op_id, name=step, amount_centi=one["amount"], currency=one["currency"],
            amount_minor=one["minor"], at=self.now, source=source, settled_op=one.get("settled_op"),
        )  # fmt: skip
        if step == "settled":
            one["left"], one["settled_op"] = source, op_id
        one["state"], one["at"] = "locked" if step == "unsent" else step, self.now
        if step in ("rejected", "sent"):
            self.model.locked[one["creator"]] -= one["amount"]
        if step == "unsent":
            self.model.locked[one["creator"]] += one["amount"]
        if step in ("rejected", "returned", "bounced"):
            self.model.earned[one["creator"]] += one["amount"]
        if step in MONEY:
            debit, credit = (one["left"] if side == "left" else side for side in MONEY[step])
            self.model.move(debit, credit, one["currency"], one["minor"])

    # -- what is kept in the background
    @rule()
    def fold(self):
        roll_up.roll_up()

    @rule()
    def allocate(self):
        roll_up.allocate_lots()
        self._compare_lots()

    def _compare_lots(self):
        for fan, one in zip(self.fans, self.model.fans, strict=True):
            found = selectors.list_lots(user_id=fan.pk).order_by("id").values_list("remaining", flat=True)
            assert list(found) == [lot.remaining for lot in one.lots]
            assert sum(found) == one.paid

    @invariant()
    def the_books_are_the_models(self):
        if not known(self, "platform"):
            return
        for i, (fan, one) in enumerate(zip(self.fans, self.model.fans, strict=True)):
            balance = selectors.get_balance(user_id=fan.pk)
            held = [h.paid + h.promo for h in self.model.of_state("open", "answered", "frozen") if h.fan == i]
            assert (balance.balance_centi, balance.promo_centi) == (one.paid + one.promo, one.promo)
            assert (balance.held_centi, balance.debt_centi) == (sum(held), one.debt)
        for i, creator in enumerate(self.creators):
            earnings = selectors.get_earnings(user_id=creator.pk, at=self.now)
            assert (earnings.earned_centi, earnings.promo_earned_centi) == (
                self.model.earned[i], self.model.promo_earned[i],
            )  # fmt: skip
            assert earnings.withdrawable_centi == self.model.available(i, self.now)
        with transaction.atomic():  # looked at, and left for later: who allocates, and when, is not to matter
            roll_up.allocate_lots()
            self._compare_lots()
            transaction.set_rollback(True)
        now = platform()
        moved = {key: n - self.platform.get(key, 0) for key, n in now.items()}
        assert moved.get(("reserve", "CRD"), 0) == self.model.reserve
        assert moved.get(("fee", "CRD"), 0) == self.model.fees - self.model.funded
        money = {key: n for key, n in moved.items() if key[1] != "CRD" and n}
        assert money == {key: n for key, n in self.model.money.items() if n}
        # In full, and as if everything was new since before this transaction.
        for since in (None, SINCE):
            found = invariants.check_in_transaction(at=self.now, since=since)
            assert len(found) == 8
            assert [f for f in found if not f.is_ok] == []


STEPS = {"locked": ("rejected", "sent"), "sent": ("settled", "returned", "unsent"), "settled": ("bounced",)}
MONEY = {
    "sent": ("redemption", "payouts_payable"),
    "settled": ("payouts_payable", "left"),
    "returned": ("payouts_payable", "redemption"),
    "unsent": ("payouts_payable", "redemption"),
    "bounced": ("left", "redemption"),
}


def platform():
    """What every account of the platform has, from the transfers alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.kind::text, a.unit::text, sum(CASE WHEN t.credit = a.id THEN t.amount ELSE -t.amount END)::int8 "
            "FROM credits_account a JOIN credits_transfer t ON a.id IN (t.debit, t.credit) WHERE a.lazy GROUP BY 1, 2"
        )
        return {(kind, unit): n for kind, unit, n in cursor.fetchall()} | {("", ""): 0}


@pytest.mark.django_db
def test_the_ledger_does_what_the_model_does():
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=N_STEPS // STEPS_A_RUN,
            stateful_step_count=STEPS_A_RUN,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # to make a failure shorter would take minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
