"""The personas: fan, creator, stranger, moderator."""

from __future__ import annotations

import itertools
from datetime import date

from users.models import User
from users.registry import run_sign_up_hooks

PASSWORD = "a long enough passphrase 7"  # noqa: S105 - of test accounts

_numbers = itertools.count(1)


def make_user(role: str = "fan", *, name: str = "", price_centi: int | None = None) -> User:
    """An account with everything that a sign-up makes (ledger accounts, profile), without hashing a password."""
    n = next(_numbers)
    user = User(
        email=f"{role}{n}@example.org",
        name=name or f"{role.title()} {n}",
        role="creator" if role == "creator" else "fan",
        birth_date=date(1990, 1, 1),
    )
    user.set_unusable_password()
    user.save()
    run_sign_up_hooks(user=user)
    if price_centi is not None:
        user.profile.price_per_message_centi = price_centi
        user.profile.save(update_fields=["price_per_message_centi"])
    return user
