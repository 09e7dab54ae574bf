"""The same limits inside one process, while Redis is away: looser by the number of processes, never off."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from .constants import LOCAL_KEYS_MAX


@dataclass(slots=True)
class _Entry:
    hits: deque[float] = field(default_factory=deque)
    muted_until: float = 0.0
    n_mutes: int = 0
    level_until: float = 0.0


class LocalLimits:
    """Sliding windows and mutes by key, with a bounded number of keys. Thread-safe."""

    def __init__(self, *, max_keys: int = LOCAL_KEYS_MAX) -> None:
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._max_keys = max_keys
        self._lock = threading.Lock()

    def hit(self, *, key: str, limit: int, window_s: float) -> tuple[bool, int, float, float]:
        """Count one hit: (allowed, remaining, seconds until the next is allowed, seconds until all are)."""
        now = time.monotonic()
        with self._lock:
            hits = self._trimmed(key, now, window_s).hits
            if len(hits) >= limit:
                return False, 0, hits[0] + window_s - now, hits[-1] + window_s - now
            hits.append(now)
            return True, limit - len(hits), 0.0, window_s

    def frame(
        self, *, key: str, limit: int, window_s: float, mute_s: float, mute_max_s: float, level_s: float
    ) -> tuple[bool, float, bool]:
        """Count one socket frame: (allowed, seconds muted, whether this frame caused the mute)."""
        now = time.monotonic()
        with self._lock:
            entry = self._trimmed(key, now, window_s)
            if entry.muted_until > now:
                return False, entry.muted_until - now, False
            if len(entry.hits) < limit:
                entry.hits.append(now)
                return True, 0.0, False
            entry.n_mutes = entry.n_mutes + 1 if entry.level_until > now else 1
            muted_s = min(mute_s * 2 ** min(entry.n_mutes - 1, 20), mute_max_s)
            entry.muted_until, entry.level_until = now + muted_s, now + muted_s + level_s
            entry.hits.clear()
            return False, muted_s, True

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()

    def _trimmed(self, key: str, now: float, window_s: float) -> _Entry:
        entry = self._entries.setdefault(key, _Entry())
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_keys:
            self._entries.popitem(last=False)
        while entry.hits and entry.hits[0] <= now - window_s:
            entry.hits.popleft()
        return entry
