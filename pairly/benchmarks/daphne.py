"""One Daphne process with an application of ours, for as long as a block runs."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pairly.embedded import processes


@contextmanager
def running(*, application: str, var_dir: Path, **extra_env: str) -> Iterator[int]:
    """The port of a Daphne that serves `application` on loopback; without limits on the number of frames."""
    with serving(application=application, var_dir=var_dir, **extra_env) as (port, _pid):
        yield port


@contextmanager
def serving(*, application: str, var_dir: Path, **extra_env: str) -> Iterator[tuple[int, int]]:
    """As `running`; the port and the id of the process."""
    port = free_port()
    env = {**os.environ, "SOCKET_FRAMES": "1000000000", "PAIRLY_VAR_DIR": str(var_dir), "PORT": str(port), **extra_env}
    log_path = var_dir / "log" / "bench-daphne.log"
    command = [sys.executable, "-m", "pairly.server", "--host", "127.0.0.1", "--port", str(port), application]
    child = processes.start(command=[*processes.wrap(death_signal="KILL"), *command], log_path=log_path, env=env)
    try:
        processes.wait_until(ready=lambda: listens(port), child=child, name="Daphne", log_path=log_path)
        yield port, child.pid
    finally:
        processes.stop(child)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
