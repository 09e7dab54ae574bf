"""Sending a message: the main path of the product."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import timezone

from credits import caps_selectors as ledger_caps
from pairly.common.clock import from_ms, now_ms
from pairly.common.sql import call_row
from security import limits
from users.models import User

from .. import key_selectors, selectors, server_keys
from ..constants import OPEN_REQUEST, Kind
from ..envelopes import Envelope, EnvelopeRejected, check_envelope
from ..errors import MessageRejected, Muted
from ..protocol.base64url import b64u_encode
from ..receipts import ServerKey, sign_receipt
from ..types import HoldRef, SentMessage, Srv
from . import attachments, delivery

# Positional OUT columns of messaging_send, in the order of messaging/sql/0007_changes.sql.
_SEND = """
SELECT code, n, recv_ms, prev, head, skid, charged_centi, balance_centi, hold_id, hold_expires_ms,
       n_released, earned_centi, expected_seq, price_centi
FROM messaging_send(
    %b::uuid, %b::uuid, %b::uuid, %b::uuid, %b::int, %b::bytea, %b::bigint, %b::bigint, %b::bigint, %b::bytea,
    %b::bigint, %b::uuid, %b::bytea, %b::bytea[], %b::bytea, %b::bytea, %b::bytea, %b::bytea, %b::bytea,
    %b::bigint, %b::bytea, %b::uuid, {clock_skew_ms:d}, {fee:d}, {mature_days:d}, {mature_days_new:d}, {new_days:d})
"""

# An accepted message has no code, that of a request to its reader says so.
_ACCEPTED = ("", "duplicate", *OPEN_REQUEST)


def send_message(
    *,
    user: User,
    conversation: uuid.UUID,
    envelope: object,
    recv_ms: int | None = None,
    server_key: ServerKey | None = None,
) -> SentMessage:
    """Accept one envelope from `user` into `conversation`; charge, store, chain, receipt, push.

    The order is that of e2e section 2.4: mute and rate limit, stateless checks, then one database call that
    decides everything else and writes all of it or nothing. An identical retry returns the stored result.
    `recv_ms` is when it came in, for what is entered later (default: now); the limit counts what comes in now.
    Raises MessageRejected with the protocol's code, or Muted. Must not run inside a transaction: the
    conversation row stays locked until commit, and the push leaves after it.
    """
    if recv_ms is None:
        _require_not_muted(user)
    key = server_key or server_keys.current()
    checked = _check(user=user, conversation=conversation, envelope=envelope)
    if checked.header.kind == Kind.AUTOMATIC and not checked.header.price_centi and not user.is_creator:
        raise MessageRejected(code="kind_unknown")  # they cost nothing: fans would write for free
    # No `atomic`: one statement is a transaction, and BEGIN and COMMIT would be two more trips with the lock held.
    row = call_row(sql=send_sql(), params=send_params(checked=checked, key=key, recv_ms=recv_ms or now_ms()))
    if row[0] not in _ACCEPTED:
        raise _rejected(user=user, checked=checked, row=row)
    sent = _sent(user=user, checked=checked, row=row, envelope=envelope, key=key)
    if not sent.is_replay:
        delivery.deliver(sent=sent)
    if checked.header.kind == Kind.DELETE and checked.header.target:  # the words are erased: the files go too
        attachments.erase_of_message(conversation_uid=conversation, message_id=uuid.UUID(bytes=checked.header.target))
    return sent


def _require_not_muted(user: User) -> None:
    decision = limits.allow_frame(user_id=user.uid)
    if not decision.allowed:
        raise Muted(retry_after_s=decision.retry_after_s)


def _check(*, user: User, conversation: uuid.UUID, envelope: object) -> Envelope:
    try:
        return check_envelope(
            data=envelope,
            conversation=conversation.bytes,
            sender=user.uid.bytes,
            find_device_key=lambda kid: key_selectors.find_device_key(kid=kid, user_id=user.pk),
        )
    except EnvelopeRejected as error:
        raise MessageRejected(code=error.code) from error


def send_sql() -> str:
    """The statement of a send. The product's parameters, whole numbers, are part of its text: a process has one such
    text, and what does not change need not be sent and bound with every message.
    """
    return _send_sql(
        clock_skew_ms=settings.E2E_CLOCK_SKEW_SECONDS * 1000,
        fee=settings.PLATFORM_FEE_BASIS_POINTS,
        mature_days=settings.EARNINGS_MATURE_DAYS,
        mature_days_new=settings.EARNINGS_MATURE_DAYS_NEW,
        new_days=settings.NEW_CREATOR_DAYS,
    )


@lru_cache(maxsize=8)
def _send_sql(**parameters: int) -> str:
    return _SEND.format(**parameters)


def send_params(*, checked: Envelope, key: ServerKey, recv_ms: int) -> list[Any]:
    """The parameters of `send_sql()`."""
    header = checked.header
    conversation, message_id = uuid.UUID(bytes=header.conversation), uuid.UUID(bytes=header.message_id)
    return [
        conversation,
        uuid.UUID(bytes=header.sender),
        uuid.UUID(bytes=header.recipient),
        message_id,
        header.kind,
        header.device_kid,
        header.sent_ms,
        header.seq,
        header.seen_n,
        header.seen_head,
        header.price_centi,
        uuid.UUID(bytes=header.target) if header.target else None,
        b"".join(box.kid for box in header.boxes),
        [att.hash + att.length.to_bytes(8, "big") for att in header.attachments] or None,
        checked.hdr,
        checked.hdr_hash,
        checked.sig,
        checked.ct,
        b"".join(checked.boxes),
        recv_ms,
        key.skid,
        ledger_op(conversation=conversation, message_id=message_id),
    ]


def ledger_op(*, conversation: uuid.UUID, message_id: uuid.UUID) -> uuid.UUID:
    """The ledger's operation id of a message: uuid5(conversation, message id)."""
    return uuid.uuid5(conversation, str(message_id))


