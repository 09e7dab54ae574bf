"""Ten codes for the day the second factor is lost: 50 bits each, stored as keyed hashes, each used once."""

from __future__ import annotations

import secrets

from django.utils import timezone
from django.utils.crypto import salted_hmac

from ..constants import BACKUP_CODE_ALPHABET, BACKUP_CODE_LENGTH, BACKUP_CODES
from ..models import BackupCode, User


def renew(*, user: User) -> list[str]:
    """Ten new codes, shown this once, in place of those before; part of the caller's transaction."""
    codes = [_make() for _ in range(BACKUP_CODES)]
    BackupCode.objects.filter(user=user).delete()
    BackupCode.objects.bulk_create(BackupCode(user=user, code_hash=_hash(user, code)) for code in codes)
    half = BACKUP_CODE_LENGTH // 2
    return [f"{code[:half]}-{code[half:]}" for code in codes]


def verify(*, user: User, code: str) -> bool:
    """Whether `code` is one of the unused ones; it is used up by that. Case, spaces and hyphens do not matter."""
    hashed = _hash(user, "".join(ch for ch in code.upper() if ch.isalnum()))
    unused = BackupCode.objects.filter(user=user, code_hash=hashed, used_at__isnull=True)
    return bool(unused.update(used_at=timezone.now()))


def remove(*, user: User) -> None:
    """Forget all of them."""
    BackupCode.objects.filter(user=user).delete()


def _make() -> str:
    return "".join(secrets.choice(BACKUP_CODE_ALPHABET) for _ in range(BACKUP_CODE_LENGTH))


def _hash(user: User, code: str) -> bytes:
    return salted_hmac("users.backup_code", f"{user.uid}:{code}", algorithm="sha256").digest()
