"""Which second factors an account has, and whether a code proves one."""

from __future__ import annotations

from .. import selectors
from ..models import User
from ..types import Method
from . import backup_codes, totp


def list_methods(*, user: User) -> list[Method]:
    """What proves more than the password, the best first; empty without a second factor.

    Codes by mail are no way round a stronger factor: they are offered only where there is none.
    """
    strong = selectors.list_strong_methods(user=user)
    if not strong and user.email_factor_at is None:
        return []
    methods = strong or [Method.EMAIL]
    return [*methods, Method.BACKUP_CODE] if selectors.count_backup_codes(user=user) else methods


def verify(*, user: User, method: Method, code: str) -> bool:
    """Whether a typed code of `method` is right; it is used up by that. Only for what is typed and ours to keep:
    an app's code or a backup code."""
    if method == Method.TOTP:
        return totp.verify(user=user, code=code)
    if method == Method.BACKUP_CODE:
        return backup_codes.verify(user=user, code=code)
    return False
