"""What the sandbox remembers: the provider's objects, idempotent answers and the knobs.

Everything lives in memory and is written whole to the state file after each change, so a restart keeps it.
One lock makes requests take turns: enough for a sandbox, and parallel requests with one key get one answer.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Knobs:
    """How the network misbehaves. `error_after_commit` counts down: as many writes answer 500."""

    duplicate: int = 0
    reorder: bool = False
    delay_s: float = 0.0
    drop: bool = False
    error_after_commit: int = 0


_KNOB_TYPES = {name: type(value) for name, value in asdict(Knobs()).items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedAnswer:
    """The first answer to an idempotency key and the fingerprint of its request."""

    fingerprint: str
    status: int
    body: Object


class Store:
    """Objects by id. Read and write only inside `changing()`; objects are plain JSON values."""

    def __init__(self, *, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._objects: dict[str, Object] = {}
        self._answers: dict[str, SavedAnswer] = {}
        self._knobs = Knobs()
        self._load()
        self._saved = self._dump()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """The caller's turn; what it changed is on disk when the block ends."""
        with self._lock:
            yield
            text = self._dump()
            if text != self._saved:
                self._save(text)
                self._saved = text

    @contextmanager
    def reading(self) -> Iterator[None]:
        """The caller's turn to look and change nothing: nothing is compared and nothing written."""
        with self._lock:
            yield

    def put(self, *, item: Object) -> Object:
        """Keep an object under its `id`; an object of the same id is replaced."""
        self._objects[item["id"]] = item
        return item

    def find(self, *, kind: str, item_id: str) -> Object | None:
        """The object of that id if it is of that kind (its `object` member)."""
        item = self._objects.get(item_id)
        return item if item is not None and item["object"] == kind else None

    def list_items(self, *, kind: str, **match: Any) -> list[Object]:
        """Objects of a kind whose members equal `match`, newest first."""
        rows = [o for o in self._objects.values() if o["object"] == kind]
        rows.reverse()
        return [o for o in rows if all(o.get(name) == value for name, value in match.items())]

    def find_answer(self, *, key: str) -> SavedAnswer | None:
        """The answer saved for an idempotency key."""
        return self._answers.get(key)

    def save_answer(self, *, key: str, answer: SavedAnswer) -> None:
        """Remember the first answer to an idempotency key."""
        self._answers[key] = answer

    @property
    def knobs(self) -> Knobs:
        return self._knobs

    def turn(self, **values: Any) -> Knobs:
        """Set knobs by name. Raises ValueError for an unknown name or a value of the wrong type."""
        for name, value in values.items():
            kind = _KNOB_TYPES.get(name)
            if kind is None or type(value) not in {kind, int if kind is float else kind}:
                raise ValueError(f"{name} is no knob, or not of its type")
            if value < 0:
                raise ValueError(f"{name} must not be negative")
        self._knobs = replace(self._knobs, **values)
        return self._knobs

    def take_error(self) -> bool:
        """Whether the write just committed must answer 500; counts the knob down."""
        n_left = self._knobs.error_after_commit
        if n_left:
            self._knobs = replace(self._knobs, error_after_commit=n_left - 1)
        return n_left > 0

    def _load(self) -> None:
        if not self._path.exists():
            return
        state = json.loads(self._path.read_text(encoding="utf-8"))
        self._objects = state["objects"]
        self._answers = {key: SavedAnswer(**answer) for key, answer in state["answers"].items()}
        self._knobs = Knobs(**state["knobs"])

    def _dump(self) -> str:
        answers = {key: asdict(answer) for key, answer in self._answers.items()}
        return json.dumps({"objects": self._objects, "answers": answers, "knobs": asdict(self._knobs)})

    def _save(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(self._path)


def new_id(prefix: str) -> str:
    """An id in the provider's style: a prefix and 24 characters nobody guesses."""
    return f"{prefix}_{secrets.token_hex(12)}"
