"""Opening conversations and moving read marks."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from django.db import connection, transaction

from pairly.common.after_commit import push
from pairly.common.ids import uuid7
from pairly.common.problems import NotFound
from profiles import selectors as profiles
from users.models import User

from .. import events, selectors
from ..constants import OPEN_REQUEST
from ..errors import NoContact
from ..models import Conversation
from ..protocol.chain import first_head
from . import telling

Mark = Literal["delivered", "read"]


def open_conversation(*, user: User, peer_uid: uuid.UUID, at: datetime | None = None) -> tuple[Conversation, bool]:
    """The conversation of `user` with `peer_uid`, made if it does not exist (dated `at`, default: now); the flag says
    whether it was made.

    One of the two must be a creator. Raises NotFound for an unknown peer or oneself, NoContact when a block
    or a suspension stands between them.
    """
    peer = selectors.find_contact(uid=peer_uid)
    if peer is None or peer.pk == user.pk or not (peer.is_creator or user.is_creator):
        raise NotFound()
    with transaction.atomic():
        if not selectors.may_contact(writer_id=user.pk, reader_id=peer.pk):
            raise NoContact()
        existing = selectors.find_conversation(user=user, peer_id=peer.pk)
        if existing is not None:
            return existing, False
        _insert(user=user, peer=peer, at=at)
    conversation = selectors.find_conversation(user=user, peer_id=peer.pk)
    assert conversation is not None  # just inserted, or by a racer: the pair is unique
    return conversation, True


def _insert(*, user: User, peer: User, at: datetime | None) -> None:
    low, high = sorted((user, peer), key=lambda who: who.pk)
    uid = uuid7()
    h0 = first_head(conversation=uid.bytes, users=(low.uid.bytes, high.uid.bytes))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO messaging_conversation (uid, low, high, low_uid, high_uid, low_pays, high_pays, head, h0, "
            "opened_by, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, COALESCE(%s::timestamptz, now())) "
            "ON CONFLICT DO NOTHING",
            [
                uid,
                low.pk,
                high.pk,
                low.uid,
                high.uid,
                high.is_creator and not low.is_creator,
                low.is_creator and not high.is_creator,
                h0,
                h0,
                user.pk,
                at,
            ],
        )


def mark(*, user: User, conversation_uid: uuid.UUID, what: Mark, n: int, at: datetime | None = None) -> None:
    """Move the delivered or read mark of `user` forward to `n`, as of `at` (default: now), and tell the other side.

    Marks never go back and never beyond the last message. What is read has been delivered; the other side learns that
    it was read only where both show it. Behind a block and in a request that is not accepted they stay where they are:
    what is read there the other side learns neither now nor later. Raises NotFound for a stranger.
    """
    conversation = selectors.get_conversation(user=user, uid=conversation_uid)
    side, _ = selectors.side_of(conversation=conversation, user=user)
    # The parts of names come from this module, not from the caller's data.
    stamp, dated = "", []
    if what == "read":
        stamp = (
            f", {side}_read_at = COALESCE(%s::timestamptz, now())"
            f", {side}_delivered_n = greatest({side}_delivered_n, least(%s::bigint, n))"
        )
        dated = [at, n]
    column = f"{side}_{what}_n"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE messaging_conversation SET {column} = least(%s::bigint, n){stamp} "  # noqa: S608
                f"WHERE id = %s::bigint AND {column} < least(%s::bigint, n) "
                f"AND {side}_request NOT IN ('asked', 'declined') "
                "AND NOT EXISTS (SELECT 1 FROM users_block "
                "WHERE blocker_id IN (low, high) AND blocked_id IN (low, high))",
                [n, *dated, conversation.pk, n],
            )
            moved = cursor.rowcount == 1
        if moved:
            _tell_of_mark(user=user, conversation=conversation, what=what, n=n)
        if moved and what == "read":
            telling.forget_read(user=user, conversation=conversation_uid)


def _tell_of_mark(*, user: User, conversation: Conversation, what: Mark, n: int) -> None:
    """One's own devices learn what it is; the other side what is shown to them."""
    _, peer_uid = selectors.side_of(conversation=conversation, user=user)
    shown = what
    if what == "read" and not profiles.share_reading(user_ids=(conversation.low_id, conversation.high_id)):
        shown = "delivered"
    for uid, name in ((peer_uid, shown), (user.uid, what)):
        push(user_id=uid, event=events.receipt(conversation=conversation.uid, user_id=user.uid, **{f"{name}_n": n}))


def show_typing(*, user: User, peer_uid: uuid.UUID) -> None:
    """Tell the other person of an existing conversation that `user` is typing, unless they switched that off or it is
    a request still; nobody else learns of it. Raises NotFound where there is none."""
    peer = selectors.find_contact(uid=peer_uid)
    place = selectors.find_conversation(user=user, peer_id=peer.pk) if peer else None
    if peer is None or place is None:
        raise NotFound()
    if place.low_request in OPEN_REQUEST or place.high_request in OPEN_REQUEST:
        return
    if profiles.shows_typing(user=user) and selectors.may_contact(writer_id=user.pk, reader_id=peer.pk):
        push(user_id=peer_uid, event=events.typing(user_id=user.uid))
