from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import httpx

from pairly.embedded import processes
from pairly.testing.fixtures import RunningServer, free_port
from payments.tests.buying import Buyer
from payments.tests.sandboxes import RAZORPAY_SECRET, SECRET, running_sandbox


@contextmanager
def worker_of(server: RunningServer, log_path: Path) -> Iterator[Popen[bytes]]:
    """A Celery worker in the environment of the server."""
    command = [sys.executable, "-m", "celery", "-A", "pairly.celery", "worker", "--pool", "solo", "-l", "INFO"]
    child = processes.start(command=[*processes.wrap(death_signal="KILL"), *command], log_path=log_path, env=server.env)
    try:
        processes.wait_until(
            ready=lambda: "ready." in log_path.read_text(), child=child, name="Celery", log_path=log_path
        )
        yield child
    finally:
        processes.stop(child)


def test_paying_on_the_hosted_page_credits_by_the_notice_alone(start_server, tmp_path):
    buyer, port, log_path = Buyer(), free_port(), tmp_path / "celery.log"
    sandbox_url = f"http://127.0.0.1:{port}"
    server = start_server(
        STRIPE_SECRET_KEY="sk_test_sandbox",
        STRIPE_API_BASE=sandbox_url,
        STRIPE_WEBHOOK_SECRET=SECRET,
        RAZORPAY_KEY_ID="rzp_test_sandbox",
        RAZORPAY_KEY_SECRET="sandbox",
        RAZORPAY_API_BASE=f"{sandbox_url}/razorpay",
        RAZORPAY_WEBHOOK_SECRET=RAZORPAY_SECRET,
        REDIS_PREFIX=f"test-{uuid.uuid4().hex}",
    )
    hook = f"{server.url}/api/v1/payments/webhook/stripe"
    client = httpx.Client(base_url=f"{server.url}/api/v1/payments", headers=buyer.headers, timeout=30)
    with (
        client,
        running_sandbox(tmp_path, port=port, webhook_url=hook) as sandbox,
        worker_of(server, log_path) as worker,
    ):
        sandbox.turn(duplicate=2, reorder=True)
        for provider in ("stripe", "razorpay"):
            order = {"package_id": "credits-500", "provider": provider, "currency": "USD"}
            answer = client.post("/checkout", json=order, headers={"Idempotency-Key": str(uuid.uuid4())})
            assert answer.status_code == 201, answer.text
            started = answer.json()
            back = httpx.post(started["checkout_url"], timeout=60)
            address = back.headers["location"].partition("?")[0]
            assert address == f"{server.url}/credits/payments/{started['payment_id']}/"

            def is_paid(payment_id: str = started["payment_id"]) -> bool:
                return client.get(f"/{payment_id}").json()["status"] == "paid"

            processes.wait_until(ready=is_paid, child=worker, name="payment", log_path=log_path, seconds=30)
    assert buyer.balance_centi == 100_000
