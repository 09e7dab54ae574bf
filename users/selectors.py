"""Reads about people and their sign-ins. A sign-in lives while the first row of its family does."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import F, Q, QuerySet
from django.http.request import validate_host
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_otp_webauthn.utils import get_credential_model

from pairly.common.problems import NotAuthenticated, NotFound
from security import selectors as security_log
from security.client_ip import network_of
from security.identifiers import normalise
from security.services import attempts, devices
from security.types import AttemptFilter, Client, DeviceRow
from security.user_agents import name_of

from . import access_tokens, revocations
from .constants import SESSION_KEY, SESSIONS_SHOWN, SIGN_INS_PAGE
from .errors import ChallengeOver, Suspended, TokenRevoked
from .models import (
    AccountClosure,
    BackupCode,
    EmailChange,
    Restriction,
    Session,
    SignInChallenge,
    TotpDevice,
    User,
)
from .types import (
    Method,
    PasskeyRow,
    SessionRow,
    SignIn,
    SignInPage,
    SignInRequestRow,
)


def find_user_by_uid(*, uid: uuid.UUID) -> User | None:
    """The active account with this public id."""
    return User.objects.filter(uid=uid, is_active=True).first()


def find_user_by_email(*, email: str) -> User | None:
    """The account with this address, active or not; for sign-in and sign-up only."""
    return User.objects.filter(email=normalise(identifier=email)).first()


def find_live_session(
    *, family: uuid.UUID, kind: Session.Kind | None = None, limited_too: bool = False
) -> Session | None:
    """The first row of a sign-in that has neither ended nor expired, with its active user: one query.

    One that is kept to privacy (`limit`) is found only with `limited_too`; its user is not active.
    """
    rows = Session.objects.select_related("user").filter(
        pk=family, parent__isnull=True, ended_at__isnull=True, expires_at__gt=timezone.now()
    )
    unlimited = Q(user__is_active=True, limit=Session.Limit.NONE)
    rows = rows.filter(unlimited | ~Q(limit=Session.Limit.NONE) if limited_too else unlimited)
    return (rows.filter(kind=kind) if kind else rows).first()


def get_live_session(*, family: uuid.UUID, limited_too: bool = False) -> Session:
    """As `find_live_session`; raises TokenRevoked when the sign-in is over."""
    session = find_live_session(family=family, limited_too=limited_too)
    if session is None:
        raise TokenRevoked
    return session


def sign_in_of(session: Session) -> SignIn:
    """What doors need to know of a sign-in, from its first row."""
    return SignIn(
        user_id=session.user.uid,
        family=session.family,
        factor=session.factor,
        stepped_up_at=session.stepped_up_at,
        limit=session.limit,
    )


def get_signed_in_user_by_token(*, token: str, limited_too: bool = False) -> tuple[User, SignIn]:
    """The person behind an access token. Raises NotAuthenticated (not a valid token) or TokenRevoked.

    What Redis knows to be revoked is refused without a query; everything else PostgreSQL decides.
    """
    try:
        user_id, family = access_tokens.read(token=token)
    except access_tokens.BadToken as error:
        raise NotAuthenticated from error
    if revocations.is_noted(family=family):
        raise TokenRevoked
    session = get_live_session(family=family, limited_too=limited_too)
    if session.user.uid != user_id:
        raise NotAuthenticated
    return session.user, sign_in_of(session)


def find_sign_in_by_token(*, token: str) -> tuple[User, SignIn] | None:
    """As `get_signed_in_user_by_token`, for the socket: None instead of an error."""
    try:
        return get_signed_in_user_by_token(token=token)
    except NotAuthenticated:
        return None


def find_sign_in_by_cookies(*, headers: Iterable[tuple[bytes, bytes]]) -> tuple[User, SignIn] | None:
    """The person behind the session cookie among raw ASGI headers."""
    cookies: SimpleCookie = SimpleCookie()
    try:
        for name, value in headers:
            if name.lower() == b"cookie":
                cookies.load(value.decode("latin-1"))
    except CookieError:
        return None
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    if morsel is None:
        return None
    store: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(morsel.value)
    session = find_browser_session(store=store)
    return (session.user, sign_in_of(session)) if session else None


def find_browser_session(*, store: SessionBase, limited_too: bool = False) -> Session | None:
    """The live sign-in that a Django session names, unless the password changed since."""
    named = store.get(SESSION_KEY)
    try:
        family = uuid.UUID(named)
    except (TypeError, ValueError, AttributeError):
        return None
    session = find_live_session(family=family, kind=Session.Kind.WEB, limited_too=limited_too)
    if session is None:
        return None
    hashed = store.get(HASH_SESSION_KEY, "")
    return session if constant_time_compare(hashed, session.user.get_session_auth_hash()) else None


def get_limit(*, user: User) -> Session.Limit:
    """What a sign-in of this account is kept to. Raises Suspended for an account that is gone for good."""
    if user.is_active:
        return Session.Limit.NONE
    now = timezone.now()
    suspensions = Restriction.objects.filter(user=user, kind=Restriction.Kind.SUSPENSION, lifted_at__isnull=True)
    if suspensions.filter(Q(until__isnull=True) | Q(until__gt=now)).exists():
        return Session.Limit.SUSPENDED
    if AccountClosure.objects.filter(user=user, cancelled_at__isnull=True, erased_at__isnull=True).exists():
        return Session.Limit.CLOSING
    raise Suspended


def can_come_in(*, user: User) -> bool:
    """Whether the right password leads anywhere: also who is suspended or leaving reaches their own data."""
    try:
        get_limit(user=user)
    except Suspended:
        return False
    return True


def find_user_who_can_come_in(*, uid: uuid.UUID) -> User | None:
    """The account with this public id, unless it is gone."""
    user = User.objects.filter(uid=uid).first()
    return user if user and can_come_in(user=user) else None


def list_strong_methods(*, user: User) -> list[Method]:
    """The second factors that are set up and stronger than a code by mail; what nobody can phish comes first."""
    methods = []
    if get_credential_model().objects.filter(user=user, confirmed=True).exists():
        methods.append(Method.PASSKEY)
    if TotpDevice.objects.filter(user=user, confirmed=True).exists():
        methods.append(Method.TOTP)
    return methods


def list_passkeys(*, user: User) -> list[PasskeyRow]:
    """The passkeys of `user`, the newest first."""
    return [passkey_row(credential) for credential in _passkeys(user).order_by("-created_at", "-pk")]


def get_passkey(*, user: User, passkey_id: int) -> PasskeyRow:
    """A passkey of `user`; raises NotFound, also for somebody else's."""
    credential = _passkeys(user).filter(pk=passkey_id).first()
    if credential is None:
        raise NotFound
    return passkey_row(credential)


