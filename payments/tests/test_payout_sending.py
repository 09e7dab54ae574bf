"""Money leaves once for each payout, whatever crashes, repeats or loses its answer, and what comes back is booked once.

Both official clients talk to the real sandbox.
"""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from credits import invariants
from credits import selectors as ledger
from pairly.common import after_commit
from pairly.common.problems import InvalidInput, NotFound
from pairly.testing.people import make_staff
from payments import payout_selectors as selectors
from payments import tasks
from payments.errors import MethodNotReady, OwnPayout, PayoutHeld, PayoutNotOpen
from payments.gateways.payout_registry import get_payout_gateway
from payments.models import Payout, PayoutMethod, WebhookEvent
from payments.services import payout_by_hand, payout_methods, payout_reviews, payout_sending
from payments.tests.buying import deliver, signed, work
from payments.tests.paying_out import (
    AMOUNT,
    accounts_of,
    add,
    approved,
    count_at_provider,
    happen,
    make_payee,
    onboard,
    ops_of,
    ready,
    statuses,
)
from users.models import Restriction

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def approved_by(kind):
    creator = make_payee()
    return approved(creator, ready(creator, kind))


def again(payout):
    """As if the lease of whoever crashed was over."""
    Payout.objects.filter(pk=payout.pk).update(checked_at=timezone.now() - timedelta(minutes=10))


def money(payout):
    """What is earned, set aside and owed of this payout's creator, and which steps the ledger has."""
    accounts = accounts_of(payout.user)
    return accounts["creator:earned"], accounts["creator:payout_locked"], ops_of(payout.user)


def assert_books():
    assert [finding for finding in invariants.check_in_transaction() if not finding.is_ok] == []


LEFT = 1_000_000 - AMOUNT
SENT, SETTLED = ["payout", "payout_sent"], ["payout", "payout_sent", "payout_settled"]


def test_by_stripe_the_money_has_left_with_the_transfer(shop):
    payout = payout_sending.send(uid=approved_by("stripe").uid)
    assert (payout.status, payout.provider_payout_id[:3]) == ("paid", "tr_")
    assert statuses(payout) == [
        ("requested", "risk"), ("approved", "approved"), ("processing", "sent"), ("paid", "paid"),
    ]  # fmt: skip
    assert money(payout) == (LEFT, 0, SETTLED)
    assert count_at_provider(shop, payout) == 1
    assert_books()


def test_by_razorpayx_it_is_paid_when_the_bank_says_so(shop):
    payout = payout_sending.send(uid=approved_by("razorpayx").uid)
    assert (payout.status, payout.currency, payout.amount_minor) == ("processing", "INR", 224_500)
    assert money(payout) == (LEFT, 0, SENT)
    deliver_all(happen(shop, payout, "paid"))
    work()
    payout.refresh_from_db()
    assert payout.status == "paid"
    assert money(payout) == (LEFT, 0, SETTLED)
    assert_books()


def deliver_all(webhooks):
    for webhook in webhooks:
        kind = "razorpay" if "X-Razorpay-Signature" in webhook["headers"] else "stripe"
        assert deliver(webhook, path=f"/api/v1/payments/webhook/{kind}").status_code == 200


@pytest.mark.parametrize("kind", ["stripe", "razorpayx"])
def test_sending_again_sends_nothing(shop, kind):
    payout = approved_by(kind)
    for _ in range(3):
        payout_sending.send(uid=payout.uid)
        again(payout)
    assert count_at_provider(shop, payout) == 1
    assert money(payout)[1] == 0


@pytest.mark.parametrize("kind", ["stripe", "razorpayx"])
def test_a_crash_before_the_call_is_made_good(shop, kind):
    payout = approved_by(kind)
    assert payout_sending._begin(payout.uid) is not None  # and then the process died
    assert payout_sending.send(uid=payout.uid).provider_payout_id is None  # the lease: somebody may be calling
    assert count_at_provider(shop, payout) == 0
    again(payout)
    assert payout_sending.sweep(at=timezone.now()) == (1 if kind == "stripe" else 0)
    assert count_at_provider(shop, payout) == 1
    payout.refresh_from_db()
    assert payout.provider_payout_id


