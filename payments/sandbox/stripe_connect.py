"""Stripe Connect in the sandbox: Accounts v2, account links with their hosted page, transfers, bank accounts.

Accounts v2 speak JSON and number their lists from v2's rules; transfers are v1 and speak forms. An account whose page
was completed can receive transfers and has one bank account.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import parse_qs

from . import stripe_objects as objects
from .hosted_page import page
from .router import Refused, Request, Response, Router, json_response
from .store import Object, SavedAnswer, Store, new_id
from .stripe_api import _check_key, _error, _invalid, _params, _read_limit
from .stripe_payments import CannotHappen
from .webhooks import MakeWebhook, Sender

ACCOUNT_PARAMS = {
    "configuration", "contact_email", "dashboard", "defaults", "display_name", "identity", "include", "metadata",
}  # fmt: skip
TRANSFER_PARAMS = {"amount", "currency", "description", "destination", "expand", "metadata", "transfer_group"}
LINK_LIFE_S = 300
# What an account's payout to its bank comes to: its status and event.
_ACCOUNT_PAYOUTS = {
    "under_way": ("in_transit", "payout.created"),
    "arrived": ("paid", "payout.paid"),
    "failed": ("failed", "payout.failed"),
}
CAPABILITY = "v2.core.account[configuration.recipient].capability_status_updated"

Handler = Callable[[Request, dict[str, str]], tuple[Any, Sequence[Object]]]


class _TooLittle(Exception):
    """The balance does not cover a transfer."""

    body = {
        "error": {
            "type": "invalid_request_error",
            "code": "balance_insufficient",
            "message": "You have insufficient available funds in your Stripe account.",
        }
    }


class StripeConnect:
    """Routes below /v2/core, /v1/transfers and /connect, and the steps of transfers by the words of the control
    door."""

    def __init__(self, *, store: Store, base_url: str, sender: Sender, make_webhook: MakeWebhook) -> None:
        self._store = store
        self._base_url = base_url
        self._sender = sender
        self.make_webhook = make_webhook

    def register(self, *, router: Router) -> None:
        """Add the routes."""
        for method, path, handler in (
            ("POST", "/v2/core/accounts", self._create_account),
            ("GET", "/v2/core/accounts/{item_id}", self._get_account),
            ("POST", "/v2/core/account_links", self._create_link),
            ("GET", "/v1/accounts/{item_id}/external_accounts", self._list_banks),
            ("GET", "/v1/balance", self._get_balance),
            ("GET", "/v1/payouts", self._list_payouts),
            ("POST", "/v1/transfers", self._create_transfer),
            ("GET", "/v1/transfers", self._list_transfers),
            ("GET", "/v1/transfers/{item_id}", self._get_transfer),
        ):
            router.add(method=method, path=path, handler=self._guarded(handler))
        router.add(method="GET", path="/connect/{link_id}", handler=self._show_page)
        router.add(method="POST", path="/connect/{link_id}", handler=self._complete)

    def _guarded(self, handler: Handler) -> Callable[[Request, dict[str, str]], Response]:
        """Checks the key, gives the request its turn and its idempotency, loses answers as the knob says."""

        def run(request: Request, args: dict[str, str]) -> Response:
            _check_key(request)
            with self._store.changing():
                body, events, is_replay = self._once(handler, request, args)
                knobs = self._store.knobs
                is_broken = request.method == "POST" and self._store.take_error()
            self._sender.send(batch=[self.make_webhook(event) for event in events], knobs=knobs)
            if is_broken:
                raise _error(500, "api_error", "sandbox: committed, but the answer was lost")
            return json_response(body=body, headers={"Idempotent-Replayed": "true"} if is_replay else {})

        return run

    def _once(self, handler: Handler, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object], bool]:
        """A POST of a key that was used before gets the first answer; of other parameters it is refused. Too little
        balance is such an answer: Stripe keeps what happened once it has begun to work on a request."""
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        fingerprint = hashlib.sha256(request.path.encode() + b"\n" + request.body).hexdigest()
        saved = self._store.find_answer(key=key) if key else None
        if saved is not None:
            if saved.fingerprint != fingerprint:
                raise _error(400, "idempotency_error", f"Key {key} was first used with other parameters.")
            if saved.status >= 400:
                raise Refused(json_response(status=saved.status, body=saved.body))
            return saved.body, (), True
        try:
            body, events = handler(request, args)
        except _TooLittle as error:
            if key:
                answer = SavedAnswer(fingerprint=fingerprint, status=400, body=error.body)
                self._store.save_answer(key=key, answer=answer)
            raise Refused(json_response(status=400, body=error.body)) from error
        if key:
            self._store.save_answer(key=key, answer=SavedAnswer(fingerprint=fingerprint, status=200, body=body))
        return body, events, False

    # -- accounts -------------------------------------------------------------------------------------------
    def _create_account(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        params = _json(request)
        unknown = set(params) - ACCOUNT_PARAMS
        if unknown:
            raise _invalid("unknown_field", sorted(unknown)[0])
        country = (params.get("identity") or {}).get("country")
        if not isinstance(country, str) or len(country) != 2:
            raise _invalid("invalid_fields", "identity.country")
        recipient = (params.get("configuration") or {}).get("recipient") or {}
        balance = (recipient.get("capabilities") or {}).get("stripe_balance") or {}
        if (balance.get("stripe_transfers") or {}).get("requested") is not True:
            raise _invalid("invalid_fields", "configuration.recipient.capabilities.stripe_balance.stripe_transfers")
        account = self._store.put(item=_account(params, country.lower()))
        return _shown_account(account, params.get("include") or []), [_thin("v2.core.account.created", account)]

    def _get_account(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        return _shown_account(self._find(args["item_id"]), _params(request.query).get("include") or []), ()

    def _create_link(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        params = _json(request)
        account = self._find(str(params.get("account")))
        use_case = params.get("use_case") or {}
        onboarding = use_case.get("account_onboarding") or {}
        refresh_url = str(onboarding.get("refresh_url", ""))
        if use_case.get("type") != "account_onboarding" or not refresh_url.startswith("http"):
            raise _invalid("invalid_fields", "use_case")
        secret = new_id("link")
        link = {
            "id": secret,
            "object": "connect_link",
            "account": account["id"],
            "return_url": onboarding.get("return_url") or refresh_url,
            "expires": int(time.time()) + LINK_LIFE_S,
            "is_used": False,
        }
        self._store.put(item=link)
        answer = {
            "object": "v2.core.account_link",
            "account": account["id"],
            "created": _time(),
            "expires_at": _time(LINK_LIFE_S),
            "livemode": False,
            "url": f"{self._base_url}/connect/{secret}",
            "use_case": use_case,
        }
        return answer, ()

    def _list_banks(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        self._find(args["item_id"])
        rows = self._store.list_items(kind="bank_account", account=args["item_id"])
        return _list(request.path, rows, _read_limit(_params(request.query).get("limit"))), ()

    def _find(self, account_id: str) -> Object:
        account = self._store.find(kind="v2.core.account", item_id=account_id)
        if account is None:
            message = f"No such account: '{account_id}'"
            raise _error(404, "invalid_request_error", message, code="resource_missing", param="id")
        return account

    # -- the hosted page ------------------------------------------------------------------------------------
    def _show_page(self, request: Request, args: dict[str, str]) -> Response:
        with self._store.changing():
            link = self._find_link(args)
            if link is None:
                return page(status=404, title="Expired", content="<h1>This link was used or has expired</h1>")
            return page(title="Your payouts", content=_form(link), form_target=link["return_url"])

    def _complete(self, request: Request, args: dict[str, str]) -> Response:
        """A bank account of the given number; its last digit 9 is one that the bank does not accept."""
        number = (parse_qs(request.body.decode("utf-8", "replace")).get("account_number") or [""])[0].strip()
        with self._store.changing():
            link = self._find_link(args)
            if link is None:
                return page(status=404, title="Expired", content="<h1>This link was used or has expired</h1>")
            if not (number.isascii() and number.isdigit() and 4 <= len(number) <= 34):
                content = f'<p role="alert">Type the number of your account, digits only.</p>\n{_form(link)}'
                return page(status=422, title="Your payouts", content=content, form_target=link["return_url"])
            account, target = self._find(link["account"]), link["return_url"]
            link["is_used"] = True
            self._put_bank(account, number)
            account["_transfers"] = "active"
            events = [_thin(CAPABILITY, account)]
            knobs = self._store.knobs
        self._sender.send(batch=[self.make_webhook(event) for event in events], knobs=knobs)
        return Response(status=303, headers={"Location": target, "Referrer-Policy": "no-referrer"})

    def _find_link(self, args: dict[str, str]) -> Object | None:
        link = self._store.find(kind="connect_link", item_id=args["link_id"])
        return link if link and not link["is_used"] and link["expires"] > time.time() else None

    def _put_bank(self, account: Object, number: str) -> None:
        for bank in self._store.list_items(kind="bank_account", account=account["id"]):
            bank["account"] = None  # replaced
        self._store.put(item=_bank(account, number))

    # -- transfers ------------------------------------------------------------------------------------------
    def _create_transfer(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        params = _params(request.body.decode("utf-8", "replace"))
        unknown = set(params) - TRANSFER_PARAMS
        if unknown:
            raise _invalid("parameter_unknown", sorted(unknown)[0])
        amount = str(params.get("amount", ""))
        if not (amount.isascii() and amount.isdigit()) or int(amount) < 1:
            raise _invalid("parameter_invalid_integer", "amount")
        account = self._find(str(params.get("destination")))
        if account["_transfers"] != "active":
            message = "Your destination account needs to have the transfers capability."
            raise _error(400, "invalid_request_error", message, code="insufficient_capabilities_for_transfer")
        if int(amount) > self._store.knobs.balance_minor or self._store.take_uncovered():
            raise _TooLittle
        transfer = self._store.put(item=_transfer(params, int(amount)))
        return transfer, [objects.event(kind="transfer.created", item=transfer)]

    def _get_balance(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        amount = self._store.knobs.balance_minor
        rows = [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}} for currency in ("eur", "usd")
        ]
        return {"object": "balance", "available": rows, "livemode": False, "pending": []}, ()

    def _list_transfers(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        params = _params(request.query)
        match = {name: params[name] for name in ("destination", "transfer_group") if name in params}
        rows = self._store.list_items(kind="transfer", **match)
        return _list(request.path, rows, _read_limit(params.get("limit"))), ()

    def _get_transfer(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        transfer = self._store.find(kind="transfer", item_id=args["item_id"])
        if transfer is None:
            message = f"No such transfer: '{args['item_id']}'"
            raise _error(404, "invalid_request_error", message, code="resource_missing", param="id")
        return transfer, ()

    def find_by_reference(self, *, reference: str) -> Object | None:
        """The newest transfer of the application's own id."""
        rows = self._store.list_items(kind="transfer", transfer_group=reference)
        return rows[0] if rows else None

    def step(self, *, payout: Object, word: str) -> list[Object]:
        """`paid`: told once more; `under_way`, `arrived`, `failed`: the account pays it to its bank, which takes it, or
        sends the money back to the account; `returned` or `reversed`: the transfer is reversed, `part_reversed` by a
        cent. Raises CannotHappen. Call inside `store.changing()`."""
        if word == "paid" and not payout["reversed"]:
            return [objects.event(kind="transfer.updated", item=payout)]
        if word in _ACCOUNT_PAYOUTS:
            return [self._pay_out(payout, *_ACCOUNT_PAYOUTS[word])]
        if word == "part_reversed" and not payout["reversed"]:
            payout["amount_reversed"] = 1
            return [objects.event(kind="transfer.reversed", item=payout)]
        if word in ("returned", "reversed") and not payout["reversed"]:
            payout |= {"reversed": True, "amount_reversed": payout["amount"]}
            return [objects.event(kind="transfer.reversed", item=payout)]
        raise CannotHappen(f"a transfer cannot be {word} now")

    def _pay_out(self, transfer: Object, status: str, kind: str) -> Object:
        """The account's payout of this transfer goes on, or, after one that failed, a new one takes the money along."""
        account_id = transfer["destination"]
        newest = next(iter(self._store.list_items(kind="payout", _transfer=transfer["id"])), None)
        if newest is None or newest["status"] == "failed":
            item = self._store.put(item=_account_payout(transfer))
            self._store.put(item=_account_movement(transfer, item, newest))
        else:
            item = newest
        is_failed = status == "failed"
        item |= {"status": status, "failure_code": "account_closed" if is_failed else None}
        for bank in self._store.list_items(kind="bank_account", account=account_id) if is_failed else ():
            bank["status"] = "errored"
        return {**objects.event(kind=kind, item=objects.public(item, base_url=self._base_url)), "account": account_id}

    def _list_payouts(self, request: Request, args: dict[str, str]) -> tuple[Any, Sequence[Object]]:
        """Of a connected account, the newest first."""
        params = _params(request.query)
        rows = self._store.list_items(kind="payout", _account=request.headers.get("stripe-account"))
        first = int((params.get("created") or {}).get("gte", 0))
        shown = [objects.public(row, base_url=self._base_url) for row in rows if row["created"] >= first]
        return _list(request.path, shown, _read_limit(params.get("limit"))), ()


