"""Where the money of a payout is, in the ledger: with the provider that pays it, or in our bank."""

from __future__ import annotations

import pytest
from django.db import connection

from credits import trial_balance
from pairly.testing.people import make_staff
from payments.payout_book_selectors import list_unbooked_payouts
from payments.services import payout_by_hand, payout_sending
from payments.tests.paying_out import add, approved, happen, make_payee, ready

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def dollars():
    """What the platform's accounts in dollars have."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.kind, sum(CASE WHEN t.credit = a.id THEN t.amount ELSE -t.amount END)::bigint "
            "FROM credits_account a JOIN credits_transfer t ON a.id IN (t.debit, t.credit) "
            "WHERE a.unit = 'USD' GROUP BY a.kind"
        )
        return dict(cursor.fetchall())


def moved(before):
    now = dollars()
    return {kind: now[kind] - before.get(kind, 0) for kind in now if now[kind] != before.get(kind, 0)}


def test_stripe_pays_from_what_it_keeps_for_us_and_a_reversal_puts_it_back_there(shop):
    creator = make_payee()
    payout = approved(creator, ready(creator, "stripe"))
    before = dollars()
    payout_sending.send(uid=payout.uid)
    assert moved(before) == {"psp_clearing": 2_500, "redemption": -2_500}
    happen(shop, payout, "reversed", webhook="drop")
    assert payout_sending.check(uid=payout.uid).status == "returned"
    assert moved(before) == {}
    assert [unit.total for unit in trial_balance.list_units()] == [0] * 4
    assert list_unbooked_payouts() == []


def test_a_transfer_by_hand_leaves_our_bank_and_comes_back_to_it():
    creator, staff = make_payee(), make_staff("finance")
    payout = approved(creator, add(creator))
    before = dollars()
    payout_by_hand.mark_sent(staff=staff, uid=payout.uid, reference="SEPA 1")
    assert moved(before) == {"bank": 2_500, "redemption": -2_500}
    payout_by_hand.mark_returned(staff=staff, uid=payout.uid, reason="came_back")
    assert moved(before) == {}
