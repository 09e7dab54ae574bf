"""Drawing in child processes, beside the rest of the work."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
PAINTERS = 2


class Painters:
    """A few processes that draw (`pairly.demo.drawing`), each kept busy by a thread; started when first needed."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(PAINTERS)
        self._own = threading.local()
        self._children: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Painters:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        for child in self._children:
            child.communicate()  # closes its input: it ends

    def draw(self, job: Mapping[str, object]) -> Future[bytes]:
        """Ask for one picture."""
        return self._threads.submit(self._draw, json.dumps(job).encode())

    def _draw(self, line: bytes) -> bytes:
        child = self._child()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(line + b"\n")
        child.stdin.flush()
        head = child.stdout.read(4)
        if len(head) < 4:
            raise RuntimeError("a painter ended; its message is on standard error")
        (length,) = struct.unpack(">I", head)
        return bytes(child.stdout.read(length))

    def _child(self) -> subprocess.Popen[bytes]:
        child: subprocess.Popen[bytes] | None = getattr(self._own, "child", None)
        if child is None:
            command = [sys.executable, "-m", "pairly.demo.drawing"]
            # A session of its own: Ctrl-C is for us to handle.
            child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True
            )
            self._own.child = child
            self._children.append(child)
        return child
