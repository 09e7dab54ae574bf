"""What happens to a Checkout Session once it exists: each step changes objects and yields Stripe's events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import stripe_objects as objects
from .store import Object, Store

DISPUTE_FEE = 1_500  # in the currency's minor unit; enough for a sandbox


class CannotHappen(Exception):
    """The step is not possible in the payment's present state."""


class StripePayments:
    """Steps by the words of the control door. Call inside `store.changing()`."""

    def __init__(self, *, store: Store, base_url: str) -> None:
        self._store = store
        self._base_url = base_url
        self._steps: dict[str, Callable[..., list[Object]]] = {
            "created": self._create_intent,
            "pending": self._pend,
            "paid": self._pay,
            "declined": self._decline,
            "failed": self._fail,
            "expired": self._expire,
            "refunded": self._refund_all,
            "refund_done": self._finish_refund,
            "refund_failed": self._fail_refund,
            "warned": self._warn,
            "disputed": self._dispute,
            "escalated": self._escalate,
            "closed": self._close_inquiry,
            "won": self._win,
            "lost": self._lose,
            "appealed": self._appeal,
        }

    def find_by_reference(self, *, reference: str) -> Object | None:
        """The newest session that carries the application's own id."""
        rows = self._store.list_items(kind="checkout.session", client_reference_id=reference)
        return rows[0] if rows else None

    def step(self, *, session: Object, word: str, **options: Any) -> list[Object]:
        """Carry out one step and return its events.

        `created`, `paid`, `refunded` and `disputed` take an `amount_minor`, the first two a `currency`; `refunded` a
        `status` (pending: `refund_done` or `refund_failed` follows), `disputed` `is_inquiry` (takes nothing until it
        is `escalated`), `won` `is_fee_back`; `paid` and `declined` a `card_fingerprint` and `card_country`.
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
        card = objects.card_details(**{name: options.get(name) for name in ("card_fingerprint", "card_country")})
        charge = self._store.put(item=objects.charge(intent=intent, method=card))
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

    def _decline(self, session: Object, card_fingerprint: str = "", card_country: str = "") -> list[Object]:
        """The bank declines a card; the page stays open for another try."""
        if session["status"] != "open":
            raise CannotHappen("the session is not open")
        intent = self._intent(session)
        card = objects.card_details(card_fingerprint=card_fingerprint, card_country=card_country)
        intent.update(status="requires_payment_method", last_payment_error=objects.decline(method=card))
        return [self._event("payment_intent.payment_failed", intent)]

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

    def _refund_all(self, session: Object, amount_minor: int | None = None, status: str = "succeeded") -> list[Object]:
        charge = self._charge(session)
        amount = charge["amount"] - charge["amount_refunded"] if amount_minor is None else amount_minor
        return self.refund(charge=charge, amount=amount, status=status)[1]

    def refund(
        self, *, charge: Object, amount: int, status: str = "succeeded", params: dict[str, Any] | None = None
    ) -> tuple[Object, list[Object]]:
        """Refund part of a charge; the refund and its events. Raises CannotHappen when so much is not left."""
        if not 0 < amount <= charge["amount"] - charge["amount_refunded"]:
            raise CannotHappen("there is not so much left to refund")
        refund = self._store.put(item=objects.refund(charge=charge, amount=amount, status=status, params=params))
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        return refund, [self._event("charge.refunded", charge), self._event("refund.created", refund)]

    def _last_refund(self, session: Object, *statuses: str) -> Object:
        rows = self._store.list_items(kind="refund", charge=self._charge(session)["id"])
        found = next((row for row in rows if row["status"] in statuses), None)
        if found is None:
            raise CannotHappen("there is no such refund")
        return found

    def _finish_refund(self, session: Object) -> list[Object]:
        refund = self._last_refund(session, "pending")
        refund["status"] = "succeeded"
        return [self._event("refund.updated", refund)]

    def _fail_refund(self, session: Object) -> list[Object]:
        """The bank sent it back: the money is the platform's again."""
        refund, charge = self._last_refund(session, "pending", "succeeded"), self._charge(session)
        refund.update(status="failed", failure_reason="expired_or_canceled_card")
        charge.update(amount_refunded=charge["amount_refunded"] - refund["amount"], refunded=False)
        return [self._event("refund.updated", refund), self._event("refund.failed", refund)]

    def _warn(self, session: Object) -> list[Object]:
        charge = self._charge(session)
        if self._store.list_items(kind="radar.early_fraud_warning", charge=charge["id"]):
            raise CannotHappen("the payment was warned of already")
        warning = self._store.put(item=objects.early_fraud_warning(charge=charge))
        return [self._event("radar.early_fraud_warning.created", warning)]

    def _dispute(self, session: Object, amount_minor: int | None = None, is_inquiry: bool = False) -> list[Object]:
        charge = self._charge(session)
        if charge["disputed"]:
            raise CannotHappen("the payment is disputed already")
        amount = charge["amount"] if amount_minor is None else amount_minor
        if not 0 < amount <= charge["amount"]:
            raise CannotHappen("a dispute is about the charge or a part of it")
        charge["disputed"] = True
        dispute = self._store.put(item=objects.dispute(charge=charge, amount=amount, is_inquiry=is_inquiry))
        created = self._event("charge.dispute.created", dispute)
        return [created] if is_inquiry else [created, self._withdraw(dispute)]

    def _withdraw(self, dispute: Object) -> Object:
        taken = objects.balance_transaction(
            source=dispute, amount=-dispute["amount"], fee=DISPUTE_FEE, category="dispute"
        )
        dispute["balance_transactions"].append(taken)
        return self._event("charge.dispute.funds_withdrawn", dispute)

    def _find_dispute(self, session: Object, status: str) -> Object:
        rows = self._store.list_items(kind="dispute", charge=self._charge(session)["id"], status=status)
        if not rows:
            raise CannotHappen("there is no such dispute")
        return rows[0]

    def _escalate(self, session: Object) -> list[Object]:
        """An inquiry that was not answered to the bank's liking."""
        dispute = self._find_dispute(session, "warning_needs_response")
        dispute.update(status="needs_response", is_charge_refundable=False)
        return [self._event("charge.dispute.updated", dispute), self._withdraw(dispute)]

    def _close_inquiry(self, session: Object) -> list[Object]:
        dispute = self._find_dispute(session, "warning_needs_response")
        dispute["status"] = "warning_closed"
        return [self._event("charge.dispute.closed", dispute)]

    def _win(self, session: Object, is_fee_back: bool = False) -> list[Object]:
        return self._reinstate(self._find_dispute(session, "needs_response"), is_fee_back=is_fee_back)

    def _reinstate(self, dispute: Object, *, is_fee_back: bool) -> list[Object]:
        dispute["status"] = "won"
        fee = -DISPUTE_FEE if is_fee_back else 0
        given = objects.balance_transaction(
            source=dispute, amount=dispute["amount"], fee=fee, category="dispute_reversal"
        )
        dispute["balance_transactions"].append(given)
        return [
            self._event("charge.dispute.funds_reinstated", dispute),
            self._event("charge.dispute.closed", dispute),
        ]

    def _appeal(self, session: Object) -> list[Object]:
        """A lost dispute that the next instance decides for the merchant."""
        return self._reinstate(self._find_dispute(session, "lost"), is_fee_back=False)

    def close_dispute(self, *, dispute: Object) -> list[Object]:
        """The merchant gives it up. Raises CannotHappen."""
        if dispute["status"] != "needs_response":
            raise CannotHappen("This dispute is already closed")
        dispute["status"] = "lost"
        return [self._event("charge.dispute.closed", dispute)]

    def _lose(self, session: Object) -> list[Object]:
        dispute = self._find_dispute(session, "needs_response")
        dispute["status"] = "lost"
        return [self._event("charge.dispute.closed", dispute)]
