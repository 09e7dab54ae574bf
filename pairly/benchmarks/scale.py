"""Searches over HTTP, on a small and on a large crowd, beside an endpoint that does nothing.

Two databases of one PostgreSQL, each with a Daphne of its own. One client asks by turns: nothing, the search on the
large crowd, the search on the small one; so what else the machine does meets all three alike.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from pairly.embedded import paths, secrets

from . import daphne, searches

ROOT = Path(__file__).resolve().parents[2]
SMALL = 10_000
WARM_UP = 60  # a server that has just begun holds no page of the large crowd
Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Times:
    """Seconds of the requests of one search, in the order they were made; and the rows of a page, the mean."""

    empty: list[float] = field(default_factory=list)
    large: list[float] = field(default_factory=list)
    small: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    def ratio(self) -> float:
        """How many times as long as nothing, at the median."""
        return statistics.median(self.large) / statistics.median(self.empty)

    def growth(self) -> float:
        """How many times as long on the large crowd as on the small one, at the 95th percentile."""
        return p95(self.large) / p95(self.small)


@dataclass(slots=True, kw_only=True)
class Site:
    """A running server and somebody who is signed in there."""

    connection: http.client.HTTPConnection
    token: str
    profiles: list[str]

    def seconds(self, path: str) -> tuple[float, bytes]:
        """How long one GET takes, and its body. Raises RuntimeError unless the answer is 200."""
        began = time.perf_counter()
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
        answer = self.connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - began
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
        return took, body


def measure(*, var_dir: Path, profiles: int, requests: int, say: Say, only: str = "") -> dict[str, Times]:
    """The times of every search whose name holds a part of `only` ("newest,prefix"), `requests` of each kind.

    Fills the databases it needs.
    """
    with ExitStack() as stack:
        small, large = (stack.enter_context(_site(var_dir, size, say)) for size in (min(SMALL, profiles), profiles))
        found = {}
        for (name, on_large), on_small in zip(
            searches.list_searches(profiles=large.profiles).items(),
            searches.list_searches(profiles=small.profiles).values(),
            strict=True,
        ):
            if any(part in name for part in only.split(",")):
                found[name] = _times(large, small, on_large, on_small, requests)
                say(f"{name}: ratio {found[name].ratio():.2f}, growth {found[name].growth():.2f}")
    return found


def table(found: dict[str, Times], *, profiles: int, requests: int) -> list[str]:
    """Milliseconds for orientation; `ratio` and `growth` are what counts (`Times`)."""
    head = f"{'':<26}{'empty':>7}{'p50':>8}{'p95 few':>9}{'p95':>9}{'rows':>6}{'ratio':>8}{'growth':>8}"
    ratio, growth = (
        max(values) for values in zip(*((one.ratio(), one.growth()) for one in found.values()), strict=True)
    )
    worst = f"search_vs_empty {ratio:.2f}  search_growth {growth:.2f}  (the worst of each)"
    said = f"{profiles:,} people against {min(SMALL, profiles):,}; {requests} requests of each kind; milliseconds"
    return ["", said, head, *(_line(name, times) for name, times in found.items()), worst]


def _line(name: str, times: Times) -> str:
    empty, half = statistics.median(times.empty) * 1000, statistics.median(times.large) * 1000
    return (
        f"{name:<26}{empty:>7.1f}{half:>8.1f}{p95(times.small) * 1000:>9.1f}{p95(times.large) * 1000:>9.1f}"
        f"{statistics.mean(times.rows):>6.0f}{times.ratio():>8.2f}{times.growth():>8.2f}"
    )


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def _times(large: Site, small: Site, on_large: searches.Address, on_small: searches.Address, requests: int) -> Times:
    empty = f"/{searches.EMPTY}"
    for number in range(WARM_UP):
        for site, path in ((large, empty), (large, on_large(number)), (small, on_small(number))):
            site.seconds(path)
    times = Times()
    for number in range(WARM_UP, WARM_UP + requests):
        times.empty.append(large.seconds(empty)[0])
        took, body = large.seconds(on_large(number))
        times.large.append(took)
        times.small.append(small.seconds(on_small(number))[0])
        times.rows.append(len(json.loads(body).get("results", [None])))
    return times


@contextmanager
def _site(var_dir: Path, size: int, say: Say) -> Iterator[Site]:
    env = _environment(var_dir, size)
    _ensure_database(var_dir, env, size, say)
    viewer = json.loads(_run(env, "-m", "pairly.benchmarks.viewer"))
    with daphne.running(application="pairly.asgi:application", var_dir=var_dir, **env) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        yield Site(connection=connection, token=viewer["token"], profiles=viewer["profiles"])
        connection.close()


def _name(size: int) -> str:
    return f"pairly_crowd_{size}"


def _environment(var_dir: Path, size: int) -> dict[str, str]:
    return {
        **secrets.ensure(var_dir),
        "PAIRLY_VAR_DIR": str(var_dir),
        "DATABASE_URL": paths.database_url(var_dir, name=_name(size)),
        "DATABASE_OWNER_URL": paths.database_url(var_dir, role="owner", name=_name(size)),
        "REDIS_URL": paths.redis_url(var_dir),
        "REDIS_PREFIX": _name(size),
        "DJANGO_SETTINGS_MODULE": "pairly.benchmarks.product_settings",
        "ACCESS_TOKEN_MINUTES": "600",
    }


def _ensure_database(var_dir: Path, env: dict[str, str], size: int, say: Say) -> None:
    with psycopg.connect(paths.database_url(var_dir, role="admin", name="postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_name(size)]).fetchone():
            owner = sql.Identifier(paths.ROLES["owner"])
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(_name(size)), owner))
    owner_env = {**env, "PAIRLY_DB_ROLE": "owner"}
    _run(owner_env, "manage.py", "migrate", "--verbosity", "0", "--skip-checks")
    say(f"{size:,} people ...")
    began = time.monotonic()
    _run(owner_env, "manage.py", "seed_scale", f"--profiles={size}", "--pictures", "--now=2026-01-01")
    say(f"{size:,} people are there after {time.monotonic() - began:.0f} s")
    _read_once(var_dir, size)


# What a page shows, each by an index that a search uses.
_READ = (
    "SELECT count(words) FROM profiles_listing WHERE profile_id > 0",
    "SELECT count(bio) FROM profiles_profile WHERE id > 0",
    "SELECT count(role) FROM users_user WHERE id > 0",
    "SELECT count(alt) FROM profiles_picture WHERE profile_id > 0",
    "SELECT count(active_at) FROM profiles_listing WHERE cell_id > 0 AND is_shown",
)


def _read_once(var_dir: Path, size: int) -> None:
    """As a server that has been up for a while: its pages lie in memory, as far as they fit. Along indexes, for of a
    large table that is read through PostgreSQL keeps hardly a page.
    """
    with psycopg.connect(paths.database_url(var_dir, role="owner", name=_name(size)), autocommit=True) as connection:
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET enable_bitmapscan = off")
        connection.execute("SET max_parallel_workers_per_gather = 0")
        for statement in _READ:
            connection.execute(statement)


def _run(env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
