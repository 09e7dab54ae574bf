"""Who writes to a creator for free: whom they wrote to first (`messaging_send`), and whom they chose."""

from __future__ import annotations

import uuid

from django.db import connection, transaction

from pairly.common.after_commit import push
from pairly.common.problems import NotFound
from users.models import User

from .. import events, selectors
from ..models import Conversation
from . import conversations


def set_free(*, user: User, peer_uid: uuid.UUID) -> None:
    """From the commit on `peer_uid`, a fan, writes to the creator `user` for free; their conversation is opened where
    there is none, and is no request. Raises NotFound for who is no fan and for `user` without a price of their own,
    NoContact."""
    _require_payer(user=user, peer_uid=peer_uid)
    conversation, _is_new = conversations.open_conversation(user=user, peer_uid=peer_uid)
    _set(user=user, conversation=conversation, is_free=True, why="listed")


def set_paid(*, user: User, peer_uid: uuid.UUID) -> None:
    """`peer_uid` pays as everybody does, whoever wrote first. Nothing happens where there is no conversation. Raises
    NotFound as `set_free`."""
    peer = _require_payer(user=user, peer_uid=peer_uid)
    conversation = selectors.find_conversation(user=user, peer_id=peer.pk)
    if conversation is not None:
        _set(user=user, conversation=conversation, is_free=False, why="off")


def _require_payer(*, user: User, peer_uid: uuid.UUID) -> User:
    peer = selectors.find_contact(uid=peer_uid)
    if peer is None or peer.is_creator or not user.is_creator:
        raise NotFound()
    return peer


@transaction.atomic
def _set(*, user: User, conversation: Conversation, is_free: bool, why: str) -> None:
    """A send that is under way ends before or after: it holds the row."""
    mine, peer_uid = selectors.side_of(conversation=conversation, user=user)
    theirs = "high" if mine == "low" else "low"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE messaging_conversation SET {theirs}_free = %s, {theirs}_free_by = %s, "  # noqa: S608 - ours
            f"{mine}_request = CASE WHEN %s AND {mine}_request <> '' THEN 'accepted' ELSE {mine}_request END "
            f"WHERE id = %s::bigint AND {theirs}_pays AND {theirs}_free_by <> %s",
            [is_free, why, is_free, conversation.pk, why],
        )
        has_changed = cursor.rowcount == 1
    if has_changed:
        conversation.refresh_from_db()
        peer = conversation.high if mine == "low" else conversation.low
        price_centi, _window = selectors.price_for(user=peer, conversation=conversation)
        push(user_id=peer_uid, event=events.price_changed(user_id=user.uid, price_centi=price_centi))
