"""Reads of the chat. Fetching is authorizing: what `user` may not see is not found."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from credits import selectors as ledger
from credits.types import VoidedHold
from pairly.common.problems import NotFound
from profiles import selectors as profiles
from users.models import Block, User

from . import answer_selectors, server_keys
from .constants import HISTORY_PAGE, OPEN_REQUEST
from .envelopes import BOX_LENGTH
from .models import Conversation, Message
from .protocol.base64url import b64u_encode
from .protocol.labels import sha256
from .receipts import sign_receipt
from .types import HoldRef, Srv


# -- people -----------------------------------------------------------------------------------------------
def find_contact(*, uid: uuid.UUID) -> User | None:
    return User.objects.filter(uid=uid, is_active=True).first()


def may_contact(*, writer_id: int, reader_id: int) -> bool:
    """Whether nothing stands between two people (`users_may_contact`)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT users_may_contact(%s::bigint, %s::bigint) = ''", [writer_id, reader_id])
        row = cursor.fetchone()
    return bool(row and row[0])


def list_peer_uids(*, user: User) -> list[uuid.UUID]:
    """Everyone this user has a conversation with, and no block between."""
    pairs = _of(user).filter(~_has_block()).values_list("low_uid", "high_uid")
    return [high if low == user.uid else low for low, high in pairs]


# How many of somebody's latest pen friends are told that they came or went.
PRESENCE_PEERS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class PresencePeer:
    """Somebody who may see whether `user_id` is online, for they write with each other."""

    user_id: int
    peer_id: int
    peer_uid: uuid.UUID


def list_presence_peers(*, user_ids: list[int]) -> list[PresencePeer]:
    """The latest PRESENCE_PEERS that each of these people writes with and no block keeps from them; who has sent them a
    request that is not accepted learns nothing. For the job that tells them only."""
    with connection.cursor() as cursor:
        cursor.execute(_PRESENCE_PEERS, {"users": user_ids, "limit": PRESENCE_PEERS})
        rows = cursor.fetchall()
    return [PresencePeer(user_id=user, peer_id=peer, peer_uid=uid) for user, peer, uid in rows]


_PRESENCE_PEERS = """
SELECT u.id, peer.id, peer.uid
  FROM unnest(%(users)s::bigint[]) AS u(id)
 CROSS JOIN LATERAL (
    SELECT CASE WHEN c.low = u.id THEN c.high ELSE c.low END AS id,
           CASE WHEN c.low = u.id THEN c.high_uid ELSE c.low_uid END AS uid
      FROM messaging_conversation c
     WHERE (c.low = u.id OR c.high = u.id)
       AND CASE WHEN c.low = u.id THEN c.low_request ELSE c.high_request END NOT IN ('asked', 'declined')
       AND NOT EXISTS (SELECT FROM users_block b WHERE b.blocker_id = c.low AND b.blocked_id = c.high)
       AND NOT EXISTS (SELECT FROM users_block b WHERE b.blocker_id = c.high AND b.blocked_id = c.low)
     ORDER BY c.recv_ms DESC, c.id DESC LIMIT %(limit)s) AS peer
"""


# -- conversations ----------------------------------------------------------------------------------------
def _of(user: User) -> QuerySet[Conversation]:
    return Conversation.objects.filter(Q(low=user) | Q(high=user))


def _has_block() -> Exists:
    """Whether one of a conversation's two blocks the other."""
    low, high = OuterRef("low_id"), OuterRef("high_id")
    return Exists(Block.objects.filter(Q(blocker=low, blocked=high) | Q(blocker=high, blocked=low)))


def get_conversation(*, user: User, uid: uuid.UUID) -> Conversation:
    """A conversation that `user` takes part in; raises NotFound otherwise."""
    found = _of(user).filter(uid=uid).first()
    if found is None:
        raise NotFound()
    return found


def find_conversation(*, user: User, peer_id: int) -> Conversation | None:
    low, high = sorted((user.pk, peer_id))
    return Conversation.objects.filter(low_id=low, high_id=high).first()


