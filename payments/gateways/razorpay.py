"""Razorpay: Payment Links, through the official client. The only module that imports it.

Why Payment Links and not Orders with the hosted checkout: the checkout page of an order is opened by a script of
Razorpay's, or by a form posted to them with our key, while a link is an address to send the buyer to, which our content
policy allows; the client speaks all of it (`payment_link.create`, `all`, `fetch`); a link has a `reference_id` that
Razorpay holds unique, so that one payment of ours cannot get two pages even where an answer was lost (orders have
neither idempotency key nor unique receipt); and it expires by itself. An order stands behind each link from the moment
somebody opens it: its `receipt` is our payment id and its payments are all tries.

Late authorisation: a try that failed may be authorised up to three days later. It is captured, for the buyer's money is
held and the credits can still be given, unless another try has paid: then it is left alone, and Razorpay sends it back.

Documents: razorpay.com/docs/api/payments/payment-links, /orders, /payments, /refunds, /disputes, /docs/webhooks.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import razorpay
import requests
from razorpay.errors import BadRequestError, SignatureVerificationError
from razorpay.errors import GatewayError as RazorpayGatewayError
from razorpay.errors import ServerError as RazorpayServerError

from .base import (
    BadSignature,
    CheckoutRequest,
    CheckoutSession,
    ProviderDecline,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderStatus,
    ProviderUnreachable,
    WebhookEvent,
)
from .razorpay_reading import (
    Payment,
    disputes_of,
    is_warned_by,
    payment_of,
    reference_of,
    refund_of,
    text_of,
    webhook_of,
)

TIMEOUT_S = 10
LINK_LIFE_S = 24 * 3600
SIGNATURE_HEADER = "x-razorpay-signature"
EVENT_ID_HEADER = "x-razorpay-event-id"
PAGE_SIZE = 100
# What its names for a payment's page are called in the address the buyer comes back to.
_RETURN_MEMBERS = ("link_id", "link_reference_id", "link_status")
_UNKNOWN = re.compile(r"does not exist|is not a valid id|link .*not found", re.IGNORECASE)


class RazorpayGateway:
    """`PaymentGateway` for Razorpay. `api_base` "" is Razorpay itself, otherwise the sandbox.

    Its objects do not say whether they are live: the key decides, and each mode has webhook secrets of its own.
    """

    def __init__(self, *, key_id: str, key_secret: str, webhook_secret: str, api_base: str = "") -> None:
        if not webhook_secret:
            raise ValueError("a webhook secret is required: without one anybody could report a payment")
        self._webhook_secret = webhook_secret
        self._is_live = "_live_" in key_id
        options = {"base_url": api_base} if api_base else {}
        self._client = razorpay.Client(session=RazorpaySession(), auth=(key_id, key_secret), **options)

    @property
    def is_live(self) -> bool:
        return self._is_live

    def create_checkout(self, *, request: CheckoutRequest) -> CheckoutSession:
        """A Payment Link. A reference that is taken is ours, from a request whose answer was lost: that link is looked
        up, and refused as `idempotency_error` where it asks for something else."""
        reference = str(request.payment_id)
        fields = {
            "amount": request.amount_minor,
            "currency": request.currency,
            "accept_partial": False,
            "reference_id": reference,
            "description": request.description,
            "notes": {**request.metadata, "payment_id": reference},
            "notify": {"sms": False, "email": False},
            "reminder_enable": False,
            "callback_url": request.success_url,
            "callback_method": "get",
            "expire_by": int(time.time()) + LINK_LIFE_S,
        }
        with translated_errors():
            try:
                link = self._client.payment_link.create(fields)
            except BadRequestError as error:
                # Which refusal it was stands only in English prose: whether the reference is taken is looked up.
                link = self._find_link(reference)
                if link is None:
                    raise error
            if (link["amount"], link["currency"]) != (request.amount_minor, request.currency):
                raise ProviderRefused("idempotency_error")
            return CheckoutSession(id=text_of(link["id"]), url=text_of(link["short_url"]))

    def _find_link(self, reference: str) -> dict[str, Any] | None:
        found = self._client.payment_link.all({"reference_id": reference})["payment_links"]
        return next((link for link in found if link["reference_id"] == reference), None)

    def fetch_payment(self, *, session_id: str) -> ProviderPayment:
        """The link, the tries of its order, and what went back. Captures what was authorised and is not paid yet.

        Razorpay lists disputes only by time: they are asked for from the payment's on.
        """
        with translated_errors():
            link = self._client.payment_link.fetch(session_id)
            tries = self._captured(self._list_tries(link), link)
            paid = _in_order_of_payment([one for one in tries if one.is_captured], link)
            first = paid[0] if paid else None
            refunds = tuple(refund_of(row) for row in self._list_refunds(first)) if first else ()
            rows = self._list_disputes(first) if first else []
            disputes = disputes_of(rows)
        # What arrived counts, not what was asked; a second try that was taken too shows as an amount that is too high.
        extra = sum(one.amount - one.returned for one in paid if one is not first)
        return ProviderPayment(
            session_id=text_of(link["id"]),
            reference=text_of(link.get("reference_id") or ""),
            status=_status(link, tries),
            provider_object_id=first.id if first else "",
            amount_minor=first.amount + extra if first else int(link["amount"]),
            currency=(first.currency if first else text_of(link["currency"])).upper(),
            livemode=self._is_live,
            returned_minor=first.returned if first else 0,
            is_disputed=any(one.state in ("open", "lost") for one in disputes),
            refunds=refunds,
            disputes=disputes,
            is_warned=is_warned_by(rows),
            declines=tuple(ProviderDecline(id=one.id, card=None) for one in tries if one.status == "failed"),
        )

    def _list_tries(self, link: Mapping[str, Any]) -> list[Payment]:
        """The oldest first. No order stands behind a link that nobody has opened."""
        if not link.get("order_id"):
            return []
        tries = [payment_of(row) for row in self._client.order.payments(link["order_id"])["items"]]
        return sorted(tries, key=lambda one: (one.created_at, one.id))

    def _captured(self, tries: list[Payment], link: Mapping[str, Any]) -> list[Payment]:
        """Takes the money of the first authorised try where none was taken yet. Who asks at the same time is told that
        it is done."""
        waiting = [one for one in tries if one.status == "authorized" and one.amount == link["amount"]]
        if not waiting or link["status"] == "paid" or any(one.is_captured for one in tries):
            return tries
        one = waiting[0]
        try:
            now = payment_of(self._client.payment.capture(one.id, one.amount, {"currency": one.currency}))
        except BadRequestError:
            now = payment_of(self._client.payment.fetch(one.id))
        return [now if other is one else other for other in tries]

    def _list_refunds(self, first: Payment) -> Iterator[dict[str, Any]]:
        return self._pages(lambda page: self._client.payment.fetch_multiple_refund(first.id, page))

    def _list_disputes(self, first: Payment) -> list[dict[str, Any]]:
        rows = self._pages(lambda page: self._client.dispute.all({**page, "from": first.created_at}))
        return [row for row in rows if row["payment_id"] == first.id]

    def _pages(self, ask: Callable[[dict[str, int]], Any]) -> Iterator[dict[str, Any]]:
        """All rows of a collection, newest first, PAGE_SIZE at a time."""
        skip = 0
        while rows := ask({"count": PAGE_SIZE, "skip": skip})["items"]:
            yield from rows
            if len(rows) < PAGE_SIZE:
                return
            skip += PAGE_SIZE

    def find_reference(self, *, provider_object_id: str) -> str:
        """Of the payment, which has the notes of its link."""
        with translated_errors():
            try:
                return reference_of(self._client.payment.fetch(provider_object_id))
            except BadRequestError as error:
                if _UNKNOWN.search(str(error)):
                    return ""
                raise

    def refund(
        self, *, refund_id: uuid.UUID, provider_object_id: str, amount_minor: int, reason: str
    ) -> ProviderRefund:
        """A normal refund of the payment, idempotent by Razorpay's own header."""
        fields = {
            "amount": amount_minor,
            "speed": "normal",
            "receipt": str(refund_id),
            "notes": {"refund_id": str(refund_id), "reason": reason},
        }
        with translated_errors():
            made = self._client.payment.refund(
                provider_object_id, fields, headers={"X-Refund-Idempotency": str(refund_id)}
            )
            return refund_of(made)

    def accept_dispute(self, *, dispute_id: str) -> None:
        """Accept it: `open` becomes `lost`. There is no idempotency key; it is asked first how it stands."""
        with translated_errors():
            if self._client.dispute.fetch(dispute_id)["status"] not in ("won", "lost", "closed"):
                self._client.dispute.accept(dispute_id)

    def is_return_signed(self, *, query: Mapping[str, str]) -> bool:
        """Whether Razorpay wrote the address that the buyer came back by: HMAC-SHA256 with the key's secret over link,
        reference, status and payment. It proves nothing that is not asked for again."""
        members = {f"payment_{name}": query.get(f"razorpay_payment_{name}", "") for name in _RETURN_MEMBERS}
        members["razorpay_payment_id"] = query.get("razorpay_payment_id", "")
        members["razorpay_signature"] = query.get("razorpay_signature", "")
        try:
            return bool(self._client.utility.verify_payment_link_signature(members))
        except (SignatureVerificationError, TypeError, ValueError):
            return False

    def parse_webhook(self, *, headers: Mapping[str, str], body: bytes) -> WebhookEvent:
        """Verifies `X-Razorpay-Signature` over the raw body. There is no time in it: a notice may come again for ever
        and is known by `X-Razorpay-Event-Id`. That header is not signed; a notice repeated under another id only makes
        us ask the provider once more."""
        try:
            signature = headers.get(SIGNATURE_HEADER, "")
            self._client.utility.verify_webhook_signature(body.decode(), signature, self._webhook_secret)
            event_id = text_of(headers[EVENT_ID_HEADER])
            if not event_id:
                raise ValueError("no event id")
            return webhook_of(json.loads(body), event_id=event_id, livemode=self._is_live)
        except (SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError) as error:
            # Besides a wrong signature: no UTF-8, no JSON, no event. The reason is not the sender's business.
            raise BadSignature(type(error).__name__) from error


