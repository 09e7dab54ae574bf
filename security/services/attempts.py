"""Sign-in attempts: reserved and committed before any hashing, settled after it, counted for the lockout."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from .. import event_log
from ..constants import FAILURE_WINDOW, LOCK_TIME, MAX_FAILURES
from ..identifiers import keyed_hash
from ..models import LoginAttempt
from ..types import Client, Door, Reservation

Outcome = LoginAttempt.Outcome
LOCKED = "locked"
PROOF_DOORS = (Door.STEP_UP, Door.UNLOCK, Door.RESET)

# The newest MAX_FAILURES attempts since the last success that count against the account. A pending one
# counts: it is a guess under way, or one whose process was killed.
_COUNTED = """
SELECT created_at FROM security_loginattempt
WHERE identifier_hash = %s::bytea AND outcome IN ('pending', 'failed')
  AND id > coalesce((SELECT max(id) FROM security_loginattempt
                     WHERE identifier_hash = %s::bytea AND outcome = 'succeeded'), 0)
ORDER BY id DESC LIMIT %s::int
"""

_SETTLE = """
UPDATE security_loginattempt SET outcome = %s::text, failure_reason = %s::text, settled_at = statement_timestamp(),
    family = %s::uuid, risk_score = coalesce(%s::int, risk_score), known_device = coalesce(%s::bool, known_device)
WHERE id = %s::bigint AND outcome = 'pending'
RETURNING door, user_uid, host(ip)
"""


def reserve(
    *,
    identifier: str,
    client: Client,
    door: Door,
    user_uid: uuid.UUID | None = None,
    known_device: str = "",
    is_known_device: bool | None = None,
) -> Reservation:
    """Write the attempt in a transaction of its own and say whether it may go on to the password.

    `known_device`, the fingerprint of a device that the account was used on, gives that device a count and a
    lockout of its own (OWASP: device cookies), for a stranger's guesses must not lock the owner out. So does any
    other name of what is guessed at apart from the password, such as the code that unlocks. `is_known_device`
    is for the record alone.

    Reservations of one identifier take turns under an advisory lock, so of 40 parallel guesses at most
    MAX_FAILURES are let through. Known and unknown identifiers are treated alike. A locked attempt is
    written as refused and does not count. Raises RuntimeError inside an open transaction.
    """
    hashed = _counter(identifier, known_device)
    with transaction.atomic(durable=True):
        now = _lock(hashed)
        failures = _list_counted(hashed)
        locked_until = _locked_until(failures, now)
        attempt = LoginAttempt.objects.create(
            identifier_hash=hashed,
            user_uid=user_uid,
            door=door,
            ip=client.ip or None,
            user_agent=client.user_agent,
            known_device=is_known_device if user_uid else None,
            outcome=Outcome.REFUSED if locked_until else Outcome.PENDING,
            failure_reason=LOCKED if locked_until else "",
            created_at=now,
        )
    if locked_until:
        _tell(door, user_uid, client.ip, Outcome.REFUSED, LOCKED)
    n_recent = sum(1 for failed_at in failures if failed_at > now - FAILURE_WINDOW)
    return Reservation(attempt.pk, max(0, MAX_FAILURES - n_recent - 1), locked_until)


def settle(
    *,
    attempt_id: int,
    outcome: Outcome,
    reason: str = "",
    family: uuid.UUID | None = None,
    risk_score: int | None = None,
    is_known_device: bool | None = None,
) -> None:
    """Record how a reserved attempt ended, and which sign-in it became. An attempt is settled once. The security log
    has it as soon as the caller's transaction commits.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [outcome, reason, family, risk_score, is_known_device, attempt_id])
        row = cursor.fetchone()
    if row is not None:
        door, user_uid, ip = row
        transaction.on_commit(lambda: _tell(door, user_uid, ip or "", outcome, reason), robust=True)


