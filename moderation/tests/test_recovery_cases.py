"""A lost second factor as a case: two people in the queue, and what becomes of it when one person leaves it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from moderation import recovery as queue
from moderation.errors import CaseNotHeld
from moderation.models import WorkItem
from moderation.services import work
from pairly.common.problems import Forbidden, NotFound
from pairly.testing.people import make_staff, make_user, sign_in_as
from users.errors import RecoveryOver, StepUpRequired
from users.models import FactorRecovery, Session, User
from users.registry import run_recovery_hooks
from users.services import recoveries, sessions
from users.tests.helpers import VISITOR, make_person
from users.tests.test_recoveries import ask, let_time_pass, protect
from users.types import Method, SignIn

NOTE = "Knows the device and the last three sign-ins."
QUEUE = f"/staff/queues/{queue.KIND}/"


@pytest.fixture
def owner(db: None) -> User:
    user = make_person()
    protect(user)
    return user


def case_of(recovery: FactorRecovery) -> WorkItem:
    return WorkItem.objects.get(kind=queue.KIND, ref=recovery.uid)


def take(staff: User) -> WorkItem:
    item = work.take_next(kind=queue.KIND, user=staff)
    assert item is not None
    return item


def decide(staff: User, outcome: str = "approved") -> WorkItem:
    return work.decide(uid=take(staff).uid, user=staff, outcome=outcome, note=NOTE, sign_in=fresh(staff))


def fresh(staff: User) -> SignIn:
    """A sign-in that has just been proven."""
    return SignIn(staff.uid, staff.uid, stepped_up_at=timezone.now())


def approvers(recovery: FactorRecovery) -> tuple[User | None, User | None]:
    recovery.refresh_from_db()
    return recovery.first_approver, recovery.second_approver


def test_a_request_is_a_case_about_its_owner(owner: User) -> None:
    recovery = ask(owner)
    item = case_of(recovery)
    assert (item.subject_uid, item.severity, item.decided_at) == (owner.uid, WorkItem.Severity.HIGH, None)
    run_recovery_hooks(recovery=recovery)
    assert WorkItem.objects.count() == 1


def test_two_people_of_the_queue_approve_and_the_factor_goes(owner: User) -> None:
    recovery, first, second = ask(owner), make_staff("support"), make_staff("security")
    item = decide(first)
    assert item.decided_at is None
    assert approvers(recovery) == (first, None)
    assert work.take_next(kind=queue.KIND, user=first) is None
    with pytest.raises(CaseNotHeld):
        work.take(uid=item.uid, user=first)
    item = decide(second)
    assert (item.outcome, item.decided_by, item.passed_by) == ("approved", second, first)
    assert approvers(recovery) == (first, second)
    let_time_pass(recovery)
    assert recoveries.finish_due() == 1


def test_who_leaves_a_case_to_others_has_not_approved_it(owner: User) -> None:
    recovery = ask(owner)
    bystander, first, second = (make_staff("support") for _ in range(3))
    work.pass_on(uid=take(bystander).uid, user=bystander)
    item = decide(first)
    assert (item.decided_at, item.outcome) == (None, "")
    assert approvers(recovery) == (first, None)
    assert work.take_next(kind=queue.KIND, user=first) is None
    assert decide(second).outcome == "approved"
    assert approvers(recovery) == (first, second)


def test_one_rejection_is_enough_also_after_an_approval(owner: User) -> None:
    recovery = ask(owner)
    decide(make_staff("support"))
    second = make_staff("support")
    assert decide(second, "rejected").outcome == "rejected"
    recovery.refresh_from_db()
    assert recovery.rejected_by == second
    let_time_pass(recovery)
    assert recoveries.finish_due() == 0


def test_nobody_gets_their_own_case(db: None) -> None:
    member = make_person("member@example.org", is_staff=True)
    member.groups.set(make_staff("admin").groups.all())
    protect(member)
    item = case_of(ask(member))
    assert work.take_next(kind=queue.KIND, user=member) is None
    with pytest.raises(NotFound):
        work.take(uid=item.uid, user=member)
    assert sign_in_as(member).get(f"/staff/cases/{item.uid}/").status_code == 404


def test_a_colleagues_case_stays_open_where_no_admin_decides(db: None) -> None:
    member = make_person("member@example.org", is_staff=True)
    protect(member)
    recovery, helper = ask(member), make_staff("support")
    with pytest.raises(Forbidden):
        decide(helper)
    assert case_of(recovery).decided_at is None
    assert approvers(recovery) == (None, None)
    work.release(uid=case_of(recovery).uid, user=helper)
    for _ in range(2):
        item = decide(make_staff("admin"))
    assert item.outcome == "approved"


def test_a_cancelled_request_leaves_the_queue(owner: User) -> None:
    recovery, staff = ask(owner), make_staff("support")
    item = take(staff)
    recoveries.cancel(user=owner)
    item.refresh_from_db()
    assert (item.outcome, item.decided_by) == ("cancelled", None)
    with pytest.raises(CaseNotHeld):
        work.decide(uid=item.uid, user=staff, outcome="approved", note=NOTE, sign_in=fresh(staff))
    with pytest.raises(RecoveryOver):
        recoveries.approve(staff=staff, uid=recovery.uid)


def test_a_request_that_the_owner_answered_by_signing_in_leaves_the_queue(owner: User) -> None:
    recovery = ask(owner)

    sessions.start_session(user=owner, kind=Session.Kind.WEB, client=VISITOR, factor=Method.TOTP)
    assert recoveries.finish_due() == 0
    assert case_of(recovery).outcome == "cancelled"


def test_the_page_of_a_case_shows_the_request_and_takes_both_says(owner: User) -> None:
    recovery = ask(owner)
    item = case_of(recovery)
    for number, staff in enumerate([make_staff("support"), make_staff("support")]):
        browser = sign_in_as(staff)
        assert browser.post(f"{QUEUE}take/").headers["Location"] == f"/staff/cases/{item.uid}/"
        page = browser.get(f"/staff/cases/{item.uid}/").content.decode()
        for shown in ("My phone fell into a lake.", "192.0.2.7", "Removed at the earliest"):
            assert shown in page
        assert page.count("none yet") == 2 - number
        fields = {"outcome": "approved", "note": NOTE}
        assert browser.post(f"/staff/cases/{item.uid}/decide/", fields).status_code == 302
    assert all(approvers(recovery))


def test_strangers_and_other_staff_find_no_such_case(owner: User) -> None:
    item = case_of(ask(owner))
    path = f"/staff/cases/{item.uid}/"
    for person in (make_user(), make_staff("moderator"), make_staff("finance")):
        browser = sign_in_as(person)
        assert browser.get(path).status_code == 404
        assert browser.post(f"{path}take/").status_code == 404
        assert browser.post(f"{path}decide/", {"outcome": "approved", "note": NOTE}).status_code == 404
        assert browser.get(QUEUE).status_code == 404
    assert Client().get(path).status_code == 302
    item.refresh_from_db()
    assert (item.taken_by, item.decided_at) == (None, None)
    assert timezone.now() < item.due_at


def test_an_approval_takes_fresh_proof_and_what_was_written_is_not_lost(owner: User) -> None:
    recovery, staff = ask(owner), make_staff("support")
    item = take(staff)
    browser = sign_in_as(staff)
    Session.objects.filter(user=staff).update(stepped_up_at=timezone.now() - timedelta(minutes=6))
    answer = browser.post(f"/staff/cases/{item.uid}/decide/", {"outcome": "approved", "note": NOTE})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/step-up/")
    assert approvers(recovery) == (None, None)
    with pytest.raises(StepUpRequired):
        work.decide(uid=item.uid, user=staff, outcome="approved", note=NOTE)
    Session.objects.filter(user=staff).update(stepped_up_at=timezone.now())
    browser.post(f"/staff/cases/{item.uid}/decide/", {"outcome": "approved", "note": NOTE})
    assert approvers(recovery) == (staff, None)
