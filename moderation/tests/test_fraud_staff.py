"""Staff and fraud alerts: the queue, the case page, the API, who may, and how right each rule was."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from moderation.models import WorkItem
from moderation.services import fraud_alerts as cases
from pairly.common.problems import NotFound
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import AuditEntry, FraudAlert, SecurityEvent
from security.services import events, fraud
from security.types import Card
from security.types import Client as Visitor
from users.models import Session, User
from users.services import sessions, tokens
from users.types import Method

pytestmark = pytest.mark.django_db

API = "/api/v1/admin/security"
PAGE = "/staff/security/"


def suspect(user: User, *, device: str = "a-phone", ip: str = "5.9.1.1") -> FraudAlert:
    for number in range(7):
        events.report(
            kind=SecurityEvent.Kind.CARD_DECLINED, user_uid=user.uid, joined_at=user.created_at, device=device,
            client=Visitor(ip=ip), card=Card(f"{user.uid}-{number}", "US"),
        )  # fmt: skip
    fraud.score_recent()
    return FraudAlert.objects.latest("pk")


def api_of(user: User, *, factor: Method | None = Method.TOTP) -> dict[str, str]:
    started = sessions.start_session(user=user, kind=Session.Kind.API, client=Visitor(ip="127.0.0.1"), factor=factor)
    return {"Authorization": f"Bearer {tokens.issue(started=started)['access_token']}"}


def call(headers: dict[str, str], path: str, body: dict[str, Any] | None = None) -> Any:
    client = Client(headers=headers)
    if body is None:
        return client.get(f"{API}/{path}")
    return client.post(f"{API}/{path}", body, content_type="application/json")


@pytest.fixture
def alert() -> FraudAlert:
    return suspect(make_user(name="Thea Thief"))


def test_an_alert_is_a_case_with_its_reasons_accounts_and_facts(alert):
    staff = make_staff("security")
    friend = make_user(name="Linked Lou")
    suspect(friend)
    browser = sign_in_as(staff)
    queue = browser.get("/staff/queues/fraud_alert/")
    assert "Fraud alerts" in queue.content.decode()
    taken = browser.post("/staff/queues/fraud_alert/take/")
    page = browser.get(taken.headers["Location"]).content.decode()
    for shown in (
        "Stolen cards",
        "7 payments were declined in 24 hours",
        "7 different cards in 24 hours",
        "Thea Thief",
    ):
        assert shown in page
    for shown in ("Linked Lou", "same device", "same address", "network of rented machines", "n_declined_24h"):
        assert shown in page
    assert "5.9.1.1" not in page
    seen = AuditEntry.objects.filter(action="staff.case_viewed", subject_uid=alert.user_uid, is_private_view=True)
    assert seen.exists()


@pytest.mark.parametrize(("outcome", "words"), [("true_positive", "fraud"), ("false_positive", "false alarm")])
def test_staff_say_what_it_was_and_that_is_the_alerts_state(alert, outcome, words):
    staff = make_staff("security")
    browser = sign_in_as(staff)
    browser.post("/staff/queues/fraud_alert/take/")
    case = WorkItem.objects.get(kind="fraud_alert")
    path = f"/staff/cases/{case.uid}/decide/"
    assert browser.post(path, {"outcome": outcome, "note": ""}).status_code == 422  # says why
    assert browser.post(path, {"outcome": outcome, "note": "Seen."}).status_code == 302
    alert.refresh_from_db()
    assert (alert.state, alert.resolved_by_uid, alert.note) == (outcome, staff.uid, "Seen.")
    assert AuditEntry.objects.filter(action="staff.case_decided", actor_uid=staff.uid).count() == 1
    assert words in browser.get(f"/staff/cases/{case.uid}/").content.decode()


@pytest.mark.parametrize("role", ["moderator", "finance", "support"])
def test_staff_of_other_roles_see_none_of_it(alert, role):
    staff = make_staff(role)
    browser, headers = sign_in_as(staff), api_of(staff)
    assert browser.get("/staff/queues/fraud_alert/").status_code == 404
    assert browser.get(f"/staff/cases/{WorkItem.objects.get(kind='fraud_alert').uid}/").status_code == 404
    assert browser.get(PAGE).status_code == 403
    body = {"outcome": "true_positive", "note": "x"}
    for answer in (
        call(headers, "fraud-alerts"), call(headers, "analytics"), call(headers, f"alerts/{alert.uid}/resolve", body)
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert str(alert.user_uid) not in answer.content.decode()
    alert.refresh_from_db()
    assert alert.state == "open"


def test_strangers_fans_and_staff_without_a_second_factor_are_refused(alert):
    staff = make_staff("security")
    body = {"outcome": "true_positive", "note": "x"}
    for headers, expected in (
        ({}, (401, "not_authenticated")),
        (api_of(make_user()), (404, "not_found")),
        (api_of(staff, factor=None), (403, "second_factor_required")),
    ):
        resolved = call(headers, f"alerts/{alert.uid}/resolve", body)
        for answer in (call(headers, "fraud-alerts"), call(headers, "analytics"), resolved):
            assert (answer.status_code, answer.json()["code"]) == expected
    alert.refresh_from_db()
    assert alert.state == "open"


def test_the_api_lists_resolves_once_and_counts(alert):
    staff = make_staff("security")
    headers = api_of(staff)
    page = call(headers, "fraud-alerts?state=open").json()
    (row,) = page["results"]
    assert (row["id"], row["pattern"], row["state"], page["next"]) == (str(alert.uid), "stolen_card", "open", None)
    assert "7 different cards in 24 hours" in [reason["text"] for reason in row["reasons"]]
    assert row["evidence"][0]["features"]["n_cards_24h"] == 7
    assert row["linked_accounts"] == [{"user_id": str(alert.user_uid), "links": []}]
    assert AuditEntry.objects.filter(action="staff.fraud_alerts_viewed", actor_uid=staff.uid).count() == 1
    before = call(headers, "analytics?days=7").json()
    assert (before["n_open"], before["precision"]) == (1, None)
    path = f"alerts/{alert.uid}/resolve"
    assert call(headers, path, {"outcome": "maybe", "note": "x"}).status_code == 422
    assert call(headers, path, {"outcome": "true_positive", "note": ""}).status_code == 422
    answer = call(headers, path, {"outcome": "true_positive", "note": "The bank confirmed it."})
    assert (answer.status_code, answer.json()["state"]) == (200, "true_positive")
    again = call(headers, path, {"outcome": "false_positive", "note": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "case_not_held")
    assert call(headers, f"alerts/{uuid.uuid4()}/resolve", {"outcome": "true_positive", "note": "x"}).status_code == 404
    assert call(headers, "fraud-alerts?state=open").json()["results"] == []
    assert call(headers, "fraud-alerts?state=odd").status_code == 422
    assert call(headers, "analytics?days=5").status_code == 422
    after = call(headers, "analytics").json()
    assert (after["n_open"], after["n_true"], after["precision"]) == (0, 1, 100.0)


def test_precision_is_counted_for_each_rule(alert):
    staff = make_staff("security")
    other = suspect(make_user(), device="another-phone", ip="81.2.69.160")
    assert other.pk != alert.pk
    cases.review(uid=alert.uid, staff=staff, outcome="true_positive", note="x")
    cases.review(uid=other.uid, staff=staff, outcome="false_positive", note="x")
    rules = {row["code"]: row for row in call(api_of(staff), "analytics").json()["rules"]}
    assert (rules["many_cards"]["n_true"], rules["many_cards"]["n_false"], rules["many_cards"]["precision"]) == (
        1,
        1,
        50.0,
    )
    assert (rules["promo_ring"]["n_alerts"], rules["promo_ring"]["precision"]) == (0, None)
    page = sign_in_as(staff).get(PAGE).content.decode()
    assert "50.0 %" in page
    assert "many_cards" in page


def test_staff_decide_on_no_alert_that_they_are_part_of():
    staff = make_staff("security")
    alert = suspect(staff)
    with pytest.raises(NotFound):
        cases.review(uid=alert.uid, staff=staff, outcome="false_positive", note="Not me.")
    friend = suspect(make_user())  # joins it by the device
    assert friend.pk == alert.pk
    assert call(api_of(staff), "fraud-alerts").json()["results"] == []
    body = {"outcome": "false_positive", "note": "x"}
    assert call(api_of(staff), f"alerts/{alert.uid}/resolve", body).status_code == 404
    assert FraudAlert.objects.get().state == "open"


def test_nor_on_one_that_they_are_only_linked_to():
    staff, thief = make_staff("security"), make_user()
    events.report(
        kind=SecurityEvent.Kind.SIGN_IN, user_uid=staff.uid, joined_at=timezone.now(), device="shared", client=Visitor()
    )
    alert = suspect(thief, device="shared")
    assert alert.user_uid == thief.uid
    body = {"outcome": "false_positive", "note": "x"}
    assert call(api_of(staff), f"alerts/{alert.uid}/resolve", body).status_code == 404
    assert FraudAlert.objects.get().state == "open"


def test_the_analytics_page_works_empty_and_names_a_wrong_number_of_days():
    browser = sign_in_as(make_staff("security"))
    assert "Nothing was decided in these days" in browser.get(PAGE).content.decode()
    assert browser.get(PAGE, {"days": "7"}).status_code == 200
    assert browser.get(PAGE, {"days": "6"}).status_code == 422
