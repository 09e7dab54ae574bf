from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from moderation.document_checks.check import settings_of_project
from moderation.document_checks.evaluation import dataset, semantic, table, training


class Command(BaseCommand):
    help = "Measures the document checks on a set of its own making: cameras and one attack that training never saw."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--people", type=int, default=2, help="cards of each template before each camera")
        parser.add_argument("--seed", type=int, default=2026)
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
        parser.add_argument("--train", action="store_true", help="make data/pixel_model.json from the training part")
        parser.add_argument("--layer-seconds", type=float, default=4.0, help="a slow machine needs more to be measured")

    def handle(self, *args: Any, **options: Any) -> None:
        people, seed, processes = options["people"], options["seed"], options["processes"]
        if options["train"]:
            todo = dataset.jobs(is_held_out=False, people_each=people, seed=seed)
            files = [one for found in dataset.measured(todo=todo, processes=processes) for one in found]
            training.save(training.train(found=files))
            self.stdout.write(f"trained on {len(todo)} cards, {len(files)} files")
            return
        # No remote model: what is measured is this machine's part, and test cards stay here.
        settings = replace(settings_of_project(), vision="offline", layer_seconds=options["layer_seconds"])
        todo = dataset.jobs(is_held_out=True, people_each=people, seed=seed)
        found = list(dataset.measured(todo=todo, processes=processes))
        tried = list(semantic.tried(people_each=people, seed=seed, settings=settings))
        for line in table.lines(found=found, tried=tried, settings=settings):
            self.stdout.write(line)
