"""Payouts that wait for our balance are counted for the alert."""

from __future__ import annotations

import pytest
from django.db import connection

from pairly.site import gauges
from payments.services import payout_sending
from payments.tests.conftest import sandbox, shop  # noqa: F401 - fixtures
from payments.tests.paying_out import approved, make_payee, ready


@pytest.mark.django_db
def test_a_payout_that_waits_for_our_balance_is_counted(shop):  # noqa: F811
    creator = make_payee()
    payout = approved(creator, ready(creator, "stripe"))
    shop.turn(balance_minor=1)
    payout_sending.send(uid=payout.uid)
    with connection.cursor() as cursor:  # the metrics ask on a connection of their own, which sees no test
        cursor.execute(gauges._STATEMENT)
        told = dict(zip(gauges.DATABASE_GAUGES, cursor.fetchone(), strict=True))
    assert told["pairly_payouts_waiting_for_balance"] == 1
