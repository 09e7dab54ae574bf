"""What a report is about, as its reporter may know of it."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from messaging import selectors as chats
from pairly.common.problems import InvalidInput, NotFound
from payments.shop import selectors as shop
from users import block_selectors
from users.models import User

from ...models import ReportCase
from ..types import Aim

Target = ReportCase.Target


def find_aim(*, reporter: User, kind: str, ref: uuid.UUID) -> Aim:
    """The person `ref`, the messages with the person `ref`, or the shop item `ref`.

    Raises NotFound for what `reporter` may not know of or is their own, InvalidInput (`/kind` unknown).
    """
    match kind:
        case Target.USER:
            return Aim(subject=block_selectors.get_blockable(user=reporter, uid=ref), target=kind, ref=ref)
        case Target.MESSAGE:
            return _conversation_with(reporter, ref)
        case Target.ITEM:
            return _item(reporter, ref)
    detail = _("Report a person, messages or a shop item.")
    raise InvalidInput(errors=[{"pointer": "/kind", "code": "unknown", "detail": detail}])


def _conversation_with(reporter: User, uid: uuid.UUID) -> Aim:
    peer = chats.find_pen_friend(user=reporter, uid=uid)
    found = chats.find_conversation(user=reporter, peer_id=peer.pk) if peer else None
    if peer is None or found is None:
        raise NotFound
    return Aim(
        subject=peer,
        target=Target.MESSAGE,
        ref=found.uid,
        conversation=found.uid,
        peer_uids=frozenset({found.low_uid, found.high_uid}),
    )


def _item(reporter: User, uid: uuid.UUID) -> Aim:
    bought = shop.list_library(user=reporter).filter(item__uid=uid).select_related("item__seller").first()
    item = bought.item if bought else shop.get_on_sale(user=reporter, uid=uid)
    if item.seller_id == reporter.pk:
        raise NotFound
    return Aim(subject=item.seller, target=Target.ITEM, ref=item.uid)
