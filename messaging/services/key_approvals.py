"""A new device is let in by another one of the same person (e2e section 4).

The new device makes its keys and asks. Both devices show a code, a hash over the account, the request and both public
keys, which the person compares. Then the first device opens the identity with the recovery code or passphrase, signs
the new device's statement, and seals the keyring key to it. The server carries public keys, a statement that it can
check, and a box that it cannot open.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from pairly.common.after_commit import push
from pairly.common.problems import Forbidden, InvalidInput
from security import limits
from users import selectors as people
from users.models import User
from users.services import security_mails
from users.services.notifications import notify

from .. import events, key_selectors
from ..constants import APPROVAL_SECONDS, APPROVALS_PER_HOUR, MAX_OPEN_APPROVALS
from ..errors import ApprovalOver, MessageRejected, NoKeys, TooManyApprovals
from ..models import DeviceApproval
from ..protocol.base64url import BadBase64, b64u_decode, b64u_encode
from ..protocol.keys import ALG_ED25519, ALG_XWING, KeyInvalid, check_public_key
from . import keys

State = DeviceApproval.State

# HPKE single-shot to X-Wing: enc 1120, then gen 16, version 4, identity kid 32 and keyring key 32 with their tag 16.
SEALED_LENGTH = 1120 + 84 + 16


def ask(*, user: User, family: uuid.UUID, approval_id: uuid.UUID, device: str, request_key: str, label_: str) -> None:
    """Ask the other devices of `user` to let the sign-in `family` in, with the device key `device`.

    A sign-in asks for one device at a time: what it asked before is over. The same request again changes nothing.
    Raises MessageRejected for keys that are none, NoKeys, TooManyApprovals, ApprovalOver where `approval_id` is taken,
    or RateLimited.
    """
    device_raw = _public(device, alg=ALG_ED25519)
    request_raw = _public(request_key, alg=ALG_XWING)
    with transaction.atomic():
        key_selectors.lock_key_log(user_id=user.pk)  # counting and adding are one step
        same = DeviceApproval.objects.filter(uid=approval_id).first()
        if same is not None:
            if (same.user_id, same.family, bytes(same.device)) != (user.pk, family, device_raw):
                raise ApprovalOver()
            return
        if keys.find_head(user=user).seq == 0:
            raise NoKeys()
        limits.require(name="device-approval", key=str(user.uid), limit=APPROVALS_PER_HOUR, window_s=3600)
        now = timezone.now()
        _end_old(user=user, family=family, now=now)
        if DeviceApproval.objects.filter(user=user, state=State.ASKED).count() >= MAX_OPEN_APPROVALS:
            raise TooManyApprovals()
        asked = DeviceApproval.objects.create(
            uid=approval_id,
            user=user,
            family=family,
            device=device_raw,
            request_key=request_raw,
            label=label_[:80],
            expires_at=now + timedelta(seconds=APPROVAL_SECONDS),
        )
        security_mails.write(user=user, notice="key_device_asks", device=asked.label or "-")
        notify(user=user, kind="key_device", key=f"key_device:{asked.uid}")
        _tell(user=user, approval_id=asked.uid, state="asked")


def grant(
    *, user: User, family: uuid.UUID, approval_id: uuid.UUID, statement: str, sig: str, public: str, label_: str,
    sealed: str, at_ms: int | None = None,
) -> None:  # fmt: skip
    """Let the device in: its statement, signed by the identity, enters the log and binds the sign-in that asked.

    Raises NotFound, also for somebody else's, Forbidden for the sign-in that asks, ApprovalOver, InvalidInput at
    /sealed, or MessageRejected with the codes of a statement (`stmt_subject` where it is about another key).
    """
    box = _box(sealed)
    with transaction.atomic():
        key_selectors.lock_key_log(user_id=user.pk)
        found = _others(user=user, family=family, approval_id=approval_id)
        if public != b64u_encode(bytes(found.device)):
            raise MessageRejected(code="stmt_subject")
        if not is_open(family=found.family, user=user):
            raise ApprovalOver()
        _decide(approval_id=approval_id, state=State.GRANTED, sealed=box)
        entry = keys.SignedEntry(statement=statement, sig=sig, public=public, label=label_ or found.label)
        keys.append(user=user, family=found.family, entry=entry, head=keys.find_head(user=user), at_ms=at_ms)
        keys.tell(user=user)
        _tell(user=user, approval_id=approval_id, state="granted")


def refuse(*, user: User, approval_id: uuid.UUID) -> None:
    """Do not let the device in; the device that asks may take its request back so. Raises NotFound or ApprovalOver."""
    with transaction.atomic():
        key_selectors.get_approval(user=user, approval_id=approval_id)
        _decide(approval_id=approval_id, state=State.REFUSED)
        _tell(user=user, approval_id=approval_id, state="refused")


def end_all(*, user: User) -> None:
    """No request of `user` is open any more; what was sealed goes. In the caller's transaction."""
    DeviceApproval.objects.filter(user=user).delete()


def sweep() -> int:
    """Delete requests a day after they were made; returns how many. Safe to run twice at once."""
    return DeviceApproval.objects.filter(created_at__lt=timezone.now() - timedelta(days=1)).delete()[0]


def is_open(*, family: uuid.UUID, user: User) -> bool:
    """Whether a sign-in of `user` goes on."""
    return people.list_sessions(user=user).filter(pk=family).exists()


def _others(*, user: User, family: uuid.UUID, approval_id: uuid.UUID) -> DeviceApproval:
    found = key_selectors.get_approval(user=user, approval_id=approval_id)
    if found.family == family:
        raise Forbidden()
    return found


def _decide(*, approval_id: uuid.UUID, state: str, sealed: bytes | None = None) -> None:
    """The one step in which a request is decided: of all who try at once, one does. Raises ApprovalOver."""
    now = timezone.now()
    rows = DeviceApproval.objects.filter(uid=approval_id, state=State.ASKED, expires_at__gt=now)
    if rows.update(state=state, sealed=sealed, decided_at=now) == 0:
        raise ApprovalOver()


def _end_old(*, user: User, family: uuid.UUID, now: datetime) -> None:
    """What this sign-in asked before is over, and so is what nobody answered in time."""
    rows = DeviceApproval.objects.filter(user=user, state=State.ASKED)
    rows.filter(Q(family=family) | Q(expires_at__lte=now)).update(state=State.EXPIRED, decided_at=now)


def _tell(*, user: User, approval_id: uuid.UUID, state: events.ApprovalState) -> None:
    push(user_id=user.uid, event=events.device_approval(approval_id=approval_id, state=state))


def _public(text: str, *, alg: int) -> bytes:
    try:
        raw = b64u_decode(text)
        check_public_key(alg=alg, public=raw)
    except BadBase64 as error:
        raise MessageRejected(code="bad_base64") from error
    except KeyInvalid as error:
        raise MessageRejected(code=error.code) from error
    return raw


def _box(sealed: str) -> bytes:
    try:
        raw = b64u_decode(sealed)
    except BadBase64:
        raw = b""
    if len(raw) != SEALED_LENGTH:
        raise InvalidInput(errors=[{"pointer": "/sealed", "code": "invalid", "detail": "not a sealed keyring key"}])
    return raw
