"""What creators see of their payouts, and the doors of the API beside it."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credits import selectors as ledger
from pairly.outbox import services as outbox
from pairly.testing.people import make_staff, make_user, sign_in_as
from payments.models import Payout, PayoutMethod
from payments.services import payout_by_hand, payout_requests, payout_reviews
from payments.tests.paying_out import AMOUNT, LARGE, MANUAL, add, approved, ask, make_payee
from users.models import Notification, Session, User
from users.services import tokens
from users.tests.helpers import start_api

pytestmark = pytest.mark.django_db

API = "/api/v1/payouts"
MANUAL_FORM = {**MANUAL, "country": "DE", "currency": "EUR"}


@pytest.fixture
def creator() -> User:
    return make_payee(name="Mara Lind")


def browser_of(user: User, *, is_proven: bool = True) -> Client:
    browser = sign_in_as(user)
    at = timezone.now() if is_proven else timezone.now() - timedelta(minutes=6)
    Session.objects.filter(user=user).update(stepped_up_at=at)
    return browser


def api_of(user: User, *, is_proven: bool = True) -> Client:
    started = start_api(user)
    at = timezone.now() if is_proven else timezone.now() - timedelta(minutes=6)
    Session.objects.filter(pk=started.session.pk).update(stepped_up_at=at)
    return Client(headers={"Authorization": f"Bearer {tokens.issue(started=started)['access_token']}"})


def post_request(client: Client, method: PayoutMethod, amount: int = AMOUNT, *, key: str | None = None) -> Any:
    body = {"amount_centi": amount, "method_id": str(method.uid)}
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    return client.post(f"{API}/request", body, content_type="application/json", headers=headers)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def paid(user: User, amount: int = AMOUNT) -> Payout:
    """A payout by hand that left, once for each call."""
    method = PayoutMethod.objects.filter(user=user).first() or add(user)
    payout = approved(user, method, amount)
    return payout_by_hand.mark_sent(staff=make_staff("finance"), uid=payout.uid, reference=f"SEPA {payout.pk}")


# -- the way to a payout
def test_an_account_is_added_rests_and_is_told_of(creator):
    browser = browser_of(creator)
    page = text_of(browser.get("/payouts/accounts/add/?way=manual"))
    assert "Confirm now" not in page
    answer = browser.post("/payouts/accounts/add/?way=manual", MANUAL_FORM)
    assert (answer.status_code, answer["Location"]) == (302, "/payouts/accounts/")
    method = PayoutMethod.objects.get(user=creator)
    page = text_of(browser.get("/payouts/accounts/"))
    assert "Commerzbank •••• 3000" in page
    assert f"{method.usable_at:%-d %b %Y, %H:%M} UTC" in page
    assert "MARA" not in page.upper().replace("MARA LIND", "")
    outbox.deliver_due()
    assert "payout method was added" in mail.outbox[-1].subject


@pytest.mark.parametrize(
    ("way", "fields", "field"),
    [
        ("manual", {**MANUAL_FORM, "account_number": "DE89 3704 0044 0532 0130 01"}, "account_number"),
        ("bank", {"account_holder": "Asha Rao", "account_number": "501001", "ifsc": "nonsense"}, "ifsc"),
        ("upi", {"account_holder": "Asha Rao", "vpa": "no address"}, "vpa"),
    ],
)
def test_what_a_bank_would_not_take_is_said_at_its_field_and_stays_typed(creator, way, fields, field):
    answer = browser_of(creator).post(f"/payouts/accounts/add/?way={way}", fields)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'id="id_{field}_error"' in page
    assert fields[field] in page
    assert not PayoutMethod.objects.exists()


def test_without_a_fresh_proof_it_is_given_first_and_one_comes_back_to_what_was_typed(creator):
    method = add(creator)
    browser = browser_of(creator, is_proven=False)
    query = f"amount=2500&method={method.uid}"
    page = text_of(browser.get(f"/payouts/request/?{query}"))
    assert "Confirm that it is me" in page
    assert "Ask for this payout" not in page
    answer = browser.post("/payouts/request/", {"amount": "2500", "method": method.uid, "nonce": uuid.uuid4()})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/step-up/?next=%2Fpayouts%2Frequest%2F%3Famount%3D2500%26method%3D")
    assert not Payout.objects.exists()
    add_answer = browser.post("/payouts/accounts/add/?way=manual", MANUAL_FORM)
    assert add_answer["Location"].startswith("/step-up/")


def test_a_payout_is_seen_once_more_asked_for_once_and_followed(creator):
    method = add(creator)
    browser = browser_of(creator)
    assert "Ask for a payout" in text_of(browser.get("/payouts/"))
    page = text_of(browser.get(f"/payouts/request/?amount=2500&method={method.uid}"))
    assert "USD 25.00" in page
    body = {"amount": "2500", "method": method.uid, "nonce": uuid.uuid4()}
    first, again = browser.post("/payouts/request/", body), browser.post("/payouts/request/", body)
    payout = Payout.objects.get()
    assert first["Location"] == again["Location"] == f"/payouts/{payout.uid}/"
    page = text_of(browser.get(first["Location"]))
    step = payout.steps.get()
    for shown in ("USD 25.00", "Next: Pairly.", f"At the latest on {step.latest_at:%-d %b %Y, %H:%M} UTC."):
        assert shown in page
    assert "USD 25.00" in text_of(browser.get("/payouts/"))


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("10", "2,000 credits or more"),
        ("2500.50", "whole credits"),
        ("999999", "ready"),
        ("-5", "greater"),
        ("", "How many"),
    ],
)
def test_an_amount_that_cannot_be_paid_is_refused_with_what_to_do(creator, amount, words):
    method = add(creator)
    body = {"amount": amount, "method": method.uid, "nonce": uuid.uuid4()}
    answer = browser_of(creator).post("/payouts/request/", body)
    assert answer.status_code in (409, 422)
    assert words in text_of(answer)
    assert not Payout.objects.exists()


def test_it_can_be_cancelled_until_it_is_approved(creator):
    payout = ask(creator, add(creator))
    browser = browser_of(creator)
    assert "Yes, cancel it" in text_of(browser.get(f"/payouts/{payout.uid}/"))
    assert browser.post(f"/payouts/{payout.uid}/cancel/").status_code == 302
    payout.refresh_from_db()
    assert (payout.status, payout.reason) == ("rejected", "cancelled")
    assert not Notification.objects.filter(user=creator, kind="payout").exists()
    late = approved(creator, payout.method)
    answer = browser.post(f"/payouts/{late.uid}/cancel/")
    assert answer.status_code == 409
    assert "moved on" in text_of(answer)


def test_what_stands_in_the_way_is_said_with_where_to_go():
    creator = make_payee(earned_centi=100_000)
    User.objects.filter(pk=creator.pk).update(verification_level=0)
    page = text_of(browser_of(creator).get("/payouts/"))
    for words in ("Show us a document first", "Say where your earnings should go", "begins at 2,000 credits"):
        assert words in page
    assert 'href="/payouts/request/"' not in page
    User.objects.filter(pk=creator.pk).update(verification_level=2)
    creator.refresh_from_db()
    method = add(creator, is_locked=True)
    page = text_of(browser_of(creator).get("/payouts/"))
    assert f"It can be used from {method.usable_at:%-d %b %Y, %H:%M} UTC on." in page


# -- what was paid
def test_the_year_is_a_table_and_two_files_and_a_payout_is_a_receipt(creator):
    first, second = paid(creator), paid(creator, 300_000)
    payout_by_hand.mark_returned(staff=make_staff("finance"), uid=second.uid, reason="account_closed")
    browser, year = browser_of(creator), timezone.now().year
    page = text_of(browser.get(f"/payouts/years/{year}/"))
    assert "USD 25.00" in page
    rows = browser.get(f"/payouts/years/{year}/payouts.json").json()
    assert [(row["payout_id"], row["amount_minor"]) for row in rows["payouts"]] == [
        (str(first.uid), 2_500),
        (str(second.uid), 3_000),
        (str(second.uid), -3_000),
    ]
    assert rows["totals"] == [{"currency": "USD", "amount_minor": 2_500}]
    lines = b"".join(browser.get(f"/payouts/years/{year}/payouts.csv")).decode().splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("at,payout_id,status")
    receipt = text_of(browser.get(f"/payouts/{first.uid}/receipt/"))
    for shown in ("Mara Lind", "USD 25.00", str(first.uid), f"SEPA {first.pk}"):
        assert shown in receipt
    assert "manual:" not in receipt
    assert browser.get(f"/payouts/{second.uid}/receipt/").status_code == 404
    assert browser.get(f"/payouts/years/{year}/payouts.exe").status_code == 404
    assert browser.get(f"/payouts/years/{year + 1}/").status_code == 404


def test_a_name_that_is_a_formula_is_text_in_the_file(creator):
    add(creator, details={**MANUAL, "bank_name": "=1+1"})
    paid(creator)
    lines = b"".join(browser_of(creator).get(f"/payouts/years/{timezone.now().year}/payouts.csv")).decode()
    assert ",'=1+1" in lines


# -- whose it is
def test_others_find_nothing_and_change_nothing(creator):
    payout = ask(creator, add(creator))
    method = payout.method
    other, fan = browser_of(make_payee(earned_centi=0)), browser_of(make_user("fan"))
    for browser in (other, fan):
        for path in (f"/payouts/{payout.uid}/", f"/payouts/{payout.uid}/receipt/", f"/payouts/accounts/{method.uid}/"):
            assert browser.get(path).status_code == 404
        for path in (
            f"/payouts/{payout.uid}/cancel/",
            f"/payouts/accounts/{method.uid}/remove/",
            f"/payouts/accounts/{method.uid}/go-on/",
        ):
            assert browser.post(path).status_code == 404
    assert fan.get("/payouts/").status_code == 404
    api = api_of(make_payee(earned_centi=100_000))
    assert post_request(api, method).status_code == 404
    assert api.get(f"{API}/{payout.uid}/timeline").status_code == 404
    assert api.delete(f"{API}/methods/{method.uid}").status_code == 404
    assert api.delete(f"{API}/{payout.uid}").status_code == 404
    payout.refresh_from_db()
    method.refresh_from_db()
    assert (payout.status, method.state) == ("requested", "ready")


# -- the API
def test_the_api_asks_lists_and_tells_the_timeline(creator):
    method, api, key = add(creator), api_of(creator), str(uuid.uuid4())
    answer = post_request(api, method, key=key)
    assert answer.status_code == 201, answer.content
    row = answer.json()
    expected = {
        "status": "requested",
        "amount_centi": AMOUNT,
        "amount_minor": 2_500,
        "currency": "USD",
        "rate": "0.01",
        "admin_notes": "",
        "approved_by": None,
        "approved_at": None,
        "completed_at": None,
    }
    assert {name: row[name] for name in expected} == expected
    assert row["method"]["label"] == "Commerzbank •••• 3000"
    assert post_request(api, method, key=key).json()["id"] == row["id"]
    assert post_request(api, method, AMOUNT + 100, key=key).json()["code"] == "idempotency_conflict"
    assert api.post(f"{API}/request", {}, content_type="application/json").json()["code"] == "idempotency_key_required"
    assert [found["id"] for found in api.get(f"{API}/my-payouts").json()["results"]] == [row["id"]]
    timeline = api.get(f"{API}/{row['id']}/timeline").json()
    (step,) = timeline["steps"]
    assert (step["status"], step["owner"], step["reason"]) == ("requested", "pairly", "risk")
    assert step["at"] < step["latest_at"]
    assert timeline["payout"]["id"] == row["id"]


def test_the_api_refuses_with_stable_codes(creator):
    method = add(creator, is_locked=True)
    assert post_request(api_of(creator, is_proven=False), method).json()["code"] == "step_up_required"
    api = api_of(creator)
    locked = post_request(api, method)
    assert (locked.status_code, locked.json()["code"]) == (409, "payout_method_locked")
    method = add(creator, details={**MANUAL, "account_number": "GB82 WEST 1234 5698 7654 32"})
    assert post_request(api, method, 100_000_000).json()["code"] == "insufficient_earnings"
    small = post_request(api, method, 100)
    assert [(row["pointer"], row["code"]) for row in small.json()["errors"]] == [("/amount_centi", "below_minimum")]
    assert post_request(api_of(make_user("fan")), method).json()["code"] == "creators_only"
    assert not Payout.objects.exists()


def test_the_api_adds_lists_and_removes_accounts(creator):
    api = api_of(creator)
    body = {"kind": "manual", "currency": "eur", "country": "de", "details": MANUAL}
    answer = api.post(f"{API}/methods", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert (row["label"], row["state"], row["onboarding_url"]) == ("Commerzbank •••• 3000", "ready", None)
    by_chance = {"id", "usable_at", "created_at"}  # the only members whose digits are
    assert "3704" not in json.dumps({name: value for name, value in row.items() if name not in by_chance})
    assert [found["id"] for found in api.get(f"{API}/methods").json()["results"]] == [row["id"]]
    wrong = api.post(f"{API}/methods", {**body, "details": {}}, content_type="application/json")
    assert {found["pointer"] for found in wrong.json()["errors"]} >= {"/account_number", "/account_holder"}
    assert api.delete(f"{API}/methods/{row['id']}").status_code == 204
    assert api.get(f"{API}/methods").json()["results"] == []
    assert api.get(f"{API}/methods/{row['id']}").status_code == 404


# -- what one is told
def test_each_state_is_told_once_in_words_with_the_amount(creator):
    method = add(creator)
    payout = approved(creator, method)
    payout_by_hand.mark_sent(staff=make_staff("finance"), uid=payout.uid, reference="SEPA 1")
    payout_by_hand.mark_returned(staff=make_staff("finance"), uid=payout.uid, reason="account_closed")
    refused = ask(creator, method)
    payout_reviews.reject(staff=make_staff("finance"), uid=refused.uid, reason="name_mismatch", note="See your bank.")
    rows = Notification.objects.filter(user=creator, kind="payout").order_by("id")
    assert [row.payload["state"] for row in rows] == ["approved", "processing", "paid", "returned", "rejected"]
    browser = browser_of(creator)
    page = text_of(browser.get("/notifications/"))
    for words in ("is approved", "is on its way", "is paid", "came back", "was not made"):
        assert f"USD 25.00 {words}" in page
    assert browser.post(f"/notifications/{rows[4].uid}/open/")["Location"] == f"/payouts/{refused.uid}/"
    shown = text_of(browser.get(f"/payouts/{refused.uid}/"))
    assert "not in your verified name" in shown
    assert "See your bank." in shown


# -- pages that do not grow
def test_lists_take_as_many_questions_for_more_rows(creator):
    method, browser = add(creator), browser_of(creator)

    def count(path: str, client: Client) -> int:
        client.get(path)
        with CaptureQueriesContext(connection) as found:
            assert client.get(path).status_code == 200
        return len(found)

    api, counts = api_of(creator), []
    for _ in range(2):
        for _ in range(2):
            ask(creator, method, 200_000)
        counts.append((count("/payouts/", browser), count(f"{API}/my-payouts", api)))
    assert counts[0] == counts[1]


def test_earlier_payouts_are_on_another_page(creator, monkeypatch):
    monkeypatch.setattr("payments.payout_views.PAGE", 1)
    method = add(creator)
    first, second = ask(creator, method, 200_000), ask(creator, method, 300_000)
    browser = browser_of(creator)
    page = text_of(browser.get("/payouts/"))
    assert (str(second.uid) in page, str(first.uid) in page) == (True, False)
    page = text_of(browser.get(f"/payouts/?before={second.pk}"))
    assert (str(second.uid) in page, str(first.uid) in page) == (False, True)


def test_money_that_is_set_aside_shows_as_such(creator):
    ask(creator, add(creator))
    page = text_of(browser_of(creator).get("/payouts/"))
    assert '<dd data-figure="withdrawable">7,500</dd>' in page
    assert '<dd data-figure="locked">2,500</dd>' in page
    assert ledger.get_earnings(user_id=creator.pk).withdrawable_centi == 750_000
    with override_settings(PAYOUT_MIN_CENTI=10_000_000):
        assert "begins at 100,000 credits" in text_of(browser_of(creator).get("/payouts/"))


def test_a_large_one_says_that_two_people_look(creator):
    rich = make_payee(earned_centi=LARGE)
    method = add(rich)
    page = text_of(browser_of(rich).get(f"/payouts/request/?amount={LARGE // 100}&method={method.uid}"))
    assert "two people look at it" in page
    payout = payout_requests.request_payout(
        user=rich, method_uid=method.uid, amount_centi=LARGE, idempotency_key=uuid.uuid4()
    )
    assert payout.needs_two
