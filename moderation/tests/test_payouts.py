"""Payouts as cases: what staff see, who decides, and transfers that are made by hand."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from moderation import payouts as queue
from moderation.models import WorkItem
from moderation.services import payouts as cases
from moderation.services import work
from pairly.common.problems import NotFound
from pairly.testing.people import make_staff, make_user, sign_in_as
from payments.models import Payout
from payments.services import payout_requests
from payments.tests.paying_out import AMOUNT, LARGE, MANUAL, add, approved, ask, earn, make_payee, sign_in_of
from security.models import AuditEntry
from users.models import Session, User
from users.services import tokens
from users.tests.helpers import start_api
from users.types import Method

pytestmark = pytest.mark.django_db

QUEUE = f"/staff/queues/{queue.KIND}/"
NOTE = "The account is in their name, and the fans are many."


@pytest.fixture
def creator() -> User:
    return make_payee(earned_centi=LARGE, name="Mara Lind")


def browser_of(staff: User, *, is_proven: bool = True) -> Client:
    browser = sign_in_as(staff)
    Session.objects.filter(user=staff).update(stepped_up_at=timezone.now() if is_proven else None)
    return browser


def api_of(staff: User, *, is_proven: bool = True) -> Client:
    started = start_api(staff)
    at = timezone.now() if is_proven else None
    Session.objects.filter(pk=started.session.pk).update(stepped_up_at=at, factor=Method.TOTP, factor_at=timezone.now())
    return Client(headers={"Authorization": f"Bearer {tokens.issue(started=started)['access_token']}"})


def case_of(payout: Payout) -> WorkItem:
    return WorkItem.objects.get(kind=queue.KIND, ref=payout.uid)


def decide(browser: Client, payout: Payout, outcome: str, note: str = NOTE) -> Any:
    item = case_of(payout)
    browser.post(f"/staff/cases/{item.uid}/take/")
    return browser.post(f"/staff/cases/{item.uid}/decide/", {"outcome": outcome, "note": note})


def review(api: Client, payout: Payout, **body: Any) -> Any:
    return api.post(f"/api/v1/admin/payouts/review/{payout.uid}", body, content_type="application/json")


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


# -- in the queue, and off it
def test_a_request_is_a_case_once_and_a_cancelled_one_none_any_more(creator):
    payout = ask(creator, add(creator))
    item = case_of(payout)
    assert (item.subject_uid, item.decided_at) == (creator.uid, None)
    payout_requests.cancel_payout(user=creator, uid=payout.uid)
    payout_requests.cancel_payout(user=creator, uid=payout.uid)
    item.refresh_from_db()
    assert (item.outcome, item.decided_by) == ("cancelled", None)
    assert WorkItem.objects.count() == 1


# -- what staff see
def test_the_case_shows_amounts_facts_payers_the_same_account_and_what_was_before(creator):
    earn(creator, 400_000, fan=make_user("fan", name="Robin Rich"))
    other = make_payee(earned_centi=0, name="Otto Other")
    add(other)
    method = add(creator)
    before = approved(creator, method)
    payout = ask(creator, method, LARGE - 500_000)
    browser = browser_of(make_staff("finance"))
    assert "Payouts" in text_of(browser.get(QUEUE))
    page = text_of(browser.get(f"/staff/cases/{case_of(payout).uid}/"))
    for shown in (
        "USD 550.00", "Takes two people", "Mara Lind", "Commerzbank •••• 3000", "Robin Rich", "Otto Other",
        "Other people have, or had, the same bank account.", "USD 25.00", before.get_status_display().capitalize(),
    ):  # fmt: skip
        assert shown in page, shown
    assert MANUAL["account_number"].replace(" ", "") not in page
    assert AuditEntry.objects.filter(action="staff.case_viewed", subject_uid=creator.uid).exists()


# -- decisions
def test_a_small_one_takes_one_person_and_a_fresh_proof(creator):
    payout, staff = ask(creator, add(creator)), make_staff("finance")
    stale = decide(browser_of(staff, is_proven=False), payout, "approved")
    assert stale["Location"].startswith("/step-up/")
    payout.refresh_from_db()
    assert payout.status == "requested"
    assert decide(browser_of(staff), payout, "approved", note="").status_code == 302
    payout.refresh_from_db()
    assert (payout.status, payout.approved_by, payout.admin_notes) == ("approved", staff, "")
    assert case_of(payout).outcome == "approved"


def test_a_large_one_takes_two_different_people(creator):
    payout, (first, second) = ask(creator, add(creator), LARGE), (make_staff("finance"), make_staff("finance"))
    browser = browser_of(first)
    answer = decide(browser, payout, "approved")
    assert "somebody else decides now" in text_of(browser.get(answer["Location"]))
    payout.refresh_from_db()
    assert (payout.status, payout.approved_by) == ("requested", first)
    assert decide(browser, payout, "approved").status_code == 409
    assert review(api_of(first), payout, decision="approve").json()["code"] == "case_not_held"
    payout.refresh_from_db()
    assert payout.status == "requested"
    decide(browser_of(second), payout, "approved")
    payout.refresh_from_db()
    assert (payout.status, payout.second_approver) == ("approved", second)
    item = case_of(payout)
    assert (item.outcome, item.passed_by, item.decided_by) == ("approved", first, second)
    assert AuditEntry.objects.filter(action="staff.case_seconded", actor_uid=first.uid).exists()


def test_leaving_a_large_one_to_others_without_a_word_is_no_approval(creator):
    payout = ask(creator, add(creator), LARGE)
    first, second, third = (make_staff("finance") for _ in range(3))
    item = work.take(uid=case_of(payout).uid, user=first)
    work.pass_on(uid=item.uid, user=first)
    decide(browser_of(second), payout, "approved")
    payout.refresh_from_db()
    assert (payout.status, payout.approved_by, case_of(payout).decided_at) == ("requested", second, None)
    decide(browser_of(third), payout, "approved")
    payout.refresh_from_db()
    assert (payout.status, payout.second_approver) == ("approved", third)


def test_a_refusal_needs_a_reason_which_the_creator_reads_and_gives_the_credits_back(creator):
    payout = ask(creator, add(creator), LARGE)
    browser = browser_of(make_staff("finance"))
    assert decide(browser, payout, "name_mismatch", note="").status_code == 422
    assert decide(browser, payout, "name_mismatch", note="Your bank calls you otherwise.").status_code == 302
    payout.refresh_from_db()
    assert (payout.status, payout.reason) == ("rejected", "name_mismatch")
    page = text_of(sign_in_as(creator).get(f"/payouts/{payout.uid}/"))
    assert "not in your verified name" in page
    assert "Your bank calls you otherwise." in page
    assert ask(creator, payout.method, LARGE).status == "requested"


def test_nobody_decides_on_their_own_nor_sees_the_case(creator):
    payout = ask(creator, add(creator))
    creator.is_staff = True
    creator.save(update_fields=["is_staff"])
    creator.groups.set(make_staff("finance").groups.all())
    item, browser = case_of(payout), browser_of(creator)
    assert browser.get(f"/staff/cases/{item.uid}/").status_code == 404
    assert decide(browser, payout, "approved").status_code == 404
    assert review(api_of(creator), payout, decision="approve").status_code == 404
    assert api_of(creator).get("/api/v1/admin/payouts/pending").json()["results"] == []
    payout.refresh_from_db()
    assert payout.status == "requested"


def test_who_may_not_finds_no_such_case(creator):
    payout = ask(creator, add(creator))
    for person in (make_staff("moderator"), make_staff("support")):
        browser, api = browser_of(person), api_of(person)
        assert browser.get(f"/staff/cases/{case_of(payout).uid}/").status_code == 404
        assert browser.get("/staff/transfers/").status_code == 403
        assert review(api, payout, decision="approve").status_code == 403
        assert api.get("/api/v1/admin/payouts/pending").status_code == 403
    payout.refresh_from_db()
    assert payout.status == "requested"


def test_what_staff_write_about_an_approval_is_not_for_the_creator(creator):
    payout = ask(creator, add(creator))
    assert review(api_of(make_staff("finance")), payout, decision="approve", reason=NOTE).status_code == 200
    payout.refresh_from_db()
    assert payout.status == "approved"
    mine = api_of(creator).get("/api/v1/payouts/my-payouts").content.decode()
    assert NOTE not in mine
    assert '"approved_by":"staff"' in mine
    assert NOTE not in text_of(sign_in_as(creator).get(f"/payouts/{payout.uid}/"))


# -- the API
def test_the_api_shows_what_waits_and_decides(creator):
    method = add(creator)
    first, second = ask(creator, method), ask(creator, method, 300_000)
    staff = make_staff("finance")
    api = api_of(staff)
    rows = api.get("/api/v1/admin/payouts/pending").json()["results"]
    assert [row["id"] for row in rows] == [str(first.uid), str(second.uid)]
    assert (rows[0]["user_id"], rows[0]["name"], rows[0]["rate"]) == (str(creator.uid), "Mara Lind", "0.01")
    assert AuditEntry.objects.filter(action="staff.payouts_viewed", actor_uid=staff.uid).exists()
    assert review(api_of(staff, is_proven=False), first, decision="approve").json()["code"] == "step_up_required"
    done = review(api, first, decision="approve", reason=NOTE)
    assert done.status_code == 200, done.content
    assert (done.json()["status"], done.json()["approved_by"]) == ("approved", str(staff.uid))
    assert review(api, first, decision="approve").status_code == 409
    assert review(api, second, decision="reject").json()["code"] == "reason_missing"
    assert review(api, second, decision="maybe").status_code == 422
    done = review(api, second, decision="reject", reason="Ask your bank.", code="account_closed").json()
    assert (done["status"], done["reason"], done["admin_notes"]) == ("rejected", "account_closed", "Ask your bank.")
    assert review(api, Payout(uid=uuid.uuid4()), decision="approve").status_code == 404


def test_a_case_that_somebody_holds_is_not_decided_past_them(creator):
    payout = ask(creator, add(creator))
    work.take(uid=case_of(payout).uid, user=make_staff("finance"))
    answer = review(api_of(make_staff("finance")), payout, decision="approve")
    assert (answer.status_code, answer.json()["code"]) == (409, "case_taken")
    payout.refresh_from_db()
    assert payout.status == "requested"


def test_a_refused_review_leaves_the_case_free(creator):
    payout, staff = ask(creator, add(creator)), make_staff("finance")
    assert review(api_of(staff), payout, decision="reject").status_code == 422
    assert case_of(payout).taken_by is None


# -- transfers by hand
def test_a_transfer_is_made_by_hand_and_may_come_back(creator):
    payout, staff = approved(creator, add(creator)), make_staff("finance")
    browser, path = browser_of(staff), f"/staff/transfers/{payout.uid}/"
    assert "USD 25.00" in text_of(browser.get("/staff/transfers/"))
    number = MANUAL["account_number"].replace(" ", "")
    assert number not in text_of(browser.get(path))
    assert number in text_of(browser.post(f"{path}account/"))
    seen = AuditEntry.objects.get(action="payout.details_viewed")
    assert (seen.actor_uid, seen.subject_uid, seen.is_private_view) == (staff.uid, creator.uid, True)
    assert browser.post(f"{path}sent/", {"reference": "?"}).status_code == 422
    assert browser.post(f"{path}sent/", {"reference": "SEPA 2026 17"}).status_code == 302
    payout.refresh_from_db()
    assert payout.status == "paid"
    assert "It came back" in text_of(browser.get(path))
    assert browser.post(f"{path}returned/", {"reason": "nonsense"}).status_code == 422
    assert browser.post(f"{path}returned/", {"reason": "account_closed"}).status_code == 302
    payout.refresh_from_db()
    assert (payout.status, payout.reason) == ("returned", "account_closed")


def test_transfers_take_a_fresh_proof_and_are_nobodys_own(creator):
    payout = approved(creator, add(creator))
    path = f"/staff/transfers/{payout.uid}/"
    browser = browser_of(make_staff("finance"), is_proven=False)
    for deed, body in (("account", {}), ("sent", {"reference": "SEPA 1"}), ("returned", {"reason": "other"})):
        answer = browser.post(f"{path}{deed}/", body)
        assert answer["Location"].startswith("/step-up/"), deed
    creator.is_staff = True
    creator.save(update_fields=["is_staff"])
    creator.groups.set(make_staff("finance").groups.all())
    own = browser_of(creator)
    assert own.get(path).status_code == 404
    assert own.post(f"{path}sent/", {"reference": "SEPA 1"}).status_code == 404
    assert "USD 25.00" not in text_of(own.get("/staff/transfers/"))
    payout.refresh_from_db()
    assert payout.status == "approved"
    assert not AuditEntry.objects.filter(action="payout.details_viewed").exists()


def test_evidence_takes_as_many_questions_for_more_payouts(creator, django_assert_num_queries):
    method = add(creator)
    payout = ask(creator, method)
    with CaptureQueriesContext(connection) as few:
        queue.load(payout.uid)
    for _ in range(3):
        ask(creator, method, 200_000)
        earn(creator, 1_000)
        add(make_payee(earned_centi=0))
    with django_assert_num_queries(len(few)):
        found = queue.load(payout.uid)["found"]
    assert (len(found.history), len(found.others)) == (3, 3)


def test_the_payers_of_a_creator_are_counted_with_their_shares(creator):
    lone = make_payee(earned_centi=0)
    earn(lone, 300_000, fan=make_user("fan", name="Ada"))
    earn(lone, 100_000, fan=make_user("fan", name="Bo"))
    payout_of = queue.selectors.get_evidence(uid=ask(lone, add(lone), AMOUNT).uid)
    assert [(row.name, row.amount_centi, row.n_paid, row.percent) for row in payout_of.payers] == [
        ("Ada", 300_000, 1, 75),
        ("Bo", 100_000, 1, 25),
    ]
    assert payout_of.n_payers == 2


def test_a_review_without_a_case_is_not_found():
    staff = make_staff("finance")
    with pytest.raises(NotFound):
        cases.review(uid=uuid.uuid4(), staff=staff, decision="approve", sign_in=sign_in_of(staff))
