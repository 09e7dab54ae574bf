"""Everything is lost: a new identity begins a new key log (e2e section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from users.models import User
from users.services import security_mails, sessions, step_up
from users.types import SignIn

from ..errors import MessageRejected, NoKeys
from ..models import Key, SessionDevice
from ..protocol.statements import ZERO_HASH
from . import backups, key_approvals, keys

ROLES = [Key.Role.IDENTITY, Key.Role.DEVICE, Key.Role.ENCRYPTION]


@transaction.atomic
def reset_identity(
    *, user: User, sign_in: SignIn, entries: Sequence[keys.SignedEntry], backup: Any, if_match: int,
    at_ms: int | None = None,
) -> keys.LogHead:  # fmt: skip
    """Begin log `log_no` + 1 with `entries`: a new identity, this device, an encryption key; all or nothing.

    All keys of before are revoked, no sign-in speaks for them any more, all other sign-ins end, and `backup` replaces
    the stored one (version `if_match` + 1: it goes on counting). Holds stay: whoever owes an answer may still give it.
    Old logs stay too, so that what was signed with them can be checked. Raises StepUpRequired without a fresh proof,
    NoKeys, MessageRejected with the codes of a statement, InvalidInput, or BackupVersionConflict.
    """
    step_up.require(user=user, sign_in=sign_in)
    if len(entries) != len(ROLES):
        raise MessageRejected(code="stmt_role")
    last = keys.find_head(user=user, lock=True)
    if last.seq == 0:
        raise NoKeys()
    now = timezone.now()
    Key.objects.filter(user=user, active=True).update(active=False, revoked_at=now)
    SessionDevice.objects.filter(key__user=user).delete()
    key_approvals.end_all(user=user)
    head = replace(last, seq=0, log_hash=ZERO_HASH, log_no=last.log_no + 1)
    for entry in entries:
        head = keys.append(user=user, family=sign_in.family, entry=entry, head=head, at_ms=at_ms)
    active = list(Key.objects.filter(user=user, active=True).order_by("role").values_list("role", flat=True))
    if active != ROLES:
        raise MessageRejected(code="stmt_role")
    backups.put_backup(user=user, file=backup, if_match=if_match)
    sessions.end_sessions(user=user, reason="identity_reset", except_family=sign_in.family)
    security_mails.write(user=user, notice="identity_reset")
    keys.tell(user=user)
    return head
