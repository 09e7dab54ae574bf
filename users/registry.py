"""What upper apps do when someone signs up; filled in their `AppConfig.ready()`."""

from __future__ import annotations

from typing import Protocol

from .models import User


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
