"""Logs: one JSON object a line on stderr, in the field names of the Elastic Common Schema (ECS 8.11).

All names are dotted keys at the top level, none is nested: ecs-logging's specification asks that of `@timestamp`,
`log.level` and `message`, and Elasticsearch reads both forms alike. Names of our own are put below `pairly.`.

What is never logged, here or elsewhere: bodies, cookies, query strings, addresses of people or machines, names, words
of messages, tokens, codes and keys. `pairly.common.redaction` is the net below that rule, also for what other
packages log; their loggers that quote what they were given are cut down to the part that does not.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

from pairly.common import redaction
from pairly.common.version import get_version

ECS_VERSION = "8.11.0"
SERVICE = "pairly"

_NAMES = {"event": "message", "level": "log.level", "logger": "log.logger", "error": "error.type", "user": "user.id"}
_SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="@timestamp"),
]
# Loggers that put paths, bodies or whole tracebacks into their texts: only the text without its arguments is kept.
_QUOTING = ("daphne", "twisted", "celery.worker.consumer", "django.request", "django.security", "aiosmtpd")
_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-#0 +]*[\d.*]*[a-zA-Z]")


def as_ecs(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    """The line with ECS names, its exception described, everything redacted."""
    error = _error_of(line.pop("exc_info", None))
    line.pop("stack_info", None)
    named = {_name(key): value for key, value in line.items()}
    named.setdefault("event.dataset", f"{SERVICE}.log")
    safe = redaction.redact(named)
    if error is not None:
        safe["error.type"] = redaction.class_of(error)
        safe["error.message"] = redaction.describe_error(error)
        safe["error.stack_trace"] = redaction.describe_trace(error)
    return {
        "@timestamp": safe.pop("@timestamp", ""),
        "log.level": safe.pop("log.level", "info"),
        "message": safe.pop("message", ""),
        "ecs.version": ECS_VERSION,
        "service.name": SERVICE,
        "service.version": get_version(),
        **safe,
    }


def _name(key: str) -> str:
    return _NAMES.get(key) or (key if "." in key or key.startswith("@") else f"{SERVICE}.{key}")


def _error_of(exc_info: Any) -> BaseException | None:
    """An exception out of whatever logging calls take as `exc_info`."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple) and len(exc_info) == 3:
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


class EcsFormatter(structlog.stdlib.ProcessorFormatter):
    """Makes the line; never raises, for logging would then print the arguments as they are."""

    def format(self, record: logging.LogRecord) -> str:
        try:
            if not isinstance(record.msg, dict):
                record = _without_quotations(record)
            return super().format(record)
        except Exception as error:
            return f'{{"log.level":"error","message":"log_line_failed","error.type":"{type(error).__name__}"}}'


def _without_quotations(record: logging.LogRecord) -> logging.LogRecord:
    """A copy of another package's record whose text is made without what it quotes."""
    copy = logging.makeLogRecord(record.__dict__)
    copy.msg, copy.args = _text_of(record), ()
    copy.exc_text = None
    if copy.exc_info is None and record.name.startswith("daphne") and record.levelno >= logging.ERROR:
        copy.exc_info = sys.exc_info()  # it logs whole tracebacks as text, inside `except`
    return copy


def _text_of(record: logging.LogRecord) -> str:
    data = getattr(record, "data", None)
    if record.name == "celery.app.trace" and isinstance(data, dict):
        return str(record.msg) % {**data, "exc": "", "return_value": _number_or_nothing(data.get("return_value"))}
    if record.name == "django.request" and record.msg == "%s: %s" and isinstance(record.args, tuple):
        return str(record.args[0])  # what the status means; the path is the other argument
    if record.name.startswith(_QUOTING) and record.levelno >= logging.WARNING:
        return _PLACEHOLDER.sub("...", str(record.msg).partition("\n")[0]) if record.args else record.name
    text = record.getMessage()
    error = _error_of(record.exc_info)
    for quoted in [error, *(record.args if isinstance(record.args, tuple) else ())]:
        if isinstance(quoted, BaseException):
            for form in (repr(quoted), str(quoted)):
                text = text.replace(form, redaction.describe_error(quoted)) if form else text
    return text


def _number_or_nothing(value: object) -> str:
    """What a task returned, as Celery shows it: numbers and dicts of them are kept."""
    text = str(value)
    return text if all(c.isdigit() or c in "{}'_:, " or c.isalpha() for c in text) and len(text) < 200 else ""


structlog.configure(
    processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],  # type: ignore[list-item]
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "ecs": {
            "()": EcsFormatter,
            "foreign_pre_chain": _SHARED,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                as_ecs,
                structlog.processors.JSONRenderer(),
            ],
        }
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "ecs"},
        "security": {"class": "security.event_log.DjangoHandler"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Django's own handlers would write plain lines when DEBUG is on, and mail errors with bodies to ADMINS.
        "django": {"handlers": ["nowhere"], "level": "INFO"},
        # Answers below 500 have their line in the request log; these lines only add the path.
        "django.request": {"level": "ERROR"},
        "django.security": {"handlers": ["security"], "level": "WARNING", "propagate": False},
        "django.server": {"handlers": ["nowhere"], "level": "WARNING", "propagate": False},
        "daphne": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},  # at INFO it logs addresses with session ids
        "celery": {"level": "INFO"},
    },
}
