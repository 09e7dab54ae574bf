from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pairly.testing.fixtures import free_port

ROOT = Path(__file__).resolve().parents[2]
UP_SECONDS = 180
PROVE = bool(os.environ.get("PAIRLY_PROVE"))


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for this module: the first `up` fills it, the later ones find it."""
    return tmp_path_factory.mktemp("up") / "var"


def environment(var_dir: Path, port: int) -> dict[str, str]:
    """A fresh machine's: nothing but the folder and the port, and a small demo."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    demo = {"PAIRLY_DEMO_CREATORS": "1", "PAIRLY_DEMO_FANS": "1"}
    return {**kept, **demo, "PAIRLY_VAR_DIR": str(var_dir), "PORT": str(port), "SANDBOX_PORT": str(free_port())}


def start_up(var_dir: Path, port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "up"],
        env=environment(var_dir, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@contextmanager
def running_up(var_dir: Path) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """An `up` that says it is up: the process, its port and what it printed."""
    port = free_port()
    with start_up(var_dir, port) as up:
        try:
            printed = read_until(up, "Ctrl-C stops everything.")
            yield up, port, printed
        finally:
            if up.poll() is None:
                up.kill()


def read_until(up: subprocess.Popen[str], line: str) -> str:
    assert up.stdout is not None
    printed = ""
    for found in up.stdout:
        printed += found
        if found.strip() == line:
            return printed
    raise AssertionError(f"`up` ended early:\n{printed}")


def list_processes(var_dir: Path) -> set[int]:
    """Every process whose environment or command line names the folder."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "cmdline").read_bytes() + b"\0" + (folder / "environ").read_bytes()
        except OSError:
            continue
        if str(var_dir).encode() in text:
            found.add(int(folder.name))
    return found - {os.getpid()}


def wait_for_end(pids: set[int]) -> None:
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        ended, _, _ = select.select([descriptor], [], [], 60)
        os.close(descriptor)
        assert ended, f"process {pid} still runs"


def worker_pid(var_dir: Path) -> int:
    for pid in list_processes(var_dir):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"worker" in words:
            return pid
    raise AssertionError("no worker runs")


def test_up_starts_the_whole_product_a_second_one_names_it_and_ctrl_c_leaves_nothing_running(var_dir: Path) -> None:
    with running_up(var_dir) as (up, port, printed):
        health = httpx.get(f"http://127.0.0.1:{port}/health", timeout=30).json()
        assert health["status"] == "ok", health
        assert f"http://127.0.0.1:{port}" in printed
        for role in ("fan", "creator"):
            assert re.search(rf"(?m)^{role}\s+\S+@\S+\s+\S+", printed), printed
        assert len(list_processes(var_dir)) >= 7  # up, supervisor, two servers, web, worker, beat, sandbox
        with start_up(var_dir, free_port()) as second:
            said = second.communicate(timeout=UP_SECONDS)[0]
        assert second.returncode == 1
        assert f"process {up.pid}" in said
        up.send_signal(signal.SIGINT)
        assert up.communicate(timeout=UP_SECONDS)[0].splitlines() == ["Stopping ...", "Stopped."]
        assert up.returncode == 0
    assert list_processes(var_dir) == set()


def test_the_second_start_is_quick_and_a_child_that_dies_stops_everything_and_shows_its_log(var_dir: Path) -> None:
    with running_up(var_dir) as (up, _, printed):
        seconds = re.search(r"is up after ([0-9.]+) s", printed)
        assert seconds is not None
        # Ten, on a machine that does nothing else.
        assert float(seconds[1]) < (10 if PROVE else UP_SECONDS)
        os.kill(worker_pid(var_dir), signal.SIGKILL)
        said = up.communicate(timeout=UP_SECONDS)[0]
    assert up.returncode == 1
    assert "worker ended with code -9" in said
    assert "[worker] " in said
    assert list_processes(var_dir) == set()


@pytest.mark.prove
def test_sigterm_stops_as_ctrl_c_does(var_dir: Path) -> None:
    with running_up(var_dir) as (up, _, _):
        up.send_signal(signal.SIGTERM)
        up.communicate(timeout=UP_SECONDS)
        assert up.returncode == 0
    assert list_processes(var_dir) == set()


def test_a_killed_up_takes_everything_with_it(var_dir: Path) -> None:
    with running_up(var_dir) as (up, _, _):
        others = list_processes(var_dir) - {up.pid}
        up.kill()
        up.communicate()
    wait_for_end(others)


@pytest.mark.prove
def test_a_second_ctrl_c_ends_a_stop_that_hangs(var_dir: Path) -> None:
    with running_up(var_dir) as (up, _, _):
        others = list_processes(var_dir) - {up.pid}
        os.kill(worker_pid(var_dir), signal.SIGSTOP)
        up.send_signal(signal.SIGINT)
        read_until(up, "Stopping ...")
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=UP_SECONDS)
        assert up.returncode == 130
    wait_for_end(others)


def test_a_port_in_use_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start_up(tmp_path, port) as up:
            said = up.communicate(timeout=UP_SECONDS)[0]
    assert up.returncode == 1
    assert f"port {port} cannot be used (Address already in use)" in said
    assert not (tmp_path / "postgres").exists()
