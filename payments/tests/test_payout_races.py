"""Races over payouts (C5), each with a control that shows the race when its guard is off."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.utils import timezone

from credits import invariants
from credits import selectors as ledger
from credits.errors import InsufficientEarnings
from pairly.common.ids import uuid7
from pairly.common.problems import Problem
from pairly.embedded import paths
from pairly.testing.people import make_staff
from payments.models import Payout
from payments.services import payout_by_hand, payout_requests, payout_reviews, payout_sending, payout_steps
from payments.tests.paying_out import (
    AMOUNT,
    LARGE,
    add,
    approved,
    ask,
    count_at_provider,
    happen,
    make_payee,
    ops_of,
    ready,
)
from users.tests.helpers import Meeting, at_once

THREADS = 30


@pytest.fixture(autouse=True)
def _own_database(committed_db, monkeypatch):
    monkeypatch.setattr(payout_requests, "PAYOUT_REQUESTS_PER_MINUTE", 1_000)  # that is not the guard to be tested
    return committed_db


@pytest.fixture
def as_owner(committed_db):
    """Run SQL as the schema's owner on the test's own database: for the control without a guard of the table."""

    def run(statement):
        url = paths.database_url(settings.VAR_DIR, role="owner", name=committed_db)
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(statement)

    return run


def race(n, work):
    """`work(0..n-1)` at once; what each gives, a refusal as its code."""

    def run(number):
        try:
            return work(number)
        except Problem as problem:
            return problem.code

    return at_once(n, run)


def assert_books():
    assert [finding for finding in invariants.check_all() if not finding.is_ok] == []


def test_a_double_click_is_one_payout():
    creator = make_payee()
    method, key = add(creator), uuid7()
    found = race(THREADS, lambda _: ask(creator, method, key=key).uid)
    assert len(set(found)) == 1
    assert Payout.objects.count() == 1
    assert ledger.get_earnings(user_id=creator.pk).withdrawable_centi == 1_000_000 - AMOUNT
    assert_books()


def test_many_requests_never_take_more_than_there_is():
    creator = make_payee(earned_centi=AMOUNT)
    method = add(creator)
    found = race(THREADS, lambda _: ask(creator, method) and "")
    assert sorted(found) == ["", *["insufficient_earnings"] * (THREADS - 1)]
    assert_books()


def test_control_without_the_ledgers_lock_many_would_be_asked_for(monkeypatch):
    creator = make_payee(earned_centi=AMOUNT)
    method, meeting = add(creator), Meeting(3)

    def unlocked(*, user_id, op_id, amount_centi, at):
        """The check that a page could do: read, then write."""
        there_is = ledger.get_earnings(user_id=user_id).withdrawable_centi
        meeting.wait()
        if there_is < amount_centi:
            raise InsufficientEarnings

    monkeypatch.setattr(payout_requests.ledger, "lock", unlocked)
    monkeypatch.setattr(payout_requests.entrance, "hold", lambda *, user: user)
    found = race(3, lambda _: ask(creator, method) and "")
    assert found == ["", "", ""]


def test_a_double_approval_decides_once():
    creator = make_payee()
    payout, people = ask(creator, add(creator)), [make_staff("finance") for _ in range(THREADS)]
    found = race(THREADS, lambda n: payout_reviews.approve(staff=people[n], uid=payout.uid).status)
    assert sorted(found) == ["approved", *["payout_not_open"] * (THREADS - 1)]
    payout.refresh_from_db()
    assert payout.steps.filter(status="approved").count() == 1


def test_control_with_a_read_before_the_write_many_would_decide(as_owner):
    creator = make_payee()
    payout, people = ask(creator, add(creator)), [make_staff("finance") for _ in range(3)]
    meeting = Meeting(3)

    def naive(_):
        row = Payout.objects.get(pk=payout.pk)
        is_open = row.status == "requested"
        meeting.wait()
        if not is_open:
            return "payout_not_open"
        Payout.objects.filter(pk=payout.pk).update(status="approved")
        return "approved"

    as_owner("ALTER TABLE payments_payout DISABLE TRIGGER payout_forward_only")
    Payout.objects.filter(pk=payout.pk).update(approved_by=people[0], approved_at=timezone.now())
    assert race(3, naive) == ["approved"] * 3


def test_one_person_twice_at_once_is_one_say():
    creator = make_payee(earned_centi=10_000_000)
    payout, staff = ask(creator, add(creator), LARGE), make_staff("finance")
    found = race(THREADS, lambda _: payout_reviews.approve(staff=staff, uid=payout.uid).status)
    assert found.count("requested") == 1
    assert set(found) <= {"requested", "payout_not_open", "second_person_needed"}
    payout.refresh_from_db()
    assert (payout.status, payout.approved_by, payout.second_approver) == ("requested", staff, None)


@pytest.mark.parametrize("time", range(3))
def test_approving_refusing_and_cancelling_at_once_end_in_one_of_them(time):
    creator = make_payee()
    payout, staff = ask(creator, add(creator)), [make_staff("finance") for _ in range(2)]
    deeds = [
        lambda: payout_reviews.approve(staff=staff[0], uid=payout.uid),
        lambda: payout_reviews.reject(staff=staff[1], uid=payout.uid, reason="other"),
        lambda: payout_requests.cancel_payout(user=creator, uid=payout.uid),
    ]
    race(9, lambda n: deeds[n % 3]().status)
    payout.refresh_from_db()
    rejected = ops_of(creator).count("payout_rejected")
    assert rejected == (1 if payout.status == "rejected" else 0)
    assert_books()


@pytest.mark.parametrize("kind", ["stripe", "razorpayx"])
def test_thirty_senders_make_one_payout(shop, kind):
    creator = make_payee()
    payout = approved(creator, ready(creator, kind))
    race(THREADS, lambda _: payout_sending.send(uid=payout.uid).status)
    assert count_at_provider(shop, payout) == 1
    payout.refresh_from_db()
    assert payout.provider_payout_id
    assert ops_of(creator).count("payout_sent") == 1
    assert_books()


def test_answers_from_everywhere_at_once_book_once(shop):
    creator = make_payee()
    payout = payout_sending.send(uid=approved(creator, add(creator, kind="razorpayx")).uid)
    happen(shop, payout, "paid", webhook="drop")
    race(10, lambda _: payout_sending.check(uid=payout.uid).status)
    happen(shop, payout, "returned", webhook="drop")
    race(10, lambda _: payout_sending.check(uid=payout.uid).status)
    assert ops_of(creator) == ["payout", "payout_bounced", "payout_sent", "payout_settled"]
    assert_books()


@pytest.mark.parametrize("time", range(3))
def test_refusing_and_sending_at_once_never_does_both(shop, time):
    creator, staff = make_payee(), make_staff("finance")
    payout = approved(creator, add(creator, kind="razorpayx"))
    deeds = [
        lambda: payout_sending.send(uid=payout.uid),
        lambda: payout_reviews.reject(staff=staff, uid=payout.uid, reason="other"),
    ]
    race(8, lambda n: deeds[n % 2]().status)
    payout.refresh_from_db()
    assert (payout.status, count_at_provider(shop, payout)) in {("rejected", 0), ("processing", 1)}
    assert_books()


def test_control_without_the_lease_two_would_call(shop, monkeypatch):
    """The provider's own key still holds it to one payout: the lease keeps us from leaning on that alone."""
    creator = make_payee()
    payout = approved(creator, add(creator, kind="razorpayx"))
    calls, meeting, call = [], Meeting(2), payout_sending._call

    def counted(turn):
        calls.append(turn.is_repeat)
        meeting.wait()
        return call(turn)

    monkeypatch.setattr(payout_sending, "_call", counted)
    monkeypatch.setattr(payout_sending, "SEND_LEASE", timedelta(0))
    race(2, lambda _: payout_sending.send(uid=payout.uid).status)
    assert len(calls) == 2
    assert count_at_provider(shop, payout) == 1


def test_marked_as_sent_by_two_at_once_is_sent_once():
    creator = make_payee()
    payout = approved(creator, add(creator))
    people = [make_staff("finance") for _ in range(8)]
    references = [f"SEPA {n}" for n in range(8)]
    found = race(8, lambda n: payout_by_hand.mark_sent(staff=people[n], uid=payout.uid, reference=references[n]).status)
    assert sorted(found) == ["paid", *["payout_not_open"] * 7]
    assert_books()


def test_control_without_the_row_lock_a_step_is_taken_twice(monkeypatch):
    creator = make_payee()
    payout, meeting = ask(creator, add(creator)), Meeting(2)
    written = []

    def unlocked(*, uid):
        found = Payout.objects.select_related("user", "method").get(uid=uid)
        meeting.wait()
        return found

    def moved(*, payout, status, **fields):
        written.append(status)

    monkeypatch.setattr(payout_steps, "hold", unlocked)
    monkeypatch.setattr(payout_steps, "move", moved)
    race(2, lambda _: payout_requests.cancel_payout(user=creator, uid=payout.uid) and "")
    assert written == ["rejected", "rejected"]
    # The ledger books it once all the same: its operation is keyed on the payout and the step.
    assert ops_of(creator).count("payout_rejected") == 1
