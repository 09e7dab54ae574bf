"""The processes of the product and how to tell that each is ready."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pairly.embedded import processes

from .errors import UpFailed

ROOT = Path(__file__).resolve().parents[2]
LOG_KEEP_BYTES = 10_000_000
DRAIN_SECONDS = 10


@dataclass
class Child:
    """One process: its command, its log, and `is_ready`, which sees what it logged since this start."""

    name: str
    arguments: list[str]
    log_path: Path
    is_ready: Callable[[str], bool]
    stop_seconds: float = 10
    env: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _log_start: int = field(default=0, init=False)

    def start(self) -> None:
        """Start `python -m ...`; it gets SIGTERM when we are killed."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        if self.log_path.exists() and self.log_path.stat().st_size > LOG_KEEP_BYTES:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        self._log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        self.process = processes.start(
            command=[*processes.wrap(death_signal="TERM"), sys.executable, "-m", *self.arguments],
            log_path=self.log_path,
            env=self.env,
            cwd=ROOT,
        )

    def logged(self) -> str:
        """What it wrote since it was started."""
        with self.log_path.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def raise_if_dead(self) -> None:
        """Raise UpFailed with the end of its log when the process has ended."""
        if self.process is not None and (code := self.process.poll()) is not None:
            raise UpFailed(f"{self.name} ended with code {code}; {self.log_path}:\n{self._tail()}")

    def wait_ready(self, *, deadline: float, check: Callable[[], None]) -> None:
        """Wait until it is ready; `check` raises when something else went wrong meanwhile."""
        while not self.is_ready(self.logged()):
            check()
            if time.monotonic() > deadline:
                raise UpFailed(f"{self.name} is not ready in time; {self.log_path}:\n{self._tail()}")
            time.sleep(0.05)

    def _tail(self) -> str:
        return "\n".join(f"[{self.name}] {line}" for line in self.logged().splitlines()[-20:])

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """End it and whatever it started."""
        if self.process is not None:
            processes.stop(self.process, seconds=self.stop_seconds)
            self.process = None

    def kill(self) -> None:
        """End it and whatever it started at once."""
        if self.process is not None:
            processes.kill_group(self.process)


def list_children(*, var_dir: Path, port: int) -> list[Child]:
    """The processes in the order of their stop: first nobody new gets in, then the work in hand is finished."""
    logs = var_dir / "log"
    celery = ["celery", "-A", "pairly.celery"]
    quiet = ["--without-gossip", "--without-mingle"]  # one worker has nobody to talk to
    return [
        Child(
            "daphne",
            ["pairly.server", "--host", "127.0.0.1", "--port", str(port), "--drain-seconds", str(DRAIN_SECONDS)],
            logs / "daphne.log",
            lambda _: answers(f"http://127.0.0.1:{port}/health"),
            stop_seconds=DRAIN_SECONDS + 5,
        ),
        Child(
            "beat",
            [*celery, "beat", "--loglevel", "INFO", "--schedule", str(var_dir / "run" / "beat"), "--pidfile="],
            logs / "beat.log",
            lambda text: "beat: Starting" in text,
        ),
        Child(
            "worker",
            [*celery, "worker", "--loglevel", "INFO", "--pool", "threads", "--concurrency", "2", *quiet],
            logs / "worker.log",
            lambda text: " ready." in text,
            stop_seconds=20,
        ),
    ]


def make_sandbox(*, var_dir: Path, port: int, webhook_base: str, secrets: dict[str, str]) -> Child:
    """The payment sandbox, which stands in for the payment providers and says so; each has its door for webhooks."""
    state = str(var_dir / "sandbox.json")
    doors = ["--webhook-url", f"{webhook_base}/stripe", "--razorpay-webhook-url", f"{webhook_base}/razorpay"]
    return Child(
        "sandbox",
        ["payments.sandbox", "--port", str(port), "--state", state, *doors],
        var_dir / "log" / "sandbox.log",
        lambda text: "sandbox ready" in text,
        env=secrets,  # not on the command line, which is public
    )


def answers(url: str) -> bool:
    """Whether somebody gives an HTTP answer other than a server error."""
    return fetch_json(url) is not None


def fetch_json(url: str) -> dict[str, Any] | None:
    """The JSON object at `url`; empty for any other answer below 500, None when there is none."""
    # No proxy of the environment: this is our own machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=10) as response:
            found = json.load(response)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return {} if refusal.code < 500 else None
    except ValueError:
        return {}
    except OSError:
        return None
    return found if isinstance(found, dict) else {}
