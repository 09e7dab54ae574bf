from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from credits import invariants
from credits.types import Finding


class Command(BaseCommand):
    help = "Checks the ledger's invariants I1 to I8; exits non-zero when one does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--plant-difference",
            action="store_true",
            help="show that a difference is found: plants one in a transaction that is rolled back",
        )

    def handle(self, *args: Any, plant_difference: bool, **options: Any) -> None:
        findings = _check_planted() if plant_difference else invariants.check_all()
        for finding in findings:
            state = "OK" if finding.is_ok else f"DIFFERENCE {finding.difference}"
            self.stdout.write(f"{finding.name} {state}  ({finding.meaning})")
        n_bad = sum(not finding.is_ok for finding in findings)
        if n_bad:
            raise CommandError(f"{n_bad} of {len(findings)} invariants do not hold")


def _check_planted() -> list[Finding]:
    """A credit from nowhere on one account, seen by the same check, then rolled back."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT credits_plant_difference()")
        findings = invariants.check_in_transaction()
        transaction.set_rollback(True)
    return findings