def _account_payout(transfer: Object) -> Object:
    now = int(time.time())
    return {
        "id": new_id("po"),
        "object": "payout",
        "amount": transfer["amount"],
        "arrival_date": now,
        "automatic": True,
        "balance_transaction": new_id("txn"),
        "created": now,
        "currency": transfer["currency"],
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "source_type": "card",
        "status": "in_transit",
        "type": "bank_account",
        "_account": transfer["destination"],
        "_transfer": transfer["id"],
    }


def _account_movement(transfer: Object, payout: Object, failed: Object | None) -> Object:
    """What a payout of an account is made of: the payment that our transfer is there, or what came back."""
    payment = {
        "id": transfer["destination_payment"],
        "object": "charge",
        "amount": transfer["amount"],
        "currency": transfer["currency"],
        "source_transfer": transfer["id"],
    }
    return {
        "id": new_id("txn"),
        "object": "account_movement",
        "amount": transfer["amount"],
        "created": payout["created"],
        "currency": transfer["currency"],
        "fee": 0,
        "net": transfer["amount"],
        "reporting_category": "payout_reversal" if failed else "transfer",
        "source": {**failed} if failed else payment,
        "type": "payout_failure" if failed else "payment",
        "_payout": payout["id"],
    }


def _account(params: dict[str, Any], country: str) -> Object:
    return {
        "id": new_id("acct"),
        "object": "v2.core.account",
        "applied_configurations": ["recipient"],
        "closed": False,
        "contact_email": params.get("contact_email"),
        "created": _time(),
        "dashboard": params.get("dashboard"),
        "display_name": params.get("display_name"),
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "_country": country,
        "_currency": str((params.get("defaults") or {}).get("currency", "usd")),
        "_transfers": "restricted",
    }


