"""The whole product with demo data, on a data folder of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pairly.embedded import processes
from pairly.testing.demo import Login, read_logins
from pairly.testing.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 600  # a fresh folder is migrated and filled first
UP = "Ctrl-C stops everything."  # the last line that `up` prints


@dataclass(frozen=True, kw_only=True)
class Product:
    """A running Pairly and how the demo's people sign in to it."""

    url: str
    logins: dict[str, Login]


@contextmanager
def running_product(*, var_dir: Path) -> Iterator[Product]:
    """`manage.py up` on `var_dir` and free ports; stopped at the end. Raises StartFailed with the end of its log."""
    port = free_port()
    log_path = var_dir / "log" / "up.log"
    log_path.unlink(missing_ok=True)
    # Nothing of our environment but where programs are: no DATABASE_URL, this folder's own servers.
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    child = processes.start(
        command=[*processes.wrap(death_signal="TERM"), sys.executable, str(ROOT / "manage.py"), "up"],
        log_path=log_path,
        only_env={
            **kept,
            "PAIRLY_VAR_DIR": str(var_dir),
            "PORT": str(port),
            "SANDBOX_PORT": str(free_port()),
            "PYTHONUNBUFFERED": "1",
        },
        cwd=ROOT,
    )
    try:
        processes.wait_until(
            ready=lambda: UP in log_path.read_text(errors="replace"),
            child=child,
            name="Pairly",
            log_path=log_path,
            seconds=START_SECONDS,
        )
        yield Product(url=f"http://127.0.0.1:{port}", logins=read_logins(var_dir / "demo.json"))
    finally:
        processes.stop(child, seconds=60)
