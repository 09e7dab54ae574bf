"""The ledger in plain Python, for a test that compares: what each operation does by its rules, not by the SQL."""

from __future__ import annotations

import math
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from credits import caps_selectors

FEE = 2_000
RESERVE = 1_000  # basis points of the fees
MATURE = timedelta(days=14)


@dataclass(eq=False)
class Taken:
    """What one refund or dispute took of a lot."""

    op: uuid.UUID
    minor: int
    unspent: int = 0
    held: int = 0
    reserve: int = 0
    debt: int = 0
    covered: int = 0
    given: int = 0
    uncovered: int = 0
    is_over: bool = False

    @property
    def all(self) -> int:
        return self.unspent + self.held + self.reserve + self.debt


@dataclass(eq=False)
class Lot:
    fan: int
    amount: int
    remaining: int
    minor: int = 0
    currency: str = ""
    payment: uuid.UUID | None = None
    taken: list[Taken] = field(default_factory=list)

    def share(self, minor: int) -> int:
        return math.ceil(Fraction(self.amount * min(minor, self.minor), self.minor))

    def worth(self, n: int) -> int:
        return math.floor(Fraction(self.minor * n, self.amount))

    @property
    def minor_back(self) -> int:
        return sum(t.minor for t in self.taken if not t.is_over)

    @property
    def n_taken(self) -> int:
        return sum(t.all - t.given for t in self.taken)

    @property
    def from_lot(self) -> int:
        return sum(t.unspent + t.held - max(0, t.given - t.debt - t.reserve) for t in self.taken)

    @property
    def covered(self) -> int:
        return sum(t.covered - t.uncovered for t in self.taken)


@dataclass(eq=False)
class Hold:
    fan: int
    creator: int
    scope: int
    position: int
    paid: int
    promo: int
    uses: list[tuple[Lot, int]]
    expires: datetime
    state: str = "open"
    answer: uuid.UUID | None = None
    answered: datetime | None = None
    held_until: datetime | None = None
    matures: datetime | None = None
    dispute: uuid.UUID | None = None

    @property
    def earns(self) -> int:
        return self.paid - self.paid * FEE // 10_000

    @property
    def earns_promo(self) -> int:
        return self.promo - self.promo * FEE // 10_000


@dataclass(eq=False)
class Fan:
    paid: int = 0
    promo: int = 0
    debt: int = 0
    lots: list[Lot] = field(default_factory=list)
    limits: dict[str, int | None] = field(default_factory=lambda: {"day": None, "week": None, "month": None})
    raises: dict[str, tuple[int | None, datetime]] = field(default_factory=dict)
    cool_off: datetime | None = None
    spent: list[tuple[datetime, int]] = field(default_factory=list)

    def used(self, cap: str, at: datetime) -> int:
        since = caps_selectors.window(cap=cap, at=at)[0]
        return sum(amount for when, amount in self.spent if when >= since)