def _shown_account(account: Object, include: Sequence[str]) -> Object:
    """v2 shows only what is asked for; the rest is null."""
    parts: Object = {
        "configuration": {
            "customer": None,
            "merchant": None,
            "recipient": {
                "applied": True,
                "capabilities": {
                    "stripe_balance": {
                        "stripe_transfers": {"status": account["_transfers"], "status_details": []},
                    }
                },
            },
        },
        "defaults": {"currency": account["_currency"]},
        "identity": {"country": account["_country"], "entity_type": "individual"},
        "requirements": {"entries": []},
    }
    asked = {str(name).partition(".")[0] for name in include}
    shown = {name: value for name, value in account.items() if not name.startswith("_")}
    return {**shown, **{name: part if name in asked else None for name, part in parts.items()}}


def _bank(account: Object, number: str) -> Object:
    """The fingerprint is of the number alone: the same under another name shows."""
    return {
        "id": new_id("ba"),
        "object": "bank_account",
        "account": account["id"],
        "account_holder_name": None,
        "account_holder_type": "individual",
        "bank_name": "Sandbox Bank",
        "country": account["_country"].upper(),
        "currency": account["_currency"],
        "default_for_currency": True,
        "fingerprint": hashlib.sha256(number.encode()).hexdigest()[:16],
        "last4": number[-4:],
        "metadata": {},
        "routing_number": None,
        "status": "errored" if number.endswith("9") else "new",
    }


