from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pairly.common.problems import InvalidInput
from payments.shop.services import renderings, traces
from profiles.constants import PICTURE_MAX_BYTES


class Command(BaseCommand):
    help = "Names the buyer whose copy of a shop's picture IMAGE is, or prints: no mark."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("image", type=Path, help="a JPEG, PNG or WebP file that shows most of it, at any size")

    def handle(self, *args: Any, image: Path, **options: Any) -> None:
        try:
            with image.open("rb") as file:
                data = file.read(PICTURE_MAX_BYTES + 1)
        except OSError as error:
            raise CommandError(f"{image} cannot be read: {error.strerror}") from error
        try:
            found = traces.trace(data=data)
        except InvalidInput as refusal:
            raise CommandError("; ".join(row["detail"] for row in refusal.errors or [])) from refusal
        if found is None:
            self.stdout.write("no mark")
            return
        unlock = found.unlock
        self.stdout.write(f"buyer   {renderings.handle_of(user=unlock.buyer)} (user {unlock.buyer.uid})")
        self.stdout.write(f"bought  {unlock.created_at:%Y-%m-%d %H:%M} UTC (unlock {unlock.uid})")
        self.stdout.write(f"item    {unlock.item.title} (item {unlock.item.uid}, picture {found.file.uid})")
        self.stdout.write(f"seller  {renderings.handle_of(user=unlock.item.seller)}")
        self.stdout.write(f"mark    {found.strength:.1f} sigma")
