"""A person's payments in the copy of their data. They stay when the account goes: they are the books."""

from __future__ import annotations

from users.models import User
from users.types import ExportWriter

from .. import selectors
from ..models import MoneyBack, Payment


def export(*, user: User, out: ExportWriter) -> None:
    """What was bought, for how much, through whom."""
    rows = selectors.list_payments(user=user).values(
        "uid", "provider", "package", "currency", "amount_minor", "credits_centi", "status", "created_at", "paid_at",
        "provider_session_id", "provider_payment_id",
    )  # fmt: skip
    out.rows("payments/payments", rows.iterator(chunk_size=1000))
    returns = MoneyBack.objects.filter(payment__user=user).order_by("id")
    out.rows(
        "payments/refunds_and_disputes",
        returns.values(
            "uid", "payment__uid", "kind", "state", "provider_object_id", "amount_minor", "unspent_centi", "held_centi",
            "reserve_centi", "debt_centi", "created_at", "closed_at",
        ).iterator(chunk_size=1000),
    )  # fmt: skip


def erase(*, user: User) -> None:
    """The address of a checkout leads to a page of the provider that may name its buyer."""
    Payment.objects.filter(user=user).exclude(checkout_url="").update(checkout_url="")
