"""The tie between a browser and the sign-in of it that waits for its second step: a token in Django's session."""

from __future__ import annotations

from django.http import HttpRequest

from .types import Challenged

_KEY = "second_step"


def wait_for(*, request: HttpRequest, challenged: Challenged) -> None:
    """Remember the challenge; the session key is renewed, for this is a step up (no fixation)."""
    request.session.flush()
    request.session[_KEY] = challenged.token


def token_of(*, request: HttpRequest) -> str:
    """The token of the waiting sign-in, or "" for a browser that has none."""
    token: str = request.session.get(_KEY, "")
    return token


def forget(*, request: HttpRequest) -> None:
    """Let go of the waiting sign-in, which then ends by itself."""
    request.session.pop(_KEY, None)
