from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payments.errors import ProviderUnavailable
from payments.gateways.list_registry import list_listed
from payments.services import provider_lists


class Command(BaseCommand):
    help = "Compares a day's payments with the provider's own list; exits non-zero when they differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--day", type=date.fromisoformat, default=None, help="as 2026-11-21, UTC; yesterday unless told"
        )
        parser.add_argument("--provider", default="", help="only this one (default: all whose lists can be read)")

    def handle(self, *args: Any, day: date | None, provider: str, **options: Any) -> None:
        day = day or timezone.now().date() - timedelta(days=1)
        n_bad = 0
        for name in [provider] if provider else list_listed():
            try:
                run = provider_lists.compare_day(provider=name, day=day)
            except ProviderUnavailable as error:
                raise CommandError(f"{name} cannot be asked now") from error
            self.stdout.write(
                f"{name} {day}: {run.n_listed} listed, {run.n_matched} here, {run.n_differences} differences, "
                f"{run.n_booked} booked"
            )
            for one in run.differences.order_by("id"):
                ours = f"{one.our_currency} {one.our_minor}" if one.our_minor is not None else "-"
                theirs = f"{one.their_currency} {one.their_minor}" if one.their_minor is not None else "-"
                self.stdout.write(f"  {one.kind} {one.movement} {one.provider_object_id} ours {ours} theirs {theirs}")
            n_bad += run.n_differences
        if n_bad:
            raise CommandError(f"{n_bad} differences")
