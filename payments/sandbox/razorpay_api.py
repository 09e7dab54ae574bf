"""The subset of Razorpay's REST API that the application uses, below /razorpay, with its errors and idempotency.

What is refused, and how, follows razorpay.com/docs/api: a reference is taken once, an amount is at least one rupee, an
expiry at least 15 minutes away, only captured payments are refunded, and a refund's key is kept to its request.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

from . import razorpay_objects as objects
from .razorpay_payments import RazorpayPayments
from .router import Refused, Request, Response, Router, json_response
from .store import Object, SavedAnswer, Store
from .stripe_payments import CannotHappen
from .webhooks import MakeWebhook, Sender

PREFIX = "/razorpay"
LINK_PARAMS = {
    "accept_partial", "amount", "callback_method", "callback_url", "currency", "description", "expire_by", "notes",
    "notify", "reference_id", "reminder_enable",
}  # fmt: skip
MIN_AMOUNT, REFERENCE_MAX, NOTES_MAX, NOTE_MAX = 100, 40, 15, 256
SOONEST_EXPIRY_S = 15 * 60 - 5
# Addresses go into headers and a policy: nothing that ends a part there.
_URL = re.compile(r"https?://[^\s;,'\"<>]+")
_KEY = re.compile(r"[A-Za-z0-9_-]{10,}")

Handler = Callable[[Request, dict[str, str]], tuple[Any, Sequence[Object]]]


class RazorpayApi:
    """Routes below /razorpay/v1. Each handler has its turn on the store and gives an answer and events to send."""

    def __init__(
        self, *, store: Store, payments: RazorpayPayments, base_url: str, sender: Sender, make_webhook: MakeWebhook
    ) -> None:
        self._store = store
        self._payments = payments
        self._base_url = base_url
        self._sender = sender
        self._make_webhook = make_webhook

    def register(self, *, router: Router) -> None:
        """Add the routes."""
        for method, path, handler in (
            ("POST", "/payment_links", self._create_link),
            ("GET", "/payment_links", self._list_links),
            ("GET", "/payment_links/{item_id}", self._retriever("payment_link")),
            ("GET", "/orders/{item_id}", self._retriever("order")),
            ("GET", "/orders/{item_id}/payments", self._lister("payment", "order_id")),
            ("GET", "/payments/{item_id}", self._retriever("payment")),
            ("POST", "/payments/{item_id}/capture", self._capture),
            ("POST", "/payments/{item_id}/refund", self._refund),
            ("GET", "/payments/{item_id}/refunds", self._lister("refund", "payment_id")),
            ("GET", "/refunds/{item_id}", self._retriever("refund")),
            ("GET", "/disputes", self._lister("dispute", "")),
            ("GET", "/disputes/{item_id}", self._retriever("dispute")),
            ("POST", "/disputes/{item_id}/accept", self._accept_dispute),
        ):
            router.add(method=method, path=f"{PREFIX}/v1{path}", handler=self._guarded(handler))

    def _guarded(self, handler: Handler) -> Callable[[Request, dict[str, str]], Response]:
        """Checks the key, gives the request its turn, sends events after it, loses answers as the knob says."""

        def run(request: Request, args: dict[str, str]) -> Response:
            _key_of(request)
            with self._store.changing():
                try:
                    body, events = handler(request, args)
                except CannotHappen as error:
                    raise _bad(str(error)) from error
                knobs = self._store.knobs
                is_broken = request.method == "POST" and self._store.take_error()
            self._sender.send(batch=[self._make_webhook(event) for event in events], knobs=knobs)
            if is_broken:
                raise _error(500, "SERVER_ERROR", "sandbox: committed, but the answer was lost")
            return json_response(body=body)

        return run

    # -- links ----------------------------------------------------------------------------------------------
    def _create_link(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        params = _body(request)
        _check_link(params)
        reference = params.get("reference_id", "")
        if reference and self._payments.find_by_reference(reference=reference):
            raise _bad(f"payment link with given reference_id: ({reference}) already exists", field="reference_id")
        link = self._store.put(item=objects.link(params=params, secret=_key_of(request)[1]))
        return self._shown(link), ()

    def _list_links(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        query = dict(parse_qsl(request.query))
        match = {name: query[name] for name in ("reference_id",) if name in query}
        rows = self._store.list_items(kind="razorpay.payment_link", **match)
        return {"payment_links": [self._shown(row) for row in _page_of(rows, query)]}, ()

    # -- payments -------------------------------------------------------------------------------------------
    def _capture(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        payment, params = self._find("payment", args["item_id"]), _body(request)
        if params.get("amount") != payment["amount"] or params.get("currency", "INR") != payment["currency"]:
            raise _bad("Capture amount must be equal to the amount authorized", field="amount")
        events = self._payments.capture(payment)
        return self._shown(payment), events

    def _refund(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        payment, params = self._find("payment", args["item_id"]), _body(request)
        key = request.headers.get("x-refund-idempotency", "")
        if key and not _KEY.fullmatch(key):
            raise _bad("The idempotency key must be at least 10 characters of letters, digits, - and _")
        fingerprint = hashlib.sha256(json.dumps([request.path, params], sort_keys=True).encode()).hexdigest()
        saved = self._store.find_answer(key=f"razorpay-refund:{key}") if key else None
        if saved is not None:
            if saved.fingerprint != fingerprint:
                raise _bad("Different request with the same idempotency key has already been processed.")
            return saved.body, ()
        amount = params.get("amount")
        if amount is not None and (type(amount) is not int or amount < MIN_AMOUNT):
            raise _bad("The amount must be at least INR 1.00", field="amount")
        refund, events = self._payments.refund(payment, amount=amount, params=params)
        shown = self._shown(refund)
        if key:
            answer = SavedAnswer(fingerprint=fingerprint, status=200, body=shown)
            self._store.save_answer(key=f"razorpay-refund:{key}", answer=answer)
        return shown, events

    def _accept_dispute(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        dispute = self._find("dispute", args["item_id"])
        events = self._payments.accept_dispute(dispute=dispute)
        return self._shown(dispute), events

    # -- reading --------------------------------------------------------------------------------------------
    def _find(self, kind: str, item_id: str) -> Object:
        item = self._store.find(kind=f"razorpay.{kind}", item_id=item_id)
        if item is None:
            raise _bad("The id provided does not exist")
        return item

    def _retriever(self, kind: str) -> Handler:
        return lambda request, args: (self._shown(self._find(kind, args["item_id"])), ())

    def _lister(self, kind: str, member: str) -> Handler:
        """A collection, newest first: of what `item_id` names where there is a `member`, by count, skip, from, to."""

        def listed(request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
            if member:
                self._find(member.removesuffix("_id"), args["item_id"])
            match = {member: args["item_id"]} if member else {}
            query = dict(parse_qsl(request.query))
            rows = _page_of(self._store.list_items(kind=f"razorpay.{kind}", **match), query)
            items = [self._shown(row) for row in rows]
            return {"entity": "collection", "count": len(items), "items": items}, ()

        return listed

    def _shown(self, item: Object) -> Object:
        return objects.public(item, base_url=self._base_url)


def _check_link(params: dict[str, Any]) -> None:
    unknown = set(params) - LINK_PARAMS
    if unknown:
        raise _bad(f"{sorted(unknown)[0]} is/are not required and should not be sent")
    amount, currency = params.get("amount"), params.get("currency", "")
    if type(amount) is not int or amount < MIN_AMOUNT:
        raise _bad("amount: should be at least 100", field="amount")
    if not (isinstance(currency, str) and re.fullmatch(r"[A-Z]{3}", currency)):
        raise _bad("currency: is not valid", field="currency")
    if len(str(params.get("reference_id", ""))) > REFERENCE_MAX:
        raise _bad("reference_id: the length must be no more than 40.", field="reference_id")
    if "callback_url" in params and params.get("callback_method") != "get":
        raise _bad("callback_method: must be a valid value.", field="callback_method")
    if not _URL.fullmatch(str(params.get("callback_url", "http://none"))):
        raise _bad("callback_url: must be a valid URL.", field="callback_url")
    expire_by = params.get("expire_by", 0)
    if type(expire_by) is not int or (expire_by and expire_by < time.time() + SOONEST_EXPIRY_S):
        raise _bad("expire_by: timestamp must be atleast 15 minutes in future", field="expire_by")
    notes = params.get("notes") or {}
    if not isinstance(notes, dict) or len(notes) > NOTES_MAX or any(len(str(v)) > NOTE_MAX for v in notes.values()):
        raise _bad("notes: at most 15 pairs of 256 characters", field="notes")


def _page_of(rows: list[Object], query: dict[str, str]) -> list[Object]:
    """`count` (default 10, at most 100) after `skip`, made between `from` and `to`."""
    try:
        count, skip = int(query.get("count", 10)), int(query.get("skip", 0))
        first, last = int(query.get("from", 0)), int(query.get("to", 2**62))
    except ValueError as error:
        raise _bad("The count must be an integer.") from error
    if not (1 <= count <= 100 and skip >= 0):
        raise _bad("The count may not be greater than 100.")
    return [row for row in rows if first <= row["created_at"] <= last][skip : skip + count]


def _key_of(request: Request) -> tuple[str, str]:
    """Key id and secret of Basic authentication. The sandbox takes any test key, and no other."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    try:
        key_id, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        key_id = secret = ""
    if scheme.lower() != "basic" or not key_id.startswith("rzp_test_") or not secret:
        raise _error(401, "BAD_REQUEST_ERROR", "Authentication failed")
    return key_id, secret


def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _bad("The request could not be read")
    return body


def _bad(description: str, **more: str) -> Refused:
    return _error(400, "BAD_REQUEST_ERROR", description, **more)


def _error(status: int, code: str, description: str, **more: str) -> Refused:
    body = {"code": code, "description": description, "source": "NA", "step": "NA", "reason": "NA", "metadata": {}}
    return Refused(json_response(status=status, body={"error": {**body, **more}}))
