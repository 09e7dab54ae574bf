"""What happens to a Checkout Session once it exists: each step changes objects and yields Stripe's events."""

from __future__ import annotations

from typing import Any

from . import stripe_objects as objects
from .store import Object, Store


class CannotHappen(Exception):
    """The step is not possible in the payment's present state."""


class StripePayments:
    """Steps by the words of the control door. Call inside `store.changing()`."""

    def __init__(self, *, store: Store, base_url: str) -> None:
        self._store = store
        self._base_url = base_url
        self._steps = {
            "created": self._create_intent,
            "pending": self._pend,
            "paid": self._pay,
            "failed": self._fail,
            "expired": self._expire,
            "refunded": self._refund,
            "disputed": self._dispute,
            "won": self._win,
            "lost": self._lose,
        }

    def find_by_reference(self, *, reference: str) -> Object | None:
        """The newest session that carries the application's own id."""
        rows = self._store.list_items(kind="checkout.session", client_reference_id=reference)
        return rows[0] if rows else None

    def step(self, *, session: Object, word: str, **options: Any) -> list[Object]:
        """Carry out one step and return its events.

        `created`, `paid` and `refunded` take an `amount_minor`, the first two a `currency`.
        Raises CannotHappen for an unknown word or a step out of order.
        """
        if word not in self._steps:
            raise CannotHappen(f"event must be one of {', '.join(self._steps)}")
        return self._steps[word](session, **options)

    def _event(self, kind: str, item: Object) -> Object:
        shown = objects.public(item, base_url=self._base_url)
        return self._store.put(item=objects.event(kind=kind, item=shown))

    def _intent(self, session: Object, **options: Any) -> Object:
        found = self._store.find(kind="payment_intent", item_id=session["payment_intent"] or "")
        if found is not None:
            return found
        intent = objects.payment_intent(
            session=session,
            amount=options.get("amount_minor") or session["amount_total"],
            currency=(options.get("currency") or session["currency"]).lower(),
        )
        session["payment_intent"] = intent["id"]
        return self._store.put(item=intent)

    def _create_intent(self, session: Object, **options: Any) -> list[Object]:
        return [self._event("payment_intent.created", self._intent(session, **options))]

    def _pend(self, session: Object, **options: Any) -> list[Object]:
        """A method that settles later, e.g. a bank debit: complete, but not paid."""
        if session["status"] != "open":
            raise CannotHappen("the session is not open")
        intent = self._intent(session, **options)
        intent["status"] = "processing"
        session["status"] = "complete"
        return [
            self._event("payment_intent.processing", intent),
            self._event("checkout.session.completed", session),
        ]

    def _pay(self, session: Object, **options: Any) -> list[Object]:
        if session["payment_status"] == "paid":
            return self._paid_events(session)
        if session["status"] == "expired":
            raise CannotHappen("the session has expired")
        was_pending = session["status"] == "complete"
        intent = self._intent(session, **options)
        charge = self._store.put(item=objects.charge(intent=intent))
        amount, currency = intent["amount"], intent["currency"]
        intent.update(status="succeeded", amount_received=amount, latest_charge=charge["id"])
        session.update(status="complete", payment_status="paid", amount_total=amount, currency=currency)
        kind = "checkout.session.async_payment_succeeded" if was_pending else "checkout.session.completed"
        return [
            self._event("charge.succeeded", charge),
            self._event("payment_intent.succeeded", intent),
            self._event(kind, session),
        ]

    def _paid_events(self, session: Object) -> list[Object]:
        """The events of a payment made before: the same ones again, as when Stripe repeats a delivery."""
        kinds = {"charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"}
        kinds.add("checkout.session.async_payment_succeeded")
        mine = {session["id"], session["payment_intent"], self._charge(session)["id"]}
        events = self._store.list_items(kind="event")
        return [e for e in reversed(events) if e["type"] in kinds and e["data"]["object"]["id"] in mine]

    def _fail(self, session: Object) -> list[Object]:
        if session["status"] != "complete" or session["payment_status"] == "paid":
            raise CannotHappen("only a pending payment can fail")
        intent = self._intent(session)
        intent.update(status="requires_payment_method", last_payment_error={"type": "card_error"})
        return [
            self._event("payment_intent.payment_failed", intent),
            self._event("checkout.session.async_payment_failed", session),
        ]

    def _expire(self, session: Object) -> list[Object]:
        if session["status"] != "open":
            raise CannotHappen("the session is not open")
        session["status"] = "expired"
        return [self._event("checkout.session.expired", session)]

    def _charge(self, session: Object) -> Object:
        intent = self._store.find(kind="payment_intent", item_id=session["payment_intent"] or "")
        charge = self._store.find(kind="charge", item_id=(intent or {}).get("latest_charge") or "")
        if charge is None:
            raise CannotHappen("the payment was not paid")
        return charge

    def _refund(self, session: Object, amount_minor: int | None = None) -> list[Object]:
        charge = self._charge(session)
        left = charge["amount"] - charge["amount_refunded"]
        amount = left if amount_minor is None else amount_minor
        if not 0 < amount <= left:
            raise CannotHappen("there is not so much left to refund")
        refund = self._store.put(item=objects.refund(charge=charge, amount=amount))
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        return [self._event("charge.refunded", charge), self._event("refund.created", refund)]

    def _dispute(self, session: Object) -> list[Object]:
        charge = self._charge(session)
        if charge["disputed"]:
            raise CannotHappen("the payment is disputed already")
        charge["disputed"] = True
        dispute = self._store.put(item=objects.dispute(charge=charge))
        return [
            self._event("charge.dispute.created", dispute),
            self._event("charge.dispute.funds_withdrawn", dispute),
        ]

    def _close_dispute(self, session: Object, outcome: str) -> Object:
        charge_id = self._charge(session)["id"]
        rows = self._store.list_items(kind="dispute", charge=charge_id, status="needs_response")
        if not rows:
            raise CannotHappen("there is no open dispute")
        rows[0]["status"] = outcome
        return rows[0]

    def _win(self, session: Object) -> list[Object]:
        dispute = self._close_dispute(session, "won")
        return [
            self._event("charge.dispute.funds_reinstated", dispute),
            self._event("charge.dispute.closed", dispute),
        ]

    def _lose(self, session: Object) -> list[Object]:
        return [self._event("charge.dispute.closed", self._close_dispute(session, "lost"))]
