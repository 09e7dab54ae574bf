"""A person's money in the copy of their data, and what it has to say before their account is deleted.

Nothing here is erased: the ledger only grows, and knows accounts by number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from users.models import User
from users.types import ExportWriter, Obstacle

from .. import caps_selectors, selectors, statement_selectors
from ..constants import CENTI
from ..models import Account

_PAGE = 500


def export(*, user: User, out: ExportWriter) -> None:
    """Balances, every movement, holds, spending caps and purchases."""
    out.rows("credits/accounts", Account.objects.filter(owner=user.pk).values("kind", "unit", "balance", "created_at"))
    out.rows("credits/movements", _movements(user))
    out.rows("credits/holds", selectors.iterate_holds(user_id=user.pk))
    out.rows("credits/limits", caps_selectors.list_for_export(user_id=user.pk))
    lots = selectors.list_lots(user_id=user.pk).values(
        "amount", "remaining", "source", "payment", "currency", "price_minor", "created_at"
    )
    out.rows("credits/purchases", lots.iterator(chunk_size=1000))


def check(*, user: User) -> list[Obstacle]:
    """Credits in the air have to land first; credits that are left are lost, if their owner agrees."""
    balance = selectors.get_balance(user_id=user.pk)
    found = []
    if balance.held_centi:
        found.append(
            Obstacle(
                code="open_holds",
                detail=_(
                    "%(n)s credits are held: for messages that wait for an answer, or for answers that we look at. "
                    "They go to the creator or come back to you within 7 days, or 14 where we look. "
                    "Please come again then."
                )
                % {"n": _credits(balance.held_centi)},
            )
        )
    if balance.debt_centi:
        found.append(
            Obstacle(
                code="debt",
                detail=_("Your account owes %(n)s credits. Please buy as many first.")
                % {"n": _credits(balance.debt_centi)},
            )
        )
    if balance.balance_centi:
        found.append(
            Obstacle(
                code="credits_left",
                detail=_("You have %(n)s credits left.") % {"n": _credits(balance.balance_centi)},
                can_agree=True,
                consent=_("I give up my %(n)s credits. They cannot be paid out or brought back.")
                % {"n": _credits(balance.balance_centi)},
            )
        )
    return found + _check_earnings(user)


def _check_earnings(user: User) -> list[Obstacle]:
    earnings = selectors.get_earnings(user_id=user.pk)
    earned_centi = earnings.earned_centi + earnings.promo_earned_centi
    if not earned_centi:
        return []
    number = {"n": _credits(earned_centi)}
    return [
        Obstacle(
            code="earnings_left",
            detail=_("You have earned %(n)s credits that are not paid out.") % number,
            can_agree=True,
            consent=_("I give up the %(n)s credits that I earned.") % number,
        )
    ]


def _movements(user: User) -> Iterator[dict[str, Any]]:
    before_id = None
    while rows := statement_selectors.list_transactions(user_id=user.pk, before_id=before_id, limit=_PAGE):
        for row in rows:
            yield {
                "id": row.id,
                "type": row.transaction_type,
                "amount_centi": row.amount_centi,
                "balance_after_centi": row.balance_after_centi,
                "description": row.description,
                "created_at": row.created_at,
            }
        before_id = rows[-1].id


def _credits(centi: int) -> str:
    whole, rest = divmod(centi, CENTI)
    return f"{whole:,}.{rest:02}" if rest else f"{whole:,}"
