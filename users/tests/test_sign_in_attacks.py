"""Guessing in parallel without the guard, and a process that is killed in the midst of a guess."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import Any

import pytest
from django.conf import settings

from pairly.testing import databases
from security.models import LoginAttempt
from security.services import attempts
from security.types import Client as Visitor
from security.types import Door
from users.errors import AccountLocked, InvalidCredentials
from users.models import Session
from users.services import sign_in

from .helpers import at_once, make_person

# A process that signs in and, once it hashes, says so and hashes for ever.
HASHING = """
import sys, threading
import django; django.setup()
from security.types import Client, Door
from users.models import Session, User
from users.services import sign_in
def hash_for_ever(self, password):
    print("hashing", flush=True)
    threading.Event().wait()
User.check_password = hash_for_ever
sign_in.sign_in(
    email="ada@example.org", password="wrong", kind=Session.Kind.API, door=Door.API, client=Client(ip="192.0.2.7")
)
"""


def _guess(number: int) -> str:
    try:
        sign_in.sign_in(
            email="ada@example.org",
            password=f"wrong {number}",
            kind=Session.Kind.API,
            door=Door.API,
            client=Visitor(ip=f"203.0.113.{number}"),
        )
    except (InvalidCredentials, AccountLocked) as problem:
        return problem.code
    return "signed in"


def test_control_without_the_turns_of_reservations_all_guesses_are_hashed(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race of `test_of_40_parallel_wrong_passwords_at_most_5_are_hashed` with the lock cut out: every guess has
    counted the failures before any of them was written."""
    make_person()
    counted, everybody, count = threading.local(), threading.Barrier(8), attempts._list_counted

    def count_together(hashed: bytes) -> Any:
        found = count(hashed)
        if not getattr(counted, "once", False):
            counted.once = True
            everybody.wait(timeout=30)
        return found

    monkeypatch.setattr(attempts, "_lock", lambda _hashed: attempts._now())
    monkeypatch.setattr(attempts, "_list_counted", count_together)
    assert at_once(8, _guess) == ["invalid_credentials"] * 8


def test_a_process_that_is_killed_while_it_hashes_gave_no_free_guess(committed_db: str) -> None:
    make_person()
    env = {**databases.server_environment(settings.VAR_DIR, name=committed_db), "REDIS_URL": settings.REDIS_URL}
    command = [sys.executable, "-c", HASHING]
    child = subprocess.Popen(command, cwd=databases.ROOT, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "hashing\n"
    finally:
        child.kill()
        assert child.wait(timeout=30) == -signal.SIGKILL
        if child.stdout:
            child.stdout.close()
    assert LoginAttempt.objects.get().outcome == "pending"
    outcomes = [_guess(number) for number in range(5)]
    assert outcomes == ["invalid_credentials"] * 4 + ["account_locked"]
