"""Passwords of the tests: the product's hasher, at a cost that nobody waits for."""

from __future__ import annotations

from users.hashers import Argon2idHasher


class QuickHasher(Argon2idHasher):
    """Argon2id in 64 KiB and one pass: the product's takes most of a sign-in's time. Tests of it name the product's."""

    time_cost = 1
    memory_cost = 64
