"""Hashing costs what it is meant to, and never more of it runs at once than there are cores."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password

from security.models import LoginAttempt
from users import hashers

from .helpers import PASSWORD, at_once, make_person, post

CORES = os.cpu_count() or 1
LOGIN = "/api/v1/auth/login"


def _most_at_once(monkeypatch: pytest.MonkeyPatch, *, n: int, together: int) -> int:
    """How many of `n` hashes ran at the same time; each waits until `together` of them do."""
    lock, meeting = threading.Lock(), threading.Barrier(together)
    running, most = 0, 0

    def encode(self: Argon2PasswordHasher, password: str, salt: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        meeting.wait(timeout=30)
        with lock:
            running -= 1
        return "hashed"

    monkeypatch.setattr(Argon2PasswordHasher, "encode", encode)
    at_once(n, lambda _number: hashers.Argon2idHasher().encode("x", "y"))
    return most


@pytest.mark.usefixtures("product_hashers")
def test_a_hash_is_argon2id_at_19_mib_two_passes_one_lane() -> None:
    assert make_password(PASSWORD).startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_no_more_hashes_run_at_once_than_there_are_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _most_at_once(monkeypatch, n=8 * CORES, together=CORES) == CORES


def test_control_without_turns_all_of_them_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashers, "_turns", threading.BoundedSemaphore(8 * CORES))
    assert _most_at_once(monkeypatch, n=8 * CORES, together=8 * CORES) == 8 * CORES


@contextmanager
def _no_turn(monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr(hashers, "WAIT_SECONDS", 0)
        patch.setattr(hashers, "_turns", threading.BoundedSemaphore(1))
        with hashers._turns:
            yield


@pytest.mark.django_db
def test_who_gets_no_turn_is_told_when_to_come_again_and_loses_no_try(monkeypatch: pytest.MonkeyPatch) -> None:
    make_person()
    with _no_turn(monkeypatch):
        answer = post(LOGIN, {"email": "ada@example.org", "password": "wrong"})
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "overloaded", "5")
    attempt = LoginAttempt.objects.get()
    assert (attempt.outcome, attempt.failure_reason) == ("refused", "overloaded")
    assert post(LOGIN, {"email": "ada@example.org", "password": "wrong"}).json()["attempts_left"] == 4
