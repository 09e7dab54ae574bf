from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from .models import Session, User


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who is asking: the person's public id and the family of the sign-in. DRF's `request.auth`."""

    user_id: uuid.UUID
    family: uuid.UUID


@dataclass(frozen=True, slots=True)
class Device:
    """What a client says about its device."""

    name: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class StartedSession:
    """A sign-in that just began, or a rotated one. `refresh_token` is None for a browser session."""

    user: User
    session: Session
    refresh_token: str | None


class TokenPair(TypedDict):
    """The token members of an answer of `auth/*`; `expires_in` in seconds."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int
