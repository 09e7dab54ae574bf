"""Movements of the ledger in words, as their owner reads them."""

from __future__ import annotations

from django.utils.translation import gettext as _

# What is bought at once moves as a message does; its holds have a scope below 0 (sql/0011). Here it has its own name.
_SHOP = {"hold": "unlock", "earn": "sale"}


def type_of(*, code: str, is_shop: bool) -> str:
    """What kind of movement it is to people: the ledger's code, or `unlock` and `sale` for what a shop sold."""
    return _SHOP.get(code, code) if is_shop else code


def describe(movement: str) -> str:
    """A movement's kind (`type_of`) in words; an unknown one as it is called."""
    return all_words().get(movement, movement)


def all_words() -> dict[str, str]:
    """Every kind in the language of this moment: for what is written later, as a file that is sent piece by piece."""
    return {
        "purchase": _("Credits bought"),
        "promo": _("Credits given by Pairly"),
        "hold": _("Message sent, held until the answer"),
        "unlock": _("Bought in a shop"),
        "void": _("No answer in time, credits returned"),
        "refund": _("Credits given back by the creator"),
        "upheld": _("Not an answer, credits returned"),
        "returned": _("Held credits returned: their payment was reversed"),
        "money_back": _("A payment was reversed, its credits taken back"),
        "reinstated": _("A reversed payment came back, its credits too"),
        "debt": _("A payment was reversed, its credits were spent already"),
        "debt_repaid": _("Put towards what is owed"),
        "payout_requested": _("Payout requested, set aside"),
        "payout_rejected": _("Payout not made, earned again"),
        "payout_sent": _("Paid out"),
        "payout_unsent": _("Payout waits, set aside again"),
        "payout_returned": _("Payout came back, earned again"),
        "reverse": _("Held again: disputed or given back"),
        "earn": _("Messages answered"),
        "sale": _("Sold in your shop"),
        "fee": _("Platform fee"),
    }
