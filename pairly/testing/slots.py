"""Test runs at the same time in one checkout: each takes a server folder of its own."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import TextIO

_held: list[TextIO] = []


def claim(base: Path) -> Path:
    """The first of `base`, `base-2`, `base-3` ... that no other run holds; ours until this process ends."""
    number = 1
    while True:
        folder = base if number == 1 else base.with_name(f"{base.name}-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "claimed.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            number += 1
            continue
        _held.append(lock)
        return folder
