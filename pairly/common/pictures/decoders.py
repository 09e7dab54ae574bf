"""Pictures decoded outside of this process: a helper of ours forks a child for each, with bounds of memory and time.

The helper (`child`) is started with the first picture, costs some 30 MB, and is started again when it is gone. What
comes back from a child is believed as little as the picture: lengths are looked at, nothing of it is decoded here.
"""

from __future__ import annotations

import atexit
import dataclasses
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import structlog
from PIL import Image

from ..problems import Overloaded
from . import child
from .child import Allowance
from .pixels import Bounds, Refused

log = structlog.get_logger(__name__)

ROOT = Path(__file__).resolve().parents[3]
COMMAND = (sys.executable, "-B", "-m", "pairly.common.pictures.child")
# The largest picture of 40 megapixels needs 0.5 GB of it; a few seconds are what it takes.
MEMORY_BYTES, CPU_S, WALL_S = 1 << 30, 15, 30
ALLOWANCE = Allowance(memory_bytes=MEMORY_BYTES, cpu_s=CPU_S, wall_s=WALL_S)
AT_ONCE, WAIT_S = 2, 10
_ANSWER_MAX_BYTES = 1 << 26
_GRACE_S = 5.0  # how much later than the helper we give up
_RETRY_S = 2


class HelperGone(Exception):
    """The helper ended before it told how the job did."""


class Decoders:
    """Children that decode, `at_once` at a time; who comes later waits `wait_s` seconds."""

    def __init__(
        self,
        *,
        allowance: Allowance = ALLOWANCE,
        at_once: int = AT_ONCE,
        wait_s: float = WAIT_S,
        command: tuple[str, ...] = COMMAND,
    ) -> None:
        self.allowance, self.wait_s = allowance, wait_s
        self._at_once, self._command = at_once, command
        self._control: socket.socket | None = None
        self._helper: subprocess.Popen[bytes] | None = None
        self._forget()
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.close)

    def render(
        self, *, data: bytes, widths: tuple[int, ...], is_square: bool, bounds: Bounds
    ) -> tuple[dict[int, bytes], int]:
        """As `pixels.render`. Raises Refused, also with the code too_costly, and Overloaded."""
        head, files = self._ask({"what": "render", "is_square": is_square}, widths, bounds, data)
        found, height = head.get("widths"), head.get("height")
        is_sound = isinstance(found, list) and len(found) == len(files) and set(found) <= set(range(1, widths[-1] + 1))
        if not is_sound or not files or not isinstance(height, int) or height < 1:
            raise _broken("answer")
        return dict(zip(found, files, strict=True)), height  # type: ignore[arg-type]

    def read(self, *, data: bytes, max_width: int, bounds: Bounds) -> Image.Image:
        """As `pixels.read`. Raises Refused, also with the code too_costly, and Overloaded."""
        head, blobs = self._ask({"what": "read"}, (max_width,), bounds, data)
        match head.get("size"), blobs:
            case [int(width), int(height)], [one] if 0 < width <= max_width and len(one) == 3 * width * height:
                return Image.frombytes("RGB", (width, height), one)
        raise _broken("answer")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One of the places at work. Raises Overloaded."""
        if not self._turns.acquire(timeout=self.wait_s):
            raise Overloaded(retry_after_s=self.wait_s or _RETRY_S)
        try:
            yield
        finally:
            self._turns.release()

    def close(self) -> None:
        """End the helper; the next picture starts another."""
        with self._lock:
            self._end()

    def _ask(
        self, head: dict[str, object], widths: tuple[int, ...], bounds: Bounds, data: bytes
    ) -> tuple[dict[str, Any], list[bytes]]:
        message = child.pack({**head, "widths": widths, "bounds": dataclasses.asdict(bounds)}, data)
        with self.turn():
            answer = self._run(message)
        try:
            told, blobs = child.unpack(answer)
        except ValueError as error:
            raise _broken("answer") from error
        if isinstance(code := told.get("refused"), str):
            raise Refused(code)
        return told, blobs

    def _run(self, message: bytes) -> bytes:
        for _ in range(2):
            try:
                return self._run_once(message)
            except HelperGone:
                log.warning("picture_helper_gone")
                self.close()
        raise Overloaded(retry_after_s=_RETRY_S)

    def _run_once(self, message: bytes) -> bytes:
        until = time.monotonic() + self.allowance.wall_s + _GRACE_S
        connection, theirs = socket.socketpair()
        status, their_status = os.pipe()
        try:
            with connection:
                try:
                    self._send_job(theirs.fileno(), their_status)
                finally:
                    theirs.close()
                    os.close(their_status)
                answer = _converse(connection, message, until)
            _check_status(_read_status(status, until))
            return answer
        finally:
            os.close(status)

    def _send_job(self, data: int, status: int) -> None:
        with self._lock:
            if self._control is None:
                self._start()
            assert self._control is not None
            try:
                socket.send_fds(self._control, [b"j"], [data, status])
            except OSError as error:
                raise HelperGone() from error

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # Neither our environment nor our output: it meets what strangers made. Ctrl-C is for us to handle.
            self._helper = subprocess.Popen(
                [*self._command, json.dumps(dataclasses.asdict(self.allowance))],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                cwd=ROOT,
                start_new_session=True,
            )
        self._control = ours

    def _end(self) -> None:
        control, helper, self._control, self._helper = self._control, self._helper, None, None
        if control is not None:
            control.close()  # the helper ends with it
        if helper is not None:
            try:
                helper.wait(timeout=_GRACE_S)
            except subprocess.TimeoutExpired:
                helper.kill()
                helper.wait()

    def _forget(self) -> None:
        """Nothing is running; in a fork: what is running is the parent's."""
        if self._control is not None:
            self._control.close()
        if self._helper is not None:
            self._helper.returncode = 0  # no child of this process
        self._control = self._helper = None
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(self._at_once)


def _converse(connection: socket.socket, message: bytes, until: float) -> bytes:
    """Say what is to be done and hear the answer: all of it, or what came before the child ended."""
    pieces, n = [], 0
    with suppress(ConnectionError, TimeoutError):  # the status tells why
        connection.settimeout(max(0.001, until - time.monotonic()))
        connection.sendall(message)
        connection.shutdown(socket.SHUT_WR)
        while n <= _ANSWER_MAX_BYTES:
            connection.settimeout(max(0.001, until - time.monotonic()))
            piece = connection.recv(1 << 20)
            if not piece:
                break
            pieces.append(piece)
            n += len(piece)
    return b"".join(pieces)


def _read_status(status: int, until: float) -> bytes:
    ready, _, _ = select.select([status], [], [], max(0.0, until - time.monotonic()))
    return os.read(status, child.STATUS.size) if ready else b""


def _check_status(told: bytes) -> None:
    """Raises HelperGone, and Refused: too_costly where a bound was reached, unreadable where the child broke."""
    if len(told) < child.STATUS.size:
        raise HelperGone()
    status, is_late = child.STATUS.unpack(told)
    if not status:
        return
    ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if is_late or ended_by == signal.SIGXCPU:
        log.warning("picture_too_costly", is_late=is_late)
        raise Refused("too_costly")
    raise _broken(f"signal {ended_by}" if ended_by else f"exit {os.WEXITSTATUS(status)}")


def _broken(why: str) -> Refused:
    log.warning("picture_decoder_broke", why=why)
    return Refused("unreadable")
