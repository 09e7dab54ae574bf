"""Where the credits of a refund or a dispute were, for those whom it touched: conversations and wares by their names.

Who may see a case `money_back_selectors` has decided before; here its parts only get the ids that pages lead to. No
text of a message is anywhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from credits.registry import list_conversations
from users.models import User
from users.registry import names_of

from . import money_back_selectors as traces
from .models import ShopItem, Unlock
from .types import Place, TouchedCase, Trace, TracedPart


def get_touched(*, user: User, uid: uuid.UUID) -> TouchedCase:
    """A refund or dispute of a payment that went to `user` in part. Raises NotFound."""
    return _with_places([traces.get_touched(user=user, uid=uid)], user)[0]


def list_touched(*, user: User, limit: int) -> list[TouchedCase]:
    """All of those, the newest first."""
    return _with_places(traces.list_touched(user=user, limit=limit), user)


def get_own(*, user: User, uid: uuid.UUID) -> TouchedCase:
    """A refund or dispute of a payment of `user`. Raises NotFound."""
    return _with_places([traces.get_own(user=user, uid=uid)], user)[0]


def list_own(*, user: User, payment_uid: uuid.UUID) -> list[TouchedCase]:
    """The same for all of one payment, the oldest first. Raises NotFound for somebody else's."""
    return _with_places(traces.list_own(user=user, payment_uid=payment_uid), user)


def _with_places(found: Sequence[Trace], user: User) -> list[TouchedCase]:
    """Four queries and the hook of names, however many there are."""
    parts = [part for trace in found for part in trace.parts]
    conversations = list_conversations(scopes={part.scope for part in parts if not part.is_unlock})
    items = ShopItem.objects.in_bulk({-part.scope for part in parts if part.is_unlock})
    bought = Unlock.objects.filter(pk__in=[part.position for part in parts if part.is_unlock], buyer=user)
    unlocks = dict(bought.values_list("pk", "uid"))
    names = names_of(users=list(User.objects.filter(pk__in={_other(part, user) for part in parts})))

    def place(part: TracedPart) -> Place:
        name = names.get(_other(part, user), "")
        if not part.is_unlock:
            return Place(part=part, name=name, conversation=conversations.get(part.scope))
        item = items.get(-part.scope)
        return Place(
            part=part,
            name=name,
            item=item.uid if item else None,
            unlock=unlocks.get(part.position),
            title=item.title if item else "",
        )

    return [TouchedCase(trace=trace, places=[place(part) for part in trace.parts]) for trace in found]


def _other(part: TracedPart, user: User) -> int:
    return part.payee if part.actor == user.pk else part.actor
