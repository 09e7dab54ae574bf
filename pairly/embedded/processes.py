"""Starting children that never outlive us, and stopping them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

POLL_SECONDS = 0.02


class StartFailed(RuntimeError):
    """A server did not come up; the message holds the end of its log."""


def wrap(*, death_signal: str, as_uid: int | None = None) -> list[str]:
    """Command prefix: the kernel sends `death_signal` to the child when we die, however we die (setpriv(1)).

    `as_uid` drops root to that user but keeps the right to reach files below folders closed to others, so that
    a checkout under a private home folder works without opening that folder to the world.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return []
    command = [setpriv, f"--pdeathsig={death_signal}"]
    if as_uid is not None:
        caps = "+dac_override,+dac_read_search"
        command += [f"--reuid={as_uid}", f"--regid={as_uid}", "--clear-groups"]
        command += [f"--inh-caps={caps}", f"--ambient-caps={caps}"]
    return [*command, "--"]


def start(*, command: Sequence[str], log_path: Path, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Run a child in a session of its own (Ctrl-C reaches only us) with its output in `log_path`."""
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )


def wait_until(
    *, ready: Callable[[], bool], child: subprocess.Popen[bytes], name: str, log_path: Path, seconds: float = 60
) -> None:
    """Poll `ready` until it is true; raise StartFailed when the child ends or time runs out."""
    deadline = time.monotonic() + seconds
    while not ready():
        if child.poll() is not None:
            raise StartFailed(f"{name} ended with code {child.returncode}:\n{tail(log_path)}")
        if time.monotonic() > deadline:
            raise StartFailed(f"{name} did not answer within {seconds:.0f} s:\n{tail(log_path)}")
        time.sleep(POLL_SECONDS)


def stop(child: subprocess.Popen[bytes], *, signal_number: int = signal.SIGTERM, seconds: float = 20) -> None:
    """Ask a child to end; after `seconds` kill it and what it started."""
    if child.poll() is None:
        child.send_signal(signal_number)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait(5)


def is_running(pid: int, *, marker: str) -> bool:
    """Whether process `pid` lives and its command line names `marker`: a pid alone may be somebody else's."""
    try:
        return marker.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def tail(path: Path, *, lines: int = 15) -> str:
    """The last lines of a log."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"