def find_pen_friend(*, user: User, uid: uuid.UUID) -> User | None:
    """Whom `user` has a conversation with, active or not, blocked or not."""
    other = User.objects.filter(uid=uid).exclude(pk=user.pk).first()
    return other if other and find_conversation(user=user, peer_id=other.pk) else None


def has_conversation(*, user: User, other: User) -> bool:
    """Whether the two have ever written, or begun to."""
    return find_conversation(user=user, peer_id=other.pk) is not None


def side_of(*, conversation: Conversation, user: User) -> tuple[str, uuid.UUID]:
    """('low' or 'high', uid of the other person)."""
    if conversation.low_id == user.pk:
        return "low", conversation.high_uid
    return "high", conversation.low_uid


def is_open_request(*, conversation: Conversation, reader_id: int) -> bool:
    """Whether the conversation is a request to this one of its two that they have not accepted."""
    state = conversation.low_request if conversation.low_id == reader_id else conversation.high_request
    return state in OPEN_REQUEST


def next_seq(*, conversation: Conversation, kid: bytes | None) -> int:
    """The sequence number the device must use next; 1 for a device that has not written yet."""
    kids = [bytes(k) for k in conversation.device_kids]
    if kid is None or kid not in kids:
        return 1
    return conversation.device_seqs[kids.index(kid)] + 1


def price_for(*, user: User, conversation: Conversation) -> tuple[int, int]:
    """(price in hundredths of a message from `user`, reply window in seconds)."""
    side, _ = side_of(conversation=conversation, user=user)
    peer_id = conversation.high_id if side == "low" else conversation.low_id
    price, hours = _price_in_force(peer_id)
    pays = getattr(conversation, f"{side}_pays") and not getattr(conversation, f"{side}_free")
    return (price if pays else 0), hours * 3600


def get_price_in_force(*, user_id: int) -> int:
    """What a message to this person costs who pays, in hundredths of a credit; public, for the frame that says it."""
    return _price_in_force(user_id)[0]


def _price_in_force(user_id: int) -> tuple[int, int]:
    """(price in hundredths, hours to reply within)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT price_centi, reply_window_hours FROM profiles_price_in_force(%s::bigint)", [user_id])
        row = cursor.fetchone()
    price, hours = row or (0, 72)
    return price, hours


def get_balance_centi(*, user: User) -> int:
    return ledger.get_balance(user_id=user.pk).balance_centi


def find_hold(*, user: User, conversation: uuid.UUID, n: int) -> HoldRef | None:
    """The open hold behind message n, for one of the two."""
    place = get_conversation(user=user, uid=conversation)
    state = ledger.holds_by_position(scope=place.pk, positions=[n]).get(n)
    if state is None or state.state != "open":
        return None
    return HoldRef(id=state.id, expires_at=state.expires_at)


# -- messages ---------------------------------------------------------------------------------------------
def envelope_of(*, message: Message) -> dict[str, Any]:
    """The envelope as it was sent; an erased one has `ct` "" and no boxes."""
    boxes = bytes(message.boxes or b"")
    return {
        "v": 1,
        "hdr": b64u_encode(bytes(message.hdr)),
        "sig": b64u_encode(bytes(message.sig)),
        "ct": b64u_encode(bytes(message.ct or b"")),
        "boxes": [b64u_encode(boxes[at : at + BOX_LENGTH]) for at in range(0, len(boxes), BOX_LENGTH)],
    }


def srv_of(*, message: Message, conversation: uuid.UUID) -> Srv:
    """The server's part; the receipt is signed here when the row does not hold it yet."""
    receipt = bytes(message.receipt) if message.receipt else _receipt(message, conversation)
    return Srv(
        n=message.n,
        recv_ms=message.recv_ms,
        prev=b64u_encode(bytes(message.prev)),
        head=b64u_encode(bytes(message.head)),
        skid=b64u_encode(bytes(message.skid)),
        receipt=b64u_encode(receipt),
    )


