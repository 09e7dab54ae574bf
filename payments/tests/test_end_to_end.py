from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from pairly.embedded import processes
from pairly.testing.fixtures import RunningServer, free_port
from payments.tests.buying import Buyer
from payments.tests.sandboxes import SECRET, running_sandbox


@contextmanager
def worker_of(server: RunningServer, log_path: Path) -> Iterator[None]:
    """A Celery worker in the environment of the server."""
    command = [sys.executable, "-m", "celery", "-A", "pairly.celery", "worker", "--pool", "solo", "-l", "INFO"]
    child = processes.start(command=[*processes.wrap(death_signal="KILL"), *command], log_path=log_path, env=server.env)
    try:
        processes.wait_until(
            ready=lambda: "ready." in log_path.read_text(), child=child, name="Celery", log_path=log_path
        )
        yield
    finally:
        processes.stop(child)


def paid(get: Callable[[], Any]) -> dict[str, Any]:
    """Ask until the status leaves `created`, at most 20 s."""
    deadline = time.monotonic() + 20
    while (body := get().json())["status"] == "created" and time.monotonic() < deadline:
        pass
    return body


def test_paying_on_the_hosted_page_credits_by_the_notice_alone(start_server, tmp_path):
    buyer, port = Buyer(), free_port()
    sandbox_url = f"http://127.0.0.1:{port}"
    server = start_server(
        STRIPE_SECRET_KEY="sk_test_sandbox",
        STRIPE_API_BASE=sandbox_url,
        STRIPE_WEBHOOK_SECRET=SECRET,
        REDIS_PREFIX=f"test-{uuid.uuid4().hex}",
    )
    hook = f"{server.url}/api/v1/payments/webhook/stripe"
    client = httpx.Client(base_url=f"{server.url}/api/v1/payments", headers=buyer.headers, timeout=30)
    with (
        client,
        running_sandbox(tmp_path, port=port, webhook_url=hook) as sandbox,
        worker_of(server, tmp_path / "celery.log"),
    ):
        sandbox.turn(duplicate=2, reorder=True)
        order = {"package_id": "credits-500", "provider": "stripe", "currency": "USD"}
        answer = client.post("/checkout", json=order, headers={"Idempotency-Key": str(uuid.uuid4())})
        assert answer.status_code == 201, answer.text
        started = answer.json()
        back = httpx.post(started["checkout_url"], timeout=60)
        assert back.headers["location"] == f"{server.url}/credits/payments/{started['payment_id']}/"
        assert paid(lambda: client.get(f"/{started['payment_id']}"))["status"] == "paid"
    assert buyer.balance_centi == 50_000
