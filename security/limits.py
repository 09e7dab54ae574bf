"""Rate limits: one Lua call to Redis each; when Redis is away the same limit in the process, or, for strict ones,
in PostgreSQL.

Counting in Lua is atomic: of 60 parallel requests at a limit of 5 exactly 5 pass. The clock is the Redis
server's, so all processes agree.
"""

from __future__ import annotations

import uuid

from django.conf import settings

from pairly.common.problems import RateLimited
from pairly.common.redis import key as redis_key

from . import database_limits, event_log
from .local_limits import LocalLimits
from .lua import Script
from .types import Decision, FrameDecision

# How long after a mute the next one still doubles.
MUTE_MEMORY_SECONDS = 3600

# KEYS: window. ARGV: limit, window ms, unique member. Answer: allowed, remaining, retry ms, reset ms.
_WINDOW = Script("""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local n = redis.call('ZCARD', KEYS[1])
if n >= limit then
    local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
    local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
    local retry, reset = window, window
    if first[2] then retry, reset = first[2] + window - now, last[2] + window - now end
    return {0, 0, retry, reset}
end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], window)
return {1, limit - n - 1, 0, window}
""")

# KEYS: window, mute, level. ARGV: limit, window ms, mute ms, longest mute ms, memory ms, unique member.
# Answer: allowed, muted for ms, whether this frame caused the mute.
_FRAME = Script("""
local muted = redis.call('PTTL', KEYS[2])
if muted > 0 then return {0, muted, 0} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[1]) then
    redis.call('ZADD', KEYS[1], now, ARGV[6])
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return {1, 0, 0}
end
local level = redis.call('INCR', KEYS[3])
local mute = math.min(tonumber(ARGV[3]) * 2 ^ math.min(level - 1, 20), tonumber(ARGV[4]))
redis.call('SET', KEYS[2], '1', 'PX', string.format('%.0f', mute))
redis.call('PEXPIRE', KEYS[3], string.format('%.0f', mute + tonumber(ARGV[5])))
redis.call('DEL', KEYS[1])
return {0, mute, 1}
""")

_local = LocalLimits()


def allow(*, name: str, key: str, limit: int, window_s: float, is_strict: bool = False) -> Decision:
    """Count one use of `name` by `key` (an address, an account) against `limit` uses in `window_s` seconds.

    A refused use is not counted, so waiting always helps. Never raises for Redis. While Redis is away each
    process counts for itself, which lets n processes pass n times the limit; with `is_strict`, for what guards
    passwords and codes, PostgreSQL counts for all of them. Each store starts at nothing when the other one ends.
    """
    answer = _WINDOW.run(keys=[redis_key("limit", name, key)], args=[limit, round(window_s * 1000), uuid.uuid4().hex])
    if answer is not None:
        allowed, remaining, retry_ms, reset_ms = answer
        return Decision(bool(allowed), limit, remaining, retry_ms / 1000, reset_ms / 1000)
    if is_strict:
        return database_limits.hit(key=f"{name}:{key}", limit=limit, window_s=window_s)
    is_allowed, remaining, retry_s, reset_s = _local.hit(key=f"{name}:{key}", limit=limit, window_s=window_s)
    return Decision(is_allowed, limit, remaining, retry_s, reset_s)


def require(*, name: str, key: str, limit: int, window_s: float, is_strict: bool = False) -> None:
    """As `allow`, for who has nothing else to say to a refusal: raises RateLimited with the time to wait."""
    decision = allow(name=name, key=key, limit=limit, window_s=window_s, is_strict=is_strict)
    if not decision.allowed:
        event_log.write(action="limit.refused", outcome="failure", severity="notice", reason=name)
        raise RateLimited(retry_after_s=decision.retry_after_s)


def allow_frame(*, user_id: uuid.UUID) -> FrameDecision:
    """Count one socket frame or send of a user: SOCKET_FRAMES in SOCKET_WINDOW_SECONDS, then a mute.

    The mute starts at SOCKET_MUTE_SECONDS and doubles up to SOCKET_MUTE_MAX_SECONDS. Never raises for Redis.
    """
    base = redis_key("frames", str(user_id))
    answer = _FRAME.run(
        keys=[base, f"{base}:mute", f"{base}:level"],
        args=[
            settings.SOCKET_FRAMES,
            settings.SOCKET_WINDOW_SECONDS * 1000,
            settings.SOCKET_MUTE_SECONDS * 1000,
            settings.SOCKET_MUTE_MAX_SECONDS * 1000,
            MUTE_MEMORY_SECONDS * 1000,
            uuid.uuid4().hex,
        ],
    )
    if answer is not None:
        allowed, muted_ms, newly_muted = answer
        return FrameDecision(bool(allowed), muted_ms / 1000, bool(newly_muted))
    is_allowed, muted_s, is_new = _local.frame(
        key=f"frames:{user_id}",
        limit=settings.SOCKET_FRAMES,
        window_s=settings.SOCKET_WINDOW_SECONDS,
        mute_s=settings.SOCKET_MUTE_SECONDS,
        mute_max_s=settings.SOCKET_MUTE_MAX_SECONDS,
        level_s=MUTE_MEMORY_SECONDS,
    )
    return FrameDecision(is_allowed, muted_s, is_new)


def forget_local() -> None:
    """Drop the in-process counters of this process."""
    _local.clear()
