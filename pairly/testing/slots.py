"""Test runs at the same time in one checkout: each takes a server folder of its own."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def claim(base: Path) -> Path:
    """The first of `base`, `base-2`, `base-3` ... that no other run holds; ours until this process ends."""
    number = 1
    while True:
        folder = base if number == 1 else base.with_name(f"{base.name}-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        # A bare descriptor: it stays open, and the lock with it, until the process ends.
        lock = os.open(folder / "claimed.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            number += 1
            continue
        return folder
