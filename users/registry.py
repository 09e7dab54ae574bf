"""What upper apps do when someone signs up, has lost a factor, leaves or asks for their data.

Filled in their `AppConfig.ready()`.
"""

from __future__ import annotations

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
