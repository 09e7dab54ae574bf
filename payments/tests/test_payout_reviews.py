"""Who decides on a payout: somebody else than its creator, two of them above the limit, and each once."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from credits import selectors as ledger
from pairly.common.problems import InvalidInput, NotFound
from pairly.testing.people import make_staff
from payments.errors import OwnPayout, PayoutNotOpen, SecondPersonNeeded
from payments.models import Payout
from payments.services import payout_reviews
from payments.tests.paying_out import LARGE, add, ask, make_payee, statuses
from security.models import AuditEntry
from users.models import User

pytestmark = pytest.mark.django_db


def asked(amount_centi=250_000, earned_centi=10_000_000):
    creator = make_payee(earned_centi=earned_centi)
    return ask(creator, add(creator), amount_centi)


def test_one_approves_a_small_one():
    payout, staff = asked(), make_staff("finance")
    found = payout_reviews.approve(staff=staff, uid=payout.uid, note="Looks right")
    assert (found.status, found.approved_by, found.second_approver) == ("approved", staff, None)
    assert (found.reason, found.admin_notes) == ("by_hand", "Looks right")
    entry = AuditEntry.objects.get(action="payout.approved")
    assert (entry.actor_uid, entry.subject_uid, entry.by_staff) == (staff.uid, payout.user.uid, True)


def test_a_large_one_takes_two_different_people():
    payout, first, second = asked(LARGE), make_staff("finance"), make_staff("finance")
    assert payout_reviews.approve(staff=first, uid=payout.uid, note="One").status == "requested"
    with pytest.raises(SecondPersonNeeded):
        payout_reviews.approve(staff=first, uid=payout.uid, note="Again")
    found = payout_reviews.approve(staff=second, uid=payout.uid, note="Two")
    assert (found.status, found.approved_by, found.second_approver) == ("approved", first, second)
    assert found.admin_notes == "One\nTwo"
    assert statuses(payout) == [("requested", "first"), ("requested", "second_look"), ("approved", "by_hand")]


def test_what_is_decided_is_not_decided_again():
    payout = asked()
    payout_reviews.approve(staff=make_staff("finance"), uid=payout.uid)
    with pytest.raises(PayoutNotOpen) as refusal:
        payout_reviews.approve(staff=make_staff("finance"), uid=payout.uid)
    assert refusal.value.extra["payout_status"] == "approved"


def _own(payout, role="finance"):
    """Its creator, who works in finance now."""
    creator = payout.user
    creator.is_staff = True
    creator.save(update_fields=["is_staff"])
    creator.groups.add(make_staff(role).groups.get())
    return User.objects.get(pk=creator.pk)


def test_nobody_decides_on_their_own():
    payout = asked()
    creator = _own(payout)
    for decide in (
        lambda: payout_reviews.approve(staff=creator, uid=payout.uid),
        lambda: payout_reviews.reject(staff=creator, uid=payout.uid, reason="other"),
        lambda: payout_reviews.reveal_details(staff=creator, uid=payout.uid),
    ):
        with pytest.raises(OwnPayout):
            decide()
    assert Payout.objects.get(pk=payout.pk).status == "requested"


@pytest.mark.parametrize("role", ["support", "moderator", "security"])
def test_staff_without_the_permission_finds_nothing(role):
    payout = asked()
    for decide in (
        lambda: payout_reviews.approve(staff=make_staff(role), uid=payout.uid),
        lambda: payout_reviews.reject(staff=make_staff(role), uid=payout.uid, reason="other"),
    ):
        with pytest.raises(NotFound):
            decide()
    assert statuses(payout) == [("requested", "first")]


def test_the_database_says_the_same_to_whoever_goes_round_the_service():
    large, small, staff, now = asked(LARGE), asked(), make_staff("finance"), timezone.now()
    creator = large.user
    for row, change in (
        (small, {"status": "approved"}),
        (small, {"status": "approved", "approved_by": small.user, "approved_at": now}),
        (large, {"status": "approved", "approved_by": staff, "approved_at": now}),
        (large, {"status": "approved", "approved_by": staff, "approved_at": now, "second_approver": staff}),
        (large, {"status": "approved", "approved_by": staff, "approved_at": now, "second_approver": creator}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Payout.objects.filter(pk=row.pk).update(**change)


def test_a_refused_one_is_earned_again_and_says_why():
    payout, staff = asked(), make_staff("finance")
    found = payout_reviews.reject(staff=staff, uid=payout.uid, reason="name_mismatch", note="Another name")
    assert (found.status, found.reason, found.completed_at is not None) == ("rejected", "name_mismatch", True)
    assert ledger.get_earnings(user_id=payout.user_id).withdrawable_centi == 10_000_000
    with pytest.raises(PayoutNotOpen):
        payout_reviews.reject(staff=staff, uid=payout.uid, reason="name_mismatch")


def test_an_approved_one_can_still_be_refused_before_it_is_sent():
    payout = asked()
    payout_reviews.approve(staff=make_staff("finance"), uid=payout.uid)
    assert payout_reviews.reject(staff=make_staff("finance"), uid=payout.uid, reason="other").status == "rejected"
    assert ledger.get_earnings(user_id=payout.user_id).withdrawable_centi == 10_000_000


def test_a_refusal_names_one_of_the_reasons():
    with pytest.raises(InvalidInput):
        payout_reviews.reject(staff=make_staff("finance"), uid=asked().uid, reason="because")
