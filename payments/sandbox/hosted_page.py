"""The page where the customer pays: one form, no script, clearly a sandbox.

English only: it stands for a page of the provider's, which the product does not translate.
"""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

from .router import Request, Response, Router
from .store import Object, Store
from .stripe_payments import CannotHappen, StripePayments
from .webhooks import MakeWebhook, Sender

# Two decimals, as all currencies the application sells in; enough for a sandbox.
STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1b1d26, #eceef6); --paper: light-dark(#fff, #181a22);
  --ground: light-dark(#f1f2f7, #0f1016); --soft: light-dark(#5b6072, #a3a8ba); --accent: #4338ca; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
.banner { margin: 0; padding: .75rem 1rem; background: #f5b301; color: #241b00; text-align: center;
  font-weight: 600; }
main { max-width: 28rem; margin: 2rem auto; padding: 2rem 1.5rem; border-radius: 1rem;
  background: var(--paper); }
h1 { margin: 0 0 .25rem; font-size: 1.25rem; }
.amount { margin: 0 0 1.5rem; font-size: 2.25rem; font-weight: 700; }
dl { display: grid; grid-template-columns: 1fr auto; gap: .5rem 1rem; margin: 0 0 1.5rem; }
dt { color: var(--soft); overflow-wrap: anywhere; } dd { margin: 0; text-align: end; }
button { width: 100%; padding: .9rem; border: 0; border-radius: .6rem; background: var(--accent); color: #fff;
  font: inherit; font-weight: 600; cursor: pointer; }
button:hover { background: #3730a3; }
button.quiet { margin-top: .75rem; background: none; color: var(--soft); text-decoration: underline; }
:focus-visible { outline: 3px solid #f5b301; outline-offset: 2px; }
a { color: inherit; } .note { color: var(--soft); font-size: .9rem; }
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} (sandbox)</title>
<link rel="stylesheet" href="/sandbox/style.css">
</head>
<body>
<p class="banner" role="note">Sandbox: no real money. This page stands for the payment provider's.</p>
<main>
{content}
</main>
</body>
</html>
"""


class HostedPage:
    """GET /pay/{id} shows the session; POST pays it, sends the webhooks and goes on to its success_url."""

    def __init__(self, *, store: Store, payments: StripePayments, sender: Sender, make_webhook: MakeWebhook) -> None:
        self._store = store
        self._payments = payments
        self._sender = sender
        self._make_webhook = make_webhook

    def register(self, *, router: Router) -> None:
        """Add the routes."""
        router.add(method="GET", path="/pay/{session_id}", handler=self._show)
        router.add(method="POST", path="/pay/{session_id}", handler=self._pay)
        router.add(method="GET", path="/sandbox/style.css", handler=_style)

    def _show(self, request: Request, args: dict[str, str]) -> Response:
        with self._store.changing():
            session = self._store.find(kind="checkout.session", item_id=args["session_id"])
            if session is None:
                return page(status=404, title="Unknown payment", content="<h1>There is no such payment</h1>")
            return page(title="Pay", content=_content(session), form_target=session["success_url"])

    def _pay(self, request: Request, args: dict[str, str]) -> Response:
        with self._store.changing():
            session = self._store.find(kind="checkout.session", item_id=args["session_id"])
            if session is None:
                return page(status=404, title="Unknown payment", content="<h1>There is no such payment</h1>")
            success_url = session["success_url"]
            was_paid = session["payment_status"] == "paid"
            try:
                events = [] if was_paid else self._payments.step(session=session, word="paid")
            except CannotHappen:
                return page(status=409, title="Closed", content="<h1>This payment has expired</h1>")
            knobs = self._store.knobs
        # Outside the turn: the application asks the API back while it handles the webhook.
        self._sender.send(batch=[self._make_webhook(event) for event in events], knobs=knobs)
        return Response(status=303, headers={"Location": success_url, "Referrer-Policy": "no-referrer"})


def _content(session: Object) -> str:
    rows = "".join(
        f"<dt>{escape(item['name'])} × {item['quantity']}</dt>"
        f"<dd>{money(item['unit_amount'] * item['quantity'], item['currency'])}</dd>"
        for item in session["_line_items"]
    )
    amount = money(session["amount_total"], session["currency"])
    head = f'<h1>Pay Pairly</h1>\n<p class="amount">{amount}</p>\n<dl>{rows}</dl>'
    if session["status"] == "open":
        back = session["cancel_url"]
        cancel = f'<p class="note"><a href="{escape(back)}">Cancel and go back</a></p>' if back else ""
        button = f'<button type="submit">Pay {amount}</button>'
        return f'{head}\n<form method="post" action="/pay/{session["id"]}">{button}</form>\n{cancel}'
    words = {"paid": "This payment is complete."}.get(session["payment_status"], "This payment is closed.")
    link = f'<a href="{escape(session["success_url"])}">Go on</a>' if session["status"] == "complete" else ""
    return f"{head}\n<p>{words} {link}</p>"


def money(amount: int, currency: str) -> str:
    """The amount as the page says it."""
    return f"{escape(currency.upper())} {amount // 100:,}.{amount % 100:02d}"


def _style(request: Request, args: dict[str, str]) -> Response:
    return Response(headers={"Content-Type": "text/css; charset=utf-8"}, body=STYLE.encode())


def page(*, title: str, content: str, status: int = 200, form_target: str = "") -> Response:
    """The page under a strict policy; browsers hold `form-action` against the redirect too."""
    target = urlsplit(form_target)
    form_action = f"'self' {target.scheme}://{target.netloc}" if target.netloc else "'self'"
    policy = f"default-src 'none'; style-src 'self'; form-action {form_action}; base-uri 'none'"
    return Response(
        status=status,
        headers={
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        },
        body=_PAGE.format(title=escape(title), content=content).encode(),
    )
