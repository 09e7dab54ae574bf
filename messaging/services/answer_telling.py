"""Notifications about held credits after a reply. Ids and numbers only; nobody is told of what they did themselves."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from credits.types import GivenBack
from users.services.notifications import Telling, notify_each

from ..models import AnswerDispute


def tell_of_return(
    *, conversation: uuid.UUID, given: GivenBack, payee_id: int, why: Literal["given_back", "unreadable"], at: datetime
) -> None:
    """The fan hears of credits that the creator gave back. In the caller's transaction, as all here."""
    payload = {"conversation": str(conversation), "amount_centi": given.amount_centi, "why": why}
    telling = Telling(given.actor, payee_id, payload, f"refund:{given.hold_id}", at)
    notify_each(kind="hold_refunded", tellings=[telling])


def tell_of_dispute(*, dispute: AnswerDispute) -> None:
    """The creator hears that a fan found no answer in a reply."""
    key = f"dispute:{dispute.uid}"
    telling = Telling(dispute.creator_id, dispute.fan_id, _payload(dispute), key, dispute.created_at)
    notify_each(kind="answer_disputed", tellings=[telling])


def tell_of_decision(*, dispute: AnswerDispute, delayed_until: datetime | None) -> None:
    """Both hear how it ended, and a creator that they are paid late from now on."""
    about = _payload(dispute) | {"state": dispute.state}
    late = {"delayed_until": delayed_until.date().isoformat()} if delayed_until else {}
    key = f"decision:{dispute.uid}"
    tellings = [
        Telling(dispute.fan_id, dispute.creator_id, about | {"is_mine": True}, key, dispute.decided_at),
        Telling(dispute.creator_id, dispute.fan_id, about | late, key, dispute.decided_at),
    ]
    notify_each(kind="answer_decided", tellings=tellings)


def _payload(dispute: AnswerDispute) -> dict[str, Any]:
    return {"conversation": str(dispute.conversation.uid), "amount_centi": dispute.amount_centi}
