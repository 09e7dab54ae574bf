"""What happens to a Payment Link once it exists: each step changes entities and yields Razorpay's events."""

from __future__ import annotations

import time
from typing import Any

from . import razorpay_objects as objects
from .store import Object, Store
from .stripe_payments import CannotHappen

INQUIRIES = ("fraud", "retrieval")  # phases in which nothing is taken


class RazorpayPayments:
    """Steps by the words of the control door. Call inside `store.changing()`."""

    def __init__(self, *, store: Store, base_url: str) -> None:
        self._store = store
        self._base_url = base_url
        self._steps = {
            "created": self._open,
            "pending": self._pend,
            "authorised": self._authorise,
            "paid": self._pay,
            "failed": self._fail,
            "expired": self._expire,
            "refunded": self._refund,
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
        """The link that carries the application's own id."""
        rows = self._store.list_items(kind="razorpay.payment_link", reference_id=reference)
        return rows[0] if rows else None

    def step(self, *, session: Object, word: str, **options: Any) -> list[Object]:
        """Carry out one step and return its events, the ones to send.

        `created`, `paid`, `refunded` and `disputed` take an `amount_minor`, the first two a `currency`; `refunded` a
        `status` (pending: `refund_done` or `refund_failed` follows), `disputed` a `phase`, or `is_inquiry` for the
        phase `retrieval` (takes nothing until it is `escalated`, or `closed`). `appealed` is a lost dispute that is won
        after all. Raises CannotHappen for an unknown word or a step out of order.
        """
        if word not in self._steps:
            raise CannotHappen(f"event must be one of {', '.join(self._steps)}")
        return self._steps[word](session, **options)

    def event(self, kind: str, **items: Object) -> Object:
        """An event about these entities, kept under its id."""
        shown = {name: objects.public(item, base_url=self._base_url) for name, item in items.items()}
        return self._store.put(item=objects.event(kind=kind, entities=shown))

    # -- what is there --------------------------------------------------------------------------------------
    def open_order(self, link: Object, **options: Any) -> Object:
        """The link's order, made when the page is first opened."""
        found = self._store.find(kind="razorpay.order", item_id=link.get("order_id", ""))
        if found is not None:
            return found
        order = objects.order(
            link=link,
            amount=options.get("amount_minor") or link["amount"],
            currency=(options.get("currency") or link["currency"]).upper(),
        )
        link["order_id"] = order["id"]
        return self._store.put(item=order)

    def list_payments(self, order: Object) -> list[Object]:
        """The tries, newest first."""
        return self._store.list_items(kind="razorpay.payment", order_id=order["id"])

    def _try(self, link: Object, *states: str, **options: Any) -> Object:
        """The newest try in one of these states, or a new one."""
        order = self.open_order(link, **options)
        for payment in self.list_payments(order):
            if payment["status"] in states:
                return payment
        order["attempts"] += 1
        if order["status"] == "created":
            order["status"] = "attempted"
        return self._store.put(item=objects.payment(order=order))

    def _paid(self, link: Object) -> Object:
        order = self._store.find(kind="razorpay.order", item_id=link.get("order_id", ""))
        for payment in self.list_payments(order) if order else []:
            if payment["captured"]:
                return payment
        raise CannotHappen("the payment was not paid")

    # -- steps ----------------------------------------------------------------------------------------------
    def _open(self, link: Object, **options: Any) -> list[Object]:
        """The page was opened: Razorpay has no event for that."""
        self.open_order(link, **options)
        return []

    def _pend(self, link: Object, **options: Any) -> list[Object]:
        """A try that waits for the bank, e.g. for the confirmation in a UPI app: no event either."""
        if link["status"] != "created":
            raise CannotHappen("the link is not open")
        self._try(link, "created", **options)
        return []

    def _authorise(self, link: Object) -> list[Object]:
        """The bank says yes, also late to a try that had failed, and also when the link is paid or expired."""
        return self._authorised(self._try(link, "created", "failed"))

    def _authorised(self, payment: Object) -> list[Object]:
        payment.update(status="authorized", error_code=None, error_description=None, error_reason=None)
        return [self.event("payment.authorized", payment=payment)]

    def _pay(self, link: Object, **options: Any) -> list[Object]:
        """Authorised and captured in one go, as links are."""
        if link["status"] == "paid":
            return self._paid_events(link)
        if link["status"] != "created":
            raise CannotHappen("the link has expired")
        payment = self._try(link, "created", "authorized", **options)
        first = [] if payment["status"] == "authorized" else self._authorised(payment)
        return first + self.capture(payment)

    def capture(self, payment: Object) -> list[Object]:
        """Take the money of an authorised payment; its order and link are paid by it. Raises CannotHappen."""
        if payment["status"] != "authorized":
            raise CannotHappen("This payment has already been captured" if payment["captured"] else "not authorized")
        order = self._store.find(kind="razorpay.order", item_id=payment["order_id"])
        link = self._store.find(kind="razorpay.payment_link", item_id=order["_link"]) if order else None
        if order is None or link is None:
            raise CannotHappen("there is no such order")
        amount, now = payment["amount"], int(time.time())
        payment.update(status="captured", captured=True, fee=amount // 50, tax=amount // 300)
        order.update(status="paid", amount_paid=amount, amount_due=0)
        rows = list(link["payments"] or [])
        row = {"amount": str(amount), "created_at": now, "method": payment["method"], "payment_id": payment["id"]}
        link.update(status="paid", amount_paid=amount, updated_at=now, payments=[*rows, {**row, "status": "captured"}])
        return [
            self.event("payment.captured", payment=payment),
            self.event("order.paid", payment=payment, order=order),
            self.event("payment_link.paid", payment_link=link, order=order, payment=payment),
        ]

    def _paid_events(self, link: Object) -> list[Object]:
        """The events of a payment made before: the same ones again, as when Razorpay repeats a delivery."""
        kinds = {"payment.authorized", "payment.captured", "order.paid", "payment_link.paid"}
        payment_id = self._paid(link)["id"]
        events = reversed(self._store.list_items(kind="razorpay.event"))
        return [e for e in events if e["event"] in kinds and e["payload"]["payment"]["entity"]["id"] == payment_id]

    def _fail(self, link: Object) -> list[Object]:
        """A try fails; the link stays open for another one."""
        if link["status"] != "created":
            raise CannotHappen("the link is not open")
        payment = self._try(link, "created")
        payment.update(
            status="failed",
            error_code="BAD_REQUEST_ERROR",
            error_description="Payment was not completed on time.",
            error_reason="payment_timed_out",
            error_source="customer",
            error_step="payment_authentication",
        )
        return [self.event("payment.failed", payment=payment)]

    def _expire(self, link: Object) -> list[Object]:
        if link["status"] != "created":
            raise CannotHappen("the link is not open")
        link.update(status="expired", expired_at=int(time.time()))
        return [self.event("payment_link.expired", payment_link=link)]

    def _refund(self, link: Object, amount_minor: int | None = None, status: str = "succeeded") -> list[Object]:
        return self.refund(self._paid(link), amount=amount_minor, is_done=status == "succeeded", params={})[1]

    def refund(
        self, payment: Object, *, amount: int | None, params: dict[str, Any], is_done: bool = True
    ) -> tuple[Object, list[Object]]:
        """Send money of a captured payment back. Raises CannotHappen."""
        if not payment["captured"]:
            raise CannotHappen("The payment status should be captured for action to be taken")
        left = payment["amount"] - payment["amount_refunded"]
        amount = left if amount is None else amount
        if not 0 < amount <= left:
            raise CannotHappen("The total refund amount is greater than the refund payment amount")
        refund = self._store.put(item=objects.refund(payment=payment, amount=amount, params=params))
        refund["status"] = "processed" if is_done else "pending"
        self._count_refund(payment, amount)
        kinds = ("refund.created", "refund.processed") if is_done else ("refund.created",)
        return refund, [self.event(kind, refund=refund, payment=payment) for kind in kinds]

    def _count_refund(self, payment: Object, amount: int) -> None:
        """`amount` is back with the buyer, or was not taken by their bank where it is below zero."""
        payment["amount_refunded"] += amount
        is_full = payment["amount_refunded"] == payment["amount"]
        payment["refund_status"] = ("full" if is_full else "partial") if payment["amount_refunded"] else None
        payment["status"] = "refunded" if is_full else "captured"

    def _last_refund(self, link: Object, *states: str) -> tuple[Object, Object]:
        payment = self._paid(link)
        rows = self._store.list_items(kind="razorpay.refund", payment_id=payment["id"])
        found = next((row for row in rows if row["status"] in states), None)
        if found is None:
            raise CannotHappen("there is no such refund")
        return payment, found

    def _finish_refund(self, link: Object) -> list[Object]:
        payment, refund = self._last_refund(link, "pending")
        refund["status"] = "processed"
        return [self.event("refund.processed", refund=refund, payment=payment)]

    def _fail_refund(self, link: Object) -> list[Object]:
        """The bank sent it back: the money is the platform's again."""
        payment, refund = self._last_refund(link, "pending", "processed")
        refund["status"] = "failed"
        self._count_refund(payment, -refund["amount"])
        return [self.event("refund.failed", refund=refund, payment=payment)]

    def _warn(self, link: Object) -> list[Object]:
        """The bank suspects fraud and asks."""
        return self._dispute(link, phase="fraud")

    def _dispute(
        self, link: Object, phase: str = "chargeback", amount_minor: int | None = None, is_inquiry: bool = False
    ) -> list[Object]:
        payment = self._paid(link)
        if self._store.list_items(kind="razorpay.dispute", payment_id=payment["id"], status="open"):
            raise CannotHappen("the payment is disputed already")
        dispute = objects.dispute(payment=payment, phase="retrieval" if is_inquiry else phase)
        dispute["amount"] = payment["amount"] if amount_minor is None else amount_minor
        if not 0 < dispute["amount"] <= payment["amount"]:
            raise CannotHappen("a dispute is about the payment or a part of it")
        return [self.event("payment.dispute.created", payment=payment, dispute=self._store.put(item=dispute))]

    def _find_dispute(self, link: Object, status: str) -> tuple[Object, Object]:
        payment = self._paid(link)
        rows = self._store.list_items(kind="razorpay.dispute", payment_id=payment["id"], status=status)
        if not rows:
            raise CannotHappen("there is no such dispute")
        return payment, rows[0]

    def _escalate(self, link: Object) -> list[Object]:
        """An inquiry that was not answered to the bank's liking."""
        payment, dispute = self._find_dispute(link, "open")
        if dispute["phase"] not in INQUIRIES:
            raise CannotHappen("the dispute is no inquiry")
        dispute["phase"] = "chargeback"
        return [self.event("payment.dispute.action_required", payment=payment, dispute=dispute)]

    def _close_inquiry(self, link: Object) -> list[Object]:
        return self._end(*self._find_dispute(link, "open"), outcome="closed")

    def _win(self, link: Object, is_fee_back: bool = False) -> list[Object]:
        """There is no fee to give back."""
        return self._end(*self._find_dispute(link, "open"), outcome="won")

    def accept_dispute(self, *, dispute: Object) -> list[Object]:
        """The merchant gives it up. Raises CannotHappen."""
        payment = self._store.find(kind="razorpay.payment", item_id=dispute["payment_id"])
        if payment is None or dispute["status"] != "open":
            raise CannotHappen("The dispute is not open")
        return self._end(payment, dispute, outcome="lost")

    def _lose(self, link: Object) -> list[Object]:
        return self._end(*self._find_dispute(link, "open"), outcome="lost")

    def _appeal(self, link: Object) -> list[Object]:
        """A lost dispute that the next instance decides for the merchant."""
        return self._end(*self._find_dispute(link, "lost"), outcome="won")

    def _end(self, payment: Object, dispute: Object, *, outcome: str) -> list[Object]:
        is_taken = outcome == "lost" and dispute["phase"] not in INQUIRIES
        dispute.update(status=outcome, amount_deducted=dispute["amount"] if is_taken else 0)
        return [self.event(f"payment.dispute.{outcome}", payment=payment, dispute=dispute)]
