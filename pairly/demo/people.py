"""The demo's accounts: profile, keys, backup and login; each made in one transaction."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from messaging import key_selectors
from messaging.client import backup, recovery_code
from messaging.client.identity import Identity, SignedStatement
from messaging.protocol.statements import parse_statement
from messaging.services import backups, keys
from pairly.common.ids import uuid7
from profiles.selectors import find_own_profile
from profiles.services import update_profile
from users.errors import InvalidCode
from users.models import User
from users.registry import run_sign_up_hooks
from users.services import totp

from .cast import CREATORS, FANS, Creator, Fan
from .logins import Login, Logins, totp_code
from .places import load as load_places
from .places import whereabouts_of
from .plan import DAY, Part, Side, email_of, joined_days_ago
from .staff import STAFF, Member


class CannotComplete(Exception):
    """The demo is there in part and the rest cannot be made; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """Someone's place in the cast."""

    side: Side
    number: int

    @property
    def person(self) -> Creator | Fan:
        return CREATORS[self.number] if self.side == "creator" else FANS[self.number]

    @property
    def email(self) -> str:
        return email_of(role=self.side, number=self.number)

    @property
    def joined_days_ago(self) -> float:
        return joined_days_ago(role=self.side, number=self.number)


def list_roles(*, part: Part) -> list[Role]:
    """Everybody of a part, the first fan and the first creator first."""
    fans = [Role(side="fan", number=number) for number in range(part.n_fans)]
    creators = [Role(side="creator", number=number) for number in range(part.n_creators)]
    return [*fans[:1], *creators[:1], *fans[1:], *creators[1:]]


def find_accounts(*, part: Part) -> dict[str, User]:
    """The accounts of a part that exist, by e-mail."""
    emails = [role.email for role in list_roles(part=part)] + [member.email for member in STAFF[: part.n_staff]]
    return {user.email: user for user in User.objects.filter(email__in=emails)}


@dataclass
class People:
    """Makes who is not there yet, in the order of their sign-up, and knows everybody's keys."""

    part: Part
    users: dict[str, User] = field(default_factory=dict)
    now: datetime = field(default_factory=timezone.now)
    _identities: dict[str, Identity] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first, second, *others = [role.email for role in list_roles(part=Part())]
        load_places()
        self.logins = Logins(order=[first, second, *[member.email for member in STAFF], *others])
        self.users = find_accounts(part=self.part)
        self.now = self._first_now()

    def _first_now(self) -> datetime:
        """The "now" of the plan: when seeding first began, also when it goes on another day."""
        for role in list_roles(part=self.part):
            if (user := self.users.get(role.email)) is not None:
                return min(user.created_at + timedelta(days=role.joined_days_ago), timezone.now())
        return timezone.now()

    def at(self, hours: float) -> datetime:
        """A time of the plan."""
        return self.now + timedelta(hours=hours)

    def list_roles(self) -> list[Role]:
        """Everybody, the longest here first."""
        return sorted(list_roles(part=self.part), key=lambda role: -role.joined_days_ago)

    def user_of(self, *, role: Role) -> User:
        return self.users[role.email]

    def ensure(self, *, role: Role) -> User:
        """The account with everything that belongs to it."""
        if role.email not in self.users:
            login = self.logins.make(email=role.email, role=role.side)
            user, identity = _make(role, login, self.at(-role.joined_days_ago * DAY))
            self.users[role.email], self._identities[role.email] = user, identity
        elif isinstance(role.person, Creator):
            _complete_profile(self.users[role.email], role.person)
        return self.users[role.email]

    def ensure_member(self, *, member: Member) -> User:
        """The account of somebody who works here, with the role and an authenticator app."""
        if member.email not in self.users:
            login = self.logins.make(email=member.email, role=member.role, has_keys=False)
            self.users[member.email] = _employ(member, login, self.logins, self.at(-member.joined_days_ago * DAY))
        return self.users[member.email]

    def identity_of(self, *, role: Role) -> Identity:
        """Someone's keys on our device, a new one for an account from an earlier run. Raises CannotComplete."""
        if role.email not in self._identities:
            login = self.logins.find(email=role.email)
            if login is None:
                raise CannotComplete(f"demo.json does not know {role.email} any more")
            self._identities[role.email] = _restore(self.users[role.email], login)
        return self._identities[role.email]


