"""`manage.py seed_demo`: demo people, their pictures and really encrypted conversations."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from pairly.demo.cast import CREATORS, FANS
from pairly.demo.correspondence import is_complete
from pairly.demo.people import CannotComplete
from pairly.demo.plan import Part
from pairly.demo.seeding import Seeding
from pairly.demo.staff import STAFF


class Command(BaseCommand):
    help = "Adds the demo's people, staff and conversations, or what is missing of them; prints nothing secret."
    stealth_options = ("on_step",)  # called after each step; may raise to stop

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--creators", type=int, default=settings.DEMO_CREATORS, help="only the first so many")
        parser.add_argument("--fans", type=int, default=settings.DEMO_FANS, help="only the first so many")

    def handle(self, *args: Any, **options: Any) -> None:
        n_creators, n_fans = min(max(options["creators"], 0), len(CREATORS)), min(max(options["fans"], 0), len(FANS))
        # Nobody works where nobody is.
        part = Part(n_creators=n_creators, n_fans=n_fans, n_staff=len(STAFF) if n_creators or n_fans else 0)
        if is_complete(part=part):
            self.stdout.write("demo data is there")
            return
        try:
            self._seed(Seeding(part=part), options.get("on_step") or (lambda: None))
        except CannotComplete as reason:
            self.stdout.write(f"demo data is there in part and stays so: {reason}")

    def _seed(self, seeding: Seeding, on_step: Any) -> None:
        started_at = time.monotonic()
        with closing(seeding.steps()) as steps:
            for number, step in enumerate(steps, 1):
                self.stdout.write(f"[{number}/{seeding.n_steps}] {step}")
                self.stdout.flush()
                on_step()
        self.stdout.write(f"demo data made in {time.monotonic() - started_at:.1f} s")
