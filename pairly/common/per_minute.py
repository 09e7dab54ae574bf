"""How a view says that it has a limit of its own; the layer that counts every request keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

V = TypeVar("V", bound=Callable[..., object])


def per_minute(name: str, limit: int) -> Callable[[V], V]:
    """Decorates a view, function or class: at most `limit` requests a minute of one account, or of one network that
    is not signed in, to all views with this `name` together. Stands above all other decorators.
    """

    def mark(view: V) -> V:
        view.per_minute = (name, limit)  # type: ignore[attr-defined]
        return view

    return mark
