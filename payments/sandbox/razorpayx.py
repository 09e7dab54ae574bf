"""RazorpayX in the sandbox, below /razorpay: contacts, fund accounts, payouts (razorpay.com/docs/api/x)."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

from . import razorpay_objects as objects
from .razorpay_api import PREFIX, _bad, _body, _error, _key_of, _page_of
from .router import Request, Response, Router, json_response
from .store import Object, SavedAnswer, Store, new_id
from .stripe_payments import CannotHappen
from .webhooks import MakeWebhook, Sender

CONTACT_PARAMS = {"contact", "email", "name", "notes", "reference_id", "type"}
PAYOUT_PARAMS = {
    "account_number", "amount", "currency", "fund_account_id", "mode", "narration", "notes", "purpose",
    "queue_if_low_balance", "reference_id",
}  # fmt: skip
MODES = {"bank_account": ("IMPS", "NEFT", "RTGS"), "vpa": ("UPI",)}
MIN_AMOUNT, REFERENCE_MAX, NARRATION_MAX = 100, 40, 30
PAID_AFTER_S = 120
_OURS = re.compile(r"[0-9]{10,22}")
# How a payout ends: its status, the event, and Razorpay's reason.
_ENDS = {
    "paid": ("processed", "payout.processed", "payout_processed"),
    "failed": ("failed", "payout.failed", "beneficiary_bank_failure"),
    "returned": ("reversed", "payout.reversed", "beneficiary_bank_account_closed"),
    "reversed": ("reversed", "payout.reversed", "beneficiary_bank_account_closed"),
}

Handler = Callable[[Request, dict[str, str]], tuple[Any, Sequence[Object]]]


class RazorpayX:
    """Routes below /razorpay/v1 and the steps of payouts by the words of the control door. Payouts wait as
    `processing` until a step ends them; one that nobody ended is paid when it is asked for after PAID_AFTER_S."""

    def __init__(self, *, store: Store, sender: Sender, make_webhook: MakeWebhook) -> None:
        self._store = store
        self._sender = sender
        self.make_webhook = make_webhook

    def register(self, *, router: Router) -> None:
        """Add the routes."""
        for method, path, handler in (
            ("POST", "/contacts", self._create_contact),
            ("POST", "/fund_accounts", self._create_account),
            ("GET", "/fund_accounts/{item_id}", self._retriever("fund_account")),
            ("POST", "/payouts", self._create_payout),
            ("GET", "/payouts", self._list_payouts),
            ("GET", "/payouts/{item_id}", self._retriever("payout")),
        ):
            router.add(method=method, path=f"{PREFIX}/v1{path}", handler=self._guarded(handler))

    def _guarded(self, handler: Handler) -> Callable[[Request, dict[str, str]], Response]:
        def run(request: Request, args: dict[str, str]) -> Response:
            _key_of(request)
            with self._store.changing():
                body, events = handler(request, args)
                knobs = self._store.knobs
                is_broken = request.method == "POST" and self._store.take_error()
            self._sender.send(batch=[self.make_webhook(event) for event in events], knobs=knobs)
            if is_broken:
                raise _error(500, "SERVER_ERROR", "sandbox: committed, but the answer was lost")
            return json_response(body=body)

        return run

    def _create_contact(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        params = _body(request)
        _check_known(params, CONTACT_PARAMS)
        if not isinstance(params.get("name"), str) or not 3 <= len(params["name"]) <= 50:
            raise _bad("The name must be between 3 and 50 characters.", field="name")
        same = {name: params.get(name) for name in ("contact", "email", "name", "reference_id", "type")}
        known = self._store.list_items(kind="razorpay.contact", **same)
        return self._shown(known[0] if known else self._store.put(item=_contact(same, params))), ()

    def _create_account(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        """Fund accounts of one contact and the same details are one. A number that ends in 0000 does not exist."""
        params = _body(request)
        kind = params.get("account_type")
        if kind not in MODES or not isinstance(params.get(kind), dict):
            raise _bad("The account type field is required.", field="account_type")
        if self._store.find(kind="razorpay.contact", item_id=str(params.get("contact_id"))) is None:
            raise _bad("The id provided does not exist", field="contact_id")
        details = params[kind]
        _check_details(kind, details)
        same = {"contact_id": params["contact_id"], "account_type": kind, kind: details}
        known = self._store.list_items(kind="razorpay.fund_account", **same)
        return self._shown(known[0] if known else self._store.put(item=_fund_account(same))), ()

    def _create_payout(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        params = _body(request)
        key = request.headers.get("x-payout-idempotency", "")
        if not re.fullmatch(r"[A-Za-z0-9 _-]{4,36}", key):
            raise _bad("The idempotency key is required: 4 to 36 characters")
        fingerprint = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
        saved = self._store.find_answer(key=f"razorpay-payout:{key}")
        if saved is not None:
            if saved.fingerprint != fingerprint:
                raise _bad("Different request body sent for the same Idempotency Header")
            return saved.body, ()
        account = self._check_payout(params)
        payout = self._store.put(item=objects.payout(params=params, account_id=account["id"]))
        if payout["amount"] > self._store.knobs.balance_minor:
            payout["status"] = "queued"
        answer = SavedAnswer(fingerprint=fingerprint, status=200, body=self._shown(payout))
        self._store.save_answer(key=f"razorpay-payout:{key}", answer=answer)
        kind = "payout.queued" if payout["status"] == "queued" else "payout.initiated"
        return answer.body, [self._event(kind, payout)]

    def _check_payout(self, params: dict[str, Any]) -> Object:
        _check_known(params, PAYOUT_PARAMS)
        amount, account_id = params.get("amount"), str(params.get("fund_account_id"))
        if type(amount) is not int or amount < MIN_AMOUNT:
            raise _bad("The amount must be at least 100.", field="amount")
        if params.get("currency") != "INR":
            raise _bad("The currency must be INR.", field="currency")
        if not _OURS.fullmatch(str(params.get("account_number", ""))):
            raise _bad("The account number is invalid.", field="account_number")
        if len(str(params.get("reference_id", ""))) > REFERENCE_MAX:
            raise _bad("The reference id may not be greater than 40 characters.", field="reference_id")
        if not re.fullmatch(rf"[A-Za-z0-9 ]{{1,{NARRATION_MAX}}}", str(params.get("narration", "none"))):
            raise _bad("The narration is invalid.", field="narration")
        account = self._store.find(kind="razorpay.fund_account", item_id=account_id)
        if account is None or not account["active"]:
            raise _bad("The id provided does not exist", field="fund_account_id")
        if params.get("mode") not in MODES[account["account_type"]]:
            raise _bad("Invalid combination of payout mode and destination.", field="mode")
        return account

    def _list_payouts(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        query = dict(parse_qsl(request.query))
        if not _OURS.fullmatch(query.get("account_number", "")):
            raise _bad("The account number field is required.", field="account_number")
        match = {name: query[name] for name in ("reference_id", "fund_account_id", "status") if name in query}
        rows = _page_of(self._store.list_items(kind="razorpay.payout", **match), query)
        return {"entity": "collection", "count": len(rows), "items": [self._shown(row) for row in rows]}, ()

    def _retriever(self, kind: str) -> Handler:
        def retrieve(request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
            item = self._store.find(kind=f"razorpay.{kind}", item_id=args["item_id"])
            if item is None:
                raise _bad("The id provided does not exist")
            if item.get("status") == "queued" and item["amount"] <= self._store.knobs.balance_minor:
                item["status"] = "processing"
            is_due = kind == "payout" and item["status"] == "processing"
            events: Sequence[Object] = ()
            if is_due and item["created_at"] + PAID_AFTER_S < time.time():
                events = self.step(payout=item, word="paid")
            return self._shown(item), events

        return retrieve

    def find_by_reference(self, *, reference: str) -> Object | None:
        """The newest payout of the application's own id."""
        rows = self._store.list_items(kind="razorpay.payout", reference_id=reference)
        return rows[0] if rows else None

    def step(self, *, payout: Object, word: str) -> list[Object]:
        """End a payout: `paid`, `failed` before that, `returned` or `reversed` before or after. Raises CannotHappen.
        Call inside `store.changing()`."""
        if word not in _ENDS:
            raise CannotHappen(f"event must be one of {', '.join(_ENDS)}")
        status, kind, reason = _ENDS[word]
        is_first = payout["status"] == "processing"
        if not is_first and not (payout["status"] == "processed" and status == "reversed"):
            raise CannotHappen(f"a payout that is {payout['status']} cannot be {word}")
        payout["status"] = status
        payout["status_details"] = {
            "reason": reason,
            "description": reason.replace("_", " "),
            "source": "beneficiary_bank",
        }
        if status == "processed":
            payout["utr"] = new_id("utr")
        return [self._event(kind, payout)]

    def _event(self, kind: str, payout: Object) -> Object:
        return objects.event(kind=kind, entities={"payout": self._shown(payout)})

    def _shown(self, item: Object) -> Object:
        return objects.public(item, base_url="")