def forgive(
    *,
    identifier: str,
    client: Client,
    door: Door,
    user_uid: uuid.UUID,
    family: uuid.UUID | None = None,
    is_known_device: bool | None = None,
    is_shown: bool = True,
) -> None:
    """Record that the owner of the account proved themselves otherwise: its failures so far count no more, neither
    everybody's nor those of its known devices.

    Part of the caller's transaction. Without `is_shown` the account's history has no row of it, for it has another
    one of the same event. What the network address has used up of its limits stays used up.
    """
    LoginAttempt.objects.create(
        identifier_hash=keyed_hash(identifier=identifier),
        user_uid=user_uid if is_shown else None,
        door=door,
        ip=client.ip or None,
        user_agent=client.user_agent,
        known_device=is_known_device,
        outcome=Outcome.SUCCEEDED,
        family=family,
        settled_at=Now(),
    )
    _clear(identifier, user_uid, door)
    if is_shown:
        transaction.on_commit(lambda: _tell(door, user_uid, client.ip, Outcome.SUCCEEDED, ""), robust=True)


def _clear(identifier: str, user_uid: uuid.UUID, door: Door) -> None:
    """End the counts of the account's devices too. Such a row names no account, so no history shows it.

    A device's count is known by a hash that only its own fingerprint gives, hence the search among failures.
    """
    since = timezone.now() - FAILURE_WINDOW - LOCK_TIME
    counters = (
        LoginAttempt.objects.filter(user_uid=user_uid, outcome__in=[Outcome.PENDING, Outcome.FAILED])
        .filter(created_at__gt=since)
        .exclude(identifier_hash=keyed_hash(identifier=identifier))
        .values_list("identifier_hash", flat=True)
        .distinct()
    )
    LoginAttempt.objects.bulk_create(
        LoginAttempt(identifier_hash=counter, door=door, outcome=Outcome.SUCCEEDED, settled_at=Now())
        for counter in counters
    )


def find_lock_by(*, attempt_id: int) -> datetime | None:
    """Until when the account (or one device of it) is locked, if this failure is the one that locked it.

    Of all failures of one lock that is true of one only: the newest that counts.
    """
    attempt = LoginAttempt.objects.get(pk=attempt_id)
    times = _list_counted(bytes(attempt.identifier_hash))
    if not times or times[0] != attempt.created_at:
        return None
    return _locked_until(times, _now())


def find_risk_score(*, attempt_id: int) -> int | None:
    """What an attempt was judged to be; None if it was not, or is forgotten."""
    return LoginAttempt.objects.filter(pk=attempt_id).values_list("risk_score", flat=True).first()


def find_locked_until(*, identifier: str, known_device: str = "") -> datetime | None:
    """Until when the account (or one known device of it) is locked, without making an attempt."""
    return _locked_until(_list_counted(_counter(identifier, known_device)), _now())


def _tell(door: str, user_uid: uuid.UUID | None, ip: str, outcome: str, reason: str) -> None:
    """Write the line of the security log. A proof asked for within a sign-in is none of a sign-in."""
    has_failed = outcome in (Outcome.FAILED, Outcome.REFUSED)
    event_log.write(
        action=f"sign_in.{outcome}" if door not in PROOF_DOORS else f"{door}.{outcome}",
        outcome="failure" if has_failed else "success",
        severity="notice" if has_failed else "info",
        user_uid=user_uid,
        ip=ip,
        reason=reason,
        door=str(door),
    )


def _counter(identifier: str, known_device: str) -> bytes:
    """What failures are counted under."""
    return keyed_hash(identifier=f"{identifier}\n{known_device}" if known_device else identifier)


def _lock(hashed: bytes) -> datetime:
    """Wait for the turn of this identifier; the time is read after the wait, so times follow the turns."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s::bigint)", [int.from_bytes(hashed[:8], "big", signed=True)])
    return _now()


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def _list_counted(hashed: bytes) -> list[datetime]:
    """Times of the newest counted failures, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [hashed, hashed, MAX_FAILURES])
        return [row[0] for row in cursor.fetchall()]


def _locked_until(failures: list[datetime], now: datetime) -> datetime | None:
    """MAX_FAILURES within FAILURE_WINDOW lock for LOCK_TIME from the last of them."""
    if len(failures) < MAX_FAILURES or failures[0] - failures[-1] > FAILURE_WINDOW:
        return None
    until = failures[0] + LOCK_TIME
    return until if until > now else None
