"""The queue of replies that were no answer: one person looks, and both people read why they decided so.

Nobody here can read a message. What there is to go by are times, sizes, amounts, what the fan wrote to staff, and how
earlier disputes of the two ended.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from messaging import answer_selectors
from messaging.services import answers
from users.models import User

from . import queues
from .models import WorkItem
from .services import disputes

KIND = "no_answer"
# The smallest padded ciphertext of e2e section 2.2: nonce, 256 bytes and the tag; the body has less than 220 bytes.
SMALLEST_BYTES = 12 + 256 + 16


def load(ref: uuid.UUID) -> dict[str, Any]:
    """The dispute, for the page of its case. Raises NotFound."""
    dispute = answer_selectors.get_dispute(uid=ref)
    return {
        "dispute": dispute,
        "is_smallest": dispute.reply_bytes is not None and dispute.reply_bytes <= SMALLEST_BYTES,
        "records": [
            (dispute.fan, _("fan"), answer_selectors.get_track_record(user=dispute.fan, is_creator=False)),
            (dispute.creator, _("creator"), answer_selectors.get_track_record(user=dispute.creator, is_creator=True)),
        ],
        "replies": answer_selectors.get_reply_record(creator=dispute.creator),
    }


def uphold(*, item: WorkItem, staff: User, note: str) -> None:
    """It was no answer: the credits go to the fan."""
    answers.decide(uid=item.ref, staff=staff, is_upheld=True, decision=note)


def reject(*, item: WorkItem, staff: User, note: str) -> None:
    """It was an answer: the creator has the credits again."""
    answers.decide(uid=item.ref, staff=staff, is_upheld=False, decision=note)


def open_case(*, uid: uuid.UUID, fan_uid: uuid.UUID, creator_uid: uuid.UUID) -> None:
    """Hook of `messaging.registry`. The case is about the creator; the other one is kept from it by the decision."""
    disputes.open_case(kind=KIND, ref=uid, subject_uid=creator_uid)


def close_case(*, uid: uuid.UUID, outcome: str) -> None:
    """Hook of `messaging.registry`: it ended without staff."""
    disputes.close_case(kind=KIND, ref=uid, outcome=outcome)


def barred(refs: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Collection[uuid.UUID]]:
    """Neither of the two decides."""
    return answer_selectors.list_party_uids(uids=refs)


QUEUE = queues.QueueKind(
    kind=KIND,
    title=_("Not an answer"),
    permission="users.staff_review_reports",
    target=timedelta(days=3),
    template="moderation/dispute_evidence.html",
    load=load,
    decisions=(
        queues.Decision(outcome="upheld", label=_("Not an answer: credits to the fan"), apply=uphold, key="U"),
        queues.Decision(outcome="rejected", label=_("An answer: credits to the creator"), apply=reject, key="R"),
    ),
    icon="return",
    barred=barred,
    is_reason_shared=True,
)
