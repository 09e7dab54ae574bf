"""What the tests of this app share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, TypeVar

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client

from security.types import Client as Visitor
from users.models import Session, User
from users.services import sessions
from users.types import StartedSession

T = TypeVar("T")

PASSWORD = "correct horse battery 9"
VISITOR = Visitor(ip="192.0.2.7", user_agent="test")
SIGN_UP = {
    "email": "Ada@Example.org",
    "password": PASSWORD,
    "name": "Ada",
    "role": "fan",
    "birth_date": "1990-05-17",
}


def make_person(email: str = "ada@example.org", **fields: Any) -> User:
    """An account with a usable password."""
    values = {"name": "Ada", "role": "fan", "birth_date": date(1990, 5, 17), **fields}
    return User.objects.create(email=email, password=make_password(PASSWORD), **values)


def start_api(user: User) -> StartedSession:
    """An API sign-in without the pipeline before it."""
    return sessions.start_session(user=user, kind=Session.Kind.API, client=VISITOR)


def post(path: str, body: dict[str, Any], *, client: Client | None = None, **extra: Any) -> Any:
    """POST JSON as an API client."""
    return (client or Client()).post(path, body, content_type="application/json", **extra)


def bearer(token: str) -> dict[str, str]:
    """The header of a signed-in API client, for Django's test client."""
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


class Meeting:
    """Where a control makes its race certain: whoever comes waits until `n` have come; later ones pass.

    Put between the read and the write of what the guard keeps together. Nobody may hold a lock there that another
    of the `n` needs.
    """

    def __init__(self, n: int = 2) -> None:
        self._missing = n
        self._lock = threading.Lock()
        self._is_complete = threading.Event()

    def wait(self) -> None:
        """Raises AssertionError when the others do not come."""
        with self._lock:
            self._missing -= 1
            if self._missing <= 0:
                self._is_complete.set()
        assert self._is_complete.wait(60), "nobody else came: is there a guard left?"


def at_once(n: int, work: Callable[[int], T]) -> list[T]:
    """Run `work(0..n-1)` in n threads that start together; each closes its connection."""
    start = threading.Barrier(n)

    def run(number: int) -> T:
        start.wait(timeout=30)
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(run, range(n)))
