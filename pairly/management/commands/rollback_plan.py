from __future__ import annotations

import sys
from argparse import ArgumentParser, FileType
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from pairly.operations import going_back
from pairly.operations.errors import OperationFailed

HARMLESS, LOSES = 3, 4


class Command(BaseCommand):
    help = (
        "Reads the `known_migrations` of an earlier version and lists what it would need reversed. Exit code 0: "
        f"none; {HARMLESS}: some, and nothing would be lost; {LOSES}: data would be lost."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("known", type=FileType("r"), help="a file with the output of `known_migrations`, or -")

    def handle(self, *args: Any, known: TextIO, **options: Any) -> None:
        names = known.read().split()
        if not names:
            raise CommandError("the earlier version named no migration: its `known_migrations` did not run")
        try:
            plan = going_back.plan(known=names)
        except OperationFailed as failure:
            raise CommandError(str(failure)) from failure
        for back in plan.backs:
            self.stdout.write(f"back {back.name}: {f'LOSES {back.loss}' if back.loss else 'nothing is lost'}")
        for app, name in plan.targets:
            self.stdout.write(f"target {app} {name}")
        if plan.backs:
            sys.exit(LOSES if any(back.loss for back in plan.backs) else HARMLESS)