def _rejected(*, user: User, checked: Envelope, row: tuple[Any, ...]) -> MessageRejected:
    """The reject with what the client needs to go on: the expected sequence, the price, the fresh keys."""
    code, balance_centi, expected_seq, price_centi = row[0], row[7], row[12], row[13]
    recipient = uuid.UUID(bytes=checked.header.recipient)
    match code:
        case "seq":
            return MessageRejected(code=code, expected=expected_seq)
        case "price_changed":
            return MessageRejected(code=code, price_centi=price_centi)
        case "insufficient_credits" | "debt_outstanding" | "spending_cap_reached" | "cooling_off":
            why = ledger_caps.explain(user_id=user.pk, code=code, amount_centi=price_centi, at=timezone.now())
            return MessageRejected(code=code, balance_centi=balance_centi, cost_centi=price_centi, **why)
        case "rcpt_key_stale" | "rcpt_missing" | "rcpt_key_unknown":
            return MessageRejected(
                code=code,
                bundle=key_selectors.get_bundle(user=user, owner_uid=recipient),
                own_bundle=key_selectors.get_bundle(user=user, owner_uid=user.uid),
            )
        case "muted":
            rejected = MessageRejected(code=code)
            rejected.retry_after_s = timedelta(minutes=1).total_seconds()
            return rejected
    return MessageRejected(code=code)


def _sent(*, user: User, checked: Envelope, row: tuple[Any, ...], envelope: object, key: ServerKey) -> SentMessage:
    code, n, recv_ms, prev, head, skid, charged, balance, hold_id, hold_expires_ms, n_released, earned = row[:12]
    header = checked.header
    signer = key if key.skid == bytes(skid) else server_keys.get_server_key(skid=bytes(skid))
    receipt = sign_receipt(
        seed=signer.seed,
        conversation=header.conversation,
        n=n,
        recv_ms=recv_ms,
        hdr_hash=checked.hdr_hash,
        head=bytes(head),
    )
    srv = Srv(
        n=n,
        recv_ms=recv_ms,
        prev=b64u_encode(bytes(prev)),
        head=b64u_encode(bytes(head)),
        skid=b64u_encode(bytes(skid)),
        receipt=b64u_encode(receipt),
    )
    is_replay = code == "duplicate"
    if balance is None:
        balance = selectors.get_balance_centi(user=user)
    conversation = uuid.UUID(bytes=header.conversation)
    hold = HoldRef(id=hold_id, expires_at=from_ms(hold_expires_ms)) if hold_id else None
    if is_replay and charged:
        hold = selectors.find_hold(user=user, conversation=conversation, n=n)
    assert isinstance(envelope, dict)  # check_envelope accepts nothing else
    return SentMessage(
        conversation=conversation,
        sender=user.uid,
        recipient=uuid.UUID(bytes=header.recipient),
        message_id=uuid.UUID(bytes=header.message_id),
        envelope=envelope,
        srv=srv,
        charged_centi=charged or 0,
        balance_centi=balance,
        hold=hold,
        n_released=n_released or 0,
        earned_centi=earned or 0,
        is_replay=is_replay,
        request="" if is_replay else code,
    )
