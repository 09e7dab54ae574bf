"""`manage.py bench`: how fast the main path and the searches are, as ratios to what does nothing beside them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pairly.benchmarks import idle, latency, lists, money, reading, report, scale
from pairly.benchmarks.world import make_world

PARTS = ("sends", "sockets", "lists", "searches", "reading", "money")
LATENCY_PAIRS = 20
ROOT = Path(__file__).resolve().parents[3]


class Command(BaseCommand):
    help = (
        "Measures the paid send against pgbench TPC-B, sockets, long lists, and the searches against an endpoint that "
        "does nothing, on an embedded server of its own (PAIRLY_VAR_DIR=.../bench)."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=int, default=6, help="of each figure (default 6)")
        parser.add_argument("--rounds", type=int, default=5, help="whose median is printed (default 5)")
        parser.add_argument("--parts", default=",".join(PARTS), help=f"which of {', '.join(PARTS)} (default all)")
        parser.add_argument("--profiles", type=int, default=100_000, help="people to search among (default 100,000)")
        parser.add_argument("--requests", type=int, default=100, help="of each kind a search (default 100)")
        parser.add_argument("--search", default="", help="only those whose name holds one of these, e.g. newest,prefix")

        parser.add_argument("--idle", type=int, default=5_000, help="idle sockets (default 5,000)")
        parser.add_argument("--rates", default="50,200,500", help="messages a second (default 50,200,500)")
        parser.add_argument("--messages", type=int, default=10_000_000, help="of the long history (default 10,000,000)")
        parser.add_argument("--movements", type=int, default=100_000, help="of the long statement (default 100,000)")
        parser.add_argument("--conversations", type=int, default=10_000, help="of the long inbox (default 10,000)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED_DATABASE or settings.VAR_DIR.name != "bench":
            raise CommandError("the benchmark fills its database: run `make bench`, which gives it one of its own")
        parts = options["parts"].split(",")
        if unknown := set(parts) - set(PARTS):
            raise CommandError(f"no such part: {', '.join(sorted(unknown))}")
        if "sends" in parts:
            self._measure_sends(seconds=options["seconds"], rounds=options["rounds"])
        if "sockets" in parts:
            self._measure_sockets(idle_n=options["idle"], rates=options["rates"], seconds=options["seconds"])
        if "lists" in parts:
            self._measure_lists(options["messages"], options["conversations"], options["requests"])
        if "money" in parts:
            self._measure_money(options["requests"], options["movements"])
        if "searches" in parts:
            self._measure_searches(options["profiles"], options["requests"], options["search"])
        if "reading" in parts:
            self._migrate()
            self._manage("collectstatic", "--noinput", "--verbosity", "0")
            for line in reading.table(reading.measure(var_dir=settings.VAR_DIR, say=self._say)):
                self._say(line)

    def _migrate(self) -> None:
        self._manage("migrate", "--verbosity", "0")

    @staticmethod
    def _manage(*command: str) -> None:
        subprocess.run([sys.executable, str(ROOT / "manage.py"), *command], check=True)

    def _measure_sockets(self, *, idle_n: int, rates: str, seconds: int) -> None:
        self._migrate()
        found = idle.measure(var_dir=settings.VAR_DIR, n=idle_n)
        self._say(
            f"idle sockets in one process: {found.n:,}, of which {found.n_alive:,} answered in the end; "
            f"{found.kib_each:.1f} KiB each beside {found.mib_empty:.0f} MiB; opened in {found.open_s:.0f} s"
        )
        self._say(f"{'messages a second':<20}{'sent':>8}{'lost':>6}{'p50 ms':>10}{'p99 ms':>10}   (send to delivery)")
        for rate in map(int, rates.split(",")):
            talks = make_world(n_fans=LATENCY_PAIRS, n_creators=LATENCY_PAIRS).many
            one = latency.measure(talks=talks, var_dir=settings.VAR_DIR, rate=rate, seconds=seconds)
            self._say(f"{one.rate:<20}{one.n:>8}{one.n_late:>6}{one.p50:>10.1f}{one.p99:>10.1f}")

    def _measure_lists(self, messages: int, conversations: int, requests: int) -> None:
        self._migrate()
        found = lists.measure(
            var_dir=settings.VAR_DIR, messages=messages, conversations=conversations, requests=requests, say=self._say
        )
        self._say(
            f"{lists.SMALL_HISTORY:,} against {messages:,} messages, {lists.SMALL_INBOX} against {conversations:,} rows"
        )
        for one in found:
            self._say(f"{one.name:<32}{one.small:>8.1f}{one.large:>8.1f} ms   growth {one.growth:.2f}")
        self._say(f"list_growth {max(one.growth for one in found):.2f}  (the worst of each)")

    def _measure_money(self, requests: int, movements: int) -> None:
        self._migrate()
        deeds, first = money.measure(var_dir=settings.VAR_DIR, requests=requests, rows=movements, say=self._say)
        for line in money.table(deeds=deeds, first=first, rows=movements):
            self._say(line)

    def _measure_sends(self, *, seconds: int, rounds: int) -> None:
        self._migrate()
        for line in report.table(
            rounds=report.measure(var_dir=settings.VAR_DIR, seconds=seconds, rounds=rounds, say=self._say)
        ):
            self._say(line)

    def _measure_searches(self, profiles: int, requests: int, only: str) -> None:
        found = scale.measure(var_dir=settings.VAR_DIR, profiles=profiles, requests=requests, say=self._say, only=only)
        for line in scale.table(found, profiles=profiles, requests=requests):
            self._say(line)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