@pytest.mark.parametrize("kind", ["stripe", "razorpayx"])
def test_a_crash_after_the_call_finds_what_was_made(shop, kind, monkeypatch):
    payout = approved_by(kind)
    turn = payout_sending._begin(payout.uid)
    made = payout_sending._call(turn)  # and then the process died
    again(payout)
    # Also where the provider has forgotten the key: we do not ask for a second one.
    monkeypatch.setattr(type(get_payout_gateway(kind=kind)), "create_payout", None)
    assert payout_sending.send(uid=payout.uid).provider_payout_id == made.id
    assert count_at_provider(shop, payout) == 1


@pytest.mark.parametrize("kind", ["stripe", "razorpayx"])
def test_an_answer_that_was_lost_after_the_commit_is_found_by_our_reference(shop, kind):
    payout = approved_by(kind)
    shop.turn(error_after_commit=9)
    lost = payout_sending.send(uid=payout.uid)
    assert (lost.status, lost.provider_payout_id, lost.reason) == ("processing", None, "provider_away")
    shop.turn()
    again(payout)
    assert payout_sending.send(uid=payout.uid).provider_payout_id
    assert count_at_provider(shop, payout) == 1
    assert_books()


@pytest.mark.parametrize("kind", ["stripe", "razorpayx"])
def test_a_provider_that_is_away_costs_nothing_and_is_tried_again(shop, kind, settings):
    payout = approved_by(kind)
    settings.STRIPE_API_BASE, settings.RAZORPAY_API_BASE = "http://127.0.0.1:9", "http://127.0.0.1:9/razorpay"
    away = payout_sending.send(uid=payout.uid)
    assert away.reason == "provider_away"
    assert payout_sending.sweep(at=timezone.now()) == 0
    settings.STRIPE_API_BASE, settings.RAZORPAY_API_BASE = shop.url, f"{shop.url}/razorpay"
    again(payout)
    payout_sending.sweep(at=timezone.now())
    payout.refresh_from_db()
    assert payout.provider_payout_id
    assert statuses(payout).count((away.status, "provider_away")) == 1
    assert count_at_provider(shop, payout) == 1


def test_a_refusal_of_the_provider_gives_the_credits_back(shop):
    payout = approved_by("stripe")
    turn = payout_sending._begin(payout.uid)
    refused = payout_sending._follow_refusal(turn, "account_closed")
    assert (refused.status, refused.reason) == ("returned", "provider_failed")
    assert money(payout) == (1_000_000, 0, [*SENT[:1], "payout_returned", "payout_sent"])
    assert_books()


def test_a_refusal_is_not_believed_where_the_provider_has_the_payout(shop):
    payout = approved_by("stripe")
    turn = payout_sending._begin(payout.uid)
    payout_sending._call(turn)
    assert payout_sending._follow_refusal(turn, "idempotency_error").status == "paid"
    assert money(payout) == (LEFT, 0, SETTLED)


@pytest.mark.parametrize(
    ("kind", "before", "event", "reason", "steps"),
    [
        ("stripe", [], "returned", "came_back", [*SENT, "payout_settled"]),
        ("razorpayx", ["paid"], "returned", "account_closed", [*SENT, "payout_settled"]),
        ("razorpayx", [], "failed", "refused_by_bank", SENT),
    ],
)
def test_money_that_came_back_is_earned_again_once(shop, kind, before, event, reason, steps):
    payout = payout_sending.send(uid=approved_by(kind).uid)
    for word in before:
        deliver_all(happen(shop, payout, word))
        work()
    webhooks = happen(shop, payout, event)
    for _ in range(3):
        deliver_all(webhooks)
        work()
        payout_sending.check(uid=payout.uid)
    payout.refresh_from_db()
    back = "payout_bounced" if len(steps) == 3 else "payout_returned"
    assert (payout.status, payout.reason) == ("returned", reason)
    assert money(payout) == (1_000_000, 0, sorted([*steps, back]))
    assert ledger.get_earnings(user_id=payout.user_id).withdrawable_centi == 1_000_000
    assert_books()


