"""What upper apps do when someone signs up or asks for the way back; filled in their `AppConfig.ready()`."""

from __future__ import annotations

from typing import Protocol

from .models import FactorRecovery, User


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
