"""Starting children that never outlive us, and stopping them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

POLL_SECONDS = 0.02


class StartFailed(RuntimeError):
    """A server did not come up; the message holds the end of its log."""


def wrap(*, death_signal: str) -> list[str]:
    """Command prefix: the kernel sends `death_signal` to the child when we die, however we die (setpriv(1))."""
    setpriv = shutil.which("setpriv")
    return [setpriv, f"--pdeathsig={death_signal}", "--"] if setpriv else []


def start(
    *,
    command: Sequence[str],
    log_path: Path,
    env: Mapping[str, str] | None = None,
    only_env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Run a child in a session of its own (Ctrl-C reaches only us) with its output in `log_path`.

    `env` is added to our environment; `only_env` replaces it.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(only_env) if only_env is not None else {**os.environ, **(env or {})},
            cwd=cwd,
            pass_fds=pass_fds,
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
    """Ask a child to end; after `seconds` kill it. What it started and left behind is killed in any case."""
    if child.poll() is None:
        child.send_signal(signal_number)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        kill(child)
    kill_group(child)


def kill(child: subprocess.Popen[bytes]) -> None:
    """End a child and what it started at once."""
    kill_group(child)
    child.wait()


def kill_group(child: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of the child's process group (the child leads one: see `start`)."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def is_running(pid: int, *, program: str, argument: str) -> bool:
    """Whether process `pid` lives, is `program` and names `argument`: a pid alone may be somebody else's."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False
    name, *rest = words.replace("\0", " ").split(" ", 1)
    return os.path.basename(name) == program and f"{argument} " in f"{' '.join(rest)} "


def stop_orphan(pid_file: Path, *, program: str, argument: str, signal_number: int, seconds: float = 20) -> None:
    """Stop the server that `pid_file` names when it is ours and still alive, and remove the file.

    Raises StartFailed when the server does not stop in time.
    """
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return
    deadline = time.monotonic() + seconds
    if is_running(pid, program=program, argument=argument):
        os.kill(pid, signal_number)
    while is_running(pid, program=program, argument=argument):
        if time.monotonic() > deadline:
            raise StartFailed(f"an earlier {program} (process {pid}) does not stop")
        time.sleep(POLL_SECONDS)
    pid_file.unlink(missing_ok=True)


def tail(path: Path, *, lines: int = 15) -> str:
    """The last lines of a log."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"