def _receipt(message: Message, conversation: uuid.UUID) -> bytes:
    return sign_receipt(
        seed=server_keys.get_server_key(skid=bytes(message.skid)).seed,
        conversation=conversation.bytes,
        n=message.n,
        recv_ms=message.recv_ms,
        hdr_hash=sha256(bytes(message.hdr)),
        head=bytes(message.head),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryPage:
    """Oldest first. `next_n` continues the page in its direction, None at the end."""

    rows: list[dict[str, Any]]
    next_n: int | None


def list_history(
    *, user: User, peer_uid: uuid.UUID, before_n: int | None = None, after_n: int | None = None
) -> HistoryPage:
    """Messages of `user` with `peer_uid`; the newest page unless a bound is given. Raises NotFound."""
    peer = User.objects.filter(uid=peer_uid).only("pk").first()
    conversation = find_conversation(user=user, peer_id=peer.pk) if peer else None
    if conversation is None:
        raise NotFound()
    return _history(user=user, conversation=conversation, before_n=before_n, after_n=after_n)


def list_missed(*, user: User, conversation_uid: uuid.UUID, after_n: int) -> list[dict[str, Any]]:
    """Every message after `after_n`, for a socket that resumes; at most one page at a time."""
    conversation = get_conversation(user=user, uid=conversation_uid)
    return _history(user=user, conversation=conversation, before_n=None, after_n=after_n).rows


def _history(*, user: User, conversation: Conversation, before_n: int | None, after_n: int | None) -> HistoryPage:
    messages = Message.objects.filter(conversation=conversation)
    if after_n is not None:
        found = list(messages.filter(n__gt=after_n).order_by("n")[: HISTORY_PAGE + 1])
        more = len(found) > HISTORY_PAGE
        found = found[:HISTORY_PAGE]
        next_n = found[-1].n if more else None
    else:
        if before_n is not None:
            messages = messages.filter(n__lt=before_n)
        found = list(messages.order_by("-n")[: HISTORY_PAGE + 1])
        more = len(found) > HISTORY_PAGE
        found = found[:HISTORY_PAGE][::-1]
        next_n = found[0].n if more else None
    holds = ledger.holds_by_position(scope=conversation.pk, positions=[m.n for m in found if m.price_centi])
    disputes = answer_selectors.disputes_of(holds=holds.values())
    shares = profiles.share_reading(user_ids=(conversation.low_id, conversation.high_id))
    rows = [
        _history_row(user=user, conversation=conversation, message=m, shares=shares)
        | answer_selectors.hold_facts(user=user, hold=holds.get(m.n), disputes=disputes)
        for m in found
    ]
    return HistoryPage(rows=rows, next_n=next_n)


def _history_row(*, user: User, conversation: Conversation, message: Message, shares: bool) -> dict[str, Any]:
    """`shares`: whether the two show each other what they have read; one's own reading one knows."""
    reader_is_low = message.sender == conversation.high_id
    read_n = conversation.low_read_n if reader_is_low else conversation.high_read_n
    delivered_n = conversation.low_delivered_n if reader_is_low else conversation.high_delivered_n
    read_at = conversation.low_read_at if reader_is_low else conversation.high_read_at
    if message.sender == user.pk and not shares:
        read_n, delivered_n = 0, max(read_n, delivered_n)
    return {
        "conversation": str(conversation.uid),
        "envelope": envelope_of(message=message),
        "srv": srv_of(message=message, conversation=conversation.uid),
        "charged_centi": message.price_centi,
        "delivered": delivered_n >= message.n,
        "read_at": read_at.isoformat() if read_at and read_n >= message.n else None,
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Unpushed:
    conversation: uuid.UUID
    users: tuple[uuid.UUID, ...]
    envelope: dict[str, Any]
    srv: Srv


def list_unpushed(*, before_ms: int, limit: int) -> list[Unpushed]:
    """Messages that no channel layer took, oldest first. For the sweeper only: it acts for no user."""
    found = Message.objects.filter(pushed=False, recv_ms__lt=before_ms).select_related("conversation")
    return [
        Unpushed(
            conversation=m.conversation.uid,
            users=_told_of(m),
            envelope=envelope_of(message=m),
            srv=srv_of(message=m, conversation=m.conversation.uid),
        )
        for m in found.order_by("recv_ms", "conversation_id", "n")[:limit]
    ]


def _told_of(message: Message) -> tuple[uuid.UUID, ...]:
    """Both people; the writer alone where the reader declined the conversation."""
    place = message.conversation
    low = place.low_uid if message.sender == place.low_id or place.low_request != "declined" else None
    high = place.high_uid if message.sender == place.high_id or place.high_request != "declined" else None
    return tuple(uid for uid in (low, high) if uid is not None)


def list_refunds(*, voided: Iterable[VoidedHold]) -> list[dict[str, Any]]:
    """What the deadline gave back, with the people to tell and what the fan, `payer`, can spend now. For the deadline
    job only."""
    holds = list(voided)
    places = Conversation.objects.in_bulk({hold.scope for hold in holds})
    balances = ledger.list_balances(user_ids={hold.actor for hold in holds})
    return [
        {
            "conversation": place.uid,
            "n": hold.position,
            "amount_centi": hold.amount_centi,
            "users": (place.low_uid, place.high_uid),
            "payer": place.low_uid if place.low_id == hold.actor else place.high_uid,
            "balance_centi": balances[hold.actor],
        }
        for hold in holds
        if (place := places.get(hold.scope)) is not None
    ]


# -- notifications
def list_unread_of(*, messages: Iterable[tuple[uuid.UUID, int]]) -> list[tuple[uuid.UUID, int, int, int]]:
    """Of these messages, (conversation, n), the conversations whose recipient has not read them, each side once:
    (conversation, sender, recipient, when the last came in), people by primary key. Edits, deletions and reactions are
    no news, nor are requests. For the sweeper only."""
    wanted = list(messages)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.uid, m.sender, CASE WHEN m.sender = c.low THEN c.high ELSE c.low END, max(m.recv_ms) "
            "FROM unnest(%s::uuid[], %s::bigint[]) AS told (uid, n) "
            "JOIN messaging_conversation c ON c.uid = told.uid "
            "JOIN messaging_message m ON m.conversation_id = c.id AND m.n = told.n "
            "WHERE m.kind IN (1, 5) AND m.n > CASE WHEN m.sender = c.low THEN c.high_read_n ELSE c.low_read_n END "
            "AND CASE WHEN m.sender = c.low THEN c.high_request ELSE c.low_request END NOT IN ('asked', 'declined') "
            "GROUP BY c.id, m.sender ORDER BY max(m.recv_ms)",
            [[uid for uid, _ in wanted], [n for _, n in wanted]],
        )
        return [(uid, sender, recipient, recv_ms) for uid, sender, recipient, recv_ms in cursor.fetchall()]


def list_places(*, ids: Collection[int]) -> dict[int, Conversation]:
    """Conversations by their primary keys. For jobs only."""
    return Conversation.objects.in_bulk(ids)


def list_conversation_uids(*, ids: Collection[int]) -> dict[int, uuid.UUID]:
    """The public ids of conversations by their primary keys. For jobs, and for whoever may see the holds in them."""
    return dict(Conversation.objects.filter(pk__in=ids).values_list("pk", "uid"))


def list_answered(*, conversation_uid: uuid.UUID, answer_op: uuid.UUID) -> list[int]:
    """The messages whose credits wait to be paid for this answer. For the answer's own delivery only."""
    place = Conversation.objects.filter(uid=conversation_uid).values_list("pk", flat=True).get()
    return ledger.list_answered_positions(scope=place, answer_op=answer_op)


def list_conversations_by_id(*, ids: Collection[int]) -> dict[int, Conversation]:
    """Conversations by their primary keys. For jobs only."""
    return Conversation.objects.in_bulk(ids)


# -- privacy
def iterate_stored_messages(*, conversation_id: int, user_id: int) -> Iterator[dict[str, Any]]:
    """The messages of a conversation as they are stored, for the copy of the data of one of its two people."""
    rows = Message.objects.filter(conversation_id=conversation_id).order_by("n")
    for row in rows.iterator(chunk_size=500):
        yield {
            "n": row.n,
            "id": row.id,
            "is_mine": row.sender == user_id,
            "received_ms": row.recv_ms,
            "price_centi": row.price_centi,
            "header": row.hdr,
            "ciphertext": row.ct,
            "boxes": row.boxes,
            "signature": row.sig,
        }
