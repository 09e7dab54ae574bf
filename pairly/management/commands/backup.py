from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pairly.operations import backups
from pairly.operations.errors import OperationFailed


class Command(BaseCommand):
    help = "Writes a backup of the database and the files; prints its folder. Secrets are not in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, help="the folder of all backups (default: VAR_DIR/backups)")
        parser.add_argument("--keep-days", type=int, default=30, help="older ones are removed (default: 30)")
        parser.add_argument("--metrics", type=Path, help="a file for Prometheus' textfile collector")

    def handle(self, *args: Any, to: Path | None, keep_days: int, metrics: Path | None, **options: Any) -> None:
        if keep_days < 1:
            raise CommandError("--keep-days must be at least 1")
        commit = os.environ.get("PAIRLY_COMMIT", "")
        try:
            made = backups.make(root=to or backups.default_root(), keep_days=keep_days, commit=commit, metrics=metrics)
        except OperationFailed as failure:
            raise CommandError(str(failure)) from failure
        self.stdout.write(str(made))
