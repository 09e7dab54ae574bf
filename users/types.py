from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypedDict

from security.types import AttemptRow

if TYPE_CHECKING:
    from .models import AccountClosure, DataExport, Restriction, Session, User


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Method(StrEnum):
    """A way to prove more than a password."""

    TOTP = "totp"
    PASSKEY = "passkey"
    BACKUP_CODE = "backup_code"
    EMAIL = "email"
    APPROVAL = "approval"  # from a device that is signed in already
    PASSWORD = "password"  # noqa: S105 - for a step-up where there is no second factor


# What counts as a second factor for staff: nothing that who holds the mailbox has too.
STRONG = frozenset({Method.TOTP, Method.PASSKEY, Method.BACKUP_CODE})


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who is asking: the person's public id and the family of the sign-in. DRF's `request.auth`.

    `factor` is what was proven besides the password, `limit` what the sign-in is kept to (`Session.Limit`).
    """

    user_id: uuid.UUID
    family: uuid.UUID
    factor: str = ""
    stepped_up_at: datetime | None = None
    limit: str = ""

    @property
    def has_strong_factor(self) -> bool:
        return self.factor in STRONG


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


@dataclass(frozen=True, slots=True)
class Challenged:
    """A sign-in with the right password that waits for its second step. `token` goes to the client alone."""

    token: str
    needs: str
    methods: list[Method]
    expires_in_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow:
    """Somebody who works here, as an admin sees them; `roles` are codes of `roles.ROLES`."""

    uid: uuid.UUID
    name: str
    email: str
    roles: list[str]
    has_passkey: bool
    has_totp: bool
    n_backup_codes: int
    last_seen_at: datetime | None

    @property
    def has_strong_factor(self) -> bool:
        return self.has_passkey or self.has_totp


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """An invitation to work here; `state` is open, accepted, revoked or expired."""

    uid: uuid.UUID
    email: str
    roles: list[str]
    invited_by: str
    created_at: datetime
    expires_at: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpSetup:
    """What an authenticator app reads: the key in base32 (RFC 4648), the same as a URI, and that as a QR code."""

    secret: str
    uri: str
    qr_png: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorState:
    """What stands between an account and who knows its password. `methods` is what is asked for, the best first."""

    methods: list[Method]
    has_totp: bool
    n_passkeys: int
    has_email: bool
    n_backup_codes: int

    @property
    def has_strong(self) -> bool:
        return self.has_totp or self.n_passkeys > 0

    @property
    def is_on(self) -> bool:
        return self.has_strong or self.has_email


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyRow:
    """A passkey as its owner sees it. `is_synced`: a copy is kept beyond the device, by its maker's cloud."""

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None
    is_synced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """What the browser is asked (`options`, JSON of Web Authentication) and the token that its answer is for."""

    options: dict[str, Any]
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskey:
    """A passkey just made; `backup_codes` are shown this once, empty where the account had some."""

    passkey: PasskeyRow
    backup_codes: list[str]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRequestRow:
    """A sign-in to one's account that waits for one's word; `network` is "" when unknown. On the device that waits
    itself (`is_this_device`) it cannot be answered."""

    id: uuid.UUID
    is_this_device: bool
    device: str
    network: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignInPage:
    """Some of the sign-in history; `before` leads to the earlier ones, None at the end."""

    rows: list[AttemptRow]
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """What speaks against deleting an account: `detail` says what, and what to do about it.

    With `can_agree` its owner may also agree to it, in the words of `consent`; else it has to be settled first.
    """

    code: str
    detail: str
    can_agree: bool = False
    consent: str = ""


class ExportWriter(Protocol):
    """The file that a copy of someone's data is written to."""

    def rows(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """A JSON file with a list, written as the rows come."""

    def document(self, name: str, document: Mapping[str, Any]) -> None:
        """A JSON file with one object."""

    def file(self, name: str, chunks: Iterable[bytes]) -> None:
        """Any other file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRow:
    """Once that somebody looked at a person's data: their role, never their name."""

    id: int
    created_at: datetime
    role: str
    action: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class AccessPage:
    """Some of who looked; `before` leads to the earlier ones, None at the end."""

    rows: list[AccessRow]
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyState:
    """Where a person stands: what stops them, what they asked for, their latest copies."""

    suspension: Restriction | None
    closure: AccountClosure | None
    exports: list[DataExport]

    @property
    def is_export_running(self) -> bool:
        return any(export.state in ("pending", "running") for export in self.exports)


# -- notifications
@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did what somebody is told of: the public id and what they are called at present."""

    uid: uuid.UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRow:
    """A notification as its recipient sees it, in their language; `url` is where it leads, a path on this site."""

    id: uuid.UUID
    kind: str
    title: str
    url: str
    icon: str
    created_at: datetime
    is_read: bool
    actor: Actor | None = None


class Place(NamedTuple):
    """Where a notification stands in the list; in addresses `at` in microseconds since 1970 and `id`, with a dash."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """The place that an address names; None where it names none."""
        found = re.fullmatch(r"([0-9]{1,16})-([0-9]{1,18})", text)
        return cls(_EPOCH + timedelta(microseconds=int(found[1])), int(found[2])) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationPage:
    """One page of them, the newest first; `before` goes on with the next one, `newest` is the newest of all shown."""

    rows: list[NotificationRow]
    n_unread: int
    before: Place | None
    newest: uuid.UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSetting:
    """How somebody hears of one kind; `label` and `hint` in the reader's language."""

    kind: str
    label: str
    hint: str
    icon: str
    in_app: bool
    mail: str
    push: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSettings:
    """All of them, and the `version` that a change names (`pairly.common.etags`)."""

    settings: list[NotificationSetting]
    version: str


# -- web push and announcements
@dataclass(frozen=True, slots=True, kw_only=True)
class PushDeviceRow:
    """A browser that is woken, as its owner sees it; `is_current` where it belongs to the sign-in that asks."""

    uid: uuid.UUID
    name: str
    created_at: datetime
    pushed_at: datetime | None
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSwitch:
    """What templates/users/push_switch.html shows: our key (RFC 8292) and the device of this sign-in."""

    public_key: str
    device: PushDeviceRow | None


# -- announcements
@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementRow:
    """What staff told people like the reader; plain text. It is current until `ends_at`."""

    uid: uuid.UUID
    title: str
    body: str
    starts_at: datetime
    ends_at: datetime | None
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAnnouncementRow:
    """The same as who may announce sees it; `state` is planned, current, past or withdrawn. `told_at` is when the last
    of its readers was told."""

    uid: uuid.UUID
    title: str
    body: str
    audience: str
    audience_name: str
    starts_at: datetime
    ends_at: datetime | None
    written_by: str
    written_at: datetime
    state: str
    told_at: datetime | None
