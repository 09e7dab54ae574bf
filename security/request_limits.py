"""The limits that every request passes: one Lua call to Redis for all of them, the process itself when Redis is away.

With the same call comes the version of the ban list, so that a ban or its end is known to every process at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from redis import RedisError

from pairly.common import redis_health
from pairly.common.redis import get_client
from pairly.common.redis import key as redis_key

from .local_limits import LocalLimits
from .lua import Script
from .types import RequestDecision, Window

WINDOW_SECONDS = 60

# KEYS: strikes, version of the ban list, windows... ARGV: unique member, window ms, most strikes that are counted,
# whether an allowed request is a strike, limits...
# Answer: allowed, number of the window shown, remaining, retry ms, reset ms, strikes, version.
_COUNT = Script("""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window = tonumber(ARGV[2])
local allowed, shown, remaining, retry, reset = 1, 1, 2 ^ 31, 0, window
for i = 3, #KEYS do
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now - window)
    local left = tonumber(ARGV[i + 2]) - redis.call('ZCARD', KEYS[i])
    if left <= 0 then
        local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
        local last = redis.call('ZRANGE', KEYS[i], -1, -1, 'WITHSCORES')
        local wait = window
        if first[2] then wait = first[2] + window - now end
        if wait > retry then
            shown, retry = i - 2, wait
            if last[2] then reset = last[2] + window - now end
        end
        allowed, remaining = 0, 0
    elseif left - 1 < remaining then
        shown, remaining = i - 2, left - 1
    end
end
local is_strike = ARGV[4] == '1'
if allowed == 1 then
    for i = 3, #KEYS do
        redis.call('ZADD', KEYS[i], now, ARGV[1])
        redis.call('PEXPIRE', KEYS[i], window)
    end
elseif #KEYS > 2 then
    is_strike = true
end
local strikes = 0
if is_strike then
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
    strikes = redis.call('ZCARD', KEYS[1])
    if strikes < tonumber(ARGV[3]) then
        redis.call('ZADD', KEYS[1], now, ARGV[1])
        redis.call('PEXPIRE', KEYS[1], window)
    end
    strikes = strikes + 1
end
return {allowed, shown, remaining, retry, reset, strikes, tonumber(redis.call('GET', KEYS[2]) or '0')}
""")

_local = LocalLimits()


def count(*, windows: Sequence[Window], network: str, is_strike: bool, max_strikes: int) -> RequestDecision:
    """Count a request of `network` against all `windows`: it passes if there is room in each, and then takes it.

    `is_strike`: it counts towards a ban even if it passes; a refused one always does. Strikes are counted up to
    `max_strikes` + 1. Without windows only the strike is counted. Never raises for Redis: while it is away each
    process counts for itself, and nobody is banned by count.
    """
    answer = _COUNT.run(
        keys=[
            redis_key("strikes", network),
            versions_key(),
            *(redis_key("limit", window.name, window.key) for window in windows),
        ],
        args=[
            uuid.uuid4().hex,
            WINDOW_SECONDS * 1000,
            max_strikes,
            int(is_strike),
            *(window.limit for window in windows),
        ],
    )
    if answer is None:
        return _count_here(windows)
    allowed, shown, remaining, retry_ms, reset_ms, n_strikes, version = answer
    limit = windows[shown - 1].limit if windows else 0
    return RequestDecision(bool(allowed), limit, remaining, retry_ms / 1000, reset_ms / 1000, n_strikes, version)


def _count_here(windows: Sequence[Window]) -> RequestDecision:
    tightest = RequestDecision(True, 0, 2**31, 0, WINDOW_SECONDS, 0, None)
    for window in windows:
        allowed, remaining, retry_s, reset_s = _local.hit(
            key=f"{window.name}:{window.key}", limit=window.limit, window_s=WINDOW_SECONDS
        )
        if not allowed or remaining < tightest.remaining:
            tightest = RequestDecision(allowed, window.limit, remaining, retry_s, reset_s, 0, None)
        if not allowed:
            break
    return tightest


def find_version() -> int | None:
    """The version of the ban list, or None while Redis is away."""
    if redis_health.is_away():
        return None
    try:
        return int(get_client().get(versions_key()) or 0)
    except RedisError as error:
        redis_health.note_failure(error=error)
        return None


def versions_key() -> str:
    """Where Redis keeps the version of the ban list; whoever changes the list raises it."""
    return redis_key("bans", "version")


def forget_local() -> None:
    """Drop the in-process counters of this process."""
    _local.clear()
