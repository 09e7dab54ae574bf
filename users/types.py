from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from security.types import AttemptRow

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A live sign-in as its owner sees it; `network` is "" when unknown."""

    id: uuid.UUID
    is_current: bool
    is_app: bool
    device: str
    network: str
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class SignInPage:
    """Some of the sign-in history; `before` leads to the earlier ones, None at the end."""

    rows: list[AttemptRow]
    before: int | None
