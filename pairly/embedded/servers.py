"""Using the embedded servers: they are up for as long as at least one process uses them.

`up`, a test run and every other `manage.py` command are users alike; the first starts them, the last to leave
stops them, in whatever order they come and go, and a killed user counts as gone (see `supervisor`).
"""

from __future__ import annotations

import fcntl
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import paths, processes

ROOT = Path(__file__).resolve().parents[2]
STAYS = b"others\n"  # the supervisor's word to a user that leaves before others do


class InUse:
    """Our connection to the supervisor: while it is open the servers stay up."""

    def __init__(self, connection: socket.socket, supervisor: subprocess.Popen[bytes] | None = None) -> None:
        self._connection = connection
        self._supervisor = supervisor

    def request(self, names: list[str]) -> bool:
        """Ask for servers. False: that supervisor is ending. Raises StartFailed when a server does not start."""
        try:
            self._connection.sendall(f"{' '.join(names)}\n".encode())
            answer = self._read()
        except OSError:
            return False
        if answer.startswith("failed "):
            self.leave()
            raise processes.StartFailed(json.loads(answer.removeprefix("failed ")))
        return answer == "ready"

    def _read(self) -> str:
        with self._connection.makefile(encoding="utf-8") as lines:
            return lines.readline().rstrip("\n")

    def find_failure(self) -> str | None:
        """Why the servers are gone, or None while they are up."""
        self._connection.setblocking(False)
        try:
            text = self._connection.recv(65536).decode()
        except BlockingIOError:
            return None
        except OSError:
            text = ""
        finally:
            self._connection.setblocking(True)
        if text.startswith("failed "):
            return str(json.loads(text.removeprefix("failed ")))
        return "the embedded servers were stopped"

    def leave(self, *, seconds: float = 60) -> None:
        """Stop using the servers. When nobody else does, they are stopped when this returns (or time is up)."""
        others_stay = False
        self._connection.settimeout(seconds)
        try:
            self._connection.shutdown(socket.SHUT_WR)
            while received := self._connection.recv(4096):
                others_stay = received.endswith(STAYS)
        except OSError:
            pass  # the supervisor ended before us, or takes too long
        self._connection.close()
        if self._supervisor is None:
            return
        if others_stay:
            # It is our child and outlives our use: collected when it ends, so that no zombie stays.
            threading.Thread(target=self._supervisor.wait, daemon=True).start()
        else:
            self._supervisor.wait()


@contextmanager
def running(
    *, var_dir: Path, database: bool = True, redis: bool = True, durable: bool = True
) -> Iterator[InUse | None]:
    """The wanted servers of `var_dir` are up inside the block. Raises StartFailed with the end of their log.

    `durable` is decided by whoever starts them.
    """
    names = [name for name, wanted in (("postgres", database), ("redis", redis)) if wanted]
    if not names:
        yield None
        return
    in_use = _join(var_dir, names, durable=durable)
    try:
        yield in_use
    finally:
        in_use.leave()


def _join(var_dir: Path, names: list[str], *, durable: bool) -> InUse:
    run_dir = var_dir / "run"
    run_dir.mkdir(parents=True, exist_ok=True)
    # Two commands that start at once agree on one supervisor.
    with (run_dir / "start.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _find_supervisor(var_dir)
        if found is not None and found.request(names):
            return found
        started = _start_supervisor(var_dir, durable=durable)
        if not started.request(names):
            started.leave()
            raise processes.StartFailed(f"the embedded servers do not start:\n{processes.tail(_log_path(var_dir))}")
        return started


def _find_supervisor(var_dir: Path) -> InUse | None:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(paths.control_socket(var_dir)))
    except OSError:
        connection.close()
        return None
    return InUse(connection)


def _start_supervisor(var_dir: Path, *, durable: bool) -> InUse:
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-m", "pairly.embedded.supervisor", str(var_dir), str(theirs.fileno())]
        child = processes.start(
            command=command if durable else [*command, "--not-durable"],
            log_path=_log_path(var_dir),
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
        )
    return InUse(ours, child)


def _log_path(var_dir: Path) -> Path:
    return var_dir / "log" / "supervisor.log"
