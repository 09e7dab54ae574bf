from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from pairly.operations import going_back


class Command(BaseCommand):
    help = "Lists the migrations that this version knows, for `rollback_plan` of a newer one."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        for name in going_back.list_known():
            self.stdout.write(name)
