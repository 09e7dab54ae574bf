"""`manage.py bench`: how fast the main path is, as ratios to pgbench on the same server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pairly.benchmarks import report

ROOT = Path(__file__).resolve().parents[3]


class Command(BaseCommand):
    help = "Measures the paid send against pgbench TPC-B on an embedded server of its own (PAIRLY_VAR_DIR=.../bench)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=int, default=6, help="of each figure (default 6)")
        parser.add_argument("--rounds", type=int, default=5, help="whose median is printed (default 5)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED_DATABASE or settings.VAR_DIR.name != "bench":
            raise CommandError("the benchmark fills its database: run `make bench`, which gives it one of its own")
        migrate = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
        subprocess.run(migrate, check=True)
        rounds = report.measure(
            var_dir=settings.VAR_DIR, seconds=options["seconds"], rounds=options["rounds"], say=self._say
        )
        for line in report.table(rounds=rounds):
            self._say(line)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
