"""The real sandbox as a child process, for tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from pairly.embedded import processes

SECRET = "whsec_of_the_tests"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class RunningSandbox:
    """A sandbox of ours and what tests ask of it."""

    url: str

    def control(self, payment_id: Any, event: str, **more: Any) -> httpx.Response:
        body = {"payment_id": str(payment_id), "event": event, **more}
        return httpx.post(f"{self.url}/sandbox/control", json=body, timeout=20)

    def hold(self, payment_id: Any, event: str, **more: Any) -> list[dict[str, Any]]:
        """Make `event` happen and get its signed webhooks instead of having them sent."""
        response = self.control(payment_id, event, webhook="hold", **more)
        assert response.status_code == 200, response.text
        return response.json()["webhooks"]

    def turn(self, **knobs: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/sandbox/knobs", json=knobs)


@contextmanager
def running_sandbox(folder: Path, *, port: int, webhook_url: str = "") -> Iterator[RunningSandbox]:
    """A sandbox on `port` with its state in `folder`; stopped at the end."""
    command = [
        sys.executable,
        "-m",
        "payments.sandbox",
        "--port",
        str(port),
        "--state",
        str(folder / "state.json"),
    ]
    command += ["--webhook-url", webhook_url]
    log_path = folder / "sandbox.log"
    child = processes.start(
        command=[*processes.wrap(death_signal="KILL"), *command],
        log_path=log_path,
        env={"STRIPE_WEBHOOK_SECRET": SECRET, "PYTHONPATH": os.pathsep.join([str(ROOT)])},
    )
    sandbox = RunningSandbox(url=f"http://127.0.0.1:{port}")
    try:
        processes.wait_until(ready=lambda: _answers(sandbox.url), child=child, name="sandbox", log_path=log_path)
        yield sandbox
    finally:
        processes.stop(child)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/sandbox/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
