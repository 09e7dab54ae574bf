"""Starting and ending sign-ins. The first row of a family stands for the sign-in; ending it ends all."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from pairly.common import after_commit
from pairly.common.ids import uuid7
from security import event_log
from security.services import devices
from security.types import Client

from .. import revocations, selectors
from ..constants import SEEN_STEP
from ..models import Session, User
from ..types import Device, Method, StartedSession


def start_session(
    *,
    user: User,
    kind: Session.Kind,
    client: Client,
    device: Device | None = None,
    factor: Method | None = None,
    limit: Session.Limit = Session.Limit.NONE,
) -> StartedSession:
    """Begin a sign-in: the API gets a refresh token, a browser's Django session stores the row's id.

    It counts as stepped up from the start: its owner has just proven themselves.
    """
    session_id, now = uuid7(), timezone.now()
    until = now + timedelta(days=settings.SESSION_ABSOLUTE_DAYS)
    refresh_token = new_refresh_token() if kind == Session.Kind.API else None
    device = device or Device()
    session = Session.objects.create(
        id=session_id,
        family=session_id,
        user=user,
        kind=kind,
        refresh_sha256=sha256(refresh_token) if refresh_token else None,
        ip=client.ip or None,
        user_agent=client.user_agent,
        device_name=device.name,
        device_fingerprint_sha256=devices.hash_of(fingerprint=device.fingerprint, client=client),
        factor=factor or "",
        factor_at=now if factor else None,
        stepped_up_at=now,
        limit=limit,
        created_at=now,
        last_seen_at=now,
        expires_at=idle_end(now=now, until=until),
        absolute_expires_at=until,
    )
    return StartedSession(user=user, session=session, refresh_token=refresh_token)


def end_family(*, family: uuid.UUID, reason: str) -> bool:
    """End a sign-in with all its tokens and sockets. Returns whether it was still going on."""
    return _end(Session.objects.filter(pk=family), reason=reason) > 0


def end_session(*, user: User, family: uuid.UUID, reason: str = "signed_out") -> None:
    """End one sign-in of `user`. Raises NotFound, also for somebody else's."""
    end_family(family=selectors.get_session(user=user, family=family).pk, reason=reason)


def end_sessions(*, user: User, reason: str, except_family: uuid.UUID | None = None) -> int:
    """End all sign-ins of `user`, or all others; returns how many."""
    rows = Session.objects.filter(user=user, parent__isnull=True)
    return _end(rows.exclude(pk=except_family) if except_family else rows, reason=reason)


def note_seen(*, session: Session) -> None:
    """Move `last_seen_at` and with it the idle end of a browser's sign-in on, at most once in SEEN_STEP."""
    now = timezone.now()
    if session.last_seen_at < now - SEEN_STEP:
        Session.objects.filter(pk=session.pk, last_seen_at__lt=now - SEEN_STEP).update(
            last_seen_at=now, expires_at=idle_end(now=now, until=session.absolute_expires_at)
        )


def idle_end(*, now: datetime, until: datetime) -> datetime:
    """When a sign-in that is not used again ends: after REFRESH_TOKEN_DAYS, never later than its absolute end."""
    return min(until, now + timedelta(days=settings.REFRESH_TOKEN_DAYS))


def new_refresh_token() -> str:
    """256 random bits, base64url."""
    return secrets.token_urlsafe(32)


def sha256(text: str) -> bytes:
    """What the database knows a token by. Tokens are random, so a plain hash is enough."""
    return hashlib.sha256(text.encode()).digest()


def _end(rows: QuerySet[Session], *, reason: str) -> int:
    going_on = list(rows.filter(ended_at__isnull=True).values_list("pk", "user__uid"))
    n_ended = 0
    for family, user_uid in going_on:
        n_rows = Session.objects.filter(pk=family, ended_at__isnull=True).update(
            ended_at=timezone.now(), end_reason=reason
        )
        if n_rows:
            n_ended += 1
            event = {"type": "session.revoked", "family": str(family)}
            after_commit.push(user_id=user_uid, event=event)
            revocations.note(family=family)
            _tell(user_uid, family, reason)
    return n_ended


def _tell(user_uid: uuid.UUID, family: uuid.UUID, reason: str) -> None:
    """The security log has it once the caller's transaction commits."""
    transaction.on_commit(
        lambda: event_log.write(
            action="session.ended", outcome="success", user_uid=user_uid, reason=reason, family=str(family)
        ),
        robust=True,
    )