def _contact(same: dict[str, Any], params: dict[str, Any]) -> Object:
    return {
        "object": "razorpay.contact",
        "id": new_id("cont"),
        "entity": "contact",
        **same,
        "batch_id": None,
        "active": True,
        "notes": params.get("notes") or [],
        "created_at": int(time.time()),
    }


def _fund_account(same: dict[str, Any]) -> Object:
    return {
        "object": "razorpay.fund_account",
        "id": new_id("fa"),
        "entity": "fund_account",
        **same,
        "batch_id": None,
        "active": True,
        "created_at": int(time.time()),
    }


def _check_known(params: dict[str, Any], known: set[str]) -> None:
    unknown = set(params) - known
    if unknown:
        raise _bad(f"{sorted(unknown)[0]} is/are not required and should not be sent")


def _check_details(kind: str, details: dict[str, Any]) -> None:
    if kind == "vpa":
        if not re.fullmatch(r"[^@\s]+@[A-Za-z0-9]+", str(details.get("address", ""))):
            raise _bad("Invalid VPA. Please enter a valid Virtual Payment Address", field="address")
        return
    if not re.fullmatch(r"[A-Z]{4}0[A-Z0-9]{6}", str(details.get("ifsc", ""))):
        raise _bad("Invalid IFSC Code in Bank Account", field="ifsc")
    number = str(details.get("account_number", ""))
    if not 5 <= len(number) <= 35 or number.endswith("0000"):
        raise _bad("The account number is invalid.", field="account_number")
