"""`manage.py screenshots`: the pictures of the README."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pairly.audit import screenshots
from pairly.audit.errors import AuditFailed
from pairly.audit.product import Product, running_product
from pairly.testing import demo


class Command(BaseCommand):
    help = "Takes docs/screenshots/*.webp from the demo: its own (var/audit), or the one that runs at --url."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="", help="of a Pairly that runs, e.g. http://127.0.0.1:8000")
        parser.add_argument("--logins", type=Path, help="its demo.json (default: the one in var)")
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "docs" / "screenshots")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["url"]:
                logins = demo.read_logins(options["logins"] or settings.VAR_DIR / "demo.json")
                self._take(Product(url=options["url"].rstrip("/"), logins=logins), options["folder"])
                return
            self._say("Starting Pairly on var/audit ...")
            with running_product(var_dir=settings.BASE_DIR / "var" / "audit") as product:
                self._take(product, options["folder"])
        except AuditFailed as failure:
            raise CommandError(str(failure)) from None

    def _take(self, product: Product, folder: Path) -> None:
        fan, creator = product.logins[demo.FAN], product.logins[demo.CREATOR]
        screenshots.take(url=product.url, fan=fan, creator=creator, folder=folder, say=self._say)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
