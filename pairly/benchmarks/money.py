"""Opening a checkout, buying in a shop, asking for a payout: the services, beside a GET of an empty view through all
layers. And the first piece of a statement of 1,000 movements and of 100,000.

One client by turns, so what else the machine does meets all alike. The checkout asks the payment sandbox over HTTP, as
it would ask the provider.
"""

from __future__ import annotations

import http.client
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import psycopg
from django.conf import settings
from django.utils import timezone

from credits import statement_selectors
from credits.services import accounts, purchases, unlocks
from credits.statement_files import csv_file
from pairly.common.ids import uuid7
from pairly.embedded import paths, processes
from payments.models import PayoutMethod
from payments.services import checkout, payout_requests
from users.models import TotpDevice, User

from . import daphne, layers
from .world import make_people

SMALL, LARGE = 1_000, 100_000
WARM_UP = 5
PAYOUT_CENTI = 250_000
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Deed:
    """Median milliseconds of one thing that is done, and of the empty view beside it."""

    name: str
    ms: float
    empty_ms: float

    @property
    def ratio(self) -> float:
        return self.ms / self.empty_ms


@dataclass(frozen=True, slots=True)
class FirstPiece:
    """Median milliseconds until the first movements of a statement leave."""

    small_ms: float
    large_ms: float

    @property
    def growth(self) -> float:
        return self.large_ms / self.small_ms


def measure(*, var_dir: Path, requests: int, rows: int, say: Say) -> tuple[list[Deed], FirstPiece]:
    """Fill the product's database and measure; `requests` of each kind, `rows` in the large statement."""
    return _deeds(var_dir, requests), _statements(var_dir, requests, rows, say)


def table(*, deeds: list[Deed], first: FirstPiece, rows: int) -> list[str]:
    """Milliseconds for orientation; the ratios are what counts."""
    lines = [f"{one.name:<38}{one.ms:>8.1f} ms   empty view {one.empty_ms:.1f} ms" for one in deeds]
    lines.append(f"statement, {SMALL:,} and {rows:,} movements   {first.small_ms:.1f} and {first.large_ms:.1f} ms")
    ratios = [f"{one.name.replace(' ', '_')}_vs_empty {one.ratio:.2f}" for one in deeds]
    return [*lines, *ratios, f"statement_first_byte_growth {first.growth:.2f}"]


# -- deeds
def _deeds(var_dir: Path, requests: int) -> list[Deed]:
    n = requests + WARM_UP
    steps: dict[str, Callable[[int], object]] = {
        "checkout": _checkouts(n),
        "unlock": _unlocks(n),
        "payout request": _payouts(n),
    }
    with _sandbox(var_dir), _empty_view(var_dir) as ask_nothing:
        took: dict[str, list[float]] = {name: [] for name in (*steps, "empty")}
        for number in range(n):
            took["empty"].append(_ms(ask_nothing))
            for name, step in steps.items():
                took[name].append(_ms(lambda step=step, number=number: step(number)))  # type: ignore[misc]
    empty = median(took.pop("empty")[WARM_UP:])
    return [Deed(name, median(values[WARM_UP:]), empty) for name, values in took.items()]


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def _checkouts(n: int) -> Callable[[int], object]:
    """Each of another person: nobody buys that often."""
    buyers = make_people(n=n)
    return lambda number: checkout.start_checkout(
        user=buyers[number], package_id="credits-500", provider="stripe", currency="USD", idempotency_key=uuid.uuid4()
    )


def _unlocks(n: int) -> Callable[[int], object]:
    (fan,), (creator,) = make_people(n=1), _creators(1)
    return lambda number: unlocks.unlock(
        op_id=uuid7(), user_id=fan.pk, payee_id=creator.pk, item=1, unlock=number + 1, amount_centi=500,
        at=timezone.now(),
    )  # fmt: skip


def _payouts(n: int) -> Callable[[int], object]:
    """Each of another creator, who has an account, a factor, a verified document and enough that has matured."""
    creators, (fan,) = _creators(n), make_people(n=1)
    long_ago = timezone.now() - timedelta(days=60)
    methods = []
    for creator in creators:
        TotpDevice.objects.create(user=creator, name="app", confirmed=True, confirmed_at=long_ago)
        unlocks.unlock(
            op_id=uuid7(), user_id=fan.pk, payee_id=creator.pk, item=creator.pk, unlock=1,
            amount_centi=2 * PAYOUT_CENTI, at=long_ago,
        )  # fmt: skip
        method = PayoutMethod.objects.create(
            user=creator, kind="stripe", currency="USD", country="US", label="Bench ****6789", state="ready",
            provider_account_id=f"acct_{creator.uid.hex}", fingerprint=creator.uid.bytes * 2, usable_at=long_ago,
        )  # fmt: skip
        methods.append(method)
    return lambda number: payout_requests.request_payout(
        user=creators[number], method_uid=methods[number].uid, amount_centi=PAYOUT_CENTI, idempotency_key=uuid.uuid4()
    )


