"""Payments for finance staff: finding one, and sending money back, on the pages and in the API."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from moderation.tests.test_payouts import api_of, browser_of, text_of
from pairly.testing.people import make_staff, make_user, sign_in_as
from payments.models import MoneyBack, Payment
from payments.tests.buying import Buyer
from payments.tests.conftest import sandbox, shop  # noqa: F401 - fixtures
from payments.tests.test_refunds import bought, refunds_at_provider
from security.models import AuditEntry
from users.models import User

pytestmark = pytest.mark.django_db
LIST = "/staff/payments/"
CHOSEN = {"amount": "2.00", "reason": "asked_for"}


@pytest.fixture
def buyer() -> Buyer:
    return Buyer()


@pytest.fixture
def payment(shop, buyer) -> Payment:  # noqa: F811 - the fixture
    return bought(shop, buyer)


@pytest.fixture
def finance() -> User:
    return make_staff("finance", name="Fin Ance")


def path_of(payment: Payment, deed: str = "") -> str:
    return f"{LIST}{payment.uid}/{deed}"


def confirm(browser: Client, payment: Payment, **changes: str) -> dict[str, str]:
    """The fields of the page that shows the refund once more."""
    chosen = {**CHOSEN, **changes}
    page = browser.get(path_of(payment, "refund/"), chosen)
    assert page.status_code == 200, text_of(page)
    (nonce,) = re.findall(r'name="nonce" value="([^"]+)"', page.content.decode())
    return {**chosen, "nonce": nonce}


def post_api(api: Client, payment: Payment, key: uuid.UUID | None = None, **changes: Any) -> Any:
    body = {"amount_minor": 200, "reason": "asked_for", **changes}
    where = f"/api/v1/admin/payments/{payment.uid}/refund"
    return api.post(where, body, "application/json", headers={"Idempotency-Key": str(key or uuid.uuid4())})


def asked() -> int:
    return AuditEntry.objects.filter(action="payment.refund_requested").count()


def assert_untouched(payment: Payment, buyer: Buyer) -> None:
    assert (MoneyBack.objects.count(), asked(), refunds_at_provider(payment)) == (0, 0, [])
    assert buyer.balance_centi == 50_000


# -- finding one
def test_a_payment_is_found_by_its_id_the_providers_reference_and_the_buyers_address(payment, buyer, finance):
    bought_by_another = Payment.objects.create(
        user=make_user("fan", name="Somebody Else"), request_id=uuid.uuid4(), provider="stripe", package="credits-500",
        currency="EUR", amount_minor=500, credits_centi=50_000,
    )  # fmt: skip
    browser = browser_of(finance)
    for text in (
        payment.uid,
        payment.provider_payment_id,
        payment.provider_session_id,
        buyer.user.email,
        buyer.user.uid,
    ):
        page = browser.get(LIST, {"q": text}).content.decode()
        assert path_of(payment) in page, text
        assert path_of(bought_by_another) not in page, text
    seen = AuditEntry.objects.filter(action="staff.payments_viewed", subject_uid=buyer.user.uid)
    assert (seen.count(), seen[0].is_private_view) == (5, True)
    assert "No such payment" in text_of(browser.get(LIST, {"q": "pi_unknown"}))
    assert browser.get(LIST, {"q": ""}).status_code == 422
    assert browser.get(LIST).status_code == 200


def test_a_refund_and_a_dispute_lead_to_their_payment(payment, finance):
    MoneyBack.objects.create(
        payment=payment, kind="dispute", state="warning", amount_minor=500, provider_object_id="du_searched"
    )
    assert path_of(payment) in browser_of(finance).get(LIST, {"q": "du_searched"}).content.decode()


def test_the_page_shows_what_is_left_and_the_look_is_recorded(payment, buyer, finance):
    page = text_of(browser_of(finance).get(path_of(payment)))
    for shown in ("USD 5.00", "Left to refund", buyer.user.name, str(payment.uid), "Look at it once more"):
        assert shown in page, shown
    assert buyer.user.email not in page
    assert AuditEntry.objects.filter(action="staff.payment_viewed", subject_uid=buyer.user.uid).count() == 1


# -- refunding on the pages
def test_a_part_is_refunded_after_a_look_once_more_and_a_double_click_is_one(payment, buyer, finance):
    browser = browser_of(finance)
    fields = confirm(browser, payment)
    for _ in range(2):
        answer = browser.post(path_of(payment, "refund/"), fields)
        assert answer["Location"] == path_of(payment)
    assert (refunds_at_provider(payment), buyer.balance_centi, asked()) == ([200], 30_000, 1)
    row = MoneyBack.objects.get()
    assert (row.reason, row.requested_by) == ("asked_for", finance)
    page = text_of(browser.get(path_of(payment)))
    for shown in ("USD 2.00", "USD 3.00", "The buyer asked for it"):
        assert shown in page, shown


def test_what_was_never_shown_once_more_is_not_refunded(payment, buyer, finance):
    answer = browser_of(finance).post(path_of(payment, "refund/"), CHOSEN)
    assert answer["Location"].startswith(path_of(payment, "refund/?"))
    assert_untouched(payment, buyer)


def test_an_old_proof_leads_to_a_new_one_and_back_to_the_same_refund(payment, buyer, finance):
    browser = browser_of(finance, is_proven=False)
    page = text_of(browser.get(path_of(payment, "refund/"), CHOSEN))
    assert "Confirm that it is me" in page
    assert "Refund it" not in page
    answer = browser.post(path_of(payment, "refund/"), {**CHOSEN, "nonce": str(uuid.uuid4())})
    assert answer["Location"].startswith("/step-up/")
    assert "refund" in answer["Location"]
    assert_untouched(payment, buyer)


@pytest.mark.parametrize("changes", [{"amount": "-1"}, {"amount": "x"}, {"amount": "1.001"}, {"reason": ""}])
def test_bad_input_is_said_at_its_field(payment, buyer, finance, changes):
    browser = browser_of(finance)
    fields = {**CHOSEN, "nonce": str(uuid.uuid4()), **changes}
    assert browser.get(path_of(payment, "refund/"), fields).status_code == 422
    assert browser.post(path_of(payment, "refund/"), fields).status_code == 422
    assert_untouched(payment, buyer)


def test_more_than_is_left_is_refused_at_both_doors(payment, buyer, finance):
    browser = browser_of(finance)
    answer = browser.post(path_of(payment, "refund/"), confirm(browser, payment, amount="5.01"))
    assert answer.status_code == 422
    assert "So much of this payment is not left" in text_of(answer)
    answer = post_api(api_of(finance), payment, amount_minor=501)
    body = answer.json()
    assert (answer.status_code, body["code"], body["left_minor"]) == (422, "refund_too_large", 500)
    assert_untouched(payment, buyer)


# -- the API
def test_the_api_refunds_once_for_a_key_and_says_what_stands(payment, buyer, finance):
    api, key = api_of(finance), uuid.uuid4()
    first, again = (post_api(api, payment, key) for _ in range(2))
    assert (first.status_code, first.json()) == (201, again.json())
    found = first.json()
    assert (found["state"], found["amount_minor"], found["currency"]) == ("succeeded", 200, "USD")
    assert (refunds_at_provider(payment), buyer.balance_centi, asked()) == ([200], 30_000, 1)
    assert post_api(api, payment, key, amount_minor=201).json()["code"] == "idempotency_conflict"
    assert post_api(api, payment, amount_minor=300).status_code == 201
    assert post_api(api, payment, amount_minor=1).json()["code"] == "not_refundable"


def test_the_api_takes_a_key_a_fresh_proof_and_a_known_reason(payment, buyer, finance):
    api, where = api_of(finance), f"/api/v1/admin/payments/{payment.uid}/refund"
    without = api.post(where, {"amount_minor": 1, "reason": "other"}, "application/json")
    assert without.json()["code"] == "idempotency_key_required"
    assert post_api(api, payment, reason="because").status_code == 422
    assert post_api(api, payment, amount_minor=0).status_code == 422
    assert post_api(api_of(finance, is_proven=False), payment).json()["code"] == "step_up_required"
    assert_untouched(payment, buyer)


# -- who may
def test_who_is_not_of_finance_finds_and_refunds_nothing(payment, buyer):
    fields = {**CHOSEN, "nonce": str(uuid.uuid4())}
    people = ((buyer.user, 404), (make_user("creator"), 404), (make_user("fan"), 404), (make_staff("moderator"), 403))
    for person, status in (*people, (make_staff("support"), 403)):
        browser = browser_of(person)
        answers = [browser.get(LIST, {"q": buyer.user.email}), browser.get(path_of(payment))]
        answers += [browser.get(path_of(payment, "refund/"), CHOSEN), browser.post(path_of(payment, "refund/"), fields)]
        answers.append(post_api(api_of(person), payment))
        assert [answer.status_code for answer in answers] == [status] * 5
        assert all(str(payment.provider_payment_id) not in answer.content.decode() for answer in answers)
    assert Client().post(path_of(payment, "refund/"), fields).status_code == 302
    assert post_api(Client(), payment).status_code == 401
    assert not AuditEntry.objects.filter(action__in=["staff.payments_viewed", "staff.payment_viewed"]).exists()
    assert_untouched(payment, buyer)


def test_nobody_of_finance_refunds_or_finds_their_own_payment(payment, buyer):
    me = buyer.user
    me.is_staff = True
    me.save(update_fields=["is_staff"])
    me.groups.set(make_staff("finance").groups.all())
    browser = browser_of(me)
    assert browser.get(path_of(payment)).status_code == 404
    assert "No such payment" in text_of(browser.get(LIST, {"q": str(payment.uid)}))
    assert browser.post(path_of(payment, "refund/"), {**CHOSEN, "nonce": str(uuid.uuid4())}).status_code == 404
    assert post_api(api_of(me), payment).json()["code"] == "own_payment"
    assert_untouched(payment, buyer)


def test_without_a_second_factor_the_doors_ask_for_one(payment, finance):
    answer = sign_in_as(finance, factor=None).get(path_of(payment))
    assert answer.status_code == 302
