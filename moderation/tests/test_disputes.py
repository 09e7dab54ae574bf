"""Replies that were no answer as cases: who sees them, what the page shows, how they are decided."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from messaging.models import AnswerDispute
from messaging.services import answers
from messaging.tests.test_answers import Chat
from moderation import disputes as queue
from moderation.models import WorkItem
from moderation.services import work
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import AuditEntry

pytestmark = pytest.mark.django_db

QUEUE = f"/staff/queues/{queue.KIND}/"
NOTE = "The reply came after eight seconds and is as short as can be."


@pytest.fixture
def chat() -> Chat:
    made = Chat()
    made.reply()
    return made


def case_of(dispute: AnswerDispute) -> WorkItem:
    return WorkItem.objects.get(kind=queue.KIND, ref=dispute.uid)


def test_a_dispute_is_a_case_and_ends_as_one_without_staff(chat):
    dispute = chat.dispute()
    item = case_of(dispute)
    assert (item.subject_uid, item.decided_at) == (chat.creator.user.uid, None)
    assert item.due_at < dispute.decide_by
    chat.dispute()
    assert WorkItem.objects.count() == 1
    chat.give_back()
    item.refresh_from_db()
    assert (item.outcome, item.decided_by) == ("conceded", None)


def test_what_nobody_decides_leaves_the_queue(chat):
    dispute = chat.dispute()
    answers.return_undecided(at=timezone.now() + timedelta(days=15))
    assert case_of(dispute).outcome == "undecided"


@pytest.mark.parametrize(("outcome", "money"), [("upheld", (100_000, 0, 0)), ("rejected", (95_000, 0, 4_000))])
def test_a_moderator_sees_figures_and_no_text_and_decides(chat, outcome, money):
    dispute = chat.dispute()
    item, moderator = case_of(dispute), make_staff("moderator", name="Mo Derator")
    browser = sign_in_as(moderator)
    assert "Not an answer" in browser.get(QUEUE).content.decode()
    assert browser.post(f"{QUEUE}take/").headers["Location"] == f"/staff/cases/{item.uid}/"
    page = browser.get(f"/staff/cases/{item.uid}/").content.decode()
    for shown in ("Fay Fan", "Cleo Creator", "It says nothing", "Two letters, nothing about the song.", "284", "50"):
        assert shown in page
    assert "Both people read your reason" in page
    missing = browser.post(f"/staff/cases/{item.uid}/decide/", {"outcome": outcome, "note": ""})
    assert missing.status_code == 422
    done = browser.post(f"/staff/cases/{item.uid}/decide/", {"outcome": outcome, "note": NOTE})
    assert done.status_code == 302
    dispute.refresh_from_db()
    assert (dispute.state, dispute.decided_by, dispute.decision) == (outcome, moderator, NOTE)
    assert chat.money() == money
    assert chat.row(chat.creator)["dispute"]["decision"] == NOTE
    logged = AuditEntry.objects.get(action="staff.case_decided")
    assert (logged.actor_uid, logged.details["outcome"], logged.reason) == (moderator.uid, outcome, NOTE)
    assert AuditEntry.objects.filter(action="staff.case_viewed", subject_uid=chat.creator.user.uid).exists()


def test_the_two_of_a_dispute_do_not_decide_it_even_if_they_work_here(chat):
    dispute = chat.dispute()
    item, moderators = case_of(dispute), make_staff("moderator").groups.all()
    for party, status in ((chat.creator.user, 404), (chat.fan.user, 403)):
        party.is_staff = True
        party.save(update_fields=["is_staff"])
        party.groups.set(moderators)
        browser = sign_in_as(party)
        browser.post(f"/staff/cases/{item.uid}/take/")
        answer = browser.post(f"/staff/cases/{item.uid}/decide/", {"outcome": "upheld", "note": NOTE})
        assert answer.status_code == status
    dispute.refresh_from_db()
    item.refresh_from_db()
    assert (dispute.state, item.decided_at) == ("open", None)


def test_strangers_and_other_staff_find_no_such_case(chat):
    item = case_of(chat.dispute())
    path = f"/staff/cases/{item.uid}/"
    for person in (make_user(), make_staff("support"), make_staff("finance")):
        browser = sign_in_as(person)
        assert browser.get(path).status_code == 404
        assert browser.get(QUEUE).status_code == 404
        assert browser.post(f"{path}decide/", {"outcome": "upheld", "note": NOTE}).status_code == 404
    assert Client().get(path).status_code == 302
    item.refresh_from_db()
    assert (item.taken_by, item.decided_at) == (None, None)


def test_a_decision_by_somebody_who_lost_the_race_changes_nothing(chat):
    dispute = chat.dispute()
    moderator = make_staff("moderator")
    item = work.take_next(kind=queue.KIND, user=moderator)
    assert item is not None
    chat.give_back()
    answer = sign_in_as(moderator).post(f"/staff/cases/{item.uid}/decide/", {"outcome": "rejected", "note": NOTE})
    assert answer.status_code == 409
    assert chat.money() == (100_000, 0, 0)
    dispute.refresh_from_db()
    assert dispute.state == "conceded"
