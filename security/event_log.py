"""The security log: one event, written as a line of text and as JSON, kept 90 days.

Two files a day of UTC in SECURITY_LOG_DIR, `security-2026-11-21.log` and `.json`. Each line is one `write` of less
than 4 KiB to a file opened with O_APPEND, so that lines of several processes do not mix (POSIX: the offset is set to
the end and the data written as one step; regular files on one machine). The JSON has the names of the Elastic Common
Schema 8.11 as dotted keys; what ECS has no name for is below `labels.`.

This log is the one place that keeps network addresses. It never fails or delays its caller: a full disk or a folder
that may not be written is said once a minute in the ordinary log.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
import time
import uuid
from collections import Counter
from contextvars import ContextVar, Token
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import structlog
from django.conf import settings

from pairly.common.redaction import redact_text
from pairly.common.version import get_version

from .constants import LOG_DETAILS_KEPT

Outcome = Literal["success", "failure", "unknown"]
Severity = Literal["info", "notice", "warning", "critical"]

LINE_MAX_BYTES = 4096 - 1
TEXT_MAX = 200
DETAILS_MAX = 12
COMPLAIN_EVERY_S = 60.0
ACTIONS_COUNTED_MAX = 200
_PREFIX = "security-"
_FILE = re.compile(rf"{_PREFIX}(\d{{4}}-\d\d-\d\d)\.(?:log|json)")

# Growing with what is at stake; ECS leaves the scale to the source.
SEVERITIES: dict[str, int] = {"info": 1, "notice": 2, "warning": 3, "critical": 4}
# By the first word of the action: ECS category and type of an event that succeeded.
_KINDS: dict[str, tuple[str, str]] = {
    "sign_in": ("authentication", "start"),
    "session": ("session", "end"),
    "token": ("session", "end"),
    "lockout": ("authentication", "change"),
    "second_factor": ("iam", "change"),
    "passkey": ("iam", "change"),
    "password": ("iam", "change"),
    "email": ("iam", "change"),
    "phone": ("iam", "change"),
    "account": ("iam", "user"),
    "staff": ("iam", "admin"),
    "limit": ("intrusion_detection", "denied"),
    "ban": ("intrusion_detection", "change"),
    "csrf": ("web", "denied"),
    "request": ("web", "denied"),
    "webhook": ("web", "denied"),
    "access": ("web", "denied"),
    "error": ("web", "error"),
    "step_up": ("authentication", "info"),
    "unlock": ("authentication", "info"),
    "reset": ("authentication", "info"),
    "socket": ("network", "denied"),
}
_OTHER = ("configuration", "info")

log = structlog.get_logger(__name__)

_source: ContextVar[str] = ContextVar("security_source", default="")
_counts: Counter[tuple[str, str]] = Counter()
_counting = threading.Lock()
_complained_at = 0.0
_n_lost = 0


def write(
    *,
    action: str,
    outcome: Outcome,
    severity: Severity = "info",
    user_uid: uuid.UUID | None = None,
    ip: str = "",
    reason: str = "",
    **details: str | int | bool | None,
) -> None:
    """Write an event. `action` is a dotted code (`limit.refused`), `details` holds ids and codes: never a name, an
    address of a person, words of a message, a token or a code. Never raises.

    Without `ip` it is the address of the request that is being answered. The request's id is added.
    """
    try:
        event = _event(action, outcome, severity, user_uid, ip or _source.get(), reason, details)
        _count(action, outcome)
        _append(event)
    except Exception as error:  # whoever reports must never fail for it
        _complain(error)


def set_source(*, ip: str) -> Token[str]:
    """Name the sender of the request that is being answered; give the answer to `reset_source` at its end."""
    return _source.set(ip)


def source_ip() -> str:
    """The address of the request that is being answered, "" outside of one."""
    return _source.get()


def reset_source(token: Token[str]) -> None:
    """The request is over."""
    _source.reset(token)


def list_counts() -> dict[tuple[str, str], int]:
    """How many events of each action and outcome this process wrote, for the metrics."""
    with _counting:
        return dict(_counts)


def count_lost() -> int:
    """How many times this process could not write or remove, for the metrics."""
    return _n_lost


def remove_old(*, today: date | None = None) -> int:
    """Delete the files of days more than LOG_DETAILS_KEPT ago; returns how many. Never raises for the file system."""
    oldest = (today or datetime.now(UTC).date()) - LOG_DETAILS_KEPT
    n = 0
    try:
        for path in list(_folder().iterdir()):
            name = _FILE.fullmatch(path.name)
            if name and name[1] < oldest.isoformat():
                path.unlink(missing_ok=True)
                n += 1
    except OSError as error:
        _complain(error)
    return n


class DjangoHandler(logging.Handler):
    """What Django's `django.security.*` loggers tell: refused forms of other sites, unknown hosts, odd requests."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the event; of the text only the part that is Django's own, for the rest is the client's."""
        kind = record.name.removeprefix("django.security").lstrip(".")
        if kind == "csrf":
            reason = str(record.args[0]) if isinstance(record.args, tuple) and record.args else ""
            write(action="csrf.refused", outcome="failure", severity="notice", reason=reason.partition(" - ")[0])
        else:
            write(action="request.refused", outcome="failure", severity="notice", reason=kind or "suspicious")


