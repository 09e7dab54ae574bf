"""Signing webhooks and sending them, or misbehaving as the knobs say.

A delivery that is refused or fails is repeated with doubling waits, signed anew each time, as providers do.
Waiting deliveries are not kept over a restart: a provider that loses a webhook is a case too.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .store import Knobs, Object

TIMEOUT_S = 10
FIRST_WAIT_S = 1.0
MAX_TRIES = 8

Signer = Callable[[str], dict[str, str]]


def stripe_signer(*, secret: str) -> Signer:
    """Stripe's scheme: HMAC-SHA256 over `timestamp.body`, header `Stripe-Signature: t=...,v1=...`."""

    def sign(body: str) -> dict[str, str]:
        at = int(time.time())
        digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
        return {"Stripe-Signature": f"t={at},v1={digest}"}

    return sign


def razorpay_signer(*, secret: str, event_id: str) -> Signer:
    """Razorpay's scheme: HMAC-SHA256 over the body alone; the event's id is in a header beside it, not signed."""

    def sign(body: str) -> dict[str, str]:
        digest = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
        return {"X-Razorpay-Signature": digest, "X-Razorpay-Event-Id": event_id}

    return sign


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """One notice to the application, signed at the moment it leaves."""

    url: str
    body: str
    sign: Signer

    def signed(self) -> dict[str, Any]:
        """`url, headers, body`: what is sent, or given to who asked to hold it."""
        headers = {"Content-Type": "application/json; charset=utf-8", **self.sign(self.body)}
        return {"url": self.url, "headers": headers, "body": self.body}


MakeWebhook = Callable[[Object], Webhook]


def webhook_maker(*, url: str, sign: Signer) -> MakeWebhook:
    """Turns a provider's event into its webhook."""
    return lambda event: Webhook(url=url, body=json.dumps(event), sign=sign)


class Sender:
    """Sends in the caller's thread: the redirect comes after the webhook, as with Stripe Checkout."""

    def send(self, *, batch: Sequence[Webhook], knobs: Knobs) -> None:
        """Deliver `batch`: dropped, duplicated, reversed or delayed by the knobs."""
        if knobs.drop or not batch:
            return
        order = list(reversed(batch)) if knobs.reorder else list(batch)
        webhooks = [webhook for webhook in order for _ in range(1 + knobs.duplicate)]
        if knobs.delay_s:
            _later(knobs.delay_s, lambda: self._deliver_all(webhooks))
        else:
            self._deliver_all(webhooks)

    def _deliver_all(self, webhooks: Sequence[Webhook]) -> None:
        for webhook in webhooks:
            self._deliver(webhook, n_tries=1)

    def _deliver(self, webhook: Webhook, *, n_tries: int) -> None:
        if post(webhook) or n_tries >= MAX_TRIES:
            return
        _later(FIRST_WAIT_S * 2 ** (n_tries - 1), lambda: self._deliver(webhook, n_tries=n_tries + 1))


def post(webhook: Webhook) -> bool:
    """Send once; whether the application answered 2xx."""
    if not webhook.url:
        return True
    signed = webhook.signed()
    parts = urlsplit(webhook.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT_S)
    try:
        connection.request("POST", parts.path or "/", signed["body"].encode(), signed["headers"])
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _later(seconds: float, call: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
