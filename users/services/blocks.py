"""Keeping somebody away, and letting them back. Nobody is told that they are blocked."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from pairly.common.problems import InvalidInput
from security.services import audit

from .. import block_selectors, registry
from ..constants import BLOCK_REASON_MAX
from ..models import Block, User


def block(*, user: User, uid: uuid.UUID, reason: str | None = None) -> tuple[Block, bool]:
    """Keep the person `uid` away from `user`; the flag says whether the block is new.

    `reason` is for `user` alone. Blocking again changes nothing but the reason, where one is given. What the other
    apps have between the two ends in the same transaction (`registry.on_block`). Raises NotFound for oneself and for
    whom `user` may not know of, InvalidInput for a reason that is too long.
    """
    reason = _checked(reason)
    other = block_selectors.get_blockable(user=user, uid=uid)
    with transaction.atomic():
        found, is_new = Block.objects.get_or_create(blocker=user, blocked=other, defaults={"reason": reason or ""})
        if is_new:
            registry.run_block_hooks(blocker=user, blocked=other)
            _record("block.made", user=user, other=other)
        elif reason is not None and reason != found.reason:
            found.reason = reason
            found.save(update_fields=["reason"])
    return found, is_new


@transaction.atomic
def unblock(*, user: User, uid: uuid.UUID) -> None:
    """End the block of `user` against the person `uid`; what it ended does not come back. Raises NotFound where there
    is none."""
    found = block_selectors.get_block(user=user, uid=uid)
    n_deleted, _each = Block.objects.filter(pk=found.pk).delete()
    if n_deleted:  # else another request was faster, and wrote it down
        _record("block.ended", user=user, other=found.blocked)


def _record(action: str, *, user: User, other: User) -> None:
    """Under the blocker's name alone: entries about a person are in the copy of their data."""
    audit.record(action=action, actor_uid=user.uid, subject_uid=user.uid, details={"user": str(other.uid)})


def _checked(reason: str | None) -> str | None:
    if reason is None:
        return None
    if len(reason) > BLOCK_REASON_MAX:
        detail = _("Keep the reason under 500 characters.")
        raise InvalidInput(errors=[{"pointer": "/reason", "code": "length", "detail": detail}])
    return reason.strip()
