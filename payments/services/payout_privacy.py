"""A person's payouts in the copy of their data, and what of them ends with the account. Payouts stay: they are the
books."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import ngettext

from users.models import User
from users.types import ExportWriter, Obstacle

from .. import payout_selectors as selectors
from ..models import PayoutMethod, PayoutStep
from . import payout_methods


def export_payouts(*, user: User, out: ExportWriter) -> None:
    """Methods, removed ones too, payouts and their timelines. The account of a manual method is told in full: it is
    theirs. What we thought about the risk is not: it would tell how to be paid with stolen money."""
    methods = PayoutMethod.objects.filter(user=user).order_by("id")
    out.rows(
        "payments/payout-methods",
        methods.values(
            "uid", "kind", "currency", "country", "label", "state", "usable_at", "created_at", "removed_at",
            "provider_account_id",
        ).iterator(chunk_size=1000),
    )  # fmt: skip
    out.rows(
        "payments/payout-accounts",
        ({"method": one.uid, **payout_methods.open_details(method=one)} for one in methods if one.sealed_details),
    )
    rows = selectors.list_payouts(user=user).values(
        "uid", "method__uid", "amount_centi", "currency", "amount_minor", "rate_micro", "status", "reason",
        "admin_notes", "created_at", "approved_at", "sent_at", "completed_at", "provider_payout_id",
    )  # fmt: skip
    out.rows("payments/payouts", rows.iterator(chunk_size=1000))
    steps = PayoutStep.objects.filter(payout__user=user).order_by("id")
    out.rows(
        "payments/payout-steps",
        steps.values("payout__uid", "status", "owner", "reason", "latest_at", "at").iterator(chunk_size=1000),
    )


def check_open(*, user: User) -> list[Obstacle]:
    """Money on its way has to arrive first."""
    n_open = selectors.count_open(user=user)
    if not n_open:
        return []
    detail = ngettext(
        "%(n)d payout is under way. Please come again when it has arrived, or cancel it.",
        "%(n)d payouts are under way. Please come again when they have arrived, or cancel them.",
        n_open,
    )
    return [Obstacle(code="open_payouts", detail=detail % {"n": n_open})]


def erase_methods(*, user: User) -> None:
    """Where they were paid is forgotten; the keyed hash stays, so that a banned account shows under another name."""
    rows = PayoutMethod.objects.filter(user=user)
    rows.exclude(state=PayoutMethod.State.REMOVED).update(state=PayoutMethod.State.REMOVED, removed_at=timezone.now())
    rows.update(sealed_details=None, label="")
