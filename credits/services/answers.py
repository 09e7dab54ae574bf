"""Held credits after a reply, and what their payee gives back: one call to the ledger each.

Every call names its operation; the same one again changes nothing. The hold's state, read under its row's lock,
decides between a reply, the deadline, a dispute, its decision and giving back: one of them wins.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import connection

from pairly.common.problems import NotFound
from pairly.common.sql import call_row, call_value

from ..errors import AlreadyDisputed, DisputeTooLate, HoldMatured, HoldReturned, NotFrozen
from ..types import DecidedHolds, Frozen, GivenBack, PaidHold


def give_back(*, op_id: uuid.UUID, payee_id: int, scope: int, position: int, at: datetime) -> GivenBack:
    """Return to the fan what was held for a message, open, answered, frozen, or paid and not matured: all of it, with
    the platform's fee. Raises NotFound where the payee has no hold there, HoldReturned, HoldMatured."""
    code, given = _give_back(op_id, payee_id, scope, position, "given_back", at)
    match code:
        case "not_found":
            raise NotFound()
        case "already_returned":
            raise HoldReturned()
        case "matured":
            raise HoldMatured()
    assert given is not None
    return given


def return_unreadable(*, op_id: uuid.UUID, payee_id: int, scope: int, position: int, at: datetime) -> GivenBack | None:
    """Return what is held for a message that its reader cannot open; None where nothing is open there."""
    return _give_back(op_id, payee_id, scope, position, "unreadable", at)[1]


def _give_back(
    op_id: uuid.UUID, payee_id: int, scope: int, position: int, reason: str, at: datetime
) -> tuple[str, GivenBack | None]:
    code, hold_id, actor, amount, was, dispute_op = call_row(
        sql="SELECT code, hold_id, actor, amount, was, dispute_op FROM credits_give_back(%s::uuid, %s::bigint, "
        "%s::bigint, %s::bigint, %s::text, %s::timestamptz)",
        params=[op_id, payee_id, scope, position, reason, at],
    )
    if code not in ("", "replayed"):
        return code, None
    return code, GivenBack(
        hold_id=hold_id,
        actor=actor,
        amount_centi=amount,
        was=was,
        dispute_op=dispute_op,
        is_replay=code == "replayed",
    )


def freeze(*, op_id: uuid.UUID, actor_id: int, scope: int, answer_op: uuid.UUID, at: datetime) -> Frozen | None:
    """Freeze all that the reply `answer_op` was paid for, until DISPUTE_DECIDE_DAYS from `at`; the operation names the
    dispute. None when this very call did so before.

    Raises NotFound where the fan paid for no such reply, AlreadyDisputed, HoldReturned, DisputeTooLate.
    """
    code, amount, payee, positions, answered_at, decide_by = call_row(
        sql="SELECT code, amount, payee, positions, answered_at, decide_by FROM credits_freeze(%s::uuid, %s::bigint, "
        "%s::bigint, %s::uuid, %s::timestamptz, %s::int, %s::int)",
        params=[
            op_id, actor_id, scope, answer_op, at, settings.DISPUTE_WINDOW_HOURS, settings.DISPUTE_DECIDE_DAYS,
        ],
    )  # fmt: skip
    match code:
        case "not_found":
            raise NotFound()
        case "already_disputed":
            raise AlreadyDisputed()
        case "already_returned":
            raise HoldReturned()
        case "too_late":
            raise DisputeTooLate()
        case "replayed":
            return None
    return Frozen(
        payee=payee, amount_centi=amount, positions=list(positions), answered_at=answered_at, decide_by=decide_by
    )


def decide_frozen(
    *, op_id: uuid.UUID, dispute_op: uuid.UUID, is_upheld: bool, at: datetime, is_undecided: bool = False
) -> DecidedHolds:
    """Give what a dispute froze to the fan (`is_upheld`; `is_undecided`: for nobody decided in time) or pay it again,
    to mature anew. Raises NotFrozen when something else came first."""
    code, amount, positions = call_row(
        sql="SELECT code, amount, positions FROM credits_decide_frozen(%s::uuid, %s::uuid, %s::boolean, %s::text, "
        "%s::timestamptz, %s::int, %s::int, %s::int)",
        params=[dispute_op, op_id, is_upheld, "undecided" if is_undecided else "upheld", at, *_maturing()],
    )
    if code == "not_frozen":
        raise NotFrozen()
    return DecidedHolds(amount_centi=amount, positions=list(positions))


def post_answered(*, at: datetime, limit: int = 200) -> list[PaidHold]:
    """Pay up to `limit` answered holds whose delay is over. Safe in parallel and to repeat."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hold_id, actor, payee, scope, position, amount "
            "FROM credits_post_answered(%s::timestamptz, %s::int, %s::int, %s::int, %s::int)",
            [at, limit, *_maturing()],
        )
        rows = cursor.fetchall()
    return [PaidHold(id=r[0], actor=r[1], payee=r[2], scope=r[3], position=r[4], amount_centi=r[5]) for r in rows]


def delay_payee(*, payee_id: int, until: datetime) -> datetime:
    """Pay the replies of `payee_id` DISPUTE_WINDOW_HOURS late until then, or longer where it is longer already; returns
    until when."""
    found: datetime = call_value(
        sql="SELECT credits_delay_payee(%s::bigint, %s::int, %s::timestamptz)",
        params=[payee_id, settings.DISPUTE_WINDOW_HOURS, until],
    )
    return found


def _maturing() -> list[int]:
    return [settings.EARNINGS_MATURE_DAYS, settings.EARNINGS_MATURE_DAYS_NEW, settings.NEW_CREATOR_DAYS]
