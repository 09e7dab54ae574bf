"""The sandbox's payouts say what the official client's classes say that Stripe says, and what RazorpayX documents.

Razorpay's client gives plain dictionaries: its names are from razorpay.com/docs/api/x/{contacts,fund-accounts,payouts}.
"""

from __future__ import annotations

import json
import typing
import uuid

import httpx
import pytest
import stripe
from stripe import params
from stripe.params.v2 import core as core_params

from payments.gateways.base import ProviderRefused, ProviderUnreachable
from payments.gateways.payouts import AccountRequest, PayoutOrder, PayoutState
from payments.gateways.razorpayx import RazorpayXGateway
from payments.gateways.stripe_connect import StripeConnectGateway
from payments.sandbox.stripe_connect import ACCOUNT_PARAMS, TRANSFER_PARAMS

THIN = "v2.core.event"
STRIPE = {"Authorization": "Bearer sk_test_sandbox"}
CLASSES = {
    "transfer": stripe.Transfer,
    "bank_account": stripe.BankAccount,
    "v2.core.account": stripe.v2.core.Account,
    "v2.core.account_link": stripe.v2.core.AccountLink,
    "v2.core.event": stripe.v2.core.Event,
}
CONTACT = "active batch_id contact created_at email entity id name notes reference_id type"
FUND_ACCOUNT = "account_type active bank_account batch_id contact_id created_at entity id"
PAYOUT = (
    "amount batch_id created_at currency entity fee_type fees fund_account_id id mode narration notes purpose "
    "reference_id status status_details tax utr"
)


def members_of(kind):
    return {n: h for base in reversed(kind.__mro__) for n, h in vars(base).get("__annotations__", {}).items()}


def unknown_members(item):
    """Members that the client's class does not know; a thin event has its related object beside them."""
    known = set(members_of(CLASSES[item["object"]])) | ({"related_object"} if item["object"] == THIN else set())
    return set(item) - known


@pytest.fixture
def connect(sandbox):
    sandbox.turn()
    return StripeConnectGateway(api_key="sk_test_sandbox", api_base=sandbox.url)


@pytest.fixture
def razorpayx(sandbox):
    sandbox.turn()
    return RazorpayXGateway(
        key_id="rzp_test_sandbox",
        key_secret="sandbox",
        account_number="2323230000000000",
        api_base=f"{sandbox.url}/razorpay",
    )


def payee(**changes):
    fields = {"name": "Mara Lind", "email": "m@example.org", "country": "US", "currency": "USD", "details": {}}
    return AccountRequest(method_id=uuid.uuid4(), payee_id=uuid.uuid4(), **{**fields, **changes})


def onboarded(connect):
    account = connect.open_account(request=payee())
    url = connect.account_link(
        account_id=account.id, return_url="http://127.0.0.1:9/back", refresh_url="http://127.0.0.1:9/"
    )
    response = httpx.post(url, data={"account_number": "0001234560"}, timeout=30)
    assert (response.status_code, response.headers["location"]) == (303, "http://127.0.0.1:9/back")
    return account.id, url


def order(account_id, **changes):
    fields = {"amount_minor": 2_500, "currency": "USD", **changes}
    return PayoutOrder(payout_id=uuid.uuid4(), account_id=account_id, **fields)


def test_what_the_sandbox_takes_is_what_the_client_can_send():
    assert set(members_of(params.TransferCreateParams)) >= TRANSFER_PARAMS
    assert set(typing.get_type_hints(core_params.AccountCreateParams, include_extras=False)) >= ACCOUNT_PARAMS


