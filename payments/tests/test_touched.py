"""What refunds and disputes touched, on the pages and in the API of those concerned."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client

from pairly.testing.people import make_staff, make_user, sign_in_as
from payments.models import MoneyBack
from payments.tests.selling import buy, make_item
from payments.tests.test_returns import Affair, happen, told
from users.notification_kinds import KINDS
from users.services import tokens
from users.tests.helpers import start_api

pytestmark = pytest.mark.django_db
TOUCHED, API = "/earnings/money-back/", "/api/v1/earnings/money-back"


@pytest.fixture
def affair(shop) -> Affair:
    return Affair(shop)


@pytest.fixture
def row(affair) -> MoneyBack:
    return affair.dispute()


def api_of(user) -> Client:
    token = tokens.issue(started=start_api(user))["access_token"]
    return Client(headers={"Authorization": f"Bearer {token}"})


def page_of(user, path: str) -> str:
    answer = sign_in_as(user).get(path)
    assert answer.status_code == 200, path
    return " ".join(answer.content.decode().split())


def figures(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-figure="([a-z]+)">([^<]+)<', page))


def own_path(row: MoneyBack) -> str:
    return f"/credits/money-back/{row.uid}/"


# -- the creator
def test_a_creator_reads_which_messages_what_went_back_and_that_earnings_stay(affair, row):
    creator = affair.creator.user
    assert f"{TOUCHED}{row.uid}/" in page_of(creator, TOUCHED)
    page = page_of(creator, f"{TOUCHED}{row.uid}/")
    assert figures(page) == {"covered": "50", "held": "50", "taken": "0"}
    for shown in (
        "Message 1 of",
        "Message 3 of",
        f"/conversations/{affair.letters.uid}/",
        "Fay Fan",
        "The bank decides",
    ):
        assert shown in page, shown
    assert "First" not in page
    assert "debt" not in page.lower()
    assert "USD" not in page


def test_the_page_of_a_creator_says_what_became_of_it(affair, row):
    happen(affair.shop, affair.payment, "won")
    page = page_of(affair.creator.user, f"{TOUCHED}{row.uid}/")
    assert "The payment stands" in page
    assert "If the bank" not in page


def test_the_api_tells_a_creator_of_their_part_alone(affair, row):
    (listed,) = api_of(affair.creator.user).get(API).json()["results"]
    found = api_of(affair.creator.user).get(f"{API}/{row.uid}").json()
    assert found == listed
    assert {name: found[name] for name in ("id", "kind", "state", "held_centi", "covered_centi")} == {
        "id": str(row.uid), "kind": "dispute", "state": "open", "held_centi": 5_000, "covered_centi": 5_000,
    }  # fmt: skip
    assert [
        (p["kind"], p["conversation_id"], p["position"], p["held_centi"], p["covered_centi"]) for p in found["parts"]
    ] == [
        ("message", str(affair.letters.uid), 1, 0, 5_000),
        ("message", str(affair.letters.uid), 3, 5_000, 0),
    ]
    assert not {"amount_minor", "debt_centi", "unspent_centi"} & (found.keys() | found["parts"][0].keys())


def test_the_creator_is_told_once_and_the_word_leads_to_the_case(affair, row):
    creator = affair.creator.user
    assert told(creator, "payment_reversed") == [{"case": str(row.uid), "amount_centi": 5_000, "kept_centi": 5_000}]
    happen(affair.shop, affair.payment, "won")
    assert len(told(creator, "payment_reversed")) == 1
    kind = KINDS["payment_reversed"]
    path = kind.page({"case": str(row.uid)}, None)
    assert path == f"{TOUCHED}{row.uid}/"
    assert "Fay" not in kind.words("", {"amount_centi": 5_000})
    assert told(affair.fan.user, "payment_reversed") == []


def test_who_was_never_touched_sees_an_empty_list_and_earnings_lead_to_it(affair):
    creator = affair.creator.user
    assert "Nothing was reversed" in page_of(creator, TOUCHED)
    assert api_of(creator).get(API).json() == {"results": [], "next": None}
    assert TOUCHED in page_of(creator, "/earnings/")


# -- the buyer
def test_a_buyer_reads_where_the_credits_were_what_is_owed_and_how_to_repay(affair, row):
    fan = affair.fan.user
    page = page_of(fan, own_path(row))
    assert figures(page) == {"unspent": "400", "held": "50", "reserve": "0", "debt": "50"}
    for shown in (
        "USD 5.00",
        "Message 1 of",
        "Cleo Creator",
        "You owe 50 credits",
        "/credits/buy/",
        "If your bank lets",
    ):
        assert shown in page, shown
    assert "Answer" not in page
    for path in (f"/credits/payments/{affair.payment.uid}/", f"/credits/payments/{affair.payment.uid}/receipt/"):
        assert own_path(row) in page_of(fan, path)
    assert own_path(row) in page_of(fan, "/credits/payments/")
    assert KINDS["money_back"].page(told(fan)[0], None) == own_path(row)
    wallet = page_of(fan, "/wallet/")
    assert "You owe 50 credits" in wallet
    assert "/credits/payments/" in wallet


def test_the_api_tells_a_buyer_of_each_refund_and_dispute_of_a_payment(affair):
    fan, path = affair.fan.user, f"/api/v1/payments/{affair.payment.uid}/money-back"
    assert api_of(fan).get(path).json() == {"results": [], "next": None}
    happen(affair.shop, affair.payment, ("refunded", {"amount_minor": 100}), "disputed")
    first, second = api_of(fan).get(path).json()["results"]
    assert (first["kind"], first["unspent_centi"], first["parts"]) == ("refund", 10_000, [])
    assert (second["kind"], second["state"], second["currency"]) == ("dispute", "open", "USD")
    spent = [part["debt_centi"] + part["held_centi"] + part["reserve_centi"] for part in second["parts"]]
    assert sum(spent) + second["unspent_centi"] == 40_000


def test_after_a_win_the_page_says_that_the_debt_is_lifted(affair, row):
    happen(affair.shop, affair.payment, "won")
    page = page_of(affair.fan.user, own_path(row))
    assert "its debt is lifted" in page
    assert "You owe" not in page


def test_a_refund_that_failed_before_it_took_anything_is_no_case(affair):
    row = MoneyBack.objects.create(
        payment=affair.payment, kind="refund", state="failed", amount_minor=5, request_id=uuid.uuid4()
    )
    assert sign_in_as(affair.fan.user).get(own_path(row)).status_code == 404
    assert api_of(affair.fan.user).get(f"/api/v1/payments/{affair.payment.uid}/money-back").json()["results"] == []


# -- unlocks
def test_an_unlock_is_named_by_its_ware_to_both(affair):
    creator = affair.creator.user
    creator.verification_level = 2
    creator.save(update_fields=["verification_level"])
    ware = make_item(creator, title="A clay cup", price_centi=10_000)
    bought = buy(affair.fan.user, ware)
    row = affair.dispute()
    for user, path in ((affair.creator.user, f"{TOUCHED}{row.uid}/"), (affair.fan.user, own_path(row))):
        assert "A clay cup" in page_of(user, path)
    assert f"/library/{bought.uid}/" in page_of(affair.fan.user, own_path(row))
    parts = api_of(affair.creator.user).get(f"{API}/{row.uid}").json()["parts"]
    (unlock,) = [part for part in parts if part["kind"] == "unlock"]
    assert (unlock["item_id"], unlock["position"], unlock["conversation_id"]) == (str(ware.uid), None, None)


# -- strangers
def test_a_case_is_not_there_for_strangers_nor_staff_at_these_doors(affair, row):
    fan, creator = affair.fan.user, affair.creator.user
    payment = affair.payment
    paths = (f"{TOUCHED}{row.uid}/", own_path(row))
    doors = (f"{API}/{row.uid}", f"/api/v1/payments/{payment.uid}/money-back")
    for stranger in (make_user("fan"), make_user("creator"), make_staff("moderator"), make_staff("finance")):
        browser, api = sign_in_as(stranger), api_of(stranger)
        for answer in [*(browser.get(path) for path in paths), *(api.get(door) for door in doors)]:
            assert answer.status_code == 404
            assert str(affair.letters.uid) not in answer.content.decode()
        assert api.get(API).json()["results"] == []
        assert str(row.uid) not in page_of(stranger, TOUCHED)
    assert sign_in_as(fan).get(paths[0]).status_code == 404  # the buyer has a page of their own
    assert sign_in_as(creator).get(paths[1]).status_code == 404
    assert api_of(creator).get(doors[1]).status_code == 404
    for path in (*paths, TOUCHED):
        assert Client().get(path).status_code == 302
    for door in (*doors, API):
        assert Client().get(door).status_code == 401


def test_a_list_takes_as_many_questions_about_places_for_more_cases(affair, row, django_assert_num_queries):
    from payments import touched_selectors

    one = touched_selectors.list_touched(user=affair.creator.user, limit=20)
    with django_assert_num_queries(3):  # conversations, people and what they are called; no ware is among them
        again = touched_selectors._with_places([case.trace for case in one] * 3, affair.creator.user)
    assert again == one * 3
