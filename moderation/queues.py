"""The kinds of work that wait for staff. Apps' work is registered here, in `AppConfig.ready`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from django_stubs_ext import StrOrPromise

from pairly.common.problems import NotFound

from .constants import NEVER_IN_BULK

if TYPE_CHECKING:
    from users.models import User

    from .models import WorkItem


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A piece of what somebody reads of a decision: `where` they find it, its title and its text."""

    where: str
    title: str
    text: str


class Values(Protocol):
    """What the placeholders of a reason stand for with this outcome, "" or nothing for one that says nothing."""

    def __call__(self, *, item: WorkItem, outcome: str) -> dict[str, str]: ...


class Letters(Protocol):
    """What the person reads of this outcome with this note, changing nothing. Raises NotFound."""

    def __call__(self, *, item: WorkItem, outcome: str, note: str) -> list[Letter]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A way to settle a case: a button on its page.

    `apply(item=, staff=, note=)` does it, in the transaction that closes the case; a Problem that it raises leaves
    the case open. With `takes_two`, for every case or for those whose `ref` it says so of, the first person's say only
    passes the case on (`on_pass`, same arguments), and somebody else's same say decides. `needs_proof` asks for a fresh
    step-up. Where `is_read`, the person it is about reads the note. `key` is the letter that presses the button.
    """

    outcome: str
    label: StrOrPromise
    apply: Callable[..., None] | None = None
    takes_two: bool | Callable[[uuid.UUID], bool] = False
    on_pass: Callable[..., None] | None = None
    needs_reason: bool = True
    needs_proof: bool = False
    is_danger: bool = False
    is_read: bool = False
    key: str = ""

    def is_for_two(self, *, ref: uuid.UUID) -> bool:
        """Whether two people have to say so of the case about `ref`."""
        return self.takes_two(ref) if callable(self.takes_two) else self.takes_two


def _nobody(refs: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Collection[uuid.UUID]]:
    return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueKind:
    """One queue. `template` shows the evidence from what `load(ref)` returns; `load` raises NotFound.

    `target` is how long a case may wait before it is overdue, unless it was opened with a time of its own. Where
    `is_reason_shared`, the people it is about read why it was decided so; `note_hint` says who reads it, where that
    depends on the decision. `barred` tells of many matters who has a part in each (public ids), beside whom it is
    about and who had their say: they are never given the case. `bulk` names the decisions that may be taken of many
    cases at once; a queue without any has no bulk actions. Never those of NEVER_IN_BULK, nor what takes two people or a
    proof (ValueError). `reasons` is the kind of kept texts that a note may begin with, `values` what their placeholders
    stand for, and `letters` what is read of a decision that `is_read`; both are called in the person's language.
    """

    kind: str
    title: StrOrPromise
    permission: str
    target: timedelta
    template: str
    load: Callable[[uuid.UUID], dict[str, Any]]
    decisions: tuple[Decision, ...]
    icon: str = "inbox"
    is_reason_shared: bool = False
    note_hint: StrOrPromise = ""
    barred: Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, Collection[uuid.UUID]]] = _nobody
    bulk: tuple[str, ...] = ()
    reasons: str = ""
    values: Values | None = None
    letters: Letters | None = None

    @property
    def read_decisions(self) -> list[Decision]:
        """Those whose note the person reads."""
        return [decision for decision in self.decisions if decision.is_read]

    def __post_init__(self) -> None:
        for outcome in self.bulk:
            decision = self.find_decision(outcome)
            if self.kind in NEVER_IN_BULK or decision is None or decision.takes_two or decision.needs_proof:
                raise ValueError(f"{self.kind}: {outcome} cannot be decided in bulk")

    def find_decision(self, outcome: str) -> Decision | None:
        """The decision with this code."""
        return next((decision for decision in self.decisions if decision.outcome == outcome), None)


_kinds: dict[str, QueueKind] = {}


def register(kind: QueueKind) -> None:
    """Make a queue known; a second one of the same name replaces the first."""
    _kinds[kind.kind] = kind


def unregister(*, kind: str) -> None:
    """Forget a queue; for tests."""
    _kinds.pop(kind, None)


def get_kind(*, kind: str) -> QueueKind:
    """The queue of this name, whoever may work on it. Raises NotFound."""
    if kind not in _kinds:
        raise NotFound
    return _kinds[kind]


def get_kind_for(*, kind: str, user: User) -> QueueKind:
    """The queue of this name; raises NotFound also where `user` may not work on it."""
    found = get_kind(kind=kind)
    if not user.has_perm(found.permission):
        raise NotFound
    return found


def list_kinds_for(*, user: User) -> list[QueueKind]:
    """The queues that `user` may work on, in the order of their registration."""
    return [kind for kind in _kinds.values() if user.has_perm(kind.permission)]