def test_every_object_of_connect_has_members_that_the_client_knows(sandbox, connect):
    account_id, _ = onboarded(connect)
    asked = order(account_id)
    made = connect.create_payout(order=asked)
    includes = {"include[0]": "configuration.recipient", "include[1]": "identity", "include[2]": "requirements"}
    with httpx.Client(base_url=sandbox.url, headers=STRIPE, timeout=30) as api:
        account = api.get(f"/v2/core/accounts/{account_id}", params=includes).json()
        bank = api.get(f"/v1/accounts/{account_id}/external_accounts").json()["data"][0]
        transfer = api.get(f"/v1/transfers/{made.id}").json()
        bare = api.get(f"/v2/core/accounts/{account_id}").json()
    for item in (account, bank, transfer):
        assert unknown_members(item) == set(), item["object"]
    assert (bare["configuration"], bare["identity"], bare["requirements"]) == (None, None, None)
    (reversed_,) = control(sandbox, asked, "reversed")
    event = json.loads(reversed_["body"])
    assert (event["type"], event["data"]["object"]["amount_reversed"]) == ("transfer.reversed", 2_500)
    assert set(event) <= set(members_of(stripe.Event))


def control(sandbox, asked, word):
    body = {"payout_id": str(asked.payout_id), "event": word, "webhook": "hold"}
    response = httpx.post(f"{sandbox.url}/sandbox/payouts/control", json=body, timeout=30)
    assert response.status_code == 200, response.text
    return response.json()["webhooks"]


def test_the_page_of_connect_works_once_and_says_what_is_wrong(sandbox, connect):
    account_id, url = onboarded(connect)
    assert httpx.get(url, timeout=30).status_code == 404
    assert httpx.post(url, data={"account_number": "1"}, timeout=30).status_code == 404
    again = connect.account_link(account_id=account_id, return_url="http://127.0.0.1:9/", refresh_url="http://x/")
    page = httpx.get(again, timeout=30)
    assert "Sandbox: no real money" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert httpx.post(again, data={"account_number": "one"}, timeout=30).status_code == 422


def test_a_key_of_stripe_is_one_transfer_and_with_other_content_refused(connect):
    account_id, _ = onboarded(connect)
    asked = order(account_id)
    assert connect.create_payout(order=asked) == connect.create_payout(order=asked)
    other = PayoutOrder(payout_id=asked.payout_id, account_id=account_id, amount_minor=1, currency="USD")
    with pytest.raises(ProviderRefused):
        connect.create_payout(order=other)
    assert connect.fetch_payout(payout_id=asked.payout_id, provider_payout_id="").amount_minor == 2_500
    assert connect.fetch_payout(payout_id=uuid.uuid4(), provider_payout_id="") is None
    assert connect.fetch_payout(payout_id=uuid.uuid4(), provider_payout_id="tr_nobody") is None


def test_an_account_that_is_not_complete_takes_no_transfer(connect):
    account = connect.open_account(request=payee())
    with pytest.raises(ProviderRefused) as refusal:
        connect.create_payout(order=order(account.id))
    assert refusal.value.code == "insufficient_capabilities_for_transfer"


def test_a_wrong_key_of_ours_is_no_refusal_of_the_payout(sandbox):
    gateway = StripeConnectGateway(api_key="sk_wrong", api_base=sandbox.url)
    with pytest.raises(ProviderUnreachable):
        gateway.create_payout(order=order("acct_x"))


def indian(**changes):
    details = {"account_holder": "Asha Rao", "account_number": "50100123456789", "ifsc": "HDFC0001234"}
    return payee(name="Asha Rao", country="IN", currency="INR", details={**details, **changes})


def test_every_entity_of_razorpayx_has_the_documented_members(sandbox, razorpayx):
    account = razorpayx.open_account(request=indian())
    asked = order(account.id, currency="INR")
    made = razorpayx.create_payout(order=asked)
    assert (made.state, made.reference) == (PayoutState.PENDING, str(asked.payout_id))
    base = f"{sandbox.url}/razorpay/v1"
    with httpx.Client(auth=("rzp_test_sandbox", "sandbox"), timeout=30) as api:
        fund_account = api.get(f"{base}/fund_accounts/{account.id}").json()
        contact = api.post(f"{base}/contacts", json={"name": "Asha Rao", "type": "vendor"}).json()
        payout = api.get(f"{base}/payouts/{made.id}").json()
    assert [" ".join(sorted(item)) for item in (fund_account, contact, payout)] == [FUND_ACCOUNT, CONTACT, PAYOUT]
    (webhook,) = control(sandbox, asked, "paid")
    event = json.loads(webhook["body"])
    assert (event["event"], event["contains"]) == ("payout.processed", ["payout"])
    assert " ".join(sorted(event["payload"]["payout"]["entity"])) == PAYOUT


