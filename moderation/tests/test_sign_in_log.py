"""The sign-in log of staff: who sees what, filters, figures, ending sign-ins, the API's twin."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pairly.testing.people import make_staff, make_user, sign_in_as
from security.log_selectors import LogFilter, get_figures, list_log
from security.models import AuditEntry, LoginAttempt, RiskDecision
from security.types import Door
from users import selectors as people
from users.models import Session, User
from users.services import tokens
from users.tests.helpers import bearer, start_api
from users.types import Method

PAGE, API = "/staff/sign-ins/", "/api/v1/admin/login-history"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:{}.0) Gecko/20100101 Firefox/{}.0"
Outcome = LoginAttempt.Outcome
FAILED = {"outcome": Outcome.FAILED, "failure_reason": "wrong_password"}
GOOD = {"outcome": Outcome.SUCCEEDED}


def write(n: int = 1, user: User | None = None, **fields: Any) -> list[LoginAttempt]:
    values = {"ip": "192.0.2.9", "user_agent": FIREFOX.format(128, 128), "door": Door.PAGE, **FAILED, **fields}
    if values["outcome"] not in (Outcome.FAILED, Outcome.REFUSED):
        values["failure_reason"] = ""
    uid = user.uid if user else None
    return LoginAttempt.objects.bulk_create(
        LoginAttempt(identifier_hash=b"x", user_uid=uid, created_at=values.get("created_at", timezone.now()),
                     **{name: value for name, value in values.items() if name != "created_at"})
        for _ in range(n)
    )  # fmt: skip


def browser(role: str = "support") -> Client:
    return sign_in_as(make_staff(role))


def page_of(client: Client, query: str = "", status: int = 200) -> str:
    answer = client.get(f"{PAGE}{query}")
    assert answer.status_code == status
    return answer.content.decode()


def results(client: Client, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"{API}{query}")
    assert answer.status_code == 200
    rows: list[dict[str, Any]] = answer.json()["results"]
    return rows


# -- what is shown --------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_figures_count_all_that_fits_and_not_only_the_page() -> None:
    fan, other = make_user(), make_user()
    write(60, fan)
    write(20, other, **GOOD, ip="198.51.100.1")
    write(20, other, outcome=Outcome.REFUSED, failure_reason="locked", ip="198.51.100.2")
    write(5, None, outcome=Outcome.CHALLENGED, ip=None)
    today = timezone.now().date()
    figures = get_figures(wanted=LogFilter(since=today - timedelta(days=1), until=today))
    assert (figures.n_attempts, figures.n_succeeded, figures.n_failed) == (105, 20, 80)
    assert (figures.success_rate, figures.failure_rate) == (20.0, 80.0)
    assert (figures.n_users, figures.n_addresses) == (2, 3)
    assert [(top.value, top.n_failed, top.n) for top in figures.failing_users] == [
        (str(fan.uid), 60, 60),
        (str(other.uid), 20, 40),
    ]
    assert [top.value for top in figures.failing_addresses] == ["192.0.2.9", "198.51.100.2"]
    page = page_of(browser())
    for words in ("105", "20.0 %", "80.0 %", "Firefox on Linux", "Tries to sign in, by day"):
        assert words in page


@pytest.mark.django_db
def test_days_without_tries_are_days_too_and_programs_are_counted_by_name() -> None:
    days = [datetime(2026, 3, day, 23, 59, 59, tzinfo=UTC) for day in (1, 3)]
    write(2, created_at=days[0], user_agent=FIREFOX.format(127, 127))
    write(1, created_at=days[1], **GOOD)
    write(1, created_at=days[1], outcome=Outcome.PENDING, user_agent="")
    figures = get_figures(wanted=LogFilter(since=days[0].date(), until=days[1].date()))
    assert [(day.n_succeeded, day.n_failed, day.n_other) for day in figures.days] == [(0, 2, 0), (0, 0, 0), (1, 0, 1)]
    assert [(top.value, top.n) for top in figures.programs] == [("Firefox on Linux", 3), ("Unknown device", 1)]


@pytest.mark.django_db
def test_new_devices_and_the_risk_rules_that_spoke_are_tagged() -> None:
    fan = make_user()
    (row,) = write(1, fan, **GOOD, known_device=False, risk_score=60)
    RiskDecision.objects.create(
        user_uid=fan.uid, event="sign_in", score=60, action="step_up", rule_version=1, attempt_id=row.pk,
        reasons=[{"code": "new_network", "weight": 15}, {"code": "a_new_rule", "weight": 45}],
    )  # fmt: skip
    page = page_of(browser())
    for words in ("new device", "risk 60", "network never seen", "a_new_rule"):
        assert words in page
    (found,) = [found for found in results(browser()) if found["risk_score"]]
    assert (found["is_new_device"], found["risk"]) == (True, ["new_network", "a_new_rule"])


@pytest.mark.django_db
def test_an_empty_log_and_one_without_accounts_are_shown_too() -> None:
    client = browser()
    assert "No try to sign in fits" in page_of(client, "?outcome=pending")
    write(3, None)
    assert "no account" in page_of(client)


# -- filters --------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_every_filter_finds_what_it_names_on_the_page_and_in_the_api() -> None:
    fan, other = make_user(), make_user()
    write(2, fan, ip="192.0.2.7")
    write(3, other, ip="192.0.2.200", door=Door.API)
    write(1, other, ip="2001:db8::7", **GOOD)
    write(1, fan, created_at=timezone.now() - timedelta(days=20))
    client = browser()
    for query, n in {
        f"?user={fan.uid}": 2,
        f"?user={fan.email.upper()}": 2,
        f"?user={uuid.uuid4()}": 0,
        "?network=192.0.2.7": 2,
        "?network=192.0.2.0/24": 5,
        "?network=192.0.2.3/25": 2,
        "?network=2001:db8::/32": 1,
        "?network=2001:0db8::0007": 1,
        "?outcome=succeeded": 1,
        "?door=api": 3,
        f"?user={other.uid}&door=page": 1,
        f"?user={fan.uid}&since={timezone.now() - timedelta(days=30):%Y-%m-%d}": 3,
        f"?user={fan.uid}&until={timezone.now() - timedelta(days=15):%Y-%m-%d}": 1,
    }.items():
        assert len(results(client, query)) == n, query
        assert page_of(client, query).count("<tr>\n                <td><time") == n, query


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("user=nobody@example.org", "/user"),
        ("network=house", "/network"),
        ("network=192.0.2.0/99", "/network"),
        ("outcome=gone", "/outcome"),
        ("door=window", "/door"),
        ("since=soon", "/since"),
        ("since=2026-03-02&until=2026-03-01", "/until"),
        ("since=2020-01-01&until=2026-03-01", "/since"),
        ("before=x", "/before"),
    ],
)
def test_a_filter_that_cannot_be_read_is_named_and_nothing_is_shown(query: str, pointer: str) -> None:
    write(2)
    client = browser()
    answer = client.get(f"{API}?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    page = page_of(client, f"?{query}", status=422)
    assert "192.0.2.9" not in page
    assert client.get(f"/staff/sign-ins.csv?{query}").headers["Location"].startswith(f"{PAGE}?")
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_the_cursor_walks_through_all_pages_and_keeps_the_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderation.log_views.LOG_PAGE", 4)
    monkeypatch.setattr("moderation.api.views.LOG_PAGE", 4)
    write(9)
    write(3, **GOOD)
    client = browser()
    seen, url = [], f"{API}?outcome=failed"
    while url:
        answer = client.get(url).json()
        seen.append(len(answer["results"]))
        parts = urlsplit(answer["next"] or "")
        url = f"{parts.path}?{parts.query}" if answer["next"] else ""
    assert seen == [4, 4, 1]
    seen, query = [], "?outcome=failed"
    while query:
        page = page_of(client, query)
        seen.append(page.count("<tr>\n                <td><time"))
        query = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert seen == [4, 4, 1]


# -- who sees what --------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_reading_the_log_is_recorded_and_a_persons_is_a_private_view_of_theirs() -> None:
    fan = make_user()
    write(1, fan)
    client = browser()
    page_of(client, "?outcome=failed")
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.is_private_view, entry.details["filter"]) == (
        "staff.sign_ins_viewed",
        False,
        {"outcome": "failed"},
    )
    page_of(client, f"?user={fan.email}")
    results(client, f"?user={fan.uid}")
    views = AuditEntry.objects.filter(subject_uid=fan.uid, is_private_view=True)
    assert [(view.by_staff, view.details["role"]) for view in views] == [(True, "support")] * 2
    assert fan.email not in str([entry.details for entry in AuditEntry.objects.all()])


@pytest.mark.django_db
def test_addresses_are_shown_on_request_to_who_may_see_accounts_and_each_look_is_recorded() -> None:
    fan = make_user()
    write(2, fan)
    client = browser()
    assert fan.email not in page_of(client)
    assert not AuditEntry.objects.filter(action="staff.emails_viewed").exists()
    assert fan.email in page_of(client, "?emails=yes")
    view = AuditEntry.objects.get(action="staff.emails_viewed")
    assert (view.subject_uid, view.is_private_view) == (fan.uid, True)
    staff = make_staff("support")
    staff.groups.clear()
    from django.contrib.auth.models import Permission

    staff.user_permissions.add(Permission.objects.get(codename="staff_view_sign_ins"))
    assert fan.email not in page_of(sign_in_as(staff), "?emails=yes")


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["moderator", "finance"])
def test_who_may_not_see_the_log_gets_none_of_it(role: str) -> None:
    client = browser(role)
    for path in (PAGE, "/staff/sign-ins.csv", API):
        assert client.get(path).status_code == 403
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_the_api_tells_strangers_fans_and_staff_without_a_factor_apart() -> None:
    fan, staff = make_user(), make_staff("support")
    assert Client().get(API).status_code == 401
    assert sign_in_as(fan).get(API).status_code == 404
    weak = sign_in_as(staff, factor=Method.EMAIL).get(API)
    assert (weak.status_code, weak.json()["code"]) == (403, "second_factor_required")
    refused = browser("moderator").get(API)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    token = tokens.issue(started=start_api(staff))["access_token"]
    assert Client().get(API, **bearer(token)).json()["code"] == "second_factor_required"
    Session.objects.filter(user=staff, kind="api").update(factor="totp", factor_at=timezone.now())
    assert Client().get(API, **bearer(token)).status_code == 200


# -- ending a sign-in -----------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_staff_end_a_sign_in_and_it_is_out_and_recorded() -> None:
    fan = make_user()
    theirs = start_api(fan).session
    write(1, fan, **GOOD, family=theirs.pk)
    client = browser()
    here = f"{PAGE}?user={fan.uid}"
    assert f"{PAGE}{theirs.pk}/end/" in page_of(client, f"?user={fan.uid}")
    answer = client.post(f"{PAGE}{theirs.pk}/end/", {"next": here})
    assert (answer.status_code, answer.headers["Location"]) == (302, here)
    assert people.find_live_session(family=theirs.pk) is None
    entry = AuditEntry.objects.get(action="staff.sign_in_ended")
    assert (entry.subject_uid, entry.details["family"], entry.severity) == (fan.uid, str(theirs.pk), "warning")
    assert f"{PAGE}{theirs.pk}/end/" not in page_of(client, f"?user={fan.uid}")
    client.post(f"{PAGE}{theirs.pk}/end/", {"next": "https://elsewhere.example/"})
    assert AuditEntry.objects.filter(action="staff.sign_in_ended").count() == 1


@pytest.mark.django_db
def test_who_may_not_end_sign_ins_ends_none() -> None:
    theirs = start_api(make_user()).session
    path = f"{PAGE}{theirs.pk}/end/"
    assert browser("moderator").post(path).status_code == 403
    assert sign_in_as(make_user()).post(path).status_code == 404
    assert browser().get(path).status_code == 405
    assert browser().post(f"{PAGE}{uuid.uuid4()}/end/").status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser().cookies
    assert strict.post(path).status_code == 403
    assert people.find_live_session(family=theirs.pk) is not None


# -- cost -----------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_log_costs_the_same_queries_for_n_and_2n_rows() -> None:
    client = browser()

    def double() -> list[int]:
        for _ in range(10):
            fan = make_user()
            write(1, fan, **GOOD, family=start_api(fan).session.pk)
            write(1, fan)
        counts = []
        for path in (PAGE, API):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts.append(len(queries))
        return counts

    once, twice = double(), double()
    assert once == twice
    assert once[0] <= 20
    assert once[1] <= 14


@pytest.mark.django_db
def test_a_page_of_the_log_is_two_queries_and_figures_are_five(django_assert_num_queries: Any) -> None:
    write(20, make_user())
    today = timezone.now().date()
    wanted = LogFilter(since=today, until=today)
    with django_assert_num_queries(2):
        list_log(wanted=wanted)
    with django_assert_num_queries(5):
        get_figures(wanted=wanted)
