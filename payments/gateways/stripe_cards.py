"""What Stripe says of the cards behind a payment: its fingerprint and the bank's country, nothing of the number.

Reads the objects of its client, which `stripe.py` alone imports.
"""

from __future__ import annotations

from typing import Any

from .base import ProviderCard, ProviderDecline


def card_of(method: Any) -> ProviderCard | None:
    """The card of a PaymentMethod or of a charge's details; None for other ways to pay."""
    card = getattr(method, "card", None)
    if card is None:
        return None
    return ProviderCard(
        fingerprint=str(getattr(card, "fingerprint", None) or ""), country=str(getattr(card, "country", None) or "")[:2]
    )


def declines_of(intent: Any) -> tuple[ProviderDecline, ...]:
    """The newest try that a card's bank declined, which is all that a PaymentIntent tells."""
    error = intent.last_payment_error
    if error is None or error.type != "card_error":
        return ()
    name = getattr(error, "charge", None) or intent.id
    return (ProviderDecline(id=str(name), card=card_of(getattr(error, "payment_method", None))),)