def _transfer(params: dict[str, Any], amount: int) -> Object:
    item_id = new_id("tr")
    return {
        "id": item_id,
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": new_id("txn"),
        "created": int(time.time()),
        "currency": str(params.get("currency", "")).lower(),
        "description": params.get("description"),
        "destination": params["destination"],
        "destination_payment": new_id("py"),
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "reversals": _list(f"/v1/transfers/{item_id}/reversals", [], 10),
        "reversed": False,
        "source_transaction": None,
        "source_type": "card",
        "transfer_group": params.get("transfer_group"),
    }


def _thin(kind: str, account: Object) -> Object:
    """A thin event: it names its object and holds nothing of it."""
    return {
        "id": new_id("evt"),
        "object": "v2.core.event",
        "context": None,
        "created": _time(),
        "livemode": False,
        "reason": None,
        "related_object": {
            "id": account["id"],
            "type": "v2.core.account",
            "url": f"/v2/core/accounts/{account['id']}",
        },
        "type": kind,
    }


def _list(path: str, rows: list[Object], limit: int) -> Object:
    return {"object": "list", "url": path, "has_more": len(rows) > limit, "data": rows[:limit]}


def _form(link: Object) -> str:
    return (
        "<h1>Where should your money go?</h1>\n"
        '<p class="note">Type any number of digits. One that ends in 9 is an account that the bank refuses.</p>\n'
        f'<form method="post" action="/connect/{escape(link["id"])}">\n'
        '<p><label for="account_number">Number of your account</label><br>\n'
        '<input id="account_number" name="account_number" inputmode="numeric" autocomplete="off" required></p>\n'
        '<button type="submit">Save and go back</button>\n</form>'
    )


def _json(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _error(400, "invalid_request_error", "The body could not be read")
    return body


def _time(later_s: int = 0) -> str:
    """Times of v2 are RFC 3339."""
    return datetime.fromtimestamp(time.time() + later_s, UTC).isoformat().replace("+00:00", "Z")
