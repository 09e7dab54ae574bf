"""Telling those who write to a creator that the price has changed, or that the creator is away or back."""

from __future__ import annotations

from pairly.common.after_commit import push_all
from profiles import selectors as profiles
from users.models import User

from .. import contact_selectors, events


def tell(*, user_id: int) -> None:
    """One frame each for the latest of those who write to this person and no block keeps from them. Best effort: the
    server refuses a message at another price, with the one in force."""
    user = User.objects.select_related("profile").filter(pk=user_id, is_active=True).first()
    if user is None:
        return
    shown = profiles.shown_profile(user=user)
    away = events.away(user_id=user.uid, until=shown.away_until if shown.is_away else None)
    pushes = []
    for payer in contact_selectors.list_payers(user_id=user_id):
        price_centi = 0 if payer.is_free else shown.price_in_force_centi
        pushes += [(payer.uid, away), (payer.uid, events.price_changed(user_id=user.uid, price_centi=price_centi))]
    if pushes:
        push_all(pushes=pushes)
