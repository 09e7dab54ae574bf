"""The world of the access matrix as fixtures; modules that use it import both names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings

from pairly.testing.fixtures import free_port, own_database
from payments.tests.sandboxes import RAZORPAY_SECRET, SECRET, running_sandbox

from .access_calls import Doors
from .access_organisations import RECEIVER
from .access_world import make_world


@pytest.fixture(scope="module")
def doors(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Doors]:
    """The world of the matrix on a database of its own, with a payment provider beside it."""
    port = free_port()
    shop = {"STRIPE_SECRET_KEY": "sk_test_sandbox", "STRIPE_WEBHOOK_SECRET": SECRET}
    shop |= {"RAZORPAY_KEY_ID": "rzp_test_sandbox", "RAZORPAY_WEBHOOK_SECRET": RAZORPAY_SECRET}
    shop |= {"WEBHOOK_EXTRA_HOSTS": [RECEIVER]}
    with (
        running_sandbox(tmp_path_factory.mktemp("sandbox"), port=port) as sandbox,
        override_settings(STRIPE_API_BASE=sandbox.url, **shop),
        own_database(django_db_blocker),
    ):
        yield Doors(make_world())


@pytest.fixture
def rolled_back(doors) -> Iterator[Doors]:
    """`doors`, inside a transaction that is taken back at the end."""
    whole = transaction.atomic()
    whole._from_testcase = True  # services that insist on a transaction of their own may run inside, as in TestCase
    doors.forget()
    with whole:
        yield doors
        transaction.set_rollback(True)
