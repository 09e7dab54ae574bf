"""First words of somebody unknown: accepted, or declined without a word to their writer.

A request comes about, and ends by an answer or a payment, in `messaging_send` (sql/0005_contact.sql). Accepting wins:
what was accepted or answered is not declined any more, whichever was first.
"""

from __future__ import annotations

import uuid

from django.db import connection, transaction

from pairly.common.after_commit import push
from users.models import User

from .. import events, selectors


def accept(*, user: User, conversation_uid: uuid.UUID) -> None:
    """The request becomes an ordinary conversation; what was declined may be accepted later. Nothing happens where
    there is no request. Raises NotFound for a stranger."""
    _settle(user=user, conversation_uid=conversation_uid, before=["asked", "declined"], after="accepted")


def decline(*, user: User, conversation_uid: uuid.UUID) -> None:
    """The request leaves the reader's sight, with all that its writer adds; they do not learn of it. Nothing happens
    where nothing is asked. Raises NotFound for a stranger."""
    _settle(user=user, conversation_uid=conversation_uid, before=["asked"], after="declined")


def decline_between(*, blocker: User, blocked: User) -> None:
    """A block declines what either of the two has asked. In the caller's transaction."""
    conversation = selectors.find_conversation(user=blocker, peer_id=blocked.pk)
    if conversation is not None:
        for user in (blocker, blocked):
            decline(user=user, conversation_uid=conversation.uid)


@transaction.atomic
def _settle(*, user: User, conversation_uid: uuid.UUID, before: list[str], after: events.RequestState) -> None:
    """One conditional UPDATE: who comes second finds another state. The reader's own devices are told."""
    conversation = selectors.get_conversation(user=user, uid=conversation_uid)
    side, _peer = selectors.side_of(conversation=conversation, user=user)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE messaging_conversation SET {side}_request = %s "  # noqa: S608 - `side` is ours
            f"WHERE id = %s::bigint AND {side}_request = ANY (%s::text[])",
            [after, conversation.pk, before],
        )
        has_moved = cursor.rowcount == 1
    if has_moved:
        push(user_id=user.uid, event=events.request(conversation=conversation_uid, state=after))