def _make(role: Role, login: Login, joined_at: datetime) -> tuple[User, Identity]:
    password, number = make_password(login["password"]), role.number
    user = User(
        email=role.email,
        password=password,
        name=role.person.name,
        role=role.side,
        birth_date=date(role.person.birth_year, 1 + number % 12, 1 + 7 * number % 28),
        verification_level=2 if role.side == "creator" and number % 3 != 2 else 0,
        email_verified_at=joined_at + timedelta(minutes=3),
        created_at=joined_at,
    )
    with transaction.atomic():
        user.save(force_insert=True)
        run_sign_up_hooks(user=user)
        if isinstance(role.person, Creator):
            _write_profile(user, role.person)
        return user, _enrol(user, login, joined_at)


def _employ(member: Member, login: Login, logins: Logins, joined_at: datetime) -> User:
    """Not by an invitation, for nobody reads the demo's mails; all else is as it is for everybody."""
    user = User(
        email=member.email,
        password=make_password(login["password"]),
        name=member.name,
        role=User.Role.FAN,
        birth_date=date(member.birth_year, 4, 9),
        email_verified_at=joined_at + timedelta(minutes=3),
        created_at=joined_at,
        is_staff=True,
    )
    with transaction.atomic():
        user.save(force_insert=True)
        run_sign_up_hooks(user=user)
        user.groups.add(Group.objects.get(name=member.role))
        secret = totp.begin(user=user).secret
        _confirm_app(user, secret)
        # On disk before it can be asked for.
        logins.note_totp(email=member.email, secret=secret)
    return user


def _confirm_app(user: User, secret: str) -> None:
    """With the code of the step before: a code is good once, and whoever signs in now needs the present one's."""
    try:
        totp.confirm(user=user, code=totp_code(secret=secret, drift=-1))
    except InvalidCode:  # another step had begun in between
        totp.confirm(user=user, code=totp_code(secret=secret, drift=-1))


def _complete_profile(user: User, creator: Creator) -> None:
    """For an account of a demo from before profiles said so much."""
    profile = find_own_profile(user=user)
    if profile is not None and not (profile.headline or profile.city):
        _write_profile(user, creator)
    elif profile is not None and profile.city == creator.city and profile.place_id is None:
        update_profile(user=user, location=whereabouts_of(creator))


def _write_profile(user: User, creator: Creator) -> None:
    update_profile(
        user=user,
        headline=creator.headline,
        bio=creator.bio,
        location=whereabouts_of(creator),
        languages=list(creator.languages),
        topics=list(creator.topics),
        price_per_message_centi=creator.price_credits * 100,
        reply_window_hours=creator.reply_hours,
    )


def _enrol(user: User, login: Login, at: datetime) -> Identity:
    identity = Identity.create(user=user.uid.bytes)
    code = recovery_code.decode(text=login["recovery"])
    backups.put_backup(user=user, file=backup.to_file(backup.create(identity=identity, recovery=code)), if_match=0)
    _state(user, identity.first_statements(now_ms=_ms(at), device_label="Demo device"))
    return identity


def _restore(user: User, login: Login) -> Identity:
    """What a new device does: open the backup with the recovery code, and certify itself."""
    stored, last = key_selectors.find_backup(user=user), key_selectors.find_last_statement(user_id=user.pk)
    if stored is None or last is None:
        raise CannotComplete(f"{user.email} has no keys")
    try:
        opened = backup.open_file(file=stored.file, recovery=recovery_code.decode(text=login["recovery"]))
    except backup.BackupError as error:
        raise CannotComplete(f"the recovery code of {user.email} was changed") from error
    identity = backup.to_identity(opened, device_seed=os.urandom(32), log_seq=last.seq, log_hash=bytes(last.log_hash))
    at_ms = parse_statement(raw=bytes(last.statement)).created_ms
    _state(user, [identity.enrol_device(now_ms=at_ms, device_label="Demo device")])
    return identity


def _state(user: User, entries: list[SignedStatement]) -> None:
    family = uuid7()
    for entry in entries:
        body = entry.as_json()
        at_ms = parse_statement(raw=entry.statement).created_ms
        keys.add_statement(user=user, family=family, label_=body.pop("label"), at_ms=at_ms, **body)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
