"""The subset of Stripe's REST API that the application uses, with its errors and idempotency."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from . import stripe_objects as objects
from .router import Refused, Request, Response, Router, json_response
from .store import Object, SavedAnswer, Store
from .stripe_forms import BadForm, decode
from .stripe_payments import CannotHappen, StripePayments
from .webhooks import MakeWebhook, Sender

SESSION_PARAMS = {
    "adaptive_pricing", "cancel_url", "client_reference_id", "customer_email", "expand", "line_items",
    "locale", "metadata", "mode", "payment_intent_data", "payment_method_types", "success_url",
}  # fmt: skip
REFUND_PARAMS = {"amount", "charge", "expand", "metadata", "payment_intent", "reason"}
# What can be listed, and by which of its members.
LISTS = (
    ("/v1/checkout/sessions", "checkout.session", ("payment_intent", "status")),
    ("/v1/refunds", "refund", ("payment_intent", "charge")),
    ("/v1/disputes", "dispute", ("payment_intent", "charge")),
    ("/v1/radar/early_fraud_warnings", "radar.early_fraud_warning", ("payment_intent", "charge")),
)
PAGE_SIZE = 10
# Addresses go into headers and a policy: nothing that ends a part there.
_URL = re.compile(r"https?://[^\s;,'\"<>]+")
MIN_AMOUNT = 30  # the lowest of Stripe's minimum charges; enough to refuse nonsense


class StripeApi:
    """Routes below /v1. Every request takes its turn on the store."""

    def __init__(
        self, *, store: Store, base_url: str, payments: StripePayments, sender: Sender, make_webhook: MakeWebhook
    ) -> None:
        self._store = store
        self._base_url = base_url
        self._payments = payments
        self._sender = sender
        self._make_webhook = make_webhook
        self._happened: list[Object] = []  # the events of the request whose turn it is

    def register(self, *, router: Router) -> None:
        """Add the routes."""
        sessions = "/v1/checkout/sessions"
        router.add(method="POST", path=sessions, handler=self._guarded(self._keyed(self._new_session)))
        router.add(method="POST", path="/v1/refunds", handler=self._guarded(self._keyed(self._new_refund)))
        closing = self._guarded(self._close_dispute)
        router.add(method="POST", path="/v1/disputes/{item_id}/close", handler=closing)
        for path, kind, names in LISTS:
            router.add(method="GET", path=path, handler=self._guarded(self._lister(kind, names)))
        for path, kind in (
            (f"{sessions}/{{item_id}}", "checkout.session"),
            ("/v1/payment_intents/{item_id}", "payment_intent"),
            ("/v1/charges/{item_id}", "charge"),
            ("/v1/refunds/{item_id}", "refund"),
            ("/v1/disputes/{item_id}", "dispute"),
            ("/v1/radar/early_fraud_warnings/{item_id}", "radar.early_fraud_warning"),
            ("/v1/events/{item_id}", "event"),
        ):
            router.add(method="GET", path=path, handler=self._guarded(self._retriever(kind)))

    def _guarded(self, handler: Callable[[Request, dict[str, str]], Response]) -> Callable[..., Response]:
        """Checks the API key, gives the request its turn, loses answers as the knob says."""

        def run(request: Request, args: dict[str, str]) -> Response:
            _check_key(request)
            events: list[Object] = []
            with self._store.reading() if request.method == "GET" else self._store.changing():
                self._happened = events
                response = handler(request, args)
                knobs = self._store.knobs
                is_broken = request.method == "POST" and response.status < 300 and self._store.take_error()
            # Outside the turn: the application asks the API back while it handles the webhook.
            self._sender.send(batch=[self._make_webhook(event) for event in events], knobs=knobs)
            if is_broken:
                # As if the answer was lost behind the API's edge: a retry with the same key finds the object.
                raise _error(500, "api_error", "sandbox: committed, but the answer was lost")
            return response

        return run

    def _keyed(self, make: Callable[[dict[str, Any]], Object]) -> Callable[[Request, dict[str, str]], Response]:
        """A POST that makes something, once for each idempotency key."""

        def create(request: Request, args: dict[str, str]) -> Response:
            params = _params(request.body.decode("utf-8", "replace"))
            key = request.headers.get("idempotency-key", "")
            fingerprint = hashlib.sha256(json.dumps([request.path, params], sort_keys=True).encode()).hexdigest()
            saved = self._store.find_answer(key=key) if key else None
            if saved is not None:
                if saved.fingerprint != fingerprint:
                    raise _error(400, "idempotency_error", f"Key {key} was first used with other parameters.")
                replayed = {"Idempotent-Replayed": "true"}
                return json_response(body=saved.body, status=saved.status, headers=replayed)
            body = make(params)
            if key:
                answer = SavedAnswer(fingerprint=fingerprint, status=200, body=body)
                self._store.save_answer(key=key, answer=answer)
            return json_response(body=body)

        return create

    def _new_refund(self, params: dict[str, Any]) -> Object:
        unknown = set(params) - REFUND_PARAMS
        if unknown:
            raise _invalid("parameter_unknown", sorted(unknown)[0])
        charge = self._find_charge(params)
        if charge is None:
            raise _error(
                404, "invalid_request_error", "No such payment", code="resource_missing", param="payment_intent"
            )
        left = charge["amount"] - charge["amount_refunded"]
        if left == 0:
            raise _error(400, "invalid_request_error", "The charge was refunded.", code="charge_already_refunded")
        if any(not row["is_charge_refundable"] for row in self._store.list_items(kind="dispute", charge=charge["id"])):
            raise _error(400, "invalid_request_error", "The charge was charged back.", code="charge_disputed")
        text = str(params.get("amount", left))
        amount = int(text) if text.isascii() and text.isdigit() else 0
        if params.get("reason", "fraudulent") not in ("duplicate", "fraudulent", "requested_by_customer"):
            raise _invalid("parameter_invalid", "reason")
        try:
            refund, self._happened[:] = self._payments.refund(charge=charge, amount=amount, params=params)
        except CannotHappen as error:
            raise _invalid("parameter_invalid_integer", "amount") from error
        return self._shown(refund, params)

    def _close_dispute(self, request: Request, args: dict[str, str]) -> Response:
        def close(params: dict[str, Any]) -> Object:
            dispute = self._store.find(kind="dispute", item_id=args["item_id"])
            if dispute is None:
                raise _error(404, "invalid_request_error", "No such dispute", code="resource_missing", param="dispute")
            try:
                self._happened[:] = self._payments.close_dispute(dispute=dispute)
            except CannotHappen as error:
                raise _error(400, "invalid_request_error", str(error), code="dispute_closed") from error
            return self._shown(dispute, params)

        return self._keyed(close)(request, args)

    def _find_charge(self, params: dict[str, Any]) -> Object | None:
        intent = self._store.find(kind="payment_intent", item_id=str(params.get("payment_intent", "")))
        charge_id = intent["latest_charge"] if intent else params.get("charge")
        return self._store.find(kind="charge", item_id=str(charge_id or ""))

    def _new_session(self, params: dict[str, Any]) -> Object:
        unknown = set(params) - SESSION_PARAMS
        if unknown:
            raise _invalid("parameter_unknown", sorted(unknown)[0])
        if params.get("mode") != "payment":
            raise _invalid("parameter_invalid", "mode")
        for name in ("success_url", "cancel_url"):
            if not _URL.fullmatch(str(params.get(name, "" if name == "success_url" else "http://none"))):
                raise _invalid("url_invalid", name)
        line_items, amount, currency = _read_line_items(params.get("line_items"))
        item = objects.session(params=params, line_items=line_items, amount=amount, currency=currency)
        item["success_url"] = item["success_url"].replace("{CHECKOUT_SESSION_ID}", item["id"])
        return self._shown(self._store.put(item=item), params)

    def _lister(self, kind: str, names: tuple[str, ...]) -> Callable[[Request, dict[str, str]], Response]:
        """A page of objects, newest first, whose members equal the parameters in `names`."""

        def list_page(request: Request, args: dict[str, str]) -> Response:
            params = _params(request.query)
            unknown = set(params) - {*names, "limit", "starting_after", "expand"}
            if unknown:
                raise _invalid("parameter_unknown", sorted(unknown)[0])
            rows = self._store.list_items(kind=kind, **{name: params[name] for name in names if name in params})
            if "starting_after" in params:
                ids = [row["id"] for row in rows]
                if params["starting_after"] not in ids:
                    raise _error(400, "invalid_request_error", "No such object", code="resource_missing")
                rows = rows[ids.index(params["starting_after"]) + 1 :]
            limit = _read_limit(params.get("limit"))
            page = {
                "object": "list",
                "url": request.path,
                "has_more": len(rows) > limit,
                "data": [self._shown(row, {}) for row in rows[:limit]],
            }
            return json_response(body=page)

        return list_page

    def _retriever(self, kind: str) -> Callable[[Request, dict[str, str]], Response]:
        def retrieve(request: Request, args: dict[str, str]) -> Response:
            item = self._store.find(kind=kind, item_id=args["item_id"])
            if item is None:
                message = f"No such {kind.rpartition('.')[2]}: '{args['item_id']}'"
                raise _error(404, "invalid_request_error", message, code="resource_missing", param="id")
            return json_response(body=self._shown(item, _params(request.query)))

        return retrieve

    def _shown(self, item: Object, params: dict[str, Any]) -> Object:
        shown = objects.public(item, base_url=self._base_url)
        for path in params.get("expand") or []:
            self._expand(shown, str(path).split("."))
        return shown

    def _expand(self, shown: Object, path: list[str]) -> None:
        name = path[0]
        if name == "refunds" and shown["object"] == "charge":
            rows = self._store.list_items(kind="refund", charge=shown["id"])
            more = {"url": f"/v1/charges/{shown['id']}/refunds", "has_more": len(rows) > PAGE_SIZE}
            shown["refunds"] = {"object": "list", "data": rows[:PAGE_SIZE], **more}
            return
        kind = {"payment_intent": "payment_intent", "latest_charge": "charge", "charge": "charge"}.get(name)
        if kind is None or name not in shown:
            raise _invalid("parameter_invalid", "expand")
        if isinstance(shown[name], str):
            item = self._store.find(kind=kind, item_id=shown[name])
            shown[name] = item and objects.public(item, base_url=self._base_url)
        if path[1:] and shown[name]:
            self._expand(shown[name], path[1:])


def _check_key(request: Request) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.startswith(("sk_test_", "rk_test_")):
        raise _error(401, "invalid_request_error", "The sandbox takes test keys (sk_test_...) only.")


def _params(text: str) -> dict[str, Any]:
    try:
        return decode(text)
    except BadForm as error:
        raise _error(400, "invalid_request_error", "The parameters could not be read") from error


def _read_line_items(value: Any) -> tuple[list[Object], int, str]:
    """The items as the page shows them, their sum and their one currency."""
    if not isinstance(value, list) or not value:
        raise _invalid("parameter_missing", "line_items")
    items: list[Object] = []
    for row in value:
        try:
            price = row["price_data"]
            item = {
                "name": str(price["product_data"]["name"]),
                "unit_amount": int(price["unit_amount"]),
                "quantity": int(row.get("quantity", 1)),
                "currency": str(price["currency"]).lower(),
            }
        except (KeyError, TypeError, ValueError) as error:
            raise _invalid("parameter_invalid", "line_items") from error
        items.append(item)
    amount = sum(item["unit_amount"] * item["quantity"] for item in items)
    currencies = {item["currency"] for item in items}
    if len(currencies) > 1 or len(items[0]["currency"]) != 3:
        raise _invalid("currency_invalid", "line_items")
    if amount < MIN_AMOUNT or any(item["unit_amount"] < 0 or item["quantity"] < 1 for item in items):
        raise _invalid("amount_too_small", "line_items")
    return items, amount, items[0]["currency"]


def _read_limit(value: Any) -> int:
    limit = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else PAGE_SIZE
    if not 1 <= limit <= 100:
        raise _invalid("parameter_invalid", "limit")
    return limit


def _invalid(code: str, param: str) -> Refused:
    return _error(400, "invalid_request_error", f"Invalid parameter: {param}", code=code, param=param)


def _error(status: int, kind: str, message: str, **more: str) -> Refused:
    return Refused(json_response(status=status, body={"error": {"type": kind, "message": message, **more}}))
