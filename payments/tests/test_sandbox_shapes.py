"""What the sandbox says is what the official client's classes say that Stripe says."""

from __future__ import annotations

import json
import typing
import uuid

import httpx
import pytest
import stripe

from payments.gateways.stripe import StripeGateway
from payments.tests.sandboxes import SECRET, request_for

KEY = {"Authorization": "Bearer sk_test_sandbox"}
CLASSES: dict[str, type[stripe.StripeObject]] = {
    "checkout.session": stripe.checkout.Session,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "balance_transaction": stripe.BalanceTransaction,
    "radar.early_fraud_warning": stripe.radar.EarlyFraudWarning,
    "event": stripe.Event,
}


def members_of(kind: type) -> dict[str, typing.Any]:
    """The client's annotations; what they name of other modules is left as it is written."""
    return {
        name: hint for base in reversed(kind.__mro__) for name, hint in vars(base).get("__annotations__", {}).items()
    }


def find_differences(item: dict[str, typing.Any]) -> list[str]:
    """Members that the client does not know, of this object and of all within; kinds that the annotation excludes."""
    known = members_of(CLASSES[item["object"]])
    found = [f"{item['object']}.{name}" for name in item if name not in known]
    for name, value in item.items():
        if value is None and type(None) not in typing.get_args(known.get(name)):
            found.append(f"{item['object']}.{name} is null")
        elif type(value) in (int, str, bool) and known.get(name) in (int, str, bool) and type(value) is not known[name]:
            found.append(f"{item['object']}.{name} is {type(value).__name__}")
        rows = value if isinstance(value, list) else [value]
        for row in rows:
            if isinstance(row, dict) and isinstance(row.get("object"), str) and row["object"] in CLASSES:
                found += find_differences(row)
    return found


def list_statuses(kind: type[stripe.StripeObject]) -> set[str]:
    hint = members_of(kind)["status"]
    return {text for part in typing.get_args(hint) for text in typing.get_args(part)}


@pytest.fixture(scope="module")
def objects(sandbox) -> dict[str, dict[str, typing.Any]]:
    """One of each kind, as the API shows it."""
    gateway = StripeGateway(api_key="sk_test_sandbox", webhook_secret=SECRET, api_base=sandbox.url)
    request = request_for(uuid.uuid4())
    session = gateway.create_checkout(request=request)
    bodies = []
    for word, how in (("paid", {}), ("refunded", {"amount_minor": 100}), ("warned", {}), ("disputed", {}), ("won", {})):
        bodies += sandbox.hold(request.payment_id, word, **how)

    def get(path: str) -> dict[str, typing.Any]:
        answer = httpx.get(f"{sandbox.url}/v1/{path}", headers=KEY)
        assert answer.status_code == 200, answer.text
        return answer.json()

    shown = get(f"checkout/sessions/{session.id}?expand[]=payment_intent.latest_charge.refunds")
    intent = shown["payment_intent"]
    of_intent = f"?payment_intent={intent['id']}"
    events = [json.loads(body["body"]) for body in bodies]
    return {
        "checkout.session": shown,
        "payment_intent": intent,
        "charge": intent["latest_charge"],
        "refund": get(f"refunds{of_intent}")["data"][0],
        "dispute": get(f"disputes{of_intent}")["data"][0],
        "radar.early_fraud_warning": get(f"radar/early_fraud_warnings{of_intent}")["data"][0],
        "events": {event["type"]: event for event in events},
    }


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind not in ("event", "balance_transaction")])
def test_members_of_the_api_are_members_of_the_client(objects, kind):
    item = objects[kind]
    assert item["object"] == kind
    assert find_differences(item) == []
    made = CLASSES[kind].construct_from(item, "sk_test_sandbox")
    assert made.id == item["id"]


def test_members_of_events_are_members_of_the_client(objects):
    assert len(objects["events"]) == 10
    for event in objects["events"].values():
        assert find_differences(event) == []
        assert find_differences(event["data"]["object"]) == []


def test_the_lists_are_the_clients_and_a_wrong_member_is_seen(objects):
    refunds = objects["charge"]["refunds"]
    assert set(refunds) - {"object"} <= set(members_of(stripe.ListObject))
    assert refunds["object"] == stripe.ListObject.OBJECT_NAME
    assert objects["dispute"]["status"] in list_statuses(stripe.Dispute)
    assert objects["payment_intent"]["status"] in list_statuses(stripe.PaymentIntent)
    wrong = {**objects["refund"], "refunded_by": "ada", "amount": "5", "currency": None}
    assert find_differences(wrong) == ["refund.refunded_by", "refund.amount is str", "refund.currency is null"]
