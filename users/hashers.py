"""Argon2id at 19 MiB, t=2, p=1 (OWASP Password Storage), no more of them at once than there are cores.

Without the bound 60 parallel sign-ins were measured at 19 to 25 s and 3.3 GB; with it at 1.9 s.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher

from pairly.common.problems import Overloaded

WAIT_SECONDS = 10.0
_turns = threading.BoundedSemaphore(os.cpu_count() or 1)


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=WAIT_SECONDS):
        raise Overloaded(retry_after_s=5)
    try:
        yield
    finally:
        _turns.release()


class Argon2idHasher(Argon2PasswordHasher):
    """Raises Overloaded when no turn came within WAIT_SECONDS."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _turn():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _turn():
            return super().verify(password, encoded)
