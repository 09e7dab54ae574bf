"""`manage.py audit`: Lighthouse over the main pages."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pairly.audit import lighthouse
from pairly.audit.errors import AuditFailed
from pairly.audit.product import running_product


class Command(BaseCommand):
    help = "Runs Lighthouse on the demo (var/audit); fails when accessibility is under 100 or a page is not reached."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", default="", help="pages whose name holds this, e.g. chat")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.BASE_DIR / "var" / "audit"
        reports = settings.BASE_DIR / "var" / "artefacts" / "lighthouse"
        self._say("Starting Pairly on var/audit ...")
        try:
            with running_product(var_dir=folder) as product:
                results = lighthouse.measure(
                    product=product, folder=folder, reports=reports, only=options["only"], say=self._say
                )
        except AuditFailed as failure:
            raise CommandError(str(failure)) from None
        for line in lighthouse.table(results):
            self._say(line)
        if problems := [line for result in results for line in result.list_problems()]:
            raise CommandError("\n".join(problems))

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
