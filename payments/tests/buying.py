"""What the tests of buying share."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.test import Client

from credits import selectors as ledger
from pairly.testing.people import make_user
from payments.models import Payment, WebhookEvent
from payments.services import checkout, webhooks
from payments.tests.sandboxes import SECRET, signature
from users.models import User
from users.services import tokens
from users.tests.helpers import start_api

API = "/api/v1/payments"


class Buyer:
    """A fan with an API sign-in."""

    def __init__(self) -> None:
        self.user: User = make_user("fan")
        token = tokens.issue(started=start_api(self.user))["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def post_checkout(self, *, key: str | None = None, **changes: str) -> Any:
        body = {"package_id": "credits-500", "provider": "stripe", "currency": "USD", **changes}
        headers = {**self.headers, "Idempotency-Key": str(uuid.uuid4()) if key is None else key}
        return Client(headers=headers).post(f"{API}/checkout", body, content_type="application/json")

    def get_payment(self, payment_id: Any) -> Any:
        return Client(headers=self.headers).get(f"{API}/{payment_id}")

    @property
    def balance_centi(self) -> int:
        return ledger.get_balance(user_id=self.user.pk).balance_centi


def start(user: User, **changes: Any) -> Payment:
    """A payment with its session at the sandbox."""
    fields = {"package_id": "credits-500", "provider": "stripe", "currency": "USD", **changes}
    return checkout.start_checkout(user=user, **{"idempotency_key": uuid.uuid4(), **fields})


def deliver(webhook: dict[str, Any], *, path: str = f"{API}/webhook/stripe", **headers: str) -> Any:
    """POST a held webhook as the provider would."""
    sent = {**webhook["headers"], **headers}
    kind = sent.pop("Content-Type")
    return Client(headers=sent).post(path, webhook["body"], content_type=kind)


def signed(body: str, *, secret: str = SECRET, age_s: int = 0) -> dict[str, Any]:
    """A webhook as the provider would sign it now, or `age_s` ago."""
    headers = signature(body.encode(), secret=secret, age_s=age_s)
    return {"headers": {"Content-Type": "application/json", **headers}, "body": body}


def deliver_all(webhooks: Iterable[dict[str, Any]]) -> None:
    for webhook in webhooks:
        assert deliver(webhook).status_code == 200


def work() -> None:
    """Do what Celery does: the jobs of all notices that wait."""
    for event_pk in WebhookEvent.objects.filter(processed_at__isnull=True).values_list("pk", flat=True):
        webhooks.process(event_pk=event_pk)
