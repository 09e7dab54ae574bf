"""Who comes in at the doors of staff, and what they find there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from moderation.models import WorkItem
from pairly.testing.people import make_staff, make_user, sign_in_as
from users.models import TotpDevice
from users.types import Method

from .kinds import KIND, open_cases, registered

HOME, SIGN_INS, AUDIT = "/staff/", "/staff/sign-ins/", "/staff/audit/"


@pytest.fixture(autouse=True)
def _queue() -> Iterator[None]:
    with registered():
        yield


def page_of(client: Client, path: str = HOME) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", [HOME, f"{SIGN_INS}?outcome=failed", AUDIT, f"/staff/queues/{KIND}/"])
def test_a_stranger_is_asked_to_sign_in_and_comes_back(path: str) -> None:
    answer = Client().get(path)
    expected = path.replace("?", "%3F").replace("=", "%3D")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in/?next={expected}")


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["fan", "creator"])
@pytest.mark.parametrize("path", [HOME, SIGN_INS, AUDIT, f"/staff/queues/{KIND}/"])
def test_who_is_no_staff_finds_nothing_there(role: str, path: str) -> None:
    client = sign_in_as(make_user(role))
    assert client.get(path).status_code == client.post(path).status_code == 404


@pytest.mark.django_db
def test_staff_without_a_second_factor_are_sent_to_set_one_up() -> None:
    client = sign_in_as(make_staff("support"), factor=None)
    assert client.get(SIGN_INS).headers["Location"] == "/account/two-factor/?next=%2Fstaff%2Fsign-ins%2F"


@pytest.mark.django_db
@pytest.mark.parametrize("factor", [None, Method.EMAIL, Method.APPROVAL])
def test_staff_who_did_not_use_their_factor_step_up_first(factor: Method | None) -> None:
    staff = make_staff("support")
    TotpDevice.objects.create(user=staff, name="app", confirmed=True, confirmed_at=timezone.now())
    client = sign_in_as(staff, factor=factor)
    answer = client.get(f"{SIGN_INS}?outcome=failed")
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        "/step-up/?next=%2Fstaff%2Fsign-ins%2F%3Foutcome%3Dfailed",
    )
    # What was posted is not repeated by a link: the way back leads home.
    assert client.post(f"/staff/queues/{KIND}/take/").headers["Location"] == "/step-up/?next=%2Fstaff%2F"


@pytest.mark.django_db
@pytest.mark.parametrize("factor", [Method.TOTP, Method.PASSKEY, Method.BACKUP_CODE])
def test_every_strong_factor_opens_the_door(factor: Method) -> None:
    assert sign_in_as(make_staff("support"), factor=factor).get(HOME).status_code == 200


@pytest.mark.django_db
def test_staff_without_the_permission_are_refused() -> None:
    client = sign_in_as(make_staff("moderator"))
    assert [client.get(path).status_code for path in (HOME, SIGN_INS, AUDIT)] == [200, 403, 403]
    assert client.get(f"/staff/queues/{KIND}/").status_code == 404


@pytest.mark.django_db
def test_who_left_is_out_at_the_next_request() -> None:
    staff = make_staff("admin")
    client = sign_in_as(staff)
    assert client.get(HOME).status_code == 200
    staff.is_staff = False
    staff.save()
    assert client.get(HOME).status_code == 404
    staff.is_staff, staff.is_active = True, False
    staff.save()
    assert client.get(HOME).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "shown"),
    [("security", {SIGN_INS, AUDIT, f"/staff/queues/{KIND}/"}), ("support", {SIGN_INS}), ("moderator", set())],
)
def test_the_navigation_shows_what_one_may_open_and_nothing_else(role: str, shown: set[str]) -> None:
    page = page_of(sign_in_as(make_staff(role)))
    navigation = page[page.index("<nav") : page.index("</nav>")]
    if role != "moderator":
        shown = shown | {f"/staff/queues/{KIND}/"}
    for path in (SIGN_INS, AUDIT, f"/staff/queues/{KIND}/"):
        assert (f'href="{path}"' in navigation) is (path in shown)


@pytest.mark.django_db
def test_home_tells_of_each_queue_how_much_waits_how_long_and_what_is_late() -> None:
    client = sign_in_as(make_staff("support"))
    assert "Nothing waits." in page_of(client)
    open_cases(3)
    page = page_of(client)
    assert "3 open cases" in page
    assert "in time" in page
    WorkItem.objects.update(due_at=timezone.now() + timedelta(hours=3))
    assert "due in 3\xa0hours" in page_of(client) or "due in 2\xa0hours" in page_of(client)
    assert "badge-held" in page_of(client)
    WorkItem.objects.filter(pk=WorkItem.objects.earliest("pk").pk).update(due_at=timezone.now() - timedelta(hours=1))
    assert "1 overdue" in page_of(client)


@pytest.mark.django_db
def test_home_shows_ones_own_cases_and_nobody_elses() -> None:
    staff, other = make_staff("support"), make_staff("support")
    mine, theirs = open_cases(2)
    until = timezone.now() + timedelta(minutes=5)
    WorkItem.objects.filter(pk=mine.pk).update(taken_by=staff, taken_until=until)
    WorkItem.objects.filter(pk=theirs.pk).update(taken_by=other, taken_until=until)
    page = page_of(sign_in_as(staff))
    assert str(mine.uid) in page
    assert str(theirs.uid) not in page


@pytest.mark.django_db
def test_home_costs_the_same_queries_for_n_and_2n_cases() -> None:
    client = sign_in_as(make_staff("support"))

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of(client)
        return len(queries)

    open_cases(5)
    once = count()
    open_cases(5)
    assert count() == once <= 9
