"""Reads of blocks: one's own list, and whether anything stands between two people. Who blocked somebody is never told
to them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from pairly.common.problems import NotFound

from . import registry
from .constants import BLOCKS_PAGE
from .models import Block, User


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockRow:
    """One block of the caller's, with what the other person is called."""

    id: int
    user_id: uuid.UUID
    display_name: str
    reason: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockPage:
    """Newest first; `before` continues it, None at the end."""

    rows: list[BlockRow]
    before: int | None


def list_blocks(*, user: User) -> QuerySet[Block]:
    """Whom `user` blocks, unordered."""
    return Block.objects.filter(blocker=user).select_related("blocked")


def get_block_page(*, user: User, before_id: int | None = None) -> BlockPage:
    """Whom `user` blocks, newest first, before `before_id` if given: two queries."""
    rows = list_blocks(user=user).order_by("-pk")
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    found = list(rows[: BLOCKS_PAGE + 1])
    has_more = len(found) > BLOCKS_PAGE
    return BlockPage(rows=as_rows(blocks=found[:BLOCKS_PAGE]), before=found[BLOCKS_PAGE - 1].pk if has_more else None)


def as_rows(*, blocks: list[Block]) -> list[BlockRow]:
    """`blocks` of one page as they are shown, in their order: one query for all names."""
    names = registry.names_of(users=[block.blocked for block in blocks])
    return [
        BlockRow(
            id=block.pk,
            user_id=block.blocked.uid,
            display_name=names[block.blocked_id],
            reason=block.reason,
            created_at=block.created_at,
        )
        for block in blocks
    ]


def find_block(*, user: User, uid: uuid.UUID) -> Block | None:
    """The block of `user` against the person `uid`."""
    return list_blocks(user=user).filter(blocked__uid=uid).first()


def get_block(*, user: User, uid: uuid.UUID) -> Block:
    """As `find_block`; raises NotFound."""
    block = find_block(user=user, uid=uid)
    if block is None:
        raise NotFound()
    return block


def get_blockable(*, user: User, uid: uuid.UUID) -> User:
    """The person whom `user` may block, or blocks. Raises NotFound for oneself, and for whom `user` may not know of:
    so nobody learns who blocks them by trying to block back."""
    other = User.objects.filter(uid=uid).exclude(pk=user.pk).first()
    if other is None:
        raise NotFound()
    # Asked last whether there is a block already: one that is made meanwhile hides the person from `may_know`.
    if not registry.may_know(user=user, other=other) and find_block(user=user, uid=uid) is None:
        raise NotFound()
    return other


def is_blocked(*, one_id: int, other_id: int) -> bool:
    """Whether one of the two blocks the other: one query."""
    return Block.objects.filter(
        Q(blocker_id=one_id, blocked_id=other_id) | Q(blocker_id=other_id, blocked_id=one_id)
    ).exists()
