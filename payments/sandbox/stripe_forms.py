"""Stripe's form encoding: `line_items[0][price_data][currency]=usd` is a nested value."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_INDEX = re.compile(r"\[([^\[\]]*)\]")


class BadForm(ValueError):
    """The text is no such form."""


def decode(text: str) -> dict[str, Any]:
    """The nested value; numbered members become lists in the order of their numbers. Values stay strings."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found = _NAME.fullmatch(name)
        if found is None:
            raise BadForm(name)
        _put(root, [found[1], *_INDEX.findall(found[2])], value)
    return {key: _lists(value) for key, value in root.items()}


def _put(node: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        node = node.setdefault(part or str(len(node)), {})
        if not isinstance(node, dict):
            raise BadForm(part)
    node[path[-1] or str(len(node))] = value


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isascii() and key.isdigit() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(item) for key, item in value.items()}
