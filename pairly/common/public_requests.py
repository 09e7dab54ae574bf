"""Requests to addresses that somebody else chose (server-side request forgery). No other code calls those.

The connection goes to the very address that was looked up and found to be public, so a name that leads elsewhere when
it is asked again leads nowhere. No redirect is followed, no proxy or .netrc of the environment is asked, and no more
of the answer is read than the caller wants.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from .public_addresses import NotPublic, resolve_public

_LOOPBACK = ("127.0.0.1", "[::1]", "localhost")
_CONNECTED = ("connection.connect_tcp.complete", "connection.start_tls.complete")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `netloc` is the host as it knows itself; `is_ours` is one on loopback that settings name,
    whose address is not looked up."""

    scheme: str
    host: str
    port: int
    netloc: str
    path: str
    is_ours: bool

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.netloc}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(Exception):
    """Nothing came back. `code`: not_public, unknown_host, timeout or connection (that is TLS too)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def is_loopback(*, netloc: str) -> bool:
    """Whether `host:port` is written as one of this machine."""
    return netloc.rpartition(":")[0] in _LOOPBACK


def look_up(*, target: Target) -> str:
    """The address to connect to. Raises NoAnswer."""
    if target.is_ours:
        return target.host
    try:
        return resolve_public(host=target.host, port=target.port)
    except NotPublic as error:
        raise NoAnswer("not_public") from error
    except (OSError, UnicodeError) as error:
        raise NoAnswer("unknown_host") from error


def post(
    *, target: Target, headers: Mapping[str, str], content: bytes = b"", timeout_s: float, read_max: int = 0
) -> Answer:
    """POST `content`. Each step may take `timeout_s`, all after the look-up together twice that; of the body no more
    than `read_max` bytes are read, as they come. Raises NoAnswer."""
    address = look_up(target=target)
    shown = f"[{address}]" if ":" in address and not address.startswith("[") else address
    url = f"{target.scheme}://{shown}:{target.port}{target.path}"
    cutoff = _Cutoff(2 * timeout_s)
    extensions: dict[str, Any] = {"trace": cutoff.trace}
    if not target.is_ours:  # whose certificate it has to be: the connection itself does not bear the name any more
        extensions["sni_hostname"] = target.host
    try:
        with (
            cutoff,
            httpx.Client(verify=trusted(), timeout=timeout_s, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "POST", url, headers={**headers, "Host": target.netloc}, content=content, extensions=extensions
            ) as response,
        ):
            return Answer(response.status_code, dict(response.headers), _read(response, read_max))
    except httpx.TimeoutException as error:
        raise NoAnswer("timeout") from error
    except (httpx.HTTPError, OSError) as error:
        raise NoAnswer("timeout" if cutoff.has_cut else "connection") from error


@cache
def trusted() -> ssl.SSLContext:
    """Who may vouch for a host: read once, for reading it takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)


def _read(response: httpx.Response, most: int) -> bytes:
    found = b""
    for chunk in response.iter_raw(chunk_size=1024) if most else ():
        found += chunk
        if len(found) >= most:
            break
    return found[:most]


class _Cutoff:
    """Ends a connection that takes too long as a whole: an answer that drips in meets no timeout of a single step."""

    def __init__(self, seconds: float) -> None:
        self.has_cut = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()

    def trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Told by the client of each step."""
        if name in _CONNECTED:
            self._socket = info["return_value"].get_extra_info("socket")
            if self.has_cut:
                self._shut()

    def _cut(self) -> None:
        self.has_cut = True
        self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # it was closed meanwhile
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
