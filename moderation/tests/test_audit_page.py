"""The audit log of staff, and what people read of it about themselves."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pairly.testing.people import make_staff, make_user, sign_in_as
from security.audit_selectors import list_accesses
from security.models import AuditEntry
from security.services import audit

PAGE = "/staff/audit/"


def browser(role: str = "security") -> Client:
    return sign_in_as(make_staff(role))


def page_of(client: Client, query: str = "", status: int = 200) -> str:
    answer = client.get(f"{PAGE}{query}")
    assert answer.status_code == status
    return answer.content.decode()


def count_rows(page: str) -> int:
    return page.count("<tr>\n              <td><time")


def write(n: int = 1, **fields: Any) -> list[AuditEntry]:
    return [audit.record(**{"action": "second_factor.enabled", **fields}) for _ in range(n)]


@pytest.mark.django_db
def test_an_entry_tells_when_what_who_about_whom_and_why() -> None:
    staff, fan = make_staff("support"), make_user()
    write(
        action="staff.case_decided",
        actor_uid=staff.uid,
        subject_uid=fan.uid,
        by_staff=True,
        severity=audit.Severity.WARNING,
        reason="<i>because</i>",
        details={"outcome": "approved"},
    )
    write(action="limit.raised")
    page = page_of(browser())
    for words in ("staff.case_decided", str(staff.uid), str(fan.uid), "&lt;i&gt;because", "outcome", "the system"):
        assert words in page


@pytest.mark.django_db
def test_every_filter_finds_what_it_names() -> None:
    ada, eve = make_user(), make_user()
    write(2, actor_uid=ada.uid)
    write(3, actor_uid=eve.uid, subject_uid=ada.uid, action="staff.looked", severity=audit.Severity.CRITICAL)
    client = browser()
    today = timezone.now().date()
    for query, n in {
        f"?actor={ada.uid}": 2,
        f"?actor={ada.email}": 2,
        f"?subject={ada.uid}": 3,
        f"?actor={eve.uid}&subject={eve.uid}": 0,
        "?action=second_factor": 2,
        "?action=staff.looked": 3,
        "?severity=critical": 3,
        f"?action=second_factor&since={today}&until={today}": 2,
        f"?action=second_factor&until={today - timedelta(days=1)}": 0,
        f"?action=second_factor&since={today + timedelta(days=1)}": 0,
    }.items():
        assert count_rows(page_of(client, query)) == n, query


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["actor=nobody@example.org", "severity=bad", "since=soon", "before=0"])
def test_a_filter_that_cannot_be_read_is_named_and_nothing_is_shown(query: str) -> None:
    write()
    client = browser()
    page = page_of(client, f"?{query}", status=422)
    assert "second_factor.enabled" not in page
    assert client.get(f"/staff/audit.csv?{query}").headers["Location"].startswith(f"{PAGE}?")


@pytest.mark.django_db
def test_reading_it_is_recorded_and_of_a_person_it_is_a_private_view() -> None:
    fan = make_user()
    client = browser()
    page_of(client, "?action=staff")
    page_of(client, f"?subject={fan.uid}")
    client.get(f"/staff/audit.csv?subject={fan.uid}").getvalue()
    viewed = AuditEntry.objects.order_by("pk").values_list("action", "is_private_view", "subject_uid")
    assert list(viewed) == [
        ("staff.audit_viewed", False, None),
        ("staff.audit_viewed", True, fan.uid),
        ("staff.audit_exported", True, fan.uid),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["support", "moderator", "finance"])
def test_who_may_not_see_it_gets_none_of_it(role: str) -> None:
    client = browser(role)
    assert [client.get(path).status_code for path in (PAGE, "/staff/audit.csv")] == [403, 403]
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_the_cursor_walks_through_all_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderation.log_views.LOG_PAGE", 4)
    write(9)
    client, seen, query = browser(), [], "?action=second_factor.enabled"
    while query:
        page = page_of(client, query)
        seen.append(count_rows(page))
        query = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert seen == [4, 4, 1]


@pytest.mark.django_db
def test_the_log_costs_the_same_queries_for_n_and_2n_rows() -> None:
    client = browser()

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of(client)
        return len(queries)

    write(10, subject_uid=uuid.uuid4())
    once = count()
    write(10, subject_uid=uuid.uuid4())
    assert count() == once <= 9


# -- who looked at my data ------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_people_read_who_looked_in_what_role_and_never_the_name() -> None:
    fan, other, staff = make_user(), make_user(), make_staff("support", name="Sam Support")
    client = sign_in_as(staff)
    client.get(f"/staff/sign-ins/?user={fan.uid}")
    write(action="second_factor.enabled", subject_uid=fan.uid, actor_uid=staff.uid)
    audit.record(action="data.exported", actor_uid=fan.uid, subject_uid=fan.uid, is_private_view=True)
    (access,) = list_accesses(subject_uid=fan.uid)
    assert (access.action, access.role, access.reason) == ("staff.sign_ins_viewed", "support", "Sign-in log")
    assert "Sam" not in str(access)
    assert str(staff.uid) not in str(access)
    assert list_accesses(subject_uid=other.uid) == []


@pytest.mark.django_db
def test_accesses_go_on_page_by_page(django_assert_num_queries: Any) -> None:
    fan, staff = make_user(), make_staff("support")
    rows = [
        audit.record(action="staff.looked", actor_uid=staff.uid, subject_uid=fan.uid, is_private_view=True)
        for _ in range(5)
    ]
    with django_assert_num_queries(1):
        first = list_accesses(subject_uid=fan.uid, limit=3)
    rest = list_accesses(subject_uid=fan.uid, limit=3, before_id=first[-1].id)
    assert [access.id for access in first + rest] == [row.pk for row in reversed(rows)]


@pytest.mark.django_db
def test_staff_who_look_at_themselves_are_no_access() -> None:
    staff = make_staff("security")
    sign_in_as(staff).get(f"{PAGE}?subject={staff.uid}")
    assert list_accesses(subject_uid=staff.uid) == []
    assert AuditEntry.objects.get().action == "staff.audit_viewed"
