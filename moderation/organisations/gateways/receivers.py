"""Calling the addresses that organisations registered. No other code calls them (`pairly.common.public_requests`).

Each call is signed as Stripe signs its notices (https://docs.stripe.com/webhooks#verify-manually): HMAC-SHA256 with the
webhook's secret over the time, a dot and the body, so that a receiver can refuse what is forged, altered or old.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from pairly.common.public_requests import NoAnswer, Target, is_loopback, look_up, post

from ..constants import ADDRESS_MAX
from ..errors import AddressRefused

TIMEOUT_SECONDS = 5.0
ANSWER_MAX_BYTES = 1024
SIGNATURE_HEADER = "Pairly-Signature"
_PORTS = {None: 443, 443: 443, 8443: 8443}
# A path and a query in the characters of RFC 3986, percent-encoded; no fragment, no blanks, no backslashes.
_PATH = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?")
# Names of at least two parts, the last one no number: no address in any of its spellings.
_HOST = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


class Refused(Exception):
    """It was not taken. `status` of the answer, None where there was none; `code` says why."""

    def __init__(self, code: str, *, status: int | None = None) -> None:
        super().__init__(code)
        self.code, self.status = code, status


def check(*, address: str) -> None:
    """Raise AddressRefused unless `address` is one of the Internet by https, also by what its name leads to now."""
    try:
        look_up(target=_parse(address))
    except NoAnswer as error:
        raise _refused(error.code) from error


def call(*, address: str, secrets: Sequence[str], event: str, event_id: uuid.UUID, body: bytes, at: datetime) -> int:
    """POST `body`, signed as of `at` with each of `secrets`; gives the status, one of 2xx. Raises Refused."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Pairly-Webhooks/1",
        "Pairly-Event": event,
        "Pairly-Event-Id": str(event_id),
        SIGNATURE_HEADER: signature_of(secrets=secrets, body=body, at=at),
    }
    try:
        target = _parse(address)
        answer = post(
            target=target, headers=headers, content=body, timeout_s=TIMEOUT_SECONDS, read_max=ANSWER_MAX_BYTES
        )
    except NoAnswer as error:
        raise Refused(error.code) from error
    except AddressRefused as error:
        raise Refused("not_public") from error
    if 200 <= answer.status < 300:
        return answer.status
    raise Refused("redirect" if 300 <= answer.status < 400 else "status", status=answer.status)


def signature_of(*, secrets: Sequence[str], body: bytes, at: datetime) -> str:
    """`t=<seconds since 1970>,v1=<hexadecimal>`, with another `v1` for each secret more."""
    seconds = int(at.timestamp())
    signed = f"{seconds}.".encode() + body
    macs = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={seconds}", *(f"v1={mac}" for mac in macs)])


def _parse(address: str) -> Target:
    """The address, taken apart; it says the same put together again, so that no two readers see different hosts."""
    if len(address) > ADDRESS_MAX or not address.isascii():
        raise _refused("address")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise _refused("address") from error
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if address != f"https://{parts.netloc}{path}" or not _PATH.fullmatch(path):
        raise _refused("address")
    if parts.netloc in settings.WEBHOOK_EXTRA_HOSTS and is_loopback(netloc=parts.netloc):
        return Target("https", str(parts.hostname), port or 443, parts.netloc, path or "/", is_ours=True)
    host = parts.netloc.removesuffix(f":{port}")  # with a user or capital letters it is no name
    if port not in _PORTS or not _HOST.fullmatch(host):
        raise _refused("address")
    return Target("https", host, _PORTS[port], parts.netloc, path or "/", is_ours=False)


def _refused(code: str) -> AddressRefused:
    details = {
        "address": _("Write an address as https://example.org/path, by name, on port 443 or 8443."),
        "unknown_host": _("This name leads to no address."),
        "not_public": _("This name leads into a private network."),
    }
    return AddressRefused(errors=[{"pointer": "/target_url", "code": AddressRefused.code, "detail": details[code]}])