def find_passkey_owner(*, credential_id: bytes) -> User | None:
    """Whose passkey this is, by the id that the device keeps it under."""
    hashed = hashlib.sha256(credential_id).hexdigest()
    return User.objects.filter(
        pk__in=get_credential_model().objects.filter(credential_id_sha256=hashed, confirmed=True).values("user")
    ).first()


def passkey_row(credential: Any) -> PasskeyRow:
    """A passkey as its owner sees it."""
    return PasskeyRow(
        id=credential.pk,
        name=credential.name,
        created_at=credential.created_at,
        last_used_at=credential.last_used_at,
        is_synced=credential.backup_state,
    )


def _passkeys(user: User) -> QuerySet[Any]:
    found: QuerySet[Any] = get_credential_model().objects.filter(user=user, confirmed=True)
    return found


def count_backup_codes(*, user: User) -> int:
    """How many are left."""
    return BackupCode.objects.filter(user=user, used_at__isnull=True).count()


def count_passkeys(*, user: User) -> int:
    """How many are set up."""
    n_passkeys: int = get_credential_model().objects.filter(user=user, confirmed=True).count()
    return n_passkeys


def get_challenge(*, token_sha256: bytes) -> SignInChallenge:
    """A sign-in that waits for its second step, with its user. Raises ChallengeOver."""
    challenge = _waiting_challenges().filter(token_sha256=token_sha256).first()
    if challenge is None:
        raise ChallengeOver
    return challenge


