from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from profiles.gateways.places import read_cities
from profiles.services.place_list import load_places


class Command(BaseCommand):
    help = "Load the list of cities that people choose from; run again it writes only what has changed."

    def handle(self, *args: Any, **options: Any) -> None:
        self._say("Reading the cities ...")
        n_places, n_names = load_places(cities=read_cities(), on_step=lambda n: self._say(f"{n} cities"))
        self._say(f"The list of cities is up to date: {n_places} cities and {n_names} names written.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
