"""What upper apps do when someone signs up, has lost a factor, is suspended, leaves or asks for their data.

Filled in their `AppConfig.ready()`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from .models import FactorRecovery, User
from .types import ExportWriter, Obstacle


class SignUpHook(Protocol):
    """Called with the new user inside the transaction that creates it; raising undoes the sign-up."""

    def __call__(self, *, user: User) -> None: ...


_hooks: list[SignUpHook] = []


def on_sign_up(hook: SignUpHook) -> None:
    """Run `hook` for every new account, in the order of registration. Registering twice is once."""
    if hook not in _hooks:
        _hooks.append(hook)


def run_sign_up_hooks(*, user: User) -> None:
    """Called by the sign-up service only."""
    for hook in _hooks:
        hook(user=user)


# -- blocks
class BlockHook(Protocol):
    """Called with both people inside the transaction that blocks one for the other; raising undoes it."""

    def __call__(self, *, blocker: User, blocked: User) -> None: ...


_block_hooks: list[BlockHook] = []


def on_block(hook: BlockHook) -> None:
    """Run `hook` for every new block: what stands between two people by then ends. Registering twice is once."""
    if hook not in _block_hooks:
        _block_hooks.append(hook)


def run_block_hooks(*, blocker: User, blocked: User) -> None:
    """Called by the block service only."""
    for hook in _block_hooks:
        hook(blocker=blocker, blocked=blocked)


class AcquaintanceHook(Protocol):
    """Whether `user` may know that there is `other`: they see their profile, or wrote with them."""

    def __call__(self, *, user: User, other: User) -> bool: ...


# -- what people are called
class NamesHook(Protocol):
    """What people are called to others at present, by primary key; one query. Who is left out has no other name."""

    def __call__(self, *, user_ids: Collection[int]) -> dict[int, str]: ...


_acquaintance_hooks: list[AcquaintanceHook] = []
_names_hooks: list[NamesHook] = []


def on_acquaintance(hook: AcquaintanceHook) -> None:
    """Let `hook` say that one person may know of another. Registering twice is once."""
    if hook not in _acquaintance_hooks:
        _acquaintance_hooks.append(hook)


def may_know(*, user: User, other: User) -> bool:
    """Whether any app says so. What somebody may not know exists is not found."""
    return any(hook(user=user, other=other) for hook in _acquaintance_hooks)


def on_names(hook: NamesHook) -> None:
    """Ask `hook` what people are called; the account's own name stands where no hook knows. Registering twice is
    once."""
    if hook not in _names_hooks:
        _names_hooks.append(hook)


def names_of(*, users: Collection[User]) -> dict[int, str]:
    """What to call `users` to somebody else, by their ids: never the account's name where they chose another."""
    return {user.pk: user.name for user in users} | list_names(user_ids=[user.pk for user in users])


def list_names(*, user_ids: Collection[int]) -> dict[int, str]:
    """What the hooks know of these people; nothing is asked about nobody."""
    names: dict[int, str] = {}
    for hook in _names_hooks if user_ids else ():
        names |= hook(user_ids=user_ids)
    return names


# -- lost second factors
class RecoveryHook(Protocol):
    """Called with a request inside the transaction that writes it down, or cancels it; raising undoes that."""

    def __call__(self, *, recovery: FactorRecovery) -> None: ...


_recovery_hooks: list[RecoveryHook] = []
_recovery_cancelled_hooks: list[RecoveryHook] = []


def on_recovery_requested(hook: RecoveryHook) -> None:
    """Run `hook` for every request to remove a lost second factor. Registering twice is once."""
    if hook not in _recovery_hooks:
        _recovery_hooks.append(hook)


def on_recovery_cancelled(hook: RecoveryHook) -> None:
    """Run `hook` when the owner keeps their second factor after all. Registering twice is once."""
    if hook not in _recovery_cancelled_hooks:
        _recovery_cancelled_hooks.append(hook)


def run_recovery_hooks(*, recovery: FactorRecovery) -> None:
    """Called by the recovery service only."""
    for hook in _recovery_hooks:
        hook(recovery=recovery)


def run_recovery_cancelled_hooks(*, recovery: FactorRecovery) -> None:
    """Called by the recovery service only."""
    for hook in _recovery_cancelled_hooks:
        hook(recovery=recovery)


# -- suspension
class SuspensionHook(Protocol):
    """Called inside the transaction that suspends somebody, `until` a time or, None, for good; raising undoes it."""

    def __call__(self, *, user: User, until: datetime | None) -> None: ...


_suspension_hooks: list[SuspensionHook] = []


def on_suspension(hook: SuspensionHook) -> None:
    """Run `hook` for every suspension. Registering twice is once."""
    if hook not in _suspension_hooks:
        _suspension_hooks.append(hook)


def run_suspension_hooks(*, user: User, until: datetime | None) -> None:
    """Called by the suspension service only."""
    for hook in _suspension_hooks:
        hook(user=user, until=until)


# -- privacy: what each app holds of a person, and how it lets go of it ------------------------------------
class CheckHook(Protocol):
    """What speaks against deleting the account now; read only."""

    def __call__(self, *, user: User) -> list[Obstacle]: ...


class EraseHook(Protocol):
    """Called inside the transaction that erases the account; files go after the commit. Raising undoes it all."""

    def __call__(self, *, user: User) -> None: ...


class ExportHook(Protocol):
    """Writes one part of the copy of a person's data, as a stream: nobody knows how much it is."""

    def __call__(self, *, user: User, out: ExportWriter) -> None: ...


_checks: list[CheckHook] = []
_erasures: list[EraseHook] = []
_exports: list[ExportHook] = []


def on_privacy(*, export: ExportHook, erase: EraseHook | None = None, check: CheckHook | None = None) -> None:
    """Register what an app holds of people, in the order of the copy. Registering twice is once."""
    if export not in _exports:
        _exports.append(export)
    if erase is not None and erase not in _erasures:
        _erasures.append(erase)
    if check is not None and check not in _checks:
        _checks.append(check)


def list_checks() -> list[CheckHook]:
    """What may speak against a deletion."""
    return list(_checks)


def list_erasures() -> list[EraseHook]:
    """What an erasure consists of, upper apps first: they may still ask who the account was."""
    return list(reversed(_erasures))


def list_export_parts() -> list[ExportHook]:
    """The parts of a copy of someone's data."""
    return list(_exports)
