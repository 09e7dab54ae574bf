"""Stripe's balance transactions, made when they are asked for of what happened to charges, refunds, disputes and so on.

GET /v1/balance_transactions is Stripe's; POST /sandbox/balance plants one that belongs to nothing, which a comparison
has to find: `{amount, currency, category, source?}`.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

from .router import Refused, Request, Response, Router, json_response, read_json
from .store import Object, Store, new_id
from .stripe_forms import BadForm, decode

PAGE_SIZE = 10
FEE_PER_MILLE, FEE_FIXED = 29, 30  # of a charge, as Stripe takes for a card in its home country


class StripeBalance:
    """The account's movements. One turn on the store each."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    def register(self, *, router: Router) -> None:
        """Add the routes."""
        router.add(method="GET", path="/v1/balance_transactions", handler=self._list)
        router.add(method="POST", path="/sandbox/balance", handler=self._plant)

    def _list(self, request: Request, args: dict[str, str]) -> Response:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.startswith(("sk_test_", "rk_test_")):
            raise _refused(401, "The sandbox takes test keys (sk_test_...) only.")
        try:
            params = decode(request.query)
        except BadForm as error:
            raise _refused(400, "The parameters could not be read") from error
        if "stripe-account" in request.headers:
            return self._list_of_account(request, str(params.get("payout")))
        created, limit = params.get("created") or {}, _number(params.get("limit"), PAGE_SIZE)
        with self._store.reading():
            rows = [
                row
                for row in self._rows()
                if _number(created.get("gte"), 0) <= row["created"] < _number(created.get("lt"), 2**53)
            ]
            if "starting_after" in params:
                ids = [row["id"] for row in rows]
                if params["starting_after"] not in ids:
                    raise _refused(400, "No such balance transaction")
                rows = rows[ids.index(params["starting_after"]) + 1 :]
            is_expanded = "data.source" in (params.get("expand") or [])
            shown = [self._with_source(row) if is_expanded else row for row in rows[:limit]]
        page = {"object": "list", "url": request.path, "has_more": len(rows) > limit, "data": shown}
        return json_response(body=page)

    def _list_of_account(self, request: Request, payout_id: str) -> Response:
        """What a payout of a connected account is made of, with the objects."""
        with self._store.changing():
            rows = self._store.list_items(kind="account_movement", _payout=payout_id)
        shown = [
            {name: value for name, value in row.items() if not name.startswith("_")} | {"object": "balance_transaction"}
            for row in rows
        ]
        for row in shown:
            row["source"] = {name: value for name, value in row["source"].items() if not name.startswith("_")}
        return json_response(body={"object": "list", "url": request.path, "has_more": False, "data": shown})

    def _rows(self) -> list[Object]:
        """Every movement, the newest first."""
        rows: list[Object] = self._store.list_items(kind="planted_balance_transaction")
        rows = [{**row, "object": "balance_transaction"} for row in rows]
        for charge in self._store.list_items(kind="charge"):
            fee = charge["amount"] * FEE_PER_MILLE // 1000 + FEE_FIXED
            rows.append(movement(charge, charge["amount"], fee=fee, category="charge"))
        for refund in self._store.list_items(kind="refund"):
            rows.append(movement(refund, -refund["amount"], category="refund"))
            if refund["status"] == "failed":
                rows.append(movement(refund, refund["amount"], category="refund_failure"))
        for dispute in self._store.list_items(kind="dispute"):
            rows += dispute["balance_transactions"]
        for transfer in self._store.list_items(kind="transfer"):
            rows.append(movement(transfer, -transfer["amount"], category="transfer"))
            if back := transfer.get("amount_reversed"):
                rows.append(movement(transfer, back, category="transfer_reversal"))
        return sorted(rows, key=lambda row: (row["created"], row["id"]), reverse=True)

    def _with_source(self, row: Object) -> Object:
        for kind in ("charge", "refund", "dispute", "transfer"):
            found = self._store.find(kind=kind, item_id=row["source"] or "")
            if found is not None:
                return {**row, "source": {name: value for name, value in found.items() if not name.startswith("_")}}
        return row

    def _plant(self, request: Request, args: dict[str, str]) -> Response:
        body = read_json(request=request)
        try:
            amount, fee = int(body["amount"]), int(body.get("fee", 0))
            given = {name: str(body[name]) for name in ("currency", "category")}
        except (KeyError, TypeError, ValueError) as error:
            raise _refused(422, "amount, currency and category are needed") from error
        source = str(body.get("source") or new_id("ch"))
        about = {"id": source, "currency": given["currency"], "created": int(time.time())}
        row = movement(about, amount, fee=fee, category=given["category"])
        with self._store.changing():
            self._store.put(item={**row, "id": new_id("txn"), "object": "planted_balance_transaction"})
        return json_response(body=row)


def movement(source: Object, amount: int, *, fee: int = 0, category: str) -> Object:
    """A balance transaction about `source`, with an id that is the same each time."""
    digest = hashlib.sha256(f"{source['id']}|{category}".encode()).hexdigest()
    return {
        "id": f"txn_{digest[:24]}",
        "object": "balance_transaction",
        "amount": amount,
        "available_on": source["created"],
        "created": source["created"],
        "currency": source["currency"],
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [],
        "net": amount - fee,
        "reporting_category": category,
        "source": source["id"],
        "status": "available",
        "type": category,
    }


def _number(value: Any, default: int) -> int:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else default


def _refused(status: int, message: str) -> Refused:
    return Refused(json_response(status=status, body={"error": {"type": "invalid_request_error", "message": message}}))