def _creators(n: int) -> list[User]:
    ids = [one.pk for one in make_people(n=n)]
    User.objects.filter(pk__in=ids).update(role="creator", verification_level=User.VerificationLevel.DOCUMENT)
    creators = list(User.objects.filter(pk__in=ids))
    for creator in creators:
        accounts.open_accounts(user=creator)  # those of who earns
    return creators


@contextmanager
def _sandbox(var_dir: Path) -> Iterator[None]:
    port = daphne.free_port()
    state, log_path = var_dir / "bench-sandbox.json", var_dir / "log" / "bench-sandbox.log"
    command = [sys.executable, "-m", "payments.sandbox", "--port", str(port), "--state", str(state)]
    env = {"STRIPE_WEBHOOK_SECRET": "whsec_bench", "RAZORPAY_WEBHOOK_SECRET": "whsec_bench"}
    child = processes.start(command=[*processes.wrap(death_signal="KILL"), *command], log_path=log_path, env=env)
    try:
        processes.wait_until(ready=lambda: daphne.listens(port), child=child, name="sandbox", log_path=log_path)
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = "sk_test_bench", f"http://127.0.0.1:{port}"
        settings.STRIPE_WEBHOOK_SECRET = settings.STRIPE_WEBHOOK_SECRET or "whsec_bench"
        yield
    finally:
        processes.stop(child)
        state.unlink(missing_ok=True)


@contextmanager
def _empty_view(var_dir: Path) -> Iterator[Callable[[], None]]:
    env = {"DJANGO_SETTINGS_MODULE": "pairly.benchmarks.empty_settings"}
    with daphne.running(application="pairly.asgi:application", var_dir=var_dir, **env) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

        def ask() -> None:
            connection.request("GET", layers.PATH)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(answer.status)

        yield ask
        connection.close()


# -- statements
def _statements(var_dir: Path, requests: int, rows: int, say: Say) -> FirstPiece:
    people = make_people(n=2)
    month = statement_selectors.previous_month(statement_selectors.this_month())
    for user, n in zip(people, (SMALL, rows), strict=True):
        _fill(var_dir, user, n, datetime(month.year, month.month, 1, tzinfo=UTC))
        say(f"{n:,} movements are there")
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(requests + WARM_UP):
        for which, user in enumerate(people):
            ms = _ms(lambda user=user: _first_piece(user, month))  # type: ignore[misc]
            if number >= WARM_UP:
                took[which].append(ms)
    return FirstPiece(median(took[0]), median(took[1]))


def _first_piece(user: User, month: date) -> None:
    """As the doors do it, up to the first movements."""
    statement = statement_selectors.get_statement(user_id=user.pk, month=month)
    pieces = iter(csv_file(statement=statement))
    head, piece = next(pieces), next(pieces)
    if not head or piece.count(b"\n") < 100:
        raise RuntimeError("the statement is empty")


def _fill(var_dir: Path, user: User, n: int, begin: datetime) -> None:
    """Purchases of one credit, over 27 days, as the cluster's administrator: the rules are not what is measured."""
    purchases.record_purchase(
        user_id=user.pk, op_id=uuid7(), credits_centi=100, currency="USD", amount_minor=1, payment_uid=uuid7(),
        at=begin - timedelta(days=1),
    )  # fmt: skip
    name = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(paths.database_url(var_dir, role="admin", name=name), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            """
            INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code, created_at)
            SELECT gen_random_uuid(), 1, p.id, a.id, 100, a.balance + n * 100, 'purchase',
                   %(begin)s::timestamptz + interval '27 days' * n / %(n)s::int
              FROM credits_account a, credits_account p, generate_series(1, %(n)s::int) n
             WHERE a.owner = %(owner)s AND a.kind = 'fan:paid' AND p.kind = 'issuance' AND p.unit = 'CRD' ORDER BY n
            """,
            {"begin": begin, "n": n, "owner": user.pk},
        )
        connection.execute("ANALYZE credits_transfer")