def _folder() -> Path:
    return Path(settings.SECURITY_LOG_DIR)


def _event(
    action: str,
    outcome: Outcome,
    severity: Severity,
    user_uid: uuid.UUID | None,
    ip: str,
    reason: str,
    details: dict[str, Any],
) -> dict[str, Any]:
    category, kind = _KINDS.get(action.partition(".")[0], _OTHER)
    request = structlog.contextvars.get_contextvars().get("http.request.id", "")
    event: dict[str, Any] = {
        "@timestamp": _timestamp(),
        "log.level": severity,
        "message": _clean(f"{action} {outcome}{f': {reason}' if reason else ''}"),
        "ecs.version": "8.11.0",
        "service.name": "pairly",
        "service.version": get_version(),
        "event.dataset": "pairly.security",
        "event.kind": "alert" if severity == "critical" else "event",
        "event.category": [category],
        "event.type": ["denied"] if outcome == "failure" and category != "iam" else [kind],
        "event.action": _clean(action),
        "event.outcome": outcome,
        "event.severity": SEVERITIES[severity],
        "event.reason": _clean(reason),
        "user.id": str(user_uid) if user_uid else "",
        "source.ip": _clean(ip, is_ours=True),
        "http.request.id": _clean(request, is_ours=True),
    }
    for name, value in list(details.items())[:DETAILS_MAX]:
        event[f"labels.{_clean(name)}"] = _clean(value) if isinstance(value, str) else value
    return {name: value for name, value in event.items() if value not in ("", None)}


def _timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _clean(text: object, *, is_ours: bool = False) -> str:
    """One printable line, without what looks like a secret: nobody can write a line of the log into a value."""
    line = "".join(character if character.isprintable() else "?" for character in str(text)[: 4 * TEXT_MAX])
    return (line if is_ours else redact_text(line))[:TEXT_MAX]


def _as_text(event: dict[str, Any]) -> str:
    """`time LEVEL action outcome name="value" ...`; values are quoted as JSON strings."""
    shown = {name: event[name] for name in event if name in ("source.ip", "user.id", "http.request.id", "event.reason")}
    shown |= {name: value for name, value in event.items() if name.startswith("labels.")}
    pairs = " ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in shown.items())
    level = event["log.level"].upper()
    return f"{event['@timestamp']} {level} {event['event.action']} {event['event.outcome']} {pairs}".rstrip()


def _append(event: dict[str, Any]) -> None:
    folder = _folder()
    day = event["@timestamp"][:10]
    for suffix, text in (("log", _as_text(event)), ("json", json.dumps(event, ensure_ascii=False))):
        line = text.encode()
        if len(line) > LINE_MAX_BYTES:
            line = _shortened(event, suffix)
        _append_line(folder / f"{_PREFIX}{day}.{suffix}", line + b"\n")


def _shortened(event: dict[str, Any], suffix: str) -> bytes:
    """The event without its details, which are too many; it says so."""
    short = {name: value for name, value in event.items() if not name.startswith("labels.")} | {"labels.cut": True}
    return (_as_text(short) if suffix == "log" else json.dumps(short, ensure_ascii=False)).encode()[:LINE_MAX_BYTES]


def _append_line(path: Path, line: bytes) -> None:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, flags, 0o600)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


def _count(action: str, outcome: str) -> None:
    with _counting:
        if (action, outcome) in _counts or len(_counts) < ACTIONS_COUNTED_MAX:
            _counts[action, outcome] += 1


def _complain(error: Exception) -> None:
    global _complained_at, _n_lost
    _n_lost += 1
    now = time.monotonic()
    if now - _complained_at >= COMPLAIN_EVERY_S or not _complained_at:
        _complained_at = now
        log.error("security_log_failed", error=type(error).__name__)
