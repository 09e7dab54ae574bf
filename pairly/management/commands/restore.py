from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pairly.operations import restoring
from pairly.operations.errors import OperationFailed


class Command(BaseCommand):
    help = "Restores a backup into an empty database, an empty files' folder and an empty Redis, and checks it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="one backup: pairly-<time>")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            restoring.restore(folder=folder, say=self.stdout.write)
        except OperationFailed as failure:
            raise CommandError(str(failure)) from failure
        self.stdout.write("Restored. Everybody has to sign in again.")
