"""The test's hand on payouts: make things happen to one, or hold its webhooks back."""

from __future__ import annotations

from typing import Protocol

from .router import Refused, Request, Response, Router, json_response, read_json
from .store import Object, Store
from .stripe_payments import CannotHappen
from .webhooks import MakeWebhook, Sender

MODES = ("send", "hold", "drop")


class Payouts(Protocol):
    """What a provider's payouts can do here."""

    make_webhook: MakeWebhook

    def find_by_reference(self, *, reference: str) -> Object | None: ...

    def step(self, *, payout: Object, word: str) -> list[Object]: ...


class PayoutControl:
    """POST /sandbox/payouts/control: `{payout_id, event: paid|failed|returned|reversed|..., webhook?: send|hold|drop}`.

    `payout_id` is the application's own id. Answer `{status, webhooks}`, with `hold` the signed webhooks. The knobs are
    those of /sandbox/knobs.
    """

    def __init__(self, *, store: Store, sender: Sender, providers: list[Payouts]) -> None:
        self._store = store
        self._sender = sender
        self._providers = providers

    def register(self, *, router: Router) -> None:
        """Add the routes."""
        router.add(method="POST", path="/sandbox/payouts/control", handler=self._control)
        router.add(method="GET", path="/sandbox/payouts/{payout_id}", handler=self._count)

    def _control(self, request: Request, args: dict[str, str]) -> Response:
        command = read_json(request=request)
        mode = command.get("webhook") or "send"
        if mode not in MODES:
            raise _refused(422, f"webhook must be one of {', '.join(MODES)}")
        with self._store.changing():
            provider, payout = self._find(str(command.get("payout_id")))
            try:
                events = provider.step(payout=payout, word=str(command.get("event")))
            except CannotHappen as error:
                raise _refused(409, str(error)) from error
            status = payout.get("status") or ("reversed" if payout.get("reversed") else "paid")
            knobs = self._store.knobs
        webhooks = [provider.make_webhook(event) for event in events]
        if mode == "send":
            self._sender.send(batch=webhooks, knobs=knobs)
        held = [webhook.signed() for webhook in webhooks] if mode == "hold" else []
        return json_response(body={"status": status, "webhooks": held})

    def _count(self, request: Request, args: dict[str, str]) -> Response:
        """How many payouts of the application's id there are: never more than one."""
        with self._store.changing():
            rows = self._store.list_items(kind="transfer", transfer_group=args["payout_id"])
            rows += self._store.list_items(kind="razorpay.payout", reference_id=args["payout_id"])
            return json_response(body={"n": len(rows)})

    def _find(self, reference: str) -> tuple[Payouts, Object]:
        for provider in self._providers:
            payout = provider.find_by_reference(reference=reference)
            if payout is not None:
                return provider, payout
        raise _refused(404, "no payout with this payout_id")


def _refused(status: int, message: str) -> Refused:
    return Refused(json_response(status=status, body={"error": {"message": message}}))
