"""A signed-in browser for tests of pages, through the real sign-in page."""

from __future__ import annotations

from django.test import Client

from pairly.testing.people import PASSWORD
from users.models import User


def browser_of(user: User) -> Client:
    """A client that signed in as `user`, with everything that a sign-in makes."""
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    client = Client()
    answer = client.post("/sign-in/", {"email": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    return client
