"""What the sandbox remembers: the provider's objects, idempotent answers and the knobs.

Everything lives in memory and is written whole to the state file after each change, so a restart keeps it. Only what a
turn was given can have changed in it, so only that is turned to text anew: a turn costs the same however much is kept.
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
    """How the network misbehaves, and the balance. `error_after_commit` counts down: as many writes answer 500; so
    does `n_uncovered`: as many transfers find less than the balance said, which is `balance_minor` in any currency."""

    duplicate: int = 0
    reorder: bool = False
    delay_s: float = 0.0
    drop: bool = False
    error_after_commit: int = 0
    balance_minor: int = 1_000_000_000
    n_uncovered: int = 0


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
        self._kinds: dict[str, dict[str, Object]] = {}  # the same, by the kind of object
        self._answers: dict[str, SavedAnswer] = {}
        self._knobs = Knobs()
        self._load()
        # Ids of what was given to turns that may change it, in that order: the file's is the order of the lists.
        self._touched: dict[str, None] = {}
        self._new_answers: set[str] = set()
        self._is_reading = False
        # What is on disk, by id or key: parts of the file as they stand in it.
        self._object_texts = {item_id: _pair(item_id, item) for item_id, item in self._objects.items()}
        self._answer_texts = {key: _pair(key, asdict(answer)) for key, answer in self._answers.items()}
        self._saved_knobs = self._knobs

    @contextmanager
    def changing(self) -> Iterator[None]:
        """The caller's turn; what it changed is on disk when the block ends."""
        with self._lock:
            yield
            if self._note_changes():
                self._save(self._text())

    @contextmanager
    def reading(self) -> Iterator[None]:
        """The caller's turn to look and change nothing: nothing is compared and nothing written."""
        with self._lock:
            self._is_reading = True
            try:
                yield
            finally:
                self._is_reading = False

    def put(self, *, item: Object) -> Object:
        """Keep an object under its `id`; an object of the same id is replaced."""
        self._keep(item)
        return self._given(item)

    def find(self, *, kind: str, item_id: str) -> Object | None:
        """The object of that id if it is of that kind (its `object` member)."""
        item = self._objects.get(item_id)
        return self._given(item) if item is not None and item["object"] == kind else None

    def list_items(self, *, kind: str, **match: Any) -> list[Object]:
        """Objects of a kind whose members equal `match`, newest first."""
        rows = reversed(self._kinds.get(kind, {}).values())
        return [self._given(o) for o in rows if all(o.get(name) == value for name, value in match.items())]

    def _keep(self, item: Object) -> None:
        self._objects[item["id"]] = item
        self._kinds.setdefault(item["object"], {})[item["id"]] = item

    def _given(self, item: Object) -> Object:
        if not self._is_reading:
            self._touched[item["id"]] = None
        return item

    def find_answer(self, *, key: str) -> SavedAnswer | None:
        """The answer saved for an idempotency key."""
        return self._answers.get(key)

    def save_answer(self, *, key: str, answer: SavedAnswer) -> None:
        """Remember the first answer to an idempotency key."""
        self._answers[key] = answer
        self._new_answers.add(key)

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

    def take_uncovered(self) -> bool:
        """Whether the transfer that is asked for finds too little; counts the knob down."""
        n_left = self._knobs.n_uncovered
        if n_left:
            self._knobs = replace(self._knobs, n_uncovered=n_left - 1)
        return n_left > 0

    def _load(self) -> None:
        if not self._path.exists():
            return
        state = json.loads(self._path.read_text(encoding="utf-8"))
        for item in state["objects"].values():
            self._keep(item)
        self._answers = {key: SavedAnswer(**answer) for key, answer in state["answers"].items()}
        self._knobs = Knobs(**state["knobs"])

    def _note_changes(self) -> bool:
        """Bring the texts up to the objects; whether anything differs from the file."""
        is_changed = self._knobs != self._saved_knobs or bool(self._new_answers)
        for item_id in self._touched:
            text = _pair(item_id, self._objects[item_id])
            is_changed |= self._object_texts.get(item_id) != text
            self._object_texts[item_id] = text
        for key in self._new_answers:
            self._answer_texts[key] = _pair(key, asdict(self._answers[key]))
        self._touched.clear()
        self._new_answers.clear()
        self._saved_knobs = self._knobs
        return is_changed

    def _text(self) -> str:
        objects, answers = ", ".join(self._object_texts.values()), ", ".join(self._answer_texts.values())
        return f'{{"objects": {{{objects}}}, "answers": {{{answers}}}, "knobs": {json.dumps(asdict(self._knobs))}}}'

    def _save(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(self._path)


def _pair(name: str, value: Object) -> str:
    return f"{json.dumps(name)}: {json.dumps(value)}"


def new_id(prefix: str) -> str:
    """An id in the provider's style: a prefix and 24 characters nobody guesses."""
    return f"{prefix}_{secrets.token_hex(12)}"