def test_money_that_left_although_its_credits_are_earned_again_is_told_to_staff(shop):
    payout = approved_by("stripe")
    turn = payout_sending._begin(payout.uid)
    payout_sending._follow_refusal(turn, "bad_request")
    payout_sending._call(turn)  # an earlier call that was on its way all the time
    for _ in range(2):
        assert payout_sending.check(uid=payout.uid).status == "returned"
    assert statuses(payout)[-2:] == [("returned", "provider_failed"), ("returned", "provider_differs")]
    assert money(payout)[0] == 1_000_000


def test_money_that_came_back_without_a_notice_is_found_by_the_day(shop):
    payout = payout_sending.send(uid=approved_by("stripe").uid)
    happen(shop, payout, "reversed", webhook="drop")
    assert payout_sending.sweep_paid(at=timezone.now()) == 0
    assert payout_sending.sweep_paid(at=timezone.now() + timedelta(days=1, hours=1)) == 1
    payout.refresh_from_db()
    assert payout.status == "returned"


def test_an_answer_about_another_amount_is_followed_by_nobody(shop, monkeypatch):
    from dataclasses import replace

    payout = payout_sending.send(uid=approved_by("razorpayx").uid)
    happen(shop, payout, "paid", webhook="drop")
    right = get_payout_gateway(kind="razorpayx").fetch_payout(
        payout_id=payout.uid, provider_payout_id=payout.provider_payout_id
    )
    for wrong in (
        {"amount_minor": 1}, {"currency": "USD"}, {"reference": "another"}, {"id": "pout_another"},
    ):  # fmt: skip
        assert payout_sending._take(payout.uid, replace(right, **wrong)).status == "processing"
    payout.refresh_from_db()
    assert payout.reason == "provider_differs"
    assert money(payout) == (LEFT, 0, SENT)
    assert payout_sending._take(payout.uid, right).status == "paid"


def _hold(payout):
    Restriction.objects.create(user=payout.user, kind=Restriction.Kind.PAYOUT_HOLD)
    return lambda: Restriction.objects.filter(user=payout.user).update(lifted_at=timezone.now())


def _unverify(payout):
    type(payout.user).objects.filter(pk=payout.user_id).update(verification_level=1)
    return lambda: type(payout.user).objects.filter(pk=payout.user_id).update(verification_level=2)


def _suspend(payout):
    type(payout.user).objects.filter(pk=payout.user_id).update(is_active=False)
    return lambda: type(payout.user).objects.filter(pk=payout.user_id).update(is_active=True)


@pytest.mark.parametrize(
    ("spoil", "reason"), [(_hold, "restricted"), (_unverify, "verification"), (_suspend, "restricted")]
)
def test_what_changed_after_the_approval_holds_it_back_until_it_is_over(shop, spoil, reason):
    payout = approved_by("razorpayx")
    mend = spoil(payout)
    for _ in range(3):
        assert payout_sending.send(uid=payout.uid).status == "approved"
    assert statuses(payout)[-2:] == [("approved", "approved"), ("approved", reason)]
    assert count_at_provider(shop, payout) == 0
    mend()
    again(payout)
    payout_sending.sweep(at=timezone.now())
    assert count_at_provider(shop, payout) == 1


def test_an_account_that_was_changed_at_stripe_waits_its_days_again(shop):
    payout = approved_by("stripe")
    assert onboard(payout.method, number="000999999990").usable_at > timezone.now() + timedelta(days=4)
    assert payout_sending.send(uid=payout.uid).status == "approved"
    assert statuses(payout)[-1] == ("approved", "method_changed")
    assert count_at_provider(shop, payout) == 0


def test_a_bank_that_sends_money_back_to_the_account_makes_the_method_unusable(shop):
    payout = payout_sending.send(uid=approved_by("stripe").uid)
    deliver_all(happen(shop, payout, "failed"))
    work()
    assert PayoutMethod.objects.get(pk=payout.method_id).state == "pending"


