"""`manage.py seed_scale`: as many people as a large site has, for measurements."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from pairly.benchmarks.crowd import filling

WIDTH = 40  # of the bar, in characters


class Command(BaseCommand):
    help = (
        "Adds invented creators to a scratch database (a million in a few minutes); goes on where it was stopped. "
        "They cannot sign in. Refuses where there are accounts of people."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--profiles", type=int, default=1_000_000, help="how many there shall be (1,000,000)")
        parser.add_argument("--seed", type=int, default=1, help="the same seed, the same people (1)")
        parser.add_argument("--pictures", action="store_true", help="with rows of portraits; files there are none")
        parser.add_argument("--accounts", action="store_true", help="with the ledger's accounts: they can be paid")
        parser.add_argument("--now", type=datetime.fromisoformat, help="what times count back from (today, 00:00 UTC)")
        parser.add_argument("--yes", action="store_true", help="also where there are people")

    def handle(self, *args: Any, **options: Any) -> None:
        now = options["now"] or timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        if timezone.is_naive(now):
            now = timezone.make_aware(now)
        n_strangers = filling.count_strangers()
        if n_strangers and not options["yes"]:
            raise CommandError(
                f"this database holds {n_strangers:,} accounts that are not made up: use another one "
                "(PAIRLY_VAR_DIR=var/scale), or say --yes"
            )
        crowd = filling.Crowd(
            size=options["profiles"],
            seed=options["seed"],
            now=now,
            pictures=options["pictures"],
            accounts=options["accounts"],
        )
        if filling.count_people(seed=crowd.seed) >= crowd.size:  # always the first ones
            self._say(f"{crowd.size:,} people are there")
        else:
            self._fill(crowd)

    def _fill(self, crowd: filling.Crowd) -> None:
        began, done = time.monotonic(), 0
        try:
            for done in filling.fill(crowd):
                self._show(done, crowd.size, time.monotonic() - began)
        except KeyboardInterrupt:
            raise CommandError(
                f"\nstopped at {done:,} people; all of them are whole, and the same command goes on"
            ) from None
        self._say("Telling the planner (VACUUM ANALYZE) ...")
        filling.analyze()
        self._say(f"{crowd.size:,} people in {time.monotonic() - began:.0f} s")

    def _show(self, done: int, size: int, seconds: float) -> None:
        left = seconds / done * (size - done)
        if self.stdout.isatty():
            bar = "#" * (WIDTH * done // size)
            self.stdout.write(f"\r[{bar:<{WIDTH}}] {done:,} of {size:,}, {left:.0f} s left ", ending="")
            if done == size:
                self.stdout.write("")
        elif done == size or done * 20 // size > (done - filling.BATCH) * 20 // size:
            self.stdout.write(f"{done:,} of {size:,} people, {seconds:.0f} s")
        self.stdout.flush()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
