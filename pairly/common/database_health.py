"""Whether PostgreSQL answers this process: how long a query may wait, and a short memory of its not answering.

Only a process that serves people has a limit (`limit_answers`): there an answer that comes late is worth nothing. In
such a process a PostgreSQL that hangs costs the requests under way one limit; those that come after are refused at
once, but for one at a time, which tries again.
"""

from __future__ import annotations

import threading
import time

import psycopg
import structlog
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

# How long a PostgreSQL that failed is left alone before one request tries it again.
DATABASE_PAUSE_SECONDS = 1.0

# SQLSTATEs (PostgreSQL, appendix A) of a server that cannot serve now, by class or in full: connection exceptions,
# insufficient resources, ended by the operator or by a time-out, a system error, a server that only reads.
_UNAVAILABLE = ("08", "53", "57", "58", "25006")
_CHAIN_MAX = 10

log = structlog.get_logger(__name__)

_lock = threading.Lock()
_limit: float | None = None
_refuses = False  # whether requests are refused in this process when PostgreSQL is away
_last_answer_at = 0.0
_is_away = False
_tried_again_at = 0.0
_trial_ends_at = 0.0


class DatabaseAway(psycopg.OperationalError):
    """PostgreSQL gave no answer a moment ago and is not asked now."""


class NoAnswer(psycopg.OperationalError):
    """PostgreSQL gave no answer in time. Whether it carried out the statement is not known."""


def limit_answers(*, seconds: float | None, refuse: bool = False) -> None:
    """No query of this process waits longer than `seconds`; None, as at the start: for ever.

    `refuse`: while PostgreSQL is away, connections are refused at once (see `is_refused`). Call it before the first
    query.
    """
    global _limit, _refuses
    _limit, _refuses = seconds, refuse
    note_answer()


def answer_limit() -> float | None:
    """Seconds that a query may wait for its answer, or None."""
    return _limit


def note_answer() -> None:
    """PostgreSQL answered. Called after every query, so it does next to nothing."""
    global _last_answer_at, _is_away
    _last_answer_at = time.monotonic()
    if _is_away:
        _is_away = False
        log.info("database_back")


def note_silence(*, since: float, error: BaseException) -> bool:
    """A query sent at `since` (time.monotonic) had no answer in time. If another query had one meanwhile, PostgreSQL is
    there and this query was slow: then nothing is remembered. Returns whether PostgreSQL is away.
    """
    if _last_answer_at > since:
        return False
    note_failure(error=error)
    return True


def note_failure(*, error: BaseException) -> None:
    """PostgreSQL is away: leave it alone for a while."""
    global _is_away, _tried_again_at, _trial_ends_at
    with _lock:
        was_away, _is_away = _is_away, True
        _tried_again_at = time.monotonic() + DATABASE_PAUSE_SECONDS
        _trial_ends_at = 0.0
    if not was_away:
        log.warning("database_away", error=type(error).__name__)


def is_refused() -> bool:
    """Whether a request that wants a connection is to be refused at once. The first to ask after a pause is not:
    it tries for all, and until it knows, the others are refused.
    """
    global _trial_ends_at
    if not _is_away or not _refuses:
        return False
    now = time.monotonic()
    with _lock:
        if now < max(_tried_again_at, _trial_ends_at):
            return True
        _trial_ends_at = now + 2 * (_limit or 0)
        return False


def is_left_alone() -> bool:
    """Whether nobody of this process is to connect now: PostgreSQL is away and no request tries it."""
    return _is_away and _refuses and time.monotonic() >= _trial_ends_at


def is_of_availability(error: BaseException) -> bool:
    """Whether `error`, Django's or psycopg's, says that PostgreSQL is away, busy or in repair: no defect of the
    statement. Also for what follows from such an error, e.g. that no query may follow in a broken transaction.
    """
    seen: BaseException | None = error
    for _ in range(_CHAIN_MAX):
        if seen is None:
            return False
        if isinstance(seen, psycopg.Error):
            return _is_away_error(seen)
        seen = seen.__cause__ or seen.__context__
    return False


def _is_away_error(error: psycopg.Error) -> bool:
    if isinstance(error, PoolTimeout | PoolClosed | TooManyRequests):
        return True
    if error.sqlstate:
        return error.sqlstate.startswith(_UNAVAILABLE)
    # Without a code of the server: libpq's word on the connection itself ("server closed the connection", "refused").
    return isinstance(error, psycopg.OperationalError)