class Model:
    """Two fans, two creators and the platform."""

    def __init__(self) -> None:
        self.fans = [Fan(), Fan()]
        self.earned, self.promo_earned, self.locked = [0, 0], [0, 0], [0, 0]
        self.holds: list[Hold] = []
        self.reserve = self.funded = 0
        self.money: defaultdict[tuple[str, str], int] = defaultdict(int)  # of the platform, by kind and currency

    def move(self, debit: str, credit: str, currency: str, minor: int) -> None:
        self.money[debit, currency] -= minor
        self.money[credit, currency] += minor

    # -- fans
    def spend(self, fan: int, amount: int) -> list[tuple[Lot, int]]:
        """Out of the oldest lots; which, and how much of each."""
        uses, left = [], amount
        for lot in self.fans[fan].lots:
            part = min(left, lot.remaining)
            if part:
                lot.remaining -= part
                left -= part
                uses.append((lot, part))
        assert left == 0
        self.fans[fan].paid -= amount
        return uses

    def buy(self, lot: Lot) -> None:
        self.fans[lot.fan].lots.append(lot)
        self.fans[lot.fan].paid += lot.amount
        if lot.minor:
            self.move("psp_clearing", "credits_liability", lot.currency, lot.minor)

    def repay(self, fan: int) -> int:
        one = self.fans[fan]
        amount = min(one.paid, one.debt)
        self.spend(fan, amount)
        one.debt -= amount
        return amount

    def refusal(self, fan: int, amount: int, at: datetime) -> str:
        one = self.fans[fan]
        if one.cool_off and one.cool_off > at:
            return "cooling_off"
        if any(limit is not None and one.used(cap, at) + amount > limit for cap, limit in one.limits.items()):
            return "spending_cap_reached"
        if one.debt:
            return "debt_outstanding"
        return "insufficient_credits" if one.paid + one.promo < amount else ""

    def hold(self, fan: int, amount: int, at: datetime, **how: object) -> Hold:
        one = self.fans[fan]
        promo = min(one.promo, amount)
        one.promo -= promo
        one.spent.append((at, amount))
        made = Hold(fan=fan, paid=amount - promo, promo=promo, uses=self.spend(fan, amount - promo), **how)  # type: ignore[arg-type]
        self.holds.append(made)
        return made

    def of_state(self, *states: str) -> list[Hold]:
        return [h for h in self.holds if h.state in states]

    def settle(self, h: Hold, state: str, at: datetime) -> None:
        """From escrow, or from the payee, to where `state` says."""
        if h.state == "posted":
            self._pay(h, -1)
        h.state = state
        if state == "posted":
            self._pay(h)
            h.matures = at + MATURE
        if state == "voided":
            for lot, part in h.uses:
                lot.remaining += part
            h.uses = []
            self.fans[h.fan].paid += h.paid
            self.fans[h.fan].promo += h.promo

    def _pay(self, h: Hold, sign: int = 1) -> None:
        self.earned[h.creator] += sign * h.earns
        self.promo_earned[h.creator] += sign * h.earns_promo

    # -- the platform
    @property
    def fees(self) -> int:
        return sum(h.paid - h.earns for h in self.of_state("posted"))

    def fund_reserve(self) -> int:
        due = math.floor(Fraction(self.fees * RESERVE, 10_000) + Fraction(1, 2)) - self.funded
        if due > 0:
            self.funded += due
            self.reserve += due
        return max(0, due)

    def available(self, creator: int, at: datetime) -> int:
        maturing = [h.earns for h in self.of_state("posted") if h.creator == creator and h.matures > at]
        return max(0, self.earned[creator] - sum(maturing))

    # -- money that goes back
    def take_back(self, lot: Lot, op: uuid.UUID, minor: int, at: datetime) -> Taken:
        fan, before = self.fans[lot.fan], lot.minor_back
        left = max(0, lot.share(before + minor) - lot.n_taken)
        taken = Taken(op=op, minor=minor, unspent=min(left, lot.remaining))
        self._out_of(lot, taken.unspent)
        left -= taken.unspent
        if left:
            for h in reversed(self.of_state("open")):
                if lot.remaining >= left:
                    break
                if any(used is lot for used, _ in h.uses):
                    self.settle(h, "voided", at)
            taken.held = min(lot.remaining, left)
            self._out_of(lot, taken.held)
            left -= taken.held
        taken.reserve = min(left, self.reserve)
        self.reserve -= taken.reserve
        taken.debt = left - taken.reserve
        fan.debt += taken.debt
        worth = min(before + minor, lot.minor) - min(before, lot.minor)
        most = lot.worth(lot.from_lot + taken.unspent + taken.held)
        taken.covered = max(0, min(lot.covered + worth, most) - lot.covered)
        self.move("credits_liability", "psp_clearing", lot.currency, taken.covered)
        self.move("chargeback_loss", "psp_clearing", lot.currency, minor - taken.covered)
        lot.taken.append(taken)
        return taken

    def _out_of(self, lot: Lot, amount: int) -> None:
        lot.remaining -= amount
        self.fans[lot.fan].paid -= amount

    def reinstate(self, lot: Lot, taken: Taken) -> tuple[int, int, int]:
        """(to the fan, to the debt, to the reserve)."""
        fan, left = self.fans[lot.fan], lot.minor_back - taken.minor
        given = max(0, min(lot.n_taken - lot.share(left), taken.all))
        debt = min(given, taken.debt)
        reserve = min(given - debt, taken.reserve)
        to_lot = given - debt - reserve
        kept = min(lot.covered, left, lot.worth(lot.from_lot - to_lot))
        taken.uncovered = min(taken.minor, lot.covered - kept)
        taken.given, taken.is_over = given, True
        self._out_of(lot, -to_lot)
        lifted = min(debt, fan.debt)
        fan.debt -= lifted
        if debt > lifted:
            self.buy(Lot(fan=lot.fan, amount=debt - lifted, remaining=debt - lifted))
        self.reserve += reserve
        self.move("psp_clearing", "credits_liability", lot.currency, taken.uncovered)
        self.move("psp_clearing", "chargeback_loss", lot.currency, taken.minor - taken.uncovered)
        return to_lot + debt - lifted, lifted, reserve
