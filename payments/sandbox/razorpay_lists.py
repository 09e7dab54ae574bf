"""Razorpay's lists of everything: payments, refunds, settlements and what was settled, below /razorpay.

POST /sandbox/razorpay is the test's hand: `{kind, amount, currency, ...}` plants an entity that belongs to nothing here
(payment, refund, payout), or money that only Razorpay moves (settlement, adjustment).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from . import razorpay_objects as objects
from .razorpay_api import PREFIX, _bad, _key_of, _page_of
from .router import Refused, Request, Response, Router, json_response, read_json
from .store import Object, Store, new_id

RECON_MAX = 1000
INDIA = timedelta(hours=5, minutes=30)
_PREFIXES = {"payment": "pay", "refund": "rfnd", "payout": "pout", "settlement": "setl", "adjustment": "adj"}


class RazorpayLists:
    """The account's lists. One turn on the store each."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    def register(self, *, router: Router) -> None:
        """Add the routes."""
        for name in ("payments", "refunds", "settlements"):
            router.add(method="GET", path=f"{PREFIX}/v1/{name}", handler=self._lister(name.removesuffix("s")))
        router.add(method="GET", path=f"{PREFIX}/v1/settlements/recon/combined", handler=self._list_settled)
        router.add(method="POST", path="/sandbox/razorpay", handler=self._plant)

    def _lister(self, kind: str) -> Callable[[Request, dict[str, str]], Response]:
        def listed(request: Request, args: dict[str, str]) -> Response:
            _key_of(request)
            with self._store.reading():
                rows = _page_of(self._store.list_items(kind=f"razorpay.{kind}"), dict(parse_qsl(request.query)))
                return _collection([objects.public(row, base_url="") for row in rows])

        return listed

    def _list_settled(self, request: Request, args: dict[str, str]) -> Response:
        """What was settled on a day (of India) or in a month: of what the sandbox settles, the adjustments."""
        _key_of(request)
        query = dict(parse_qsl(request.query))
        try:
            wanted = tuple(int(query[name]) for name in ("year", "month", "day") if name in query)
            count, skip = int(query.get("count", 10)), int(query.get("skip", 0))
        except ValueError as error:
            raise _bad("The count must be an integer.") from error
        if len(wanted) < 2 or not (1 <= count <= RECON_MAX and skip >= 0):
            raise _bad("The month field is required, and the count may not be greater than 1000.")
        with self._store.reading():
            rows = [row for row in self._store.list_items(kind="razorpay.adjustment") if _is_on(row, wanted)]
            shown = [objects.public(row, base_url="") for row in rows[skip : skip + count]]
            return _collection([{name: row[name] for name in row if name != "id"} for row in shown])

    def _plant(self, request: Request, args: dict[str, str]) -> Response:
        body = read_json(request=request)
        kind, amount, currency = body.get("kind"), body.get("amount"), str(body.get("currency", "INR"))
        if kind not in _PREFIXES or type(amount) is not int:
            raise Refused(json_response(status=422, body={"error": {"message": "kind and amount are needed"}}))
        made = _MAKERS[kind](amount, currency)
        made |= {name: body[name] for name in ("id", "status", "created_at") if name in body}
        with self._store.changing():
            return json_response(body=objects.public(self._store.put(item=made), base_url=""))


def _collection(items: list[Object]) -> Response:
    return json_response(body={"entity": "collection", "count": len(items), "items": items})


def _is_on(row: Object, wanted: tuple[int, ...]) -> bool:
    at = datetime.fromtimestamp(row["settled_at"], UTC) + INDIA
    return (at.year, at.month, at.day)[: len(wanted)] == wanted


def _payment(amount: int, currency: str) -> Object:
    order = {"id": new_id("order"), "amount": amount, "currency": currency, "notes": [], "_link": "plink_none"}
    return {**objects.payment(order=order), "status": "captured", "captured": True, "fee": 0, "tax": 0}


def _refund(amount: int, currency: str) -> Object:
    return objects.refund(payment={"id": new_id("pay"), "currency": currency}, amount=amount, params={})


def _payout(amount: int, currency: str) -> Object:
    return {**objects.payout(params={"amount": amount, "mode": "IMPS"}, account_id=new_id("fa")), "currency": currency}


def _settlement(amount: int, currency: str) -> Object:
    return {
        "object": "razorpay.settlement",
        "id": new_id("setl"),
        "entity": "settlement",
        "amount": amount,
        "status": "processed",
        "fees": 0,
        "tax": 0,
        "utr": new_id("utr"),
        "created_at": int(time.time()),
    }


def _adjustment(amount: int, currency: str) -> Object:
    now = int(time.time())
    return {
        "object": "razorpay.adjustment",
        "id": (item_id := new_id("adj")),
        "entity_id": item_id,
        "type": "adjustment",
        "debit": max(0, -amount),
        "credit": max(0, amount),
        "amount": abs(amount),
        "currency": currency,
        "fee": 0,
        "tax": 0,
        "on_hold": False,
        "settled": True,
        "created_at": now,
        "settled_at": now,
        "settlement_id": new_id("setl"),
        "posted_at": None,
        "credit_type": "default",
        "description": None,
        "notes": None,
        "payment_id": None,
        "settlement_utr": None,
        "order_id": None,
        "order_receipt": None,
        "method": None,
        "card_network": None,
        "card_issuer": None,
        "card_type": None,
        "dispute_id": None,
    }


_MAKERS: dict[Any, Callable[[int, str], Object]] = {
    "payment": _payment, "refund": _refund, "payout": _payout, "settlement": _settlement, "adjustment": _adjustment,
}  # fmt: skip
