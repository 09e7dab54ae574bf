"""Refunds and disputes in words, as the buyer reads them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .models import MoneyBack


def money_back_text(back: MoneyBack) -> str:
    """What a refund or a dispute means to who paid."""
    texts = {
        MoneyBack.State.PENDING: _("A refund is under way."),
        MoneyBack.State.SUCCEEDED: _("Refunded. Your bank may take some days to show it."),
        MoneyBack.State.WARNING: _("Your bank asks about this payment. Nothing was taken back."),
        MoneyBack.State.OPEN: _("Your bank took this back and decides about it. Its credits are not yours meanwhile."),
        MoneyBack.State.WON: _("Your bank decided that the payment stands. Its credits are yours again."),
        MoneyBack.State.LOST: _("Your bank decided that the money stays with you. The credits are gone."),
    }
    return texts.get(MoneyBack.State(back.state), "")
