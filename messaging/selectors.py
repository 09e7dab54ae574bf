"""Reads of the chat. Fetching is authorizing: what `user` may not see is not found."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from credits import selectors as ledger
from credits.types import VoidedHold
from pairly.common.clock import from_ms
from pairly.common.problems import NotFound
from profiles import selectors as profiles
from profiles.models import Profile
from users.models import User

from . import server_keys
from .constants import HISTORY_PAGE
from .envelopes import BOX_LENGTH
from .models import Conversation, Key, KeyBackup, KeyStatement, Message, SessionDevice
from .protocol.base64url import b64u_encode
from .protocol.labels import sha256
from .receipts import sign_receipt
from .types import HoldRef, Srv


# -- keys -------------------------------------------------------------------------------------------------
@lru_cache(maxsize=20_000)
def _device_public(kid: bytes) -> tuple[int, bytes]:
    """(owner, public) of a device key. Keys never change under their kid; only hits are cached."""
    row = Key.objects.filter(kid=kid, role=Key.Role.DEVICE).values_list("user_id", "public").first()
    if row is None:
        raise LookupError(kid.hex())
    return row[0], bytes(row[1])


def find_device_key(*, kid: bytes, user_id: int) -> bytes | None:
    """The Ed25519 public key of a device of this user, active or revoked."""
    try:
        owner, public = _device_public(kid)
    except LookupError:
        return None
    return public if owner == user_id else None


def is_key_known(*, kid: bytes) -> bool:
    return Key.objects.filter(kid=kid).exists()


def is_key_active(*, kid: bytes) -> bool:
    return Key.objects.filter(kid=kid, active=True).exists()


def find_active_key(*, kid: bytes, user_id: int) -> Key | None:
    return Key.objects.filter(kid=kid, user_id=user_id, active=True).first()


def count_active_devices(*, user_id: int) -> int:
    return Key.objects.filter(user_id=user_id, role=Key.Role.DEVICE, active=True).count()


def list_bound_families(*, kid: bytes) -> list[uuid.UUID]:
    """Sign-ins that speak for a key device."""
    return list(SessionDevice.objects.filter(key_id=kid).values_list("family", flat=True))


def find_bound_kid(*, family: uuid.UUID) -> bytes | None:
    """The key device of a sign-in."""
    kid = SessionDevice.objects.filter(family=family).values_list("key_id", flat=True).first()
    return bytes(kid) if kid is not None else None


def lock_key_log(*, user_id: int) -> None:
    """Serialise changes to one user's key log until the transaction ends."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user_id)


def find_last_statement(*, user_id: int) -> KeyStatement | None:
    return KeyStatement.objects.filter(user_id=user_id).order_by("-log_no", "-seq").first()


def list_statements(*, owner_uid: uuid.UUID, after_seq: int) -> list[KeyStatement]:
    """The public key log of a user from `after_seq` on, oldest first."""
    return list(KeyStatement.objects.filter(user__uid=owner_uid, seq__gt=after_seq).order_by("log_no", "seq")[:500])


def get_bundle(*, user: User, owner_uid: uuid.UUID) -> dict[str, Any]:
    """The keys a sender needs: `identity, devices[], encryption[], log{seq, log_hash}` (api contract).

    Public to every signed-in user; identity is None for someone who has not enrolled. Raises NotFound for an
    unknown user.
    """
    owner = find_contact(uid=owner_uid)
    if owner is None:
        raise NotFound()
    keys = list(Key.objects.filter(user=owner).order_by("created_ms"))
    last = find_last_statement(user_id=owner.pk)

    def rows(role: int) -> list[dict[str, Any]]:
        return [
            {"kid": b64u_encode(bytes(k.kid)), "public": b64u_encode(bytes(k.public)), "active": k.active}
            for k in keys
            if k.role == role
        ]

    identity = [row for row in rows(Key.Role.IDENTITY) if row["active"]]
    return {
        "identity": identity[0] if identity else None,
        "devices": rows(Key.Role.DEVICE),
        "encryption": rows(Key.Role.ENCRYPTION),
        "log": {"seq": last.seq, "log_hash": b64u_encode(bytes(last.log_hash))} if last else None,
    }


def find_backup(*, user: User) -> KeyBackup | None:
    return KeyBackup.objects.filter(user=user).first()


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
    """Everyone this user has a conversation with."""
    pairs = _of(user).values_list("low_uid", "high_uid")
    return [high if low == user.uid else low for low, high in pairs]


# -- conversations ----------------------------------------------------------------------------------------
def _of(user: User) -> QuerySet[Conversation]:
    return Conversation.objects.filter(Q(low=user) | Q(high=user))


def get_conversation(*, user: User, uid: uuid.UUID) -> Conversation:
    """A conversation that `user` takes part in; raises NotFound otherwise."""
    found = _of(user).filter(uid=uid).first()
    if found is None:
        raise NotFound()
    return found


def find_conversation(*, user: User, peer_id: int) -> Conversation | None:
    low, high = sorted((user.pk, peer_id))
    return Conversation.objects.filter(low_id=low, high_id=high).first()


def side_of(*, conversation: Conversation, user: User) -> tuple[str, uuid.UUID]:
    """('low' or 'high', uid of the other person)."""
    if conversation.low_id == user.pk:
        return "low", conversation.high_uid
    return "high", conversation.low_uid


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
    with connection.cursor() as cursor:
        cursor.execute("SELECT price_centi, reply_window_hours FROM profiles_price_in_force(%s::bigint)", [peer_id])
        row = cursor.fetchone()
    price, hours = row or (0, 72)
    pays = getattr(conversation, f"{side}_pays") and not getattr(conversation, f"{side}_free")
    return (price if pays else 0), hours * 3600


