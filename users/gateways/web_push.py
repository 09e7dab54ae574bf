"""Waking browsers by their push services: RFC 8030, signed with our key (VAPID, RFC 8292). No other code calls them.

A push has no body: there is nothing to encrypt, no key of the browser to keep, and nothing for the service to read.

The address of a push comes from whoever registers a device, so it is not to be trusted (server-side request forgery):
it has to name a service of WEB_PUSH_HOSTS by https, the connection goes to the very address that was looked up and
found to be public, and nothing that is answered is followed or read.
"""

from __future__ import annotations

import base64
import re
import time
from datetime import UTC, datetime
from email.utils import parseaddr, parsedate_to_datetime
from functools import cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from py_vapid import Vapid02

from pairly.common.public_requests import NoAnswer, Target, is_loopback, post
from pairly.outbox.services import TryLater

from ..constants import PUSH_ENDPOINT_MAX
from ..errors import PushEndpointRefused

TIMEOUT_SECONDS = 5.0
# News of yesterday is no news: the service drops it then (RFC 8030, section 5.2).
TTL_SECONDS = 12 * 3600
# Of several that wait for a sleeping device the service keeps one (section 5.4).
TOPIC = "pairly-news"
# RFC 8292, section 2: at most 24 hours.
TOKEN_SECONDS = 12 * 3600
# How long a service that did not answer is left alone, and the longest that one may ask us to wait.
AWAY_SECONDS = 30.0
WAIT_MAX_SECONDS = 3600.0

_GONE = (404, 410)
_SERVICE_BUSY = (429, 500, 502, 503, 504)
# A path and a query in the characters of RFC 3986, percent-encoded; no fragment, no blanks, no backslashes.
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")
_away_until: dict[str, float] = {}


class PushRefused(Exception):
    """The service does not take our push: a redirect, a wrong signature, whatever it does not explain."""


def check(*, endpoint: str) -> None:
    """Raise PushEndpointRefused unless `endpoint` is the address of a push service that we know."""
    _parse(endpoint)


def public_key() -> str:
    """Our half that browsers subscribe with: the point, uncompressed, in base64url (RFC 8292, section 3.2)."""
    point = _vapid().public_key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return _b64u(point)


def send(*, endpoint: str) -> bool:
    """Wake the browser behind `endpoint`. False if its service does not know it any more (RFC 8030, section 7.3).

    Takes TIMEOUT_SECONDS at most for each step. Raises PushEndpointRefused or PushRefused, where another try is of
    no use but for an operator's mistake, and outbox's TryLater with the wait that the service asked for.
    """
    target = _parse(endpoint)
    if _away_until.get(target.netloc, 0.0) > time.monotonic():
        raise TryLater(after_s=AWAY_SECONDS)
    try:
        status, retry_after = _post(target)
    except NoAnswer as error:
        if error.code == "not_public":
            raise PushRefused("not at a public address") from error
        _away_until[target.netloc] = time.monotonic() + AWAY_SECONDS
        raise TryLater(after_s=AWAY_SECONDS) from error
    if status in _GONE:
        return False
    if 200 <= status < 300:
        return True
    if status in _SERVICE_BUSY:
        raise TryLater(after_s=_seconds_of(retry_after))
    raise PushRefused(f"status {status}")


def _parse(endpoint: str) -> Target:
    """The address, taken apart; it says the same put together again, so that no two readers see different hosts."""
    if len(endpoint) > PUSH_ENDPOINT_MAX or not endpoint.isascii():
        raise _refused()
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError as error:
        raise _refused() from error
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if endpoint != f"{parts.scheme}://{parts.netloc}{path}" or not _PATH.fullmatch(path):
        raise _refused()
    if parts.scheme == "http" and parts.netloc in settings.WEB_PUSH_EXTRA_HOSTS and is_loopback(netloc=parts.netloc):
        return Target("http", str(parts.hostname), port or 80, parts.netloc, path, is_ours=True)
    # With a user, a port or capital letters the netloc is none on the list.
    if parts.scheme == "https" and _is_known(parts.netloc):
        return Target("https", parts.netloc, 443, parts.netloc, path, is_ours=False)
    raise _refused()


def _is_known(netloc: str) -> bool:
    for known in settings.WEB_PUSH_HOSTS:
        if known.startswith("*."):
            inner = netloc.removesuffix(known[1:])
            if inner != netloc and re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", inner):
                return True
        elif netloc == known:
            return True
    return False


def _refused() -> PushEndpointRefused:
    detail = str(_("This is not the address of a push service that we know."))
    return PushEndpointRefused(errors=[{"pointer": "/endpoint", "code": PushEndpointRefused.code, "detail": detail}])


def _post(target: Target) -> tuple[int, str]:
    """Status and Retry-After of the answer; its body is not read. Raises NoAnswer."""
    headers = {
        "Authorization": _authorization(target.origin),
        "TTL": str(TTL_SECONDS),
        "Urgency": "normal",
        "Topic": TOPIC,
        "User-Agent": "Pairly",
    }
    answer = post(target=target, headers=headers, timeout_s=TIMEOUT_SECONDS)
    return answer.status, answer.headers.get("retry-after", "")


def _authorization(origin: str) -> str:
    """`vapid t=...,k=...` (RFC 8292, section 3): for this service only, and who to write to about us."""
    _name, contact = parseaddr(settings.DEFAULT_FROM_EMAIL)
    claims = {"aud": origin, "exp": int(time.time()) + TOKEN_SECONDS, "sub": f"mailto:{contact}"}
    return str(_vapid().sign(claims)["Authorization"])


def _vapid() -> Vapid02:
    return _vapid_of(settings.WEB_PUSH_KEY)


@cache
def _vapid_of(key: str) -> Vapid02:
    return Vapid02.from_raw(key.encode())


def _b64u(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _seconds_of(retry_after: str) -> float:
    """Retry-After, in seconds or as a date (RFC 9110, section 10.2.3); 0 where it says nothing."""
    if re.fullmatch(r"\d{1,9}", retry_after):
        wanted = float(retry_after)
    else:
        try:
            at = parsedate_to_datetime(retry_after)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            wanted = (at - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return 0.0
    return min(max(wanted, 0.0), WAIT_MAX_SECONDS)
