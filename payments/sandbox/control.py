"""The test's hand on the provider: make things happen to a payment, set the knobs, hold webhooks back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .razorpay_payments import RazorpayPayments
from .router import Refused, Request, Response, Router, json_response, read_json
from .store import Knobs, Object, Store
from .stripe_payments import CannotHappen, StripePayments
from .webhooks import MakeWebhook, Sender, Webhook

MODES = ("send", "hold", "drop")
_OPTIONS = {
    "created": ("amount_minor", "currency"),
    "paid": ("amount_minor", "currency", "card_fingerprint", "card_country"),
    "declined": ("card_fingerprint", "card_country"),
    "refunded": ("amount_minor", "status"),
    "disputed": ("amount_minor", "is_inquiry", "phase"),
    "won": ("is_fee_back",),
}
_KINDS: dict[str, type] = {
    "amount_minor": int, "currency": str, "status": str, "is_inquiry": bool, "is_fee_back": bool,
    "phase": str, "card_fingerprint": str, "card_country": str,
}  # fmt: skip


class Control:
    """POST /sandbox/control and /sandbox/knobs.

    control: `{payment_id, event, webhook?: send|hold|drop, ...}`; `payment_id` is the application's own id (Stripe:
    client_reference_id; Razorpay: reference_id). Answer `{status, webhooks}`: with `hold` the signed webhooks,
    otherwise none. What a step takes besides its word stands in `_OPTIONS`: `amount_minor` and `currency` make the
    customer pay something else than asked, or only a part be refunded or disputed.
    """

    def __init__(self, *, store: Store, payments: StripePayments, sender: Sender, make_webhook: MakeWebhook) -> None:
        self._store = store
        self._payments = payments
        self._sender = sender
        self._make_webhook = make_webhook
        self._others: list[tuple[RazorpayPayments, MakeWebhook]] = []

    def also(self, payments: RazorpayPayments, make_webhook: MakeWebhook) -> None:
        """Another provider's payments: whose a payment is, its id tells."""
        self._others.append((payments, make_webhook))

    def register(self, *, router: Router) -> None:
        """Add the routes."""
        router.add(method="POST", path="/sandbox/control", handler=self._control)
        router.add(method="GET", path="/sandbox/knobs", handler=self._get_knobs)
        router.add(method="POST", path="/sandbox/knobs", handler=self._set_knobs)

    def _control(self, request: Request, args: dict[str, str]) -> Response:
        command = read_json(request=request)
        mode = command.get("webhook") or "send"
        if mode not in MODES:
            raise _refused(422, f"webhook must be one of {', '.join(MODES)}")
        with self._store.changing():
            payments, make_webhook = self._provider_of(command)
            session, events = self._step(payments, command)
            status = session.get("payment_status", session["status"])
            knobs = self._store.knobs
        webhooks: list[Webhook] = [make_webhook(event) for event in events]
        if mode == "send":
            self._sender.send(batch=webhooks, knobs=knobs)
        held = [webhook.signed() for webhook in webhooks] if mode == "hold" else []
        return json_response(body={"status": status, "webhooks": held})

    def _provider_of(self, command: dict[str, Any]) -> tuple[StripePayments | RazorpayPayments, MakeWebhook]:
        reference = str(command.get("payment_id"))
        mine = (one for one in self._others if one[0].find_by_reference(reference=reference))
        return next(mine, (self._payments, self._make_webhook))

    def _step(
        self, payments: StripePayments | RazorpayPayments, command: dict[str, Any]
    ) -> tuple[Object, list[Object]]:
        session = payments.find_by_reference(reference=str(command.get("payment_id")))
        if session is None:
            raise _refused(404, "no payment with this payment_id")
        try:
            options = _read_options(command)
            return session, payments.step(session=session, word=str(command.get("event")), **options)
        except CannotHappen as error:
            raise _refused(409, str(error)) from error

    def _get_knobs(self, request: Request, args: dict[str, str]) -> Response:
        with self._store.changing():
            return json_response(body=asdict(self._store.knobs))

    def _set_knobs(self, request: Request, args: dict[str, str]) -> Response:
        """Sets the knobs that are named; `{}` sets all back."""
        values = read_json(request=request) or asdict(Knobs())
        with self._store.changing():
            try:
                return json_response(body=asdict(self._store.turn(**values)))
            except ValueError as error:
                raise _refused(422, str(error)) from error


def _read_options(command: dict[str, Any]) -> dict[str, Any]:
    """What the step takes besides its word."""
    names = _OPTIONS.get(str(command.get("event")), ())
    options = {name: command[name] for name in names if name in command}
    for name, value in options.items():
        if type(value) is not _KINDS[name]:
            raise _refused(422, f"{name} is of type {_KINDS[name].__name__}")
    return options


def _refused(status: int, message: str) -> Refused:
    return Refused(json_response(status=status, body={"error": {"message": message}}))
