"""Where money goes: shown by a few digits, sealed or told to the provider alone, waiting its days, told by mail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from pairly.common.problems import InvalidInput, NotFound
from pairly.outbox.models import OutboxRow
from pairly.testing.people import make_user
from payments import payout_selectors as selectors
from payments.errors import CreatorsOnly, MethodNotReady, ProviderUnavailable, TooManyMethods, VerificationRequired
from payments.gateways.payout_registry import get_payout_gateway
from payments.models import PayoutMethod
from payments.services import payout_methods
from payments.tests.paying_out import INDIAN, MANUAL, add, make_payee, onboard, sign_in_of
from users.errors import StepUpRequired
from users.models import EmailChange

pytestmark = pytest.mark.django_db


def mails():
    """Who was told what."""
    rows = OutboxRow.objects.order_by("id")
    return [(row.payload["notice"], row.payload["to"]) for row in rows if "notice" in row.payload]


def test_a_manual_account_is_sealed_and_shown_by_its_last_digits():
    creator = make_payee(earned_centi=0)
    method = add(creator, is_locked=True)
    assert (method.label, method.state, method.provider_account_id) == ("Commerzbank •••• 3000", "ready", "")
    assert b"0532013000" not in bytes(method.sealed_details)
    opened = payout_methods.open_details(method=method)
    assert opened == {**MANUAL, "account_number": "DE89370400440532013000"}
    assert timedelta(days=4, hours=23) < method.usable_at - timezone.now() <= timedelta(days=5)
    assert mails() == [("payout_method_added", creator.email)]


def test_the_address_that_was_changed_lately_is_told_too():
    creator, now = make_payee(earned_centi=0), timezone.now()
    EmailChange.objects.create(
        user=creator, old_email="old@example.org", new_email=creator.email, expires_at=now, confirmed_at=now,
        undo_until=now + timedelta(days=7),
    )  # fmt: skip
    add(creator)
    assert mails() == [("payout_method_added", creator.email), ("payout_method_added", "old@example.org")]


def test_the_same_account_again_is_the_same_method():
    creator = make_payee(earned_centi=0)
    first = add(creator)
    again = add(creator, details={**MANUAL, "account_number": "de89370400440532013000"})
    assert (again.pk, len(mails())) == (first.pk, 1)


def test_a_removed_one_that_is_added_again_waits_again():
    creator = make_payee(earned_centi=0)
    first = add(creator)
    payout_methods.remove_method(user=creator, uid=first.uid)
    again = add(creator, is_locked=True)
    assert again.pk != first.pk
    assert again.usable_at > timezone.now()
    assert [notice for notice, _ in mails()] == [
        "payout_method_added", "payout_method_removed", "payout_method_added",
    ]  # fmt: skip


def test_who_cannot_be_paid_adds_nothing():
    fan, unverified = make_user("fan"), make_user("creator")
    for user, error in ((fan, CreatorsOnly), (unverified, VerificationRequired)):
        with pytest.raises(error):
            add(user)
    creator = make_payee(earned_centi=0)
    with pytest.raises(StepUpRequired):
        add(creator, sign_in=sign_in_of(creator, age=timedelta(minutes=6)))
    assert not PayoutMethod.objects.exists()


@pytest.mark.parametrize(
    ("kind", "changes", "pointers"),
    [
        ("manual", {"details": {}}, ["/account_holder", "/account_number", "/bank_code", "/bank_name"]),
        ("manual", {"details": {**MANUAL, "account_number": "DE89370400440532013001"}}, ["/account_number"]),
        ("manual", {"currency": "CHF"}, ["/currency"]),
        ("manual", {"country": "Germany"}, ["/country"]),
        ("razorpayx", {"details": {**INDIAN, "ifsc": "HDFC1001234"}}, ["/ifsc"]),
        ("razorpayx", {"country": "US"}, ["/country"]),
        ("razorpayx", {"details": {"account_holder": "Asha Rao", "vpa": "asha"}}, ["/vpa"]),
        ("stripe", {"country": "IN"}, ["/country"]),
        ("stripe", {"currency": "INR"}, ["/currency"]),
    ],
)
def test_slips_are_named_by_their_field(kind, changes, pointers):
    with pytest.raises(InvalidInput) as refusal:
        add(make_payee(earned_centi=0), kind=kind, **changes)
    assert sorted(row["pointer"] for row in refusal.value.errors) == pointers
    assert not PayoutMethod.objects.exists()


def test_an_unknown_kind_is_refused():
    with pytest.raises(InvalidInput):
        payout_methods.add_method(
            user=make_payee(earned_centi=0), kind="cheque", currency="USD", country="US", details={}
        )


def test_there_are_five_at_most():
    creator = make_payee(earned_centi=0)
    for n in range(5):
        add(creator, details={**MANUAL, "account_number": f"12345678{n}"})
    with pytest.raises(TooManyMethods):
        add(creator)


def test_a_stranger_neither_sees_nor_changes_it(shop):
    creator, stranger = make_payee(earned_centi=0), make_payee(earned_centi=0)
    method = add(creator)
    for touch in (selectors.get_method, payout_methods.remove_method, payout_methods.onboarding_url):
        with pytest.raises(NotFound):
            touch(user=stranger, uid=method.uid)
    assert list(selectors.list_methods(user=stranger)) == []
    method.refresh_from_db()
    assert method.state == "ready"


def test_a_manual_one_has_no_page_of_a_provider():
    creator = make_payee(earned_centi=0)
    with pytest.raises(MethodNotReady):
        payout_methods.onboarding_url(user=creator, uid=add(creator).uid)


def test_in_india_the_details_go_to_the_provider_and_are_not_kept(shop):
    creator = make_payee(earned_centi=0)
    method = add(creator, kind="razorpayx")
    assert (method.label, method.state, method.sealed_details) == ("HDFC •••• 6789", "ready", None)
    assert method.provider_account_id.startswith("fa_")
    by_upi = add(creator, kind="razorpayx", details={"account_holder": "Asha Rao", "vpa": "Asha.Rao@okhdfc"})
    assert by_upi.label == "UPI as••••@okhdfc"


def test_what_the_provider_does_not_accept_is_told_and_kept_nowhere(shop):
    with pytest.raises(InvalidInput) as refusal:
        add(make_payee(earned_centi=0), kind="razorpayx", details={**INDIAN, "account_number": "50100120000"})
    assert refusal.value.errors[0]["pointer"] == "/details"
    assert not PayoutMethod.objects.exists()


def test_by_stripe_it_is_ready_when_its_page_was_completed(shop):
    creator = make_payee(earned_centi=0)
    method = add(creator, kind="stripe", is_locked=True)
    assert (method.state, method.label) == ("pending", "Stripe USD")
    assert payout_methods.refresh_method(uid=method.uid).state == "pending"
    assert add(creator, kind="stripe").pk == method.pk  # one that waits is gone on with
    done, usable_at = onboard(method), method.usable_at
    assert (done.state, done.label, done.usable_at) == ("ready", "Sandbox Bank •••• 6780", usable_at)
    assert [notice for notice, _ in mails()] == ["payout_method_added"]


def test_an_account_that_stripe_does_not_accept_stays_unfinished(shop):
    assert onboard(add(make_payee(earned_centi=0), kind="stripe"), number="123456789").state == "pending"


def test_another_account_at_stripe_waits_and_is_told(shop):
    creator = make_payee(earned_centi=0)
    method = onboard(add(creator, kind="stripe"))
    assert method.usable_at <= timezone.now()
    changed = onboard(method, number="555666777")
    assert changed.usable_at > timezone.now() + timedelta(days=4)
    assert mails()[-1] == ("payout_method_changed", creator.email)
    same = onboard(changed, number="555666777")
    assert (same.usable_at, len(mails())) == (changed.usable_at, 2)


@pytest.mark.parametrize("kind", ["stripe", "manual"])
def test_one_account_under_two_names_shows(shop, kind):
    methods = [add(make_payee(earned_centi=0), kind=kind) for _ in range(2)]
    if kind == "stripe":
        methods = [onboard(method) for method in methods]
    assert [selectors.count_others_with(method=method) for method in methods] == [1, 1]


def test_a_provider_that_is_away_leaves_nothing_half_done(shop, settings):
    creator = make_payee(earned_centi=0)
    method = add(creator, kind="stripe")
    settings.STRIPE_API_BASE, settings.RAZORPAY_API_BASE = "http://127.0.0.1:9", "http://127.0.0.1:9/razorpay"
    for kind in ("stripe", "razorpayx"):
        with pytest.raises(ProviderUnavailable):
            add(make_payee(earned_centi=0), kind=kind)
    with pytest.raises(ProviderUnavailable):
        payout_methods.refresh_method(uid=method.uid)
    assert PayoutMethod.objects.count() == 1


def test_an_answer_lost_after_the_commit_makes_no_second_account(shop):
    creator = make_payee(earned_centi=0)
    shop.turn(error_after_commit=1)
    method = add(creator, kind="stripe")  # the client repeats with the same key
    shop.turn()
    assert get_payout_gateway(kind="stripe").fetch_account(account_id=method.provider_account_id).is_ready is False


def test_a_method_is_never_turned_into_another_account():
    method = add(make_payee(earned_centi=0))
    row = PayoutMethod.objects.filter(pk=method.pk)
    for change in (
        {"user": make_user("creator")}, {"kind": "stripe"}, {"provider_account_id": "acct_other"},
        {"currency": "EUR"}, {"sealed_details": b"other"}, {"usable_at": method.usable_at - timedelta(days=1)},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**change)
    payout_methods.remove_method(user=method.user, uid=method.uid)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.update(state="ready", removed_at=None)
