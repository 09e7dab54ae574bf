"""Refresh tokens: of parallel requests one is answered with a child; a lost reply is forgiven, a second use is not.

- Requests with one token take turns under its row's lock, where each leaves the time it was dealt with
  (`last_seen_at`). The first wins; the others get RefreshInProgress: the winner's answer is on its way and must
  stay valid.
- A used token whose children were never used may come again: its reply was lost. It gets another child, if no
  other request with it was dealt with less than RETRY_WINDOW before it came in, or after. Racers, however late
  they are dealt with, are no retries; who obeys `Retry-After` gets in.
- Only one child of a token can ever be used (`session_one_used_child`). Using a second one, or presenting
  a token whose child was used, means that two parties hold the chain: the whole family ends.

All of it is decided by the database; nothing depends on Redis.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from security import event_log
from security.types import Client

from .. import access_tokens, selectors
from ..constants import BEARER, RETRY_WINDOW
from ..errors import RefreshInProgress, TokenReused, TokenRevoked
from ..models import Session
from ..types import StartedSession, TokenPair
from . import sessions


def issue(*, started: StartedSession) -> TokenPair:
    """The token members of the answer to a sign-up, sign-in or refresh of an API client."""
    if started.refresh_token is None:
        raise ValueError("a browser session has no tokens")
    return TokenPair(
        access_token=access_tokens.issue(user_id=started.user.uid, family=started.session.family),
        refresh_token=started.refresh_token,
        token_type=BEARER,
        expires_in=access_tokens.lifetime_s(),
    )


def refresh(*, refresh_token: str, client: Client, received_at: datetime | None = None) -> StartedSession:
    """Exchange a refresh token for its child. `received_at` is when the request came in (default: now).

    Raises TokenRevoked (unknown, expired or ended), TokenReused (the family was ended) or RefreshInProgress.
    """
    received_at = received_at or timezone.now()
    token = selectors.find_refresh_row(refresh_sha256=sessions.sha256(refresh_token))
    if token is None or not token.user.is_active or selectors.has_family_ended(family=token.family):
        raise TokenRevoked
    if token.used_at is not None and selectors.is_child_used(session=token):
        raise _reused(token)
    if token.expires_at <= received_at:
        raise TokenRevoked
    try:
        with transaction.atomic():
            started = _add_child(token, client) if _may_have_child(token, received_at) else None
    except IntegrityError as error:
        if not _is_second_child(error):
            raise
        raise _reused(token) from error
    if started is None:
        raise RefreshInProgress(retry_after_s=RETRY_WINDOW.total_seconds())
    return started


def revoke(*, refresh_token: str) -> None:
    """End the sign-in that a refresh token belongs to; an unknown token belongs to none, which is as good."""
    token = selectors.find_refresh_row(refresh_sha256=sessions.sha256(refresh_token))
    if token is not None:
        sessions.end_family(family=token.family, reason="signed_out")


def _may_have_child(token: Session, received_at: datetime) -> bool:
    """Whether a request is the first with its token or a retry; the token is locked until the transaction ends.

    Raises IntegrityError for the first one when a sibling was used.
    """
    held = _hold(token)
    now = max(timezone.now(), received_at)
    if held.used_at is None:
        Session.objects.filter(pk=held.pk).update(used_at=now, last_seen_at=now)
        return True
    is_retry = held.last_seen_at <= received_at - RETRY_WINDOW
    Session.objects.filter(pk=held.pk).update(last_seen_at=now)
    return is_retry


def _hold(token: Session) -> Session:
    """The token as it is when its turn has come."""
    return Session.objects.select_for_update(no_key=True).get(pk=token.pk)


def _add_child(token: Session, client: Client) -> StartedSession:
    now = timezone.now()
    expires_at = sessions.idle_end(now=now, until=token.absolute_expires_at)
    # The first row carries the life of the family; taking its lock also means that no end can slip past.
    if not Session.objects.filter(pk=token.family, ended_at__isnull=True).update(
        last_seen_at=now, expires_at=expires_at
    ):
        raise TokenRevoked
    refresh_token = sessions.new_refresh_token()
    child = Session.objects.create(
        user=token.user,
        kind=Session.Kind.API,
        family=token.family,
        parent=token,
        refresh_sha256=sessions.sha256(refresh_token),
        ip=client.ip or None,
        user_agent=client.user_agent,
        device_name=token.device_name,
        device_fingerprint_sha256=token.device_fingerprint_sha256,
        created_at=now,
        last_seen_at=now,
        expires_at=expires_at,
        absolute_expires_at=token.absolute_expires_at,
    )
    return StartedSession(user=token.user, session=child, refresh_token=refresh_token)


def _is_second_child(error: IntegrityError) -> bool:
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", "") == "session_one_used_child"


def _reused(token: Session) -> TokenReused:
    sessions.end_family(family=token.family, reason="token_reused")
    event_log.write(
        action="token.reused",
        outcome="failure",
        severity="critical",
        user_uid=token.user.uid,
        reason="token_reused",
        family=str(token.family),
    )
    return TokenReused()