def test_a_thin_event_of_an_account_makes_us_ask(shop):
    creator = make_payee()
    method = add(creator, kind="stripe")
    url = get_payout_gateway(kind="stripe").account_link(
        account_id=method.provider_account_id, return_url="http://127.0.0.1:9/", refresh_url="http://127.0.0.1:9/"
    )
    httpx.post(url, data={"account_number": "0001234560"}, timeout=30)
    notice = {
        "id": "evt_thin",
        "object": "v2.core.event",
        "type": "v2.core.account[configuration.recipient].capability_status_updated",
        "livemode": False,
        "related_object": {"id": method.provider_account_id, "type": "v2.core.account", "url": "/v2/core/accounts/x"},
    }
    assert deliver(signed(json.dumps(notice), secret="whsec_of_another")).status_code == 400
    assert deliver(signed(json.dumps(notice), age_s=301)).status_code == 400
    assert WebhookEvent.objects.count() == 0
    for _ in range(2):
        assert deliver(signed(json.dumps(notice))).status_code == 200
    work()
    event = WebhookEvent.objects.get()
    event.refresh_from_db()
    method.refresh_from_db()
    assert (event.processed_at is not None, method.state, method.label) == (True, "ready", "Sandbox Bank •••• 4560")


# -- by hand
def by_hand():
    creator, staff = make_payee(), make_staff("finance")
    return approved(creator, add(creator)), staff


def test_a_transfer_by_hand_waits_for_staff_and_is_booked_with_the_banks_reference():
    payout, staff = by_hand()
    assert payout_sending.send(uid=payout.uid).status == "approved"
    assert payout_sending.sweep(at=timezone.now()) == 0
    assert statuses(payout)[-1] == ("approved", "by_hand")
    for _ in range(2):
        assert payout_by_hand.mark_sent(staff=staff, uid=payout.uid, reference="SEPA 2026 0042").status == "paid"
    assert money(payout) == (LEFT, 0, SETTLED)
    assert statuses(payout)[-2:] == [("processing", "sent"), ("paid", "paid")]
    for _ in range(2):
        assert payout_by_hand.mark_returned(staff=staff, uid=payout.uid, reason="account_closed").status == "returned"
    assert money(payout)[:2] == (1_000_000, 0)
    assert_books()


def test_a_reference_of_the_bank_stands_for_one_transfer():
    (first, staff), (second, _) = by_hand(), by_hand()
    payout_by_hand.mark_sent(staff=staff, uid=first.uid, reference="SEPA 1")
    with pytest.raises(InvalidInput):
        payout_by_hand.mark_sent(staff=staff, uid=second.uid, reference="SEPA 1")
    with pytest.raises(PayoutNotOpen):
        payout_by_hand.mark_sent(staff=staff, uid=first.uid, reference="SEPA 2")
    with pytest.raises(PayoutNotOpen):
        payout_by_hand.mark_returned(staff=staff, uid=second.uid, reason="came_back")


@pytest.mark.parametrize("spoil", [_hold, _unverify, _suspend])
def test_what_holds_a_payout_back_holds_one_by_hand_too(spoil):
    payout, staff = by_hand()
    mend = spoil(payout)
    with pytest.raises(PayoutHeld):
        payout_by_hand.mark_sent(staff=staff, uid=payout.uid, reference="SEPA 1")
    mend()
    assert payout_by_hand.mark_sent(staff=staff, uid=payout.uid, reference="SEPA 1").status == "paid"


def test_who_may_not_marks_nothing(shop):
    payout, _ = by_hand()
    with pytest.raises(NotFound):
        payout_by_hand.mark_sent(staff=make_staff("support"), uid=payout.uid, reference="SEPA 1")
    own = payout.user
    own.is_staff = True
    own.save(update_fields=["is_staff"])
    own.groups.add(make_staff("finance").groups.get())
    with pytest.raises(OwnPayout):
        payout_by_hand.mark_sent(staff=type(own).objects.get(pk=own.pk), uid=payout.uid, reference="SEPA 1")
    with pytest.raises(MethodNotReady):
        payout_by_hand.mark_sent(staff=make_staff("finance"), uid=approved_by("stripe").uid, reference="SEPA 1")


def test_the_details_are_shown_to_who_makes_the_transfer_and_its_owner_sees_that():
    from security.models import AuditEntry

    payout, staff = by_hand()
    assert payout_reviews.reveal_details(staff=staff, uid=payout.uid)["account_number"] == "DE89370400440532013000"
    seen = AuditEntry.objects.get(action="payout.details_viewed")
    assert (seen.is_private_view, seen.subject_uid) == (True, payout.user.uid)
    payout_by_hand.mark_sent(staff=staff, uid=payout.uid, reference="SEPA 1")
    with pytest.raises(PayoutNotOpen):
        payout_reviews.reveal_details(staff=staff, uid=payout.uid)


