from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Decision:
    """Answer of a limit. `retry_after_s` is 0 when allowed; after `reset_after_s` the window is empty."""

    allowed: bool
    limit: int
    remaining: int
    retry_after_s: float
    reset_after_s: float


@dataclass(frozen=True, slots=True)
class Window:
    """A limit that a request counts against: `limit` uses a minute of `name` by `key` (an account, a network)."""

    name: str
    key: str
    limit: int


@dataclass(frozen=True, slots=True)
class RequestDecision(Decision):
    """As Decision, of the window that is nearest to its limit. `n_strikes`: how many requests that count towards a
    ban this network sent within a minute, 0 when this one does not; `bans_version` is None while Redis is away.
    """

    n_strikes: int
    bans_version: int | None


@dataclass(frozen=True, slots=True)
class FrameDecision:
    """Answer of the socket limit. `newly_muted` is true for the one frame that caused the mute."""

    allowed: bool
    retry_after_s: float
    newly_muted: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """Who is asking, as far as the network tells. `ip` is "" when unknown."""

    ip: str = ""
    user_agent: str = ""


class Door(StrEnum):
    """Through which door a sign-in came."""

    PAGE = "page"
    API = "api"
    ADMIN = "admin"
    RESET = "reset"
    PASSKEY = "passkey"
    STEP_UP = "step_up"
    UNLOCK = "unlock"


@dataclass(frozen=True, slots=True)
class Reservation:
    """What `attempts.reserve` decided. `attempt_id` is the committed row; a locked one must not be hashed."""

    attempt_id: int
    attempts_left: int
    locked_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFilter:
    """Which attempts are wanted: of one outcome, from `since` up to `until`, both included; by default all."""

    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of_days(cls, *, outcome: str = "", since: date | None = None, until: date | None = None) -> AttemptFilter:
        """For whole days of UTC, the last one included."""
        return cls(
            outcome=outcome,
            since=datetime.combine(since, time.min, tzinfo=UTC) if since else None,
            until=datetime.combine(until, time.max, tzinfo=UTC) if until else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One try to sign in, for its account's owner: codes, and the same in plain words.

    `risk_score` is from 0 to 100, None where the try got no so far as to be judged; `risk` is "low", "medium" or
    "high", `risk_text` the same in words.
    """

    id: int
    created_at: datetime
    outcome: str
    result: str
    failure_reason: str
    reason: str
    door: str
    device: str
    ip: str
    network: str
    family: uuid.UUID | None = None
    known_device: bool | None = None
    risk_score: int | None = None
    risk: str = ""
    risk_text: str = ""
    reasons: tuple[ReasonRow, ...] = ()


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A rule that spoke in a judgement: its code, and the same in plain words."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A known device, for its account's owner; `network` is "" when unknown."""

    uid: uuid.UUID
    is_current: bool
    is_trusted: bool
    device: str
    network: str
    created_at: datetime
    last_seen_at: datetime


# -- fraud
@dataclass(frozen=True, slots=True)
class Card:
    """A card as its provider knows it: a name that is the same for the same card, and the country of its bank; "" where
    the provider does not say."""

    fingerprint: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What one person spent on another in a while: `n` messages or unlocks, in hundredths of a credit, of which
    `promo_centi` were given ones; `at` is the last of them."""

    user_uid: uuid.UUID
    joined_at: datetime
    payee_uid: uuid.UUID
    amount_centi: int
    promo_centi: int
    n: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudVerdict:
    """What scoring says at a door. `is_known` is False where it could not be found out: then the action is `allow`, for
    nobody is refused because we are broken, and whoever asks decides what unknown means there."""

    action: str
    score: int
    reasons: tuple[dict[str, Any], ...]
    rule_version: int
    features: dict[str, Any]
    is_known: bool = True

    @property
    def codes(self) -> list[str]:
        return [str(reason["code"]) for reason in self.reasons]
