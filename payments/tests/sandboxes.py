"""The real sandbox as a child process, for tests."""

from __future__ import annotations

import hashlib
import hmac
import os
import ssl
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from pairly.embedded import processes
from payments.gateways.base import CheckoutRequest

SECRET = "whsec_of_the_tests"
RAZORPAY_SECRET = "razorpay_of_the_tests"
ROOT = Path(__file__).resolve().parents[2]


def signature(body: bytes, *, secret: str = SECRET, age_s: int = 0) -> dict[str, str]:
    """Stripe's header for `body`, written out here once more: the tests must not sign with the code they test."""
    at = int(time.time()) - age_s
    digest = hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={digest}"}


def razorpay_headers(
    body: bytes, *, secret: str = RAZORPAY_SECRET, event_id: str = "evtOfTheTests01"
) -> dict[str, str]:
    """Razorpay's headers for `body`, written out here once more."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Razorpay-Signature": digest, "X-Razorpay-Event-Id": event_id}


def request_for(payment_id: uuid.UUID | None = None) -> CheckoutRequest:
    """A checkout of 500 credits for USD 5."""
    return CheckoutRequest(
        payment_id=payment_id or uuid.uuid4(),
        amount_minor=500,
        currency="USD",
        description="500 credits",
        success_url="http://127.0.0.1:9/done",
        cancel_url="http://127.0.0.1:9/buy",
        metadata={"package": "credits-500"},
    )


@cache
def _authorities() -> ssl.SSLContext:
    """httpx would read all authorities anew for each call, which takes longer than the call; no TLS is spoken here."""
    return ssl.create_default_context()


@dataclass(frozen=True, kw_only=True)
class RunningSandbox:
    """A sandbox of ours and what tests ask of it."""

    url: str

    def control(self, payment_id: Any, event: str, **more: Any) -> httpx.Response:
        body = {"payment_id": str(payment_id), "event": event, **more}
        return httpx.post(f"{self.url}/sandbox/control", json=body, timeout=30, verify=_authorities())

    def hold(self, payment_id: Any, event: str, **more: Any) -> list[dict[str, Any]]:
        """Make `event` happen and get its signed webhooks instead of having them sent."""
        response = self.control(payment_id, event, webhook="hold", **more)
        assert response.status_code == 200, response.text
        return response.json()["webhooks"]

    def turn(self, **knobs: Any) -> httpx.Response:
        """Set knobs by name; none sets all back."""
        return httpx.post(f"{self.url}/sandbox/knobs", json=knobs)


@contextmanager
def running_sandbox(folder: Path, *, port: int, webhook_url: str = "") -> Iterator[RunningSandbox]:
    """A sandbox on `port` with its state in `folder`; stopped at the end."""
    command = [
        sys.executable,
        "-m",
        "payments.sandbox",
        "--port",
        str(port),
        "--state",
        str(folder / "state.json"),
    ]
    razorpay_url = webhook_url.replace("/webhook/stripe", "/webhook/razorpay")
    command += ["--webhook-url", webhook_url, "--razorpay-webhook-url", razorpay_url]
    log_path = folder / "sandbox.log"
    child = processes.start(
        command=[*processes.wrap(death_signal="KILL"), *command],
        log_path=log_path,
        env={
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "RAZORPAY_WEBHOOK_SECRET": RAZORPAY_SECRET,
            "PYTHONPATH": os.pathsep.join([str(ROOT)]),
        },
    )
    sandbox = RunningSandbox(url=f"http://127.0.0.1:{port}")
    try:
        processes.wait_until(ready=lambda: _answers(sandbox.url), child=child, name="sandbox", log_path=log_path)
        yield sandbox
    finally:
        processes.stop(child)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/sandbox/health", timeout=10).status_code == 200
    except httpx.HTTPError:
        return False
