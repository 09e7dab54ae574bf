"""What must be true before anything is started."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import UpFailed

POLL_SECONDS = 0.1


@contextmanager
def only_one(var_dir: Path) -> Iterator[None]:
    """Hold VAR_DIR for this process. Raises UpFailed naming the process that holds it already."""
    path = var_dir / "run" / "up.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip() or "unknown"
            raise UpFailed(f"Pairly is already running on {var_dir} (process {pid}): stop it first") from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def require_free_port(port: int, *, variable: str, seconds: float = 2) -> None:
    """Raise UpFailed when something listens on the loopback port.

    Looked at for a while: the processes of an `up` that was just killed are still on their way out.
    """
    deadline = time.monotonic() + seconds
    while (reason := _why_taken(port)) is not None:
        if time.monotonic() > deadline:
            raise UpFailed(f"port {port} cannot be used ({reason}): choose another with {variable}=...")
        time.sleep(POLL_SECONDS)


def _why_taken(port: int) -> str | None:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still winding down is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OverflowError:
            return "not a port"
        except OSError as failure:
            return failure.strerror
    return None