def get_waiting_challenge(*, user: User, challenge_id: uuid.UUID) -> SignInChallenge:
    """A waiting sign-in to the account of `user`; raises NotFound, also for somebody else's."""
    challenge = _waiting_challenges().filter(user=user, pk=challenge_id).first()
    if challenge is None:
        raise NotFound
    return challenge


def list_waiting_challenges(*, user: User) -> QuerySet[SignInChallenge]:
    """Sign-ins to the account of `user` that wait for approval from another device, the newest first."""
    return (
        _waiting_challenges()
        .filter(user=user, needs=SignInChallenge.Needs.PROOF, approved_at__isnull=True)
        .order_by("-created_at")
    )


def list_sign_in_requests(*, user: User, family: uuid.UUID) -> list[SignInRequestRow]:
    """Sign-ins to the account of `user` that wait for approval, as seen from the sign-in `family`: two queries."""
    own = find_device_of(family=family)
    return [_sign_in_request_row(challenge, own) for challenge in list_waiting_challenges(user=user)]


def get_sign_in_request(*, user: User, family: uuid.UUID, challenge_id: uuid.UUID) -> SignInRequestRow:
    """One of them; raises NotFound when it is over or answered, and for somebody else's."""
    challenge = list_waiting_challenges(user=user).filter(pk=challenge_id).first()
    if challenge is None:
        raise NotFound
    return _sign_in_request_row(challenge, find_device_of(family=family))


def find_device_of(*, family: uuid.UUID) -> bytes | None:
    """What the device of a sign-in is known by (`security.services.devices.hash_of`)."""
    stored = Session.objects.filter(pk=family).values_list("device_fingerprint_sha256", flat=True).first()
    return bytes(stored) if stored is not None else None


def _sign_in_request_row(challenge: SignInChallenge, own: bytes | None) -> SignInRequestRow:
    return SignInRequestRow(
        id=challenge.pk,
        is_this_device=own is not None and own == device_of_challenge(challenge),
        device=challenge.device_name or name_of(user_agent=challenge.user_agent),
        network=network_of(ip=challenge.ip) if challenge.ip else "",
        created_at=challenge.created_at,
        expires_at=challenge.expires_at,
    )


def device_of_challenge(challenge: SignInChallenge) -> bytes:
    """What the device is known by that waits."""
    client = Client(challenge.ip or "", challenge.user_agent)
    return devices.hash_of(fingerprint=challenge.device_fingerprint, client=client)


def list_device_rows(*, user: User, family: uuid.UUID) -> list[DeviceRow]:
    """The known devices of `user`, the one of the sign-in `family` first: two queries."""
    return security_log.list_devices(user_uid=user.uid, current_sha256=find_device_of(family=family))


def get_device_row(*, user: User, family: uuid.UUID, device_uid: uuid.UUID) -> DeviceRow:
    """One of them; raises NotFound, also for somebody else's."""
    own = find_device_of(family=family)
    return security_log.get_device(user_uid=user.uid, device_uid=device_uid, current_sha256=own)


def find_locked_until(*, user: User) -> datetime | None:
    """Until when signing in on a device that is not known is locked."""
    return attempts.find_locked_until(identifier=user.email)


def _waiting_challenges() -> QuerySet[SignInChallenge]:
    return SignInChallenge.objects.select_related("user").filter(
        done_at__isnull=True, refused_at__isnull=True, expires_at__gt=timezone.now()
    )


def find_refresh_row(*, refresh_sha256: bytes) -> Session | None:
    """The row of a refresh token, of whatever state, with its user."""
    return Session.objects.select_related("user").filter(refresh_sha256=refresh_sha256).first()