def get_balance_centi(*, user: User) -> int:
    return ledger.get_balance(user_id=user.pk).balance_centi


def find_hold(*, user: User, conversation: uuid.UUID, n: int) -> HoldRef | None:
    """The open hold behind message n, for one of the two."""
    place = get_conversation(user=user, uid=conversation)
    state = ledger.holds_by_position(scope=place.pk, positions=[n]).get(n)
    if state is None or state.state != "open":
        return None
    return HoldRef(id=state.id, expires_at=state.expires_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxRow:
    """One line of the inbox."""

    conversation: Conversation
    peer: User
    shown: Profile
    last_at: datetime | None
    n_unread: int
    price_centi: int
    hold_expires_at: datetime | None
    hold_centi: int
    hold_is_mine: bool


def list_inbox(*, user: User, limit: int = 100) -> list[InboxRow]:
    """The conversations of `user`: open holds by deadline first for creators, then the most recent."""
    found = _of(user).select_related("low__profile", "high__profile")
    found = found.prefetch_related("low__profile__pictures", "high__profile__pictures")
    conversations = list(found.order_by("-recv_ms", "-id")[:limit])
    ids = [c.pk for c in conversations]
    holds = ledger.open_holds_by_scope(scopes=ids)
    unread = _unread(user=user, conversation_ids=ids)
    rows = []
    for c in conversations:
        peer = c.high if c.low_id == user.pk else c.low
        shown = profiles.shown_profile(user=peer)
        hold = holds.get(c.pk)
        pays = (c.low_pays and not c.low_free) if c.low_id == user.pk else (c.high_pays and not c.high_free)
        rows.append(
            InboxRow(
                conversation=c,
                peer=peer,
                shown=shown,
                last_at=from_ms(c.recv_ms) if c.recv_ms else None,
                n_unread=unread.get(c.pk, 0),
                price_centi=shown.price_per_message_centi if pays else 0,
                hold_expires_at=hold.expires_at if hold else None,
                hold_centi=hold.amount_centi if hold else 0,
                hold_is_mine=bool(hold and hold.actor == user.pk),
            )
        )
    if user.is_creator:
        latest = datetime.max.replace(tzinfo=UTC)
        rows.sort(key=lambda row: row.hold_expires_at or latest)
    return rows


def _unread(*, user: User, conversation_ids: list[int]) -> dict[int, int]:
    """Unread messages of others, by conversation; edits, deletions and reactions do not count."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.conversation_id, count(*) FROM messaging_message m "
            "JOIN messaging_conversation c ON c.id = m.conversation_id "
            "WHERE c.id = ANY (%s::bigint[]) AND m.sender <> %s::bigint AND m.kind IN (1, 5) "
            "AND m.n > CASE WHEN c.low = %s::bigint THEN c.low_read_n ELSE c.high_read_n END GROUP BY 1",
            [conversation_ids, user.pk, user.pk],
        )
        return dict(cursor.fetchall())


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
    rows = [_history_row(user=user, conversation=conversation, message=m, hold=holds.get(m.n)) for m in found]
    return HistoryPage(rows=rows, next_n=next_n)


def _history_row(*, user: User, conversation: Conversation, message: Message, hold: Any) -> dict[str, Any]:
    reader_is_low = message.sender == conversation.high_id
    read_n = conversation.low_read_n if reader_is_low else conversation.high_read_n
    delivered_n = conversation.low_delivered_n if reader_is_low else conversation.high_delivered_n
    read_at = conversation.low_read_at if reader_is_low else conversation.high_read_at
    return {
        "conversation": str(conversation.uid),
        "envelope": envelope_of(message=message),
        "srv": srv_of(message=message, conversation=conversation.uid),
        "charged_centi": message.price_centi,
        "delivered": delivered_n >= message.n,
        "read_at": read_at.isoformat() if read_at and read_n >= message.n else None,
        "hold_state": hold.state if hold else None,
        "hold_expires_at": hold.expires_at.isoformat() if hold else None,
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Unpushed:
    conversation: uuid.UUID
    users: tuple[uuid.UUID, uuid.UUID]
    envelope: dict[str, Any]
    srv: Srv


def list_unpushed(*, before_ms: int, limit: int) -> list[Unpushed]:
    """Messages that no channel layer took, oldest first. For the sweeper only: it acts for no user."""
    found = Message.objects.filter(pushed=False, recv_ms__lt=before_ms).select_related("conversation")
    return [
        Unpushed(
            conversation=m.conversation.uid,
            users=(m.conversation.low_uid, m.conversation.high_uid),
            envelope=envelope_of(message=m),
            srv=srv_of(message=m, conversation=m.conversation.uid),
        )
        for m in found.order_by("recv_ms", "conversation_id", "n")[:limit]
    ]


def list_refunds(*, voided: Iterable[VoidedHold]) -> list[dict[str, Any]]:
    """What the deadline gave back, with the people to tell. For the deadline job only."""
    holds = list(voided)
    places = Conversation.objects.in_bulk({hold.scope for hold in holds})
    return [
        {
            "conversation": places[hold.scope].uid,
            "n": hold.position,
            "amount_centi": hold.amount_centi,
            "users": (places[hold.scope].low_uid, places[hold.scope].high_uid),
        }
        for hold in holds
        if hold.scope in places
    ]


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
