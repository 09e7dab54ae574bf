"""A net under every log: what looks like a secret or a person is taken out. The rule stays not to log it.

By name: a field called password, token, email ... loses its value. By shape: mail addresses, tokens, keys and the
values of such names inside longer texts. Messages of exceptions are kept only of classes whose messages speak of code
and machines, for the others quote what they choke on: `ValueError: invalid literal for int(): 'dear diary'`.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

REDACTED = "[redacted]"
WITHHELD = "[message withheld]"
CHAIN_MAX = 10

# Words of a field's name; the name is cut at everything but letters and digits.
# fmt: off
_SENSITIVE = frozenset({
    "access", "address", "apikey", "authorization", "bearer", "birth", "birthdate", "body", "card", "code", "codes",
    "cookie", "cookies", "csrf", "csrftoken", "cvc", "email", "emails", "iban", "ip", "jwt", "otp", "otpauth",
    "passphrase", "passwd", "password", "phone", "recipient", "recipients", "recovery", "refresh", "secret",
    "secrets", "sessionid", "token", "tokens", "totp",
})
# fmt: on
# Names with such a word that hold nothing of the kind.
_HARMLESS = frozenset({"error.code", "http.response.status_code", "http.response.body.bytes", "status_code"})
# Made by us, checked where they are made.
# fmt: off
_AS_THEY_ARE = frozenset({
    "@timestamp", "log.level", "log.logger", "http.request.id", "trace.id", "ecs.version", "event.dataset",
    "event.kind", "event.category", "event.action", "event.outcome", "http.request.method",
})
# fmt: on

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAMES = r"pass(?:word|wd|phrase)|(?:\w+_)?token|secret|authorization|(?:set-)?cookie|e-?mail|sessionid|api_?key|otp"
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"otpauth://\S+", re.I), REDACTED),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.I), rf"\1 {REDACTED}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.?[\w-]*"), REDACTED),  # RFC 7519: a header in base64url begins so
    (re.compile(r"://[^/\s:@]*:[^/\s@]+@"), f"://{REDACTED}@"),  # RFC 3986, section 3.2.1: user information
    (re.compile(r"([?&][\w.~%-]{1,64})=[^&\s\"'<>]+"), rf"\1={REDACTED}"),
    (re.compile(rf"\b({_NAMES}|code)([\"']\s*[:=]\s*[\"']?)[^\"',}}&]+", re.I), rf"\1\2{REDACTED}"),
    (re.compile(rf"\b({_NAMES})(\s*[:=]\s*)[^\s\"',}}&]+", re.I), rf"\1\2{REDACTED}"),
    (re.compile(r"[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+"), REDACTED),
    (re.compile(r"\b(?:DETAIL|CONTEXT|QUERY|HINT|STATEMENT):.*", re.S), REDACTED),  # PostgreSQL: may quote a row
)
_LONG = re.compile(r"(?<![\w/.-])[A-Za-z0-9_+-][A-Za-z0-9_+/-]{15,}={0,2}(?![\w.])")
# Texts without any of these pass at once.
_SUSPECT = re.compile(r"[@=?:]|bearer|basic|eyJ|[A-Za-z0-9_+/-]{16}", re.I)

# Classes whose messages tell of code, configuration or connections.
_PLAIN: tuple[type[BaseException], ...] = (
    AttributeError,
    NameError,
    ImportError,
    TypeError,
    NotImplementedError,
    RecursionError,
    MemoryError,
    ImproperlyConfigured,
    TemplateDoesNotExist,
    TemplateSyntaxError,
    RedisConnectionError,
    RedisTimeoutError,
)


def redact_text(text: str) -> str:
    """`text` without what looks like an address of a person, a token, a key or a named secret."""
    if not _SUSPECT.search(text) or _UUID.fullmatch(text):
        return text
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return _LONG.sub(_without_key, text)


def redact(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a line: values of sensitive names are replaced, every other text is looked through."""
    return {str(name): _redact_field(str(name), value) for name, value in fields.items()}


def describe_error(error: BaseException) -> str:
    """What an exception says, if its class quotes no data; of a database error its SQLSTATE, table and constraint."""
    if isinstance(error, DatabaseError) or hasattr(error, "sqlstate"):
        return _describe_database_error(error)
    if isinstance(error, OSError) and not isinstance(error, _PLAIN):
        # Subclasses of other packages put what they like into the text (SMTP: addresses of recipients).
        return error.strerror if error.errno and error.strerror else ""
    if isinstance(error, _PLAIN):
        return redact_text(str(error))
    return WITHHELD if error.args else ""


def describe_trace(error: BaseException) -> str:
    """Files, lines and source of an exception and of its causes, oldest first; messages as `describe_error`."""
    parts: list[str] = []
    for link in reversed(list(_chain(error))):
        frames = "".join(traceback.format_tb(link.__traceback__))
        parts.append(f"{frames}{class_of(link)}: {describe_error(link)}")
    return "\n".join(parts)


def class_of(error: BaseException) -> str:
    """The name of an exception's class with its module."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(CHAIN_MAX):
        if link is None:
            return
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _describe_database_error(error: BaseException) -> str:
    """Never the message: it quotes rows ("Key (email)=(...) already exists"). Without SQLSTATE it is the client's own,
    about its connection."""
    origin = error if hasattr(error, "sqlstate") else error.__cause__
    if origin is None:
        return WITHHELD
    state = getattr(origin, "sqlstate", None)
    if state is None:
        return (
            redact_text(str(origin)) if hasattr(origin, "sqlstate") or "pool" in type(origin).__module__ else WITHHELD
        )
    diagnosis = getattr(origin, "diag", None)
    names = [getattr(diagnosis, name, None) for name in ("table_name", "column_name", "constraint_name")]
    return " ".join([f"SQLSTATE {state}", *[name for name in names if name]])


def _redact_field(name: str, value: Any) -> Any:
    if name in _AS_THEY_ARE:
        return value
    if _is_sensitive(name):
        return REDACTED if value not in (None, "") and not isinstance(value, bool) else value
    return _redact_value(value)


@lru_cache(maxsize=1000)
def _is_sensitive(name: str) -> bool:
    return name not in _HARMLESS and not _SENSITIVE.isdisjoint(re.split(r"[^a-z0-9]+", name.lower()))


def _redact_value(value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return redact_text(value)
        case BaseException():
            return f"{class_of(value)}: {describe_error(value)}"
        case bytes() | bytearray() | memoryview():
            return REDACTED
        case dict():
            return redact(value)
        case list() | tuple() | set() | frozenset():
            return [_redact_value(item) for item in value]
    return redact_text(str(value))


def _without_key(match: re.Match[str]) -> str:
    text = match.group()
    return REDACTED if _is_key(text) else text


def _is_key(text: str) -> bool:
    """Whether a long run of letters is random: base32 (RFC 4648, 16 characters on), hexadecimal or base64 (from 24).

    A UUID is an id of ours, and a path or the name of a function has no capital among its digits.
    """
    if _UUID.fullmatch(text):
        return False
    has_digit = any(character.isdigit() for character in text)
    if re.fullmatch(r"[A-Z2-7]{16,}=*", text):
        return has_digit or len(text) >= 26
    if len(text) < 24 or not has_digit:
        return False
    if re.fullmatch(r"[0-9a-fA-F]+", text):
        return True
    return text.lower() != text and text.upper() != text
