"""Which networks are banned, as this process knows it. PostgreSQL is the truth and is read anew every 30 s, and at once
when the version that comes with each count (`request_limits`) has changed. Who is banned is not counted, so for them
the version is asked for once a second. With Redis a ban holds at the next request and its end within a second,
without it within 30 s. While PostgreSQL is away the last list holds.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import DatabaseError
from django.utils import timezone

from .models import IpBan

REFRESH_SECONDS = 30.0
ASK_AGAIN_SECONDS = 1.0
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

log = structlog.get_logger(__name__)


class BanList:
    """The list of one process. Thread-safe; at most one thread reads it anew, the others use what is there."""

    def __init__(self) -> None:
        self._bans: list[tuple[_Network, datetime]] = []
        self._version: int | None = None
        self._read_again_at = 0.0
        self._asked_again_at = 0.0
        self._lock = threading.Lock()

    def find(self, *, ip: str) -> datetime | None:
        """Until when `ip` is banned, None when it is not. One query when the list is older than REFRESH_SECONDS."""
        if time.monotonic() >= self._read_again_at:
            self._read()
        if not self._bans or not ip:
            return None
        address, now = ipaddress.ip_address(ip), timezone.now()
        return max((until for network, until in self._bans if until > now and address in network), default=None)

    def confirm(self, *, ip: str, find_version: Callable[[], int | None]) -> datetime | None:
        """As `find`, for what refuses: once in ASK_AGAIN_SECONDS it asks whether the list has changed."""
        until, now = self.find(ip=ip), time.monotonic()
        if until is None or now < self._asked_again_at:
            return until
        self._asked_again_at = now + ASK_AGAIN_SECONDS
        return self.find(ip=ip) if self.is_news(version=find_version()) else until

    def is_news(self, *, version: int | None) -> bool:
        """Note the version of the list that Redis tells of: whether the list was read anew for it."""
        if version is None or version == self._version:
            return False
        self._read(version=version)
        return True

    def forget(self) -> None:
        """Read the list anew at the next question."""
        self._read_again_at, self._version = 0.0, None

    def begin_empty(self) -> None:
        """Know of no ban, as after reading an empty list when Redis knew of no change: for tests that start anew."""
        self._bans, self._version = [], 0
        self._read_again_at = time.monotonic() + REFRESH_SECONDS

    def _read(self, *, version: int | None = None) -> None:
        if not self._lock.acquire(blocking=version is not None):
            return
        try:
            if version is not None and version == self._version:
                return  # another thread read it while this one waited
            self._read_again_at = time.monotonic() + REFRESH_SECONDS
            rows = IpBan.objects.filter(lifted_at=None, until__gt=timezone.now()).values_list("network", "until")
            self._bans = [(ipaddress.ip_network(network), until) for network, until in rows]
            if version is not None:
                self._version = version
        except DatabaseError as error:
            log.warning("ban_list_unread", error=type(error).__name__)
        finally:
            self._lock.release()


ban_list = BanList()
