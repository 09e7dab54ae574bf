"""The sandbox on a loopback socket, one thread a connection."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .control import Control
from .hosted_page import HostedPage
from .payout_control import PayoutControl
from .razorpay_api import PREFIX, RazorpayApi
from .razorpay_lists import RazorpayLists
from .razorpay_objects import body_of
from .razorpay_page import RazorpayPage
from .razorpay_payments import RazorpayPayments
from .razorpayx import RazorpayX
from .router import Request, Response, Router, json_response
from .store import Object, Store
from .stripe_api import StripeApi
from .stripe_balance import StripeBalance
from .stripe_connect import StripeConnect
from .stripe_payments import StripePayments
from .webhooks import MakeWebhook, Sender, Webhook, razorpay_signer, stripe_signer, webhook_maker

HOST = "127.0.0.1"  # never anything else: whoever reaches the control door makes payments
LOOPBACK_NAMES = {"127.0.0.1", "localhost", "::1"}
MAX_BODY = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What the command line and the environment decide. Port 0 takes any free one."""

    port: int
    state_path: Path
    stripe_webhook_url: str
    stripe_webhook_secret: str
    razorpay_webhook_url: str = ""
    razorpay_webhook_secret: str = ""


class SandboxServer(ThreadingHTTPServer):
    """Serves until `shutdown()`; `base_url` is where it listens."""

    daemon_threads = True

    def __init__(self, *, options: Options) -> None:
        super().__init__((HOST, options.port), _Handler)
        self.base_url = f"http://{HOST}:{self.server_address[1]}"
        self.router = build_router(options=options, base_url=self.base_url)


def build_router(*, options: Options, base_url: str) -> Router:
    """All doors of the sandbox on one store. A further provider adds its API, steps and signer here."""
    store = Store(path=options.state_path)
    payments = StripePayments(store=store, base_url=base_url)
    sender = Sender()
    make_webhook = webhook_maker(
        url=options.stripe_webhook_url, sign=stripe_signer(secret=options.stripe_webhook_secret)
    )
    router = Router()
    router.add(method="GET", path="/sandbox/health", handler=_health)
    doors: Any = {"store": store, "payments": payments, "sender": sender, "make_webhook": make_webhook}
    StripeApi(base_url=base_url, **doors).register(router=router)
    StripeBalance(store=store).register(router=router)
    page = HostedPage(**doors)
    page.register(router=router)
    control = Control(**doors)
    razorpay, make_razorpay_webhook = _add_razorpay(router, store, sender, options, base_url)
    control.also(razorpay, make_razorpay_webhook)
    control.register(router=router)
    connect = StripeConnect(store=store, base_url=base_url, sender=sender, make_webhook=make_webhook)
    connect.register(router=router)
    payouts = RazorpayX(store=store, sender=sender, make_webhook=make_razorpay_webhook)
    payouts.register(router=router)
    PayoutControl(store=store, sender=sender, providers=[connect, payouts]).register(router=router)
    return router


def _add_razorpay(
    router: Router, store: Store, sender: Sender, options: Options, base_url: str
) -> tuple[RazorpayPayments, MakeWebhook]:
    """Razorpay's doors, below a path of their own: the two providers' paths overlap."""
    base_url = f"{base_url}{PREFIX}"
    payments = RazorpayPayments(store=store, base_url=base_url)

    def make_webhook(event: Object) -> Webhook:
        sign = razorpay_signer(secret=options.razorpay_webhook_secret, event_id=event["id"])
        return Webhook(url=options.razorpay_webhook_url, body=json.dumps(body_of(event)), sign=sign)

    api = RazorpayApi(store=store, payments=payments, base_url=base_url, sender=sender, make_webhook=make_webhook)
    api.register(router=router)
    RazorpayLists(store=store).register(router=router)
    page = RazorpayPage(store=store, payments=payments, sender=sender, make_webhook=make_webhook)
    page.register(router=router)
    return payments, make_webhook


def _health(request: Request, args: dict[str, str]) -> Response:
    return json_response(body={"status": "ok", "sandbox": True})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "PairlySandbox"
    sys_version = ""
    timeout = 60
    wbufsize = -1  # one packet for head and body
    server: SandboxServer

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        response = self._refusal()
        if response is None:
            parts = urlsplit(self.path)
            request = Request(
                method=self.command,
                path=parts.path,
                query=parts.query,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(self._length()),
            )
            response = self.server.router.answer(request=request)
        self._write(response)

    def _refusal(self) -> Response | None:
        """Names other than loopback's are refused: a web page must not reach us by a name of its own."""
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        if host not in LOOPBACK_NAMES:
            self.close_connection = True
            return json_response(status=403, body={"error": {"message": "loopback only"}})
        if self.headers.get("Transfer-Encoding") or not 0 <= self._length() <= MAX_BODY:
            self.close_connection = True
            return json_response(status=413, body={"error": {"message": "too large, or of unknown length"}})
        return None

    def _length(self) -> int:
        text = self.headers.get("Content-Length", "0")
        return int(text) if text.isascii() and text.isdigit() else -1

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:
        """Method, path and status only: no query, no headers."""
        status = args[1] if len(args) > 1 else "-"
        print(f"sandbox {self.command} {urlsplit(self.path).path} {status}", flush=True)
