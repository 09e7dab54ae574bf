"""The frames of the socket as JSON Schemas (2020-12), one file each in `schemas/client/` and `schemas/server/`.

The consumer checks what comes in against them; tests and the AsyncAPI document hold what goes out to them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

from jsonschema_rs import Draft202012Validator

Side = Literal["client", "server"]

FOLDER = Path(__file__).parent / "schemas"


@cache
def list_schemas(*, side: Side) -> dict[str, dict[str, Any]]:
    """The schemas of the frames that clients, or the server, send; by type, in the order of the alphabet."""
    found = {path.name.removesuffix(".json"): path for path in sorted((FOLDER / side).glob("*.json"))}
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in found.items()}


@cache
def _validators(side: Side) -> dict[str, Draft202012Validator]:
    return {name: Draft202012Validator(schema) for name, schema in list_schemas(side=side).items()}


def is_frame(*, side: Side, frame: dict[str, Any]) -> bool:
    """Whether `frame` is exactly one of those that `side` sends. Some microseconds, whatever its size within the limit.

    `frame` comes from JSON; what JSON itself does not know in it (a lone surrogate) makes it none.
    """
    validator = _validators(side).get(frame["type"])
    try:
        return validator is not None and validator.is_valid(frame)
    except (ValueError, RecursionError):  # UnicodeEncodeError is a ValueError
        return False
