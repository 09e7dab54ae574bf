from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from pairly.testing.fixtures import free_port
from payments.gateways.razorpay import RazorpayGateway
from payments.gateways.stripe import StripeGateway
from payments.tests.sandboxes import RAZORPAY_SECRET, SECRET, RunningSandbox, running_sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """One sandbox a test module, without an address for webhooks."""
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(folder, port=free_port()) as running:
        yield running


@pytest.fixture
def gateway(sandbox: RunningSandbox) -> StripeGateway:
    """The real gateway with the official client, talking to the sandbox."""
    return StripeGateway(api_key="sk_test_sandbox", webhook_secret=SECRET, api_base=sandbox.url)


@pytest.fixture
def razorpay(sandbox: RunningSandbox) -> RazorpayGateway:
    """Razorpay's gateway with its official client, talking to the sandbox."""
    sandbox.turn()
    return RazorpayGateway(
        key_id="rzp_test_sandbox",
        key_secret="sandbox",
        webhook_secret=RAZORPAY_SECRET,
        api_base=f"{sandbox.url}/razorpay",
    )


@pytest.fixture
def shop(sandbox: RunningSandbox, settings: Settings) -> RunningSandbox:
    """The application buys from the sandbox."""
    sandbox.turn()
    settings.STRIPE_SECRET_KEY = "sk_test_sandbox"
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    settings.STRIPE_API_BASE = sandbox.url
    settings.RAZORPAY_KEY_ID = "rzp_test_sandbox"
    settings.RAZORPAY_KEY_SECRET = "sandbox"
    settings.RAZORPAY_WEBHOOK_SECRET = RAZORPAY_SECRET
    settings.RAZORPAY_API_BASE = f"{sandbox.url}/razorpay"
    return sandbox
