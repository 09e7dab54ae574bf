"""The page of a Payment Link: one form, no script, clearly a sandbox, and the signed way back."""

from __future__ import annotations

import hashlib
import hmac
from html import escape
from urllib.parse import parse_qs, urlencode

from .hosted_page import money, page
from .razorpay_api import PREFIX
from .razorpay_payments import RazorpayPayments
from .router import Request, Response, Router
from .store import Object, Store
from .stripe_payments import CannotHappen
from .webhooks import MakeWebhook, Sender


class RazorpayPage:
    """GET /razorpay/pay/{id} shows the link; POST pays it, or lets the try fail, and sends the webhooks."""

    def __init__(self, *, store: Store, payments: RazorpayPayments, sender: Sender, make_webhook: MakeWebhook) -> None:
        self._store = store
        self._payments = payments
        self._sender = sender
        self._make_webhook = make_webhook

    def register(self, *, router: Router) -> None:
        """Add the routes."""
        router.add(method="GET", path=f"{PREFIX}/pay/{{link_id}}", handler=self._show)
        router.add(method="POST", path=f"{PREFIX}/pay/{{link_id}}", handler=self._act)

    def _show(self, request: Request, args: dict[str, str]) -> Response:
        with self._store.changing():
            link = self._find(args)
            if link is None:
                return _unknown()
            if link["status"] == "created":
                self._payments.open_order(link)
            content = _content(link, has_failed=request.query == "failed=1")
            return page(title="Pay", content=content, form_target=link["callback_url"])

    def _act(self, request: Request, args: dict[str, str]) -> Response:
        is_failing = parse_qs(request.body.decode("utf-8", "replace")).get("act") == ["fail"]
        with self._store.changing():
            link = self._find(args)
            if link is None:
                return _unknown()
            was_paid = link["status"] == "paid"
            try:
                word = "failed" if is_failing else "paid"
                events = [] if was_paid else self._payments.step(session=link, word=word)
            except CannotHappen:
                return page(status=409, title="Closed", content="<h1>This payment has expired</h1>")
            target = f"{PREFIX}/pay/{link['id']}?failed=1" if is_failing and not was_paid else return_address(link)
            knobs = self._store.knobs
        # Outside the turn: the application asks the API back while it handles the webhook.
        self._sender.send(batch=[self._make_webhook(event) for event in events], knobs=knobs)
        return Response(status=303, headers={"Location": target, "Referrer-Policy": "no-referrer"})

    def _find(self, args: dict[str, str]) -> Object | None:
        return self._store.find(kind="razorpay.payment_link", item_id=args["link_id"])


def return_address(link: Object) -> str:
    """Where the buyer goes back to, signed with the key's secret (docs/payments/payment-links/apis, verify)."""
    payment_id = link["payments"][0]["payment_id"]
    message = "|".join((link["id"], link["reference_id"], link["status"], payment_id))
    query = {
        "razorpay_payment_id": payment_id,
        "razorpay_payment_link_id": link["id"],
        "razorpay_payment_link_reference_id": link["reference_id"],
        "razorpay_payment_link_status": link["status"],
        "razorpay_signature": hmac.new(link["_secret"].encode(), message.encode(), hashlib.sha256).hexdigest(),
    }
    return f"{link['callback_url']}?{urlencode(query)}"


def _unknown() -> Response:
    return page(status=404, title="Unknown payment", content="<h1>There is no such payment</h1>")


def _content(link: Object, *, has_failed: bool) -> str:
    amount = money(link["amount"], link["currency"])
    head = (
        f'<h1>Pay Pairly</h1>\n<p class="amount">{amount}</p>\n'
        f"<dl><dt>{escape(link['description'])}</dt><dd>{amount}</dd></dl>"
    )
    if link["status"] == "created":
        pay = f'<button type="submit" name="act" value="pay">Pay {amount}</button>'
        fail = '<button type="submit" name="act" value="fail" class="quiet">Let the bank refuse it</button>'
        words = '<p role="alert">The bank refused it. Try again.</p>\n' if has_failed else ""
        return f'{head}\n{words}<form method="post" action="{PREFIX}/pay/{link["id"]}">{pay}{fail}</form>'
    if link["status"] == "paid":
        return f'{head}\n<p>This payment is complete. <a href="{escape(return_address(link))}">Go on</a></p>'
    return f"{head}\n<p>This payment link has expired.</p>"
