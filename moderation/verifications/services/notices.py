"""Telling somebody what became of their verification."""

from __future__ import annotations

from users.services import notifications

from ...models import Verification


def tell(*, verification: Verification) -> None:
    """Tell them in which state it is now, in the caller's transaction; of each state once."""
    notifications.notify(
        user=verification.user,
        kind="verification",
        payload={"verification": str(verification.uid), "state": verification.state},
        key=f"verification:{verification.uid}:{verification.state}",
    )