class RazorpaySession(requests.Session):
    """What the client leaves out: a timeout; no redirects; and answers that mean "later" are told from refusals, which
    it does not do (429 comes with the code of a bad request)."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", TIMEOUT_S)
        kwargs["allow_redirects"] = False
        try:
            response = super().request(*args, **kwargs)
        except requests.RequestException as error:
            raise ProviderUnreachable(type(error).__name__) from error
        if response.status_code in (409, 429) or response.status_code >= 500:
            raise ProviderUnreachable(f"status_{response.status_code}")
        return response


def _in_order_of_payment(paid: list[Payment], link: Mapping[str, Any]) -> list[Payment]:
    """The one that paid the link comes first, also where an older try was taken after it: what we credited stays the
    one that is talked about. The link lists its payments as they came."""
    listed = [row.get("payment_id") for row in link.get("payments") or []]
    return sorted(paid, key=lambda one: listed.index(one.id) if one.id in listed else len(listed))


def _status(link: Mapping[str, Any], tries: list[Payment]) -> ProviderStatus:
    states = {one.status for one in tries}
    if any(one.is_captured for one in tries):
        return ProviderStatus.PAID
    if "authorized" in states:  # held at the bank, and not taken: another amount
        return ProviderStatus.UNPAID
    if link["status"] in ("expired", "cancelled"):
        return ProviderStatus.EXPIRED
    if "created" in states:  # with the bank
        return ProviderStatus.UNPAID
    # The page stays open for another try, and a failed one may still be authorised.
    return ProviderStatus.FAILED if states else ProviderStatus.CREATED


@contextmanager
def translated_errors() -> Iterator[None]:
    """Razorpay's errors in the product's words. No message passes: it may quote parameters."""
    try:
        yield
    except BadRequestError as error:
        raise ProviderRefused("resource_missing" if _UNKNOWN.search(str(error)) else "bad_request") from error
    except (RazorpayGatewayError, RazorpayServerError) as error:
        raise ProviderUnreachable("api_error") from error
    except (requests.RequestException, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProviderUnreachable("unreadable") from error
