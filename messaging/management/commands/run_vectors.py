from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

DEFAULT = Path(__file__).resolve().parents[2] / "tests" / "vectors" / "e2e-v1.json"


class Command(BaseCommand):
    help = "Runs the protocol's test vectors (E2E_VECTORS=file) in Python and in Chromium."

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(os.environ.get("E2E_VECTORS") or DEFAULT)
        # By name: the runners belong to the tests, which a deployed copy may leave out.
        python = import_module("messaging.tests.python_vectors").run(path)
        browser = import_module("messaging.tests.browser_vectors").run(path)
        for failure in [*python.failed, *browser.failed]:
            self.stderr.write(f"failed: {failure}")
        self.stdout.write(f"vectors: python {python.passed}, browser {browser.passed}")
        if python.failed or browser.failed:
            raise CommandError("vectors failed")
