"""What buying, unlocking and being paid tell scoring, and what it answers at each door (`security.services.fraud`)."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import DatabaseError

from credits import selectors as ledger
from security.models import SecurityEvent
from security.services import events, fraud
from security.types import Card, Client, FraudVerdict
from users.models import User

from ..gateways.base import ProviderCard, ProviderPayment
from ..models import Payment, Payout, PayoutMethod, Unlock

Kind = SecurityEvent.Kind
# A provider's notice comes from the provider: its address is nobody's.
_NOBODY = Client()


class NotScored(DatabaseError):
    """Scoring could not be asked: a fact that is not known."""


# -- purchases
def note_checkout(*, payment: Payment) -> None:
    """A purchase was started; once each."""
    _report(Kind.CHECKOUT, payment.user, ref=payment.uid, amount_centi=payment.credits_centi)


def note_truth(*, payment: Payment, truth: ProviderPayment) -> None:
    """What the provider says of a payment: cards that were declined, that it is paid and with which card, disputes.
    Each once, however often it says so."""
    for decline in truth.declines:
        ref = uuid.uuid5(payment.uid, decline.id)
        _report(Kind.CARD_DECLINED, payment.user, client=_NOBODY, ref=ref, card=_card(decline.card))
    if payment.paid_at:
        _report(
            Kind.PURCHASE,
            payment.user,
            client=_NOBODY,
            ref=payment.uid,
            card=_card(truth.card),
            amount_centi=payment.credits_centi,
            at=payment.paid_at,
        )
    for row in payment.money_back.filter(kind="dispute", state__in=["open", "won", "lost"]) if truth.disputes else ():
        _report(Kind.DISPUTE, payment.user, client=_NOBODY, ref=row.uid, card=_card(truth.card), at=row.created_at)


# -- unlocks
def may_unlock(*, user: User, price_centi: int) -> bool:
    """Whether an unlock may go on; what is thought of it is kept. Yes where that could not be found out."""
    verdict = fraud.check_and_keep(
        door="unlock", event="unlock", user_uid=user.uid, joined_at=user.created_at, amount_centi=price_centi
    )
    return verdict.action != "block"


def note_unlock(*, unlock: Unlock) -> None:
    """An item was bought with credits."""
    seller = unlock.item.seller.uid
    _report(Kind.UNLOCK, unlock.buyer, ref=unlock.uid, amount_centi=unlock.price_centi, counterpart_uid=seller)


# -- payouts
def note_method(*, method: PayoutMethod) -> None:
    """Where a creator is paid; again only when it became another account."""
    ref = uuid.uuid5(method.uid, bytes(method.fingerprint).hex())
    _report(Kind.PAYOUT_METHOD, method.user, ref=ref, bank_key=bytes(method.fingerprint))


def note_payout(*, payout: Payout) -> None:
    """A payout was asked for."""
    _report(Kind.PAYOUT_REQUEST, payout.user, ref=payout.uid, amount_centi=payout.amount_centi)


def judge_payout(*, user: User, amount_centi: int) -> dict[str, Any]:
    """What speaks against a payout: `{"action", "score", "rules"}`, {} for nothing; kept, and an alert raised. Raises
    NotScored where it is not known."""
    verdict = fraud.check_and_keep(
        door="payout",
        event="payout",
        user_uid=user.uid,
        joined_at=user.created_at,
        amount_centi=amount_centi,
        debt_centi=ledger.get_balance(user_id=user.pk).debt_centi,
    )
    if not verdict.is_known:
        raise NotScored
    return _brief(verdict) if verdict.action != "allow" else {}


def needs_two(*, risk: dict[str, Any]) -> bool:
    """Whether two people have to look at a payout: a rule of fraud says `block`."""
    return bool(risk.get("fraud", {}).get("action") == "block")


def _brief(verdict: FraudVerdict) -> dict[str, Any]:
    return {"action": verdict.action, "score": verdict.score, "rules": verdict.codes}


def _card(card: ProviderCard | None) -> Card | None:
    return Card(card.fingerprint, card.country) if card else None


def _report(kind: SecurityEvent.Kind, user: User, **fields: Any) -> None:
    events.report(kind=kind, user_uid=user.uid, joined_at=user.created_at, **fields)
