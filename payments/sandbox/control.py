"""The test's hand on the provider: make things happen to a payment, set the knobs, hold webhooks back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .router import Refused, Request, Response, Router, json_response, read_json
from .store import Knobs, Object, Store
from .stripe_payments import CannotHappen, StripePayments
from .webhooks import MakeWebhook, Sender, Webhook

MODES = ("send", "hold", "drop")
_OPTIONS = {
    "created": ("amount_minor", "currency"),
    "paid": ("amount_minor", "currency"),
    "refunded": ("amount_minor",),
}


class Control:
    """POST /sandbox/control and /sandbox/knobs.

    control: `{payment_id, event, webhook?: send|hold|drop, amount_minor?, currency?}`; `payment_id` is the
    application's own id (Stripe: client_reference_id). Answer `{status, webhooks}`: with `hold` the signed
    webhooks, otherwise none. `amount_minor` and `currency` make the customer pay something else than asked.
    """

    def __init__(self, *, store: Store, payments: StripePayments, sender: Sender, make_webhook: MakeWebhook) -> None:
        self._store = store
        self._payments = payments
        self._sender = sender
        self._make_webhook = make_webhook

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
            session, events = self._step(command)
            status = session["payment_status"]
            knobs = self._store.knobs
        webhooks: list[Webhook] = [self._make_webhook(event) for event in events]
        if mode == "send":
            self._sender.send(batch=webhooks, knobs=knobs)
        held = [webhook.signed() for webhook in webhooks] if mode == "hold" else []
        return json_response(body={"status": status, "webhooks": held})

    def _step(self, command: dict[str, Any]) -> tuple[Object, list[Object]]:
        session = self._payments.find_by_reference(reference=str(command.get("payment_id")))
        if session is None:
            raise _refused(404, "no payment with this payment_id")
        try:
            options = _read_options(command)
            return session, self._payments.step(session=session, word=str(command.get("event")), **options)
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
    if type(options.get("amount_minor", 1)) is not int or type(options.get("currency", "")) is not str:
        raise _refused(422, "amount_minor is a whole number, currency a text")
    return options


def _refused(status: int, message: str) -> Refused:
    return Refused(json_response(status=status, body={"error": {"message": message}}))