def test_the_same_details_are_one_fund_account(razorpayx):
    request = indian()
    first = razorpayx.open_account(request=request)
    assert razorpayx.open_account(request=request).id == first.id
    assert (first.label, first.identity) == ("HDFC •••• 6789", "HDFC0001234:50100123456789")


def test_a_key_of_razorpayx_is_one_payout(razorpayx):
    account = razorpayx.open_account(request=indian())
    asked = order(account.id, currency="INR")
    first = razorpayx.create_payout(order=asked)
    assert razorpayx.create_payout(order=asked).id == first.id
    assert razorpayx.fetch_payout(payout_id=asked.payout_id, provider_payout_id="").id == first.id
    assert razorpayx.fetch_payout(payout_id=uuid.uuid4(), provider_payout_id="") is None
    assert razorpayx.fetch_payout(payout_id=uuid.uuid4(), provider_payout_id="pout_nobody") is None
    other = PayoutOrder(payout_id=asked.payout_id, account_id=account.id, amount_minor=999, currency="INR")
    with pytest.raises(ProviderRefused):
        razorpayx.create_payout(order=other)


def test_a_upi_address_is_paid_by_upi_and_much_by_neft(sandbox, razorpayx):
    upi = razorpayx.open_account(request=payee(country="IN", currency="INR", name="Asha Rao", details={
        "account_holder": "Asha Rao", "vpa": "asha@okhdfc",
    }))  # fmt: skip
    bank = razorpayx.open_account(request=indian())
    found = []
    for account, amount in ((upi, 100_00), (bank, 100_00), (bank, 600_000_00)):
        made = razorpayx.create_payout(order=order(account.id, currency="INR", amount_minor=amount))
        answer = httpx.get(
            f"{sandbox.url}/razorpay/v1/payouts/{made.id}", auth=("rzp_test_sandbox", "sandbox"), timeout=30
        )
        found.append(answer.json()["mode"])
    assert found == ["UPI", "IMPS", "NEFT"]


@pytest.mark.parametrize(
    ("word", "state", "reason"),
    [
        ("paid", PayoutState.PAID, ""),
        ("failed", PayoutState.RETURNED, "refused_by_bank"),
        ("reversed", PayoutState.RETURNED, "account_closed"),
    ],
)
def test_how_a_payout_of_razorpayx_ends(sandbox, razorpayx, word, state, reason):
    asked = order(razorpayx.open_account(request=indian()).id, currency="INR")
    made = razorpayx.create_payout(order=asked)
    control(sandbox, asked, word)
    found = razorpayx.fetch_payout(payout_id=asked.payout_id, provider_payout_id=made.id)
    assert (found.state, found.reason) == (state, reason)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"payout_id": "nobody", "event": "paid"}, 404),
        ({"payout_id": "nobody", "event": "paid", "webhook": "later"}, 422),
    ],
)
def test_the_control_door_says_what_is_wrong(sandbox, body, status):
    assert httpx.post(f"{sandbox.url}/sandbox/payouts/control", json=body, timeout=30).status_code == status


def test_a_step_out_of_order_is_refused(sandbox, razorpayx):
    asked = order(razorpayx.open_account(request=indian()).id, currency="INR")
    razorpayx.create_payout(order=asked)
    control(sandbox, asked, "failed")
    body = {"payout_id": str(asked.payout_id), "event": "paid"}
    assert httpx.post(f"{sandbox.url}/sandbox/payouts/control", json=body, timeout=30).status_code == 409
