from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Forbidden, Problem


class PriceChanged(Problem):
    """`price_centi` is the price in force; nothing was charged."""

    code, status, title = "price_changed", 409, _("The price has changed; look at the new one first")


class VerificationRequired(Forbidden):
    code, title = "verification_required", _("Only creators whose identity is verified can sell")


class CannotBuy(Forbidden):
    code, title = "blocked", _("You cannot buy this")


class OwnItem(Forbidden):
    code, title = "own_item", _("This is yours already")


class PicturesFixed(Problem):
    """Buyers keep exactly what they bought."""

    code, status, title = "pictures_fixed", 409, _("Somebody bought this; its pictures stay as they are")


class NothingToSell(Problem):
    code, status, title = "nothing_to_sell", 409, _("Add a picture before you put this on sale")