def has_family_ended(*, family: uuid.UUID) -> bool:
    """Whether a sign-in was ended; its tokens may have expired besides."""
    return not Session.objects.filter(pk=family, ended_at__isnull=True).exists()


def is_child_used(*, session: Session) -> bool:
    """Whether a token that was given out for this one has been used."""
    return Session.objects.filter(parent=session, used_at__isnull=False).exists()


def list_sessions(*, user: User) -> QuerySet[Session]:
    """The live sign-ins of `user`, the one seen last first; their `id` is the family."""
    return Session.objects.filter(
        user=user, parent__isnull=True, ended_at__isnull=True, expires_at__gt=timezone.now()
    ).order_by("-last_seen_at", "-id")


def get_session(*, user: User, family: uuid.UUID) -> Session:
    """A live sign-in of `user`; raises NotFound, also for somebody else's."""
    session = list_sessions(user=user).filter(pk=family).first()
    if session is None:
        raise NotFound
    return session


def list_ended_families(*, since: datetime) -> list[uuid.UUID]:
    """Families that ended at or after `since`; every process polls this to close their sockets."""
    return list(Session.objects.filter(ended_at__gte=since, family=F("id")).values_list("family", flat=True))


def is_allowed_origin(*, origin: str, host: str) -> bool:
    """Whether a page of `origin` may open a socket at `host`: our own host, or one on the CORS list."""
    if origin in settings.CORS_ALLOWED_ORIGINS:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return False
    return parts.netloc.lower() == host.lower() and validate_host(parts.hostname, settings.ALLOWED_HOSTS)


def list_session_rows(*, user: User, current: uuid.UUID | None) -> list[SessionRow]:
    """The live sign-ins of `user` for showing, `current` first, then the one seen last: one query."""
    rows = [_session_row(session, current) for session in list_sessions(user=user)[:SESSIONS_SHOWN]]
    return sorted(rows, key=lambda row: not row.is_current)


def get_sign_in_page(*, user: User, wanted: AttemptFilter, before_id: int | None = None) -> SignInPage:
    """The tries to sign in to the account of `user` that fit, newest first, before `before_id` if given."""
    rows = security_log.list_attempts(user_uid=user.uid, wanted=wanted, before_id=before_id, limit=SIGN_INS_PAGE + 1)
    has_more = len(rows) > SIGN_INS_PAGE
    return SignInPage(rows[:SIGN_INS_PAGE], rows[SIGN_INS_PAGE - 1].id if has_more else None)


def _session_row(session: Session, current: uuid.UUID | None) -> SessionRow:
    return SessionRow(
        id=session.pk,
        is_current=session.pk == current,
        is_app=session.kind == Session.Kind.API,
        device=session.device_name or name_of(user_agent=session.user_agent),
        network=network_of(ip=session.ip) if session.ip else "",
        created_at=session.created_at,
        last_seen_at=session.last_seen_at,
    )


# -- e-mail address


def find_open_email_change(*, user: User) -> EmailChange | None:
    """The change of the address that waits for its code."""
    return EmailChange.objects.filter(
        user=user, confirmed_at__isnull=True, cancelled_at__isnull=True, expires_at__gt=timezone.now()
    ).first()


def find_undoable_email_change(
    *, user: User | None = None, old_email: str | None = None, uid: str | uuid.UUID | None = None
) -> EmailChange | None:
    """The change that can still be undone, with its user: of an account, away from an address, or by its id.

    While there is one the account's address stays and the account is not deleted.
    """
    rows = EmailChange.objects.select_related("user").filter(undone_at__isnull=True, undo_until__gt=timezone.now())
    if user is not None:
        rows = rows.filter(user=user)
    if old_email is not None:
        rows = rows.filter(old_email=old_email)
    if uid is not None:
        rows = rows.filter(pk=uid)
    return rows.order_by("-confirmed_at").first()
