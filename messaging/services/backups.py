"""The user's wrapped keys: stored as they come, changed by compare-and-swap on the version."""

from __future__ import annotations

import json
from typing import Any

from django.db import IntegrityError, transaction

from pairly.common.problems import InvalidInput
from users.models import User

from ..constants import BACKUP_MAX_BYTES
from ..errors import BackupVersionConflict
from ..models import KeyBackup
from ..protocol.base64url import b64u_encode

FIELDS = {"format", "v", "user_id", "gen", "version", "slots", "identity", "keyring"}
# Far more than anybody writes in a life, far less than the field holds.
VERSION_FIRST_MAX = 1_000_000


def put_backup(*, user: User, file: Any, if_match: int) -> KeyBackup:
    """Store version `if_match + 1` of the backup file of e2e section 4.

    `if_match` is 0 where there is none; what is put then, say from a key file after a loss, may have a later version:
    devices refuse to go back behind the one they saw last. The server cannot open it and checks only its outer form.
    Raises InvalidInput, or BackupVersionConflict when another device was faster.
    """
    _check_form(user=user, file=file)
    is_version = file["version"] == if_match + 1 or (if_match == 0 and 1 <= file["version"] <= VERSION_FIRST_MAX)
    if not is_version:
        raise InvalidInput("version must be If-Match + 1", errors=[_error("/version")])
    if if_match == 0:
        try:
            with transaction.atomic():
                return KeyBackup.objects.create(user=user, version=file["version"], file=file)
        except IntegrityError as error:
            raise BackupVersionConflict() from error
    n = KeyBackup.objects.filter(user=user, version=if_match).update(version=if_match + 1, file=file)
    if n == 0:
        raise BackupVersionConflict()
    return KeyBackup.objects.get(user=user)


def _error(pointer: str) -> dict[str, str]:
    return {"pointer": pointer, "code": "invalid", "detail": "not a key backup of this user"}


def _check_form(*, user: User, file: Any) -> None:
    if not isinstance(file, dict) or set(file) != FIELDS:
        raise InvalidInput(errors=[_error("")])
    text = json.dumps(file)
    if len(text) > BACKUP_MAX_BYTES or "\\u0000" in text:  # PostgreSQL's jsonb has no NUL
        raise InvalidInput(errors=[_error("/slots")])
    if file["format"] != "pairly-keys" or file["v"] != 1 or type(file["version"]) is not int:
        raise InvalidInput(errors=[_error("/format")])
    if not isinstance(file["slots"], list) or not 1 <= len(file["slots"]) <= 8:
        raise InvalidInput(errors=[_error("/slots")])
    if file["user_id"] != b64u_encode(user.uid.bytes):
        raise InvalidInput(errors=[_error("/user_id")])
