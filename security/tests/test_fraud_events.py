"""Reported events: told once, never rewritten, gone in time, and no failure of theirs is anybody else's."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from pairly.common.problems import InvalidInput, NotFound
from security import event_log, fraud_selectors
from security import selectors as records
from security.errors import AlertResolved
from security.fraud_rules import get_book
from security.models import AlertAccount, EventCursor, FraudAlert, RiskDecision, SecurityEvent
from security.services import alerts, events, fraud, retention
from security.types import Card, Client, Spending

pytestmark = pytest.mark.django_db
Kind = SecurityEvent.Kind
JOINED = timezone.now() - timedelta(days=100)


def tell(user: uuid.UUID, kind=Kind.SIGN_IN, *, days_ago=0.0, **fields):
    at = timezone.now() - timedelta(days=days_ago)
    events.report(kind=kind, user_uid=user, joined_at=JOINED, at=at, **fields)


def test_an_event_keeps_no_address_no_fingerprint_and_no_card():
    user = uuid.uuid4()
    tell(user, client=Client(ip="5.9.1.1"), device="a-secret-fingerprint", card=Card("card-1", "US"))
    row = SecurityEvent.objects.get()
    assert (row.country, row.is_hosting, row.card_country) == ("DE", True, "US")
    assert all(len(bytes(key)) == 32 for key in (row.device_key, row.ip_key, row.card_key))
    text = str(SecurityEvent.objects.values().get())
    for secret in ("5.9.1.1", "a-secret-fingerprint", "card-1"):
        assert secret not in text
    tell(uuid.uuid4(), client=Client(ip="5.9.1.1"), device="a-secret-fingerprint")
    other = SecurityEvent.objects.latest("pk")
    assert (bytes(other.device_key), bytes(other.ip_key)) == (bytes(row.device_key), bytes(row.ip_key))
    assert bytes(row.device_key) != bytes(row.ip_key)


def test_without_a_client_it_is_the_sender_of_the_request():
    token = event_log.set_source(ip="81.2.69.160")
    try:
        tell(uuid.uuid4())
    finally:
        event_log.reset_source(token)
    assert SecurityEvent.objects.get().country == "GB"
    tell(uuid.uuid4(), client=Client())
    assert SecurityEvent.objects.latest("pk").ip_key is None


def test_what_has_a_name_is_told_once():
    user, ref = uuid.uuid4(), uuid.uuid4()
    for _ in range(3):
        tell(user, Kind.PURCHASE, ref=ref, amount_centi=500)
        tell(user)
    assert SecurityEvent.objects.filter(kind="purchase").count() == 1
    assert SecurityEvent.objects.filter(kind="sign_in").count() == 3


def test_a_report_that_fails_fails_alone(monkeypatch):
    def broken(*_args, **_kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM security_no_such_table")

    monkeypatch.setattr(SecurityEvent.objects, "bulk_create", broken)
    with transaction.atomic():
        tell(uuid.uuid4())
        assert RiskDecision.objects.count() == 0  # the transaction goes on


def test_events_leave_after_ninety_days():
    tell(uuid.uuid4(), days_ago=91)
    tell(uuid.uuid4(), days_ago=89)
    assert retention.retain()["events"] == 1
    assert retention.retain()["events"] == 0
    assert SecurityEvent.objects.count() == 1
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        SecurityEvent.objects.all().delete()


def test_rows_of_another_app_are_read_once_and_those_under_way_are_waited_for():
    asked = []

    def read(after, end):
        asked.append((after, end))
        return [
            Spending(
                user_uid=uuid.uuid4(), joined_at=JOINED, payee_uid=uuid.uuid4(), amount_centi=100, promo_centi=20, n=2,
                at=timezone.now(),
            )
        ]  # fmt: skip

    def run(last):
        return events.report_from(source="test", last=last, read=read, limit=100)

    assert [run(10), run(10), run(10), run(250), run(250), run(250), run(250), run(250)] == [0, 1, 0, 0, 1, 1, 1, 0]
    assert asked == [(0, 10), (10, 110), (110, 210), (210, 250)]
    assert EventCursor.objects.get(name="test").position == 250
    assert SecurityEvent.objects.filter(kind="spend", amount_centi=100, promo_centi=20, n=2).count() == 4


def test_a_copy_of_ones_data_has_the_events_and_none_of_the_keys():
    user = uuid.uuid4()
    tell(user, client=Client(ip="5.9.1.1"), device="fingerprint")
    (row,) = records.export_rows(user_uid=user)["security-events"]
    assert (row["kind"], row["country"]) == ("sign_in", "DE")
    assert not [name for name in row if name.endswith("_key")]


# -- links and features
def test_accounts_are_linked_by_device_card_and_bank_and_by_an_address_that_is_no_crowds():
    me, *others = (uuid.uuid4() for _ in range(5))
    tell(me, client=Client(ip="81.2.69.160"), device="d", card=Card("c"), bank_key=b"b" * 32)
    tell(others[0], device="d")
    tell(others[1], card=Card("c"))
    tell(others[2], bank_key=b"b" * 32)
    tell(others[3], client=Client(ip="81.2.69.160"))
    links = fraud_selectors.find_links(users=[me], at=timezone.now())
    expected = dict(zip(others, ({"device"}, {"card"}, {"bank"}, {"ip"}), strict=True))
    assert links.others == expected
    for _ in range(12):
        tell(uuid.uuid4(), client=Client(ip="81.2.69.160"))
    links = fraud_selectors.find_links(users=[me], at=timezone.now())
    assert links.others == {who: by for who, by in expected.items() if by != {"ip"}}
    assert links.counts["ip"] == 14


def test_an_address_links_for_a_week_and_a_device_for_all_of_the_time():
    me, before = uuid.uuid4(), uuid.uuid4()
    for user, days in ((me, 0), (before, 20)):
        tell(user, days_ago=days, client=Client(ip="81.2.69.160"), device="d")
    assert fraud_selectors.find_links(users=[me], at=timezone.now()).others == {before: {"device"}}


def test_every_feature_that_is_given_out_is_one_that_rules_may_name(django_assert_max_num_queries):
    me, payee, friend = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    tell(me, Kind.SIGN_UP, days_ago=3, client=Client(ip="81.2.69.160"), device="d", disposable_mail=True)
    tell(friend, device="d")
    tell(me, Kind.PURCHASE, days_ago=2, amount_centi=1000, card=Card("c", "US"))
    tell(me, Kind.PURCHASE, amount_centi=6000)
    SecurityEvent.objects.create(
        kind="spend", user_uid=me, counterpart_uid=payee, amount_centi=500, promo_centi=100, n=5
    )
    at = timezone.now()
    with django_assert_max_num_queries(9):
        own = fraud_selectors.get_own(user=me, joined_at=None, at=at)
        links = fraud_selectors.find_links(users=[me], at=at)
        earned = fraud_selectors.get_earned(user=payee, links=links, at=at)
        cluster = fraud_selectors.get_cluster(users=[me, friend], at=at)
    shared = fraud_selectors.get_shared(links=links)
    assert (set(own), set(shared), set(earned), set(cluster)) == (
        fraud_selectors.OWN, fraud_selectors.SHARED, fraud_selectors.EARNED, fraud_selectors.CLUSTER,
    )  # fmt: skip
    assert (own["bought_24h_times_usual"], own["promo_share"], own["is_disposable_mail"]) == (6.0, 0.2, True)
    assert (own["is_card_of_other_country"], own["account_age_hours"]) == (True, (at - JOINED) // timedelta(hours=1))
    assert (earned["top_payer_share"], earned["top_payer_items"], shared["n_users_on_device"]) == (1.0, 5, 2)


# -- scoring
def test_a_broken_scoring_is_a_verdict_that_is_not_known(monkeypatch):
    monkeypatch.setattr(fraud_selectors, "_OWN", "SELECT * FROM security_no_such_table")
    with transaction.atomic():
        verdict = fraud.check_and_keep(door="checkout", event="purchase", user_uid=uuid.uuid4(), joined_at=JOINED)
        assert (verdict.is_known, verdict.action) == (False, "allow")
        assert RiskDecision.objects.count() == 0


def test_one_account_that_cannot_be_scored_keeps_nobody_else_from_it(monkeypatch):
    for _ in range(3):
        tell(uuid.uuid4())
    scored = []

    def score(*, user_uid, at):
        scored.append(user_uid)
        if len(scored) == 1:
            raise OperationalError("gone")

    monkeypatch.setattr(fraud, "score_account", score)
    assert fraud.score_recent() == 3
    assert len(scored) == 3


def test_a_run_does_so_many_and_the_next_goes_on_until_all_are_done(monkeypatch):
    people = [uuid.uuid4() for _ in range(7)]
    for number, user in enumerate(people):
        tell(user, days_ago=1 + (10 - number) / 24)
    scored = []
    monkeypatch.setattr(fraud, "SCORED_AT_ONCE", 3)
    monkeypatch.setattr(fraud, "score_account", lambda *, user_uid, at: scored.append(user_uid))
    assert [fraud.score_recent() for _ in range(3)] == [3, 4, 0]  # where a run ended is looked at again
    assert set(scored) == set(people)
    monkeypatch.setattr(fraud, "SCORED_AT_ONCE", 1)
    for user in (late := [uuid.uuid4() for _ in range(5)]):
        tell(user)
    for _ in range(6):
        fraud.score_recent()
    assert set(late) <= set(scored)


def suspect(user, n=7, *, device=""):
    for number in range(n):
        tell(user, Kind.CARD_DECLINED, card=Card(f"{user}-{number}", "US"), device=device)


def test_what_was_said_is_said_once_and_a_linked_account_joins_the_alert():
    first, second = uuid.uuid4(), uuid.uuid4()
    suspect(first, device="d")
    for _ in range(3):
        fraud.score_recent()
    assert RiskDecision.objects.filter(event="account").count() == 1
    suspect(second, device="d")
    fraud.score_recent()
    alert = FraudAlert.objects.get()
    assert {row.user_uid for row in alert.accounts.filter(was_scored=True)} == {first, second}
    decision = alert.decisions.latest("pk")
    assert (decision.rule_version, decision.event) == (get_book().version, "account")
    assert decision.features["n_declined_24h"] == 7


def test_an_alert_is_resolved_once_and_answers_the_same_findings():
    user, staff = uuid.uuid4(), uuid.uuid4()
    suspect(user)
    fraud.score_recent()
    alert = FraudAlert.objects.get()
    with pytest.raises(InvalidInput):
        alerts.resolve(uid=alert.uid, by_uid=staff, outcome="open", note="")
    with pytest.raises(NotFound):
        alerts.resolve(uid=uuid.uuid4(), by_uid=staff, outcome="true_positive", note="")
    alerts.resolve(uid=alert.uid, by_uid=staff, outcome="false_positive", note="A shop assistant who tries cards.")
    with pytest.raises(AlertResolved):
        alerts.resolve(uid=alert.uid, by_uid=staff, outcome="true_positive", note="")
    with pytest.raises(IntegrityError, match="resolved"), transaction.atomic():
        FraudAlert.objects.update(state="open", resolved_by_uid=None, resolved_at=None)
    suspect(user, 1)
    fraud.score_recent()
    assert FraudAlert.objects.count() == 1
    tell(user, Kind.DISPUTE, ref=uuid.uuid4())
    fraud.score_recent()
    assert FraudAlert.objects.filter(state="open").count() == 1  # another finding is another alert
    assert AlertAccount.objects.filter(user_uid=user).count() == 2
