"""A decoder that does what its picture says, as one would that a stranger has the better of: for tests."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time

from pairly.common.pictures import child


def work(message: bytes) -> bytes:
    """Misbehave as the picture's bytes have it."""
    head, (data,) = child.unpack(message)
    match data.split():
        case [b"hang"]:
            for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGXCPU):
                signal.signal(number, signal.SIG_IGN)
            while True:
                time.sleep(60)
        case [b"spin"]:
            while True:
                pass
        case [b"crash"]:
            os.kill(os.getpid(), signal.SIGSEGV)
        case [b"raise"]:
            raise RuntimeError("a defect")
        case [b"eat"]:
            try:
                return child.pack({"size": (1, 1)}, bytes(2 << 30)[:3])
            except MemoryError:
                return child.pack({"refused": "too_costly"})
        case [b"kill-helper"]:
            os.kill(os.getppid(), signal.SIGKILL)
        case [b"write"]:
            with tempfile.TemporaryFile() as file:
                file.write(b"x" * 10_000)
            return child.pack({"size": (1, 1)}, b"abc")
        case [b"short"]:
            return child.pack({"size": (100, 100)}, b"abc")
        case [b"noise"]:
            return b"\xff" * 100
        case [b"flood"]:
            return bytes(100_000_000)
        case [b"environment"]:
            text = " ".join(sorted(os.environ)).encode()
            return child.pack({"widths": [1], "height": 1}, text)
        case _:
            return child.decode(child.pack(head, data))
    return b""


if __name__ == "__main__":
    child.warm_up()
    child.serve(allowance=child.Allowance(**json.loads(sys.argv[1])), work=work)