def test_the_report_of_a_year_counts_what_left_and_what_came_back():
    payout, staff = by_hand()
    year = timezone.now().year
    payout_by_hand.mark_sent(staff=staff, uid=payout.uid, reference="SEPA 1")
    report = selectors.yearly_report(user=payout.user, year=year)
    assert (dict(report.totals_minor), report.total_centi, len(report.rows)) == ({"USD": 2_500}, AMOUNT, 1)
    payout_by_hand.mark_returned(staff=staff, uid=payout.uid, reason="came_back")
    report = selectors.yearly_report(user=payout.user, year=year)
    assert (dict(report.totals_minor), [row.amount_minor for row in report.rows]) == ({"USD": 0}, [2_500, -2_500])
    assert selectors.yearly_report(user=payout.user, year=year - 1).rows == ()


def test_a_later_line_about_the_same_state_is_not_counted_again():
    payout, staff = by_hand()
    payout_by_hand.mark_sent(staff=staff, uid=payout.uid, reference="SEPA 1")
    payout_sending._differs(payout.uid)
    payout_by_hand.mark_returned(staff=staff, uid=payout.uid, reason="came_back")
    payout_sending._differs(payout.uid)
    assert [step for step, _ in statuses(payout)][-4:] == ["paid", "paid", "returned", "returned"]
    report = selectors.yearly_report(user=payout.user, year=timezone.now().year)
    assert [row.amount_minor for row in report.rows] == [2_500, -2_500]


def test_one_that_never_left_is_in_no_report(shop):
    payout = payout_sending.send(uid=approved_by("razorpayx").uid)
    happen(shop, payout, "failed", webhook="drop")
    assert payout_sending.check(uid=payout.uid).status == "returned"
    assert selectors.yearly_report(user=payout.user, year=timezone.now().year).rows == ()


def test_a_method_with_money_on_its_way_stays():
    from payments.errors import MethodInUse

    payout, staff = by_hand()
    with pytest.raises(MethodInUse):
        payout_methods.remove_method(user=payout.user, uid=payout.method.uid)
    payout_by_hand.mark_sent(staff=staff, uid=payout.uid, reference="SEPA 1")
    payout_methods.remove_method(user=payout.user, uid=payout.method.uid)
    assert PayoutMethod.objects.get(pk=payout.method_id).sealed_details is None


# -- jobs
def test_an_approval_starts_the_sending_after_the_commit(shop, monkeypatch, django_capture_on_commit_callbacks):
    started = []
    monkeypatch.setattr(after_commit, "enqueue_now", lambda *, task, kwargs: started.append((task, kwargs)))
    creator = make_payee()
    with django_capture_on_commit_callbacks(execute=True):
        payout = approved(creator, ready(creator, "razorpayx"))
    assert ("payments.send_payout", {"uid": str(payout.uid)}) in started
    assert tasks.send_payout(uid=str(payout.uid)) == "processing"
    assert count_at_provider(shop, payout) == 1


def test_what_no_job_did_the_sweeper_does(shop):
    payout = approved_by("razorpayx")
    assert tasks.sweep_payouts() == 1
    happen(shop, payout, "paid", webhook="drop")
    assert tasks.sweep_payouts() == 0  # asked a moment ago
    again(payout)
    assert tasks.sweep_payouts() == 1
    assert tasks.sweep_paid_payouts() == 0
    payout.refresh_from_db()
    assert payout.status == "paid"


def test_a_defect_met_by_one_payout_holds_up_no_other(shop, monkeypatch):
    first, second = approved_by("razorpayx"), approved_by("razorpayx")
    send = payout_sending.send

    def broken(*, uid):
        if uid == first.uid:
            raise ZeroDivisionError
        return send(uid=uid)

    monkeypatch.setattr(payout_sending, "send", broken)
    assert payout_sending.sweep(at=timezone.now()) == 1
    assert (count_at_provider(shop, first), count_at_provider(shop, second)) == (0, 1)
