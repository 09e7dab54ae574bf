"""A case that is given to a colleague: kept for them, found first, taken from them by nobody, and for a time only."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from moderation import selectors
from moderation.appeals.services import appealing
from moderation.errors import CaseAssigned, CaseDecided, CaseNotHeld, CaseTaken, HasAPart, NotAColleague
from moderation.models import WorkItem
from moderation.reports.services import submitting
from moderation.sanctions.services import imposing
from moderation.services import assigning, work
from pairly.common.problems import NotFound, Problem
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import AuditEntry
from users.models import User
from users.tests.helpers import at_once

from .kinds import KIND, open_cases, registered

CROWD, GIVERS = 20, 4
ASSIGNED, UNASSIGNED = "staff.case_assigned", "staff.case_unassigned"


@pytest.fixture(autouse=True)
def _queue() -> Iterator[None]:
    with registered():
        yield


def support(name: str = "") -> User:
    return make_staff("support", name=name)


def give(item: WorkItem, user: User, to: User, seen: User | None = None) -> WorkItem:
    return assigning.assign(uid=item.uid, user=user, to=to.uid, seen=seen.uid if seen else None)


def next_of(user: User) -> WorkItem | None:
    return work.take_next(kind=KIND, user=user)


def names_for(item: WorkItem) -> set[str]:
    return {one.name for one in selectors.list_colleagues(item=item)}


def entries(action: str) -> int:
    return AuditEntry.objects.filter(action=action).count()


# -- the service ----------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_given_case_comes_first_to_its_colleague_and_to_nobody_else() -> None:
    lead, olga, other = support(), support("Olga"), support()
    subject = make_user()
    (severe,) = open_cases(1, severity=4)
    (given,) = open_cases(1, severity=1, subject_uid=subject.uid)
    give(given, lead, olga)
    assert next_of(other) == severe
    assert next_of(lead) is None
    assert next_of(olga) == given
    entry = AuditEntry.objects.get(action=ASSIGNED)
    assert (entry.actor_uid, entry.subject_uid, entry.by_staff) == (lead.uid, subject.uid, True)
    assert (entry.details["to"], entry.details["case"]) == (str(olga.uid), str(given.uid))
    with pytest.raises(CaseTaken):
        work.take(uid=given.uid, user=other)


@pytest.mark.django_db
def test_it_stays_beyond_the_ten_minutes_and_ends_after_a_day() -> None:
    lead, olga, other = support(), support(), support()
    (item,) = open_cases(1)
    give(item, lead, olga)
    assert next_of(olga) == item
    WorkItem.objects.update(taken_until=timezone.now() - timedelta(seconds=1))
    assert next_of(other) is None
    with pytest.raises(CaseAssigned):
        work.take(uid=item.uid, user=other)
    item.refresh_from_db()
    assert item.assigned_until
    assert timedelta(hours=23) < item.assigned_until - timezone.now() <= timedelta(hours=24)
    WorkItem.objects.update(assigned_until=timezone.now() - timedelta(seconds=1))
    assert next_of(other) == item


@pytest.mark.django_db
@pytest.mark.parametrize("ending", ["release", "unassign", "decide", "pass_on", "close"])
def test_it_ends_with_release_unassign_decision_and_leaving_it(ending: str) -> None:
    lead, olga = support(), support()
    (item,) = open_cases(1)
    give(item, lead, olga)
    if ending in ("decide", "pass_on"):
        work.take(uid=item.uid, user=olga)
    match ending:
        case "release":
            work.release(uid=item.uid, user=olga)
        case "unassign":
            assigning.unassign(uid=item.uid, user=lead)
        case "decide":
            work.decide(uid=item.uid, user=olga, outcome="approved", note="fits")
        case "pass_on":
            work.pass_on(uid=item.uid, user=olga)
        case "close":
            work.close_item(kind=KIND, ref=item.ref, outcome="withdrawn")
    item.refresh_from_db()
    assert (item.assigned_to, item.assigned_until, item.taken_by) == (None, None, None)
    assert entries(UNASSIGNED) == (ending in ("release", "unassign"))
    assigning_again = assigning.unassign if item.decided_at is None else None
    if assigning_again:  # nothing is left to take back, and nothing is written about it
        assigning_again(uid=item.uid, user=lead)
        assert entries(UNASSIGNED) == (ending in ("release", "unassign"))


@pytest.mark.django_db
def test_who_holds_a_case_gives_it_away_and_nobody_else_takes_it_from_them() -> None:
    holder, olga, other = support(), support(), support()
    (item,) = open_cases(1)
    work.take(uid=item.uid, user=holder)
    with pytest.raises(CaseTaken):
        give(item, other, olga)
    give(item, other, holder)  # what one works on may be kept for one
    item.refresh_from_db()
    assert (item.taken_by, item.assigned_to) == (holder, holder)
    give(item, holder, olga, seen=holder)
    item.refresh_from_db()
    assert (item.taken_by, item.assigned_to) == (None, olga)
    with pytest.raises(CaseNotHeld):
        work.decide(uid=item.uid, user=holder, outcome="approved", note="too late")


@pytest.mark.django_db
def test_the_same_again_changes_nothing_and_what_was_not_seen_is_not_overruled() -> None:
    lead, olga, other = support(), support(), support()
    (item,) = open_cases(1)
    give(item, lead, olga)
    until = WorkItem.objects.get().assigned_until
    give(item, lead, olga)
    assert (WorkItem.objects.get().assigned_until, entries(ASSIGNED)) == (until, 1)
    with pytest.raises(CaseAssigned):
        give(item, lead, other)
    give(item, lead, other, seen=olga)
    assert WorkItem.objects.get().assigned_to == other


@pytest.mark.django_db
def test_it_is_never_given_to_whom_it_is_about_who_had_their_say_or_may_not_work_there() -> None:
    first, second = support("First"), support("Second")
    subject, gone = support("Subject"), support("Gone")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    make_staff("moderator", name="Moderator")
    make_user(name="A fan")
    (item,) = open_cases(1, subject_uid=subject.uid)
    work.take(uid=item.uid, user=first)
    work.decide(uid=item.uid, user=first, outcome="by_two", note="fits")
    item.refresh_from_db()
    assert names_for(item) == {"Second"}
    for wrong in (first, subject, gone, User.objects.get(name="Moderator"), User.objects.get(name="A fan")):
        with pytest.raises(NotAColleague):
            give(item, second, wrong)
    # Who said the first word does not choose who says the second.
    for attempt in (lambda: give(item, first, second), lambda: assigning.unassign(uid=item.uid, user=first)):
        with pytest.raises(HasAPart):
            attempt()
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkItem.objects.update(assigned_to=first, assigned_until=timezone.now())
    assert not AuditEntry.objects.filter(action=ASSIGNED).exists()


@pytest.mark.django_db
def test_an_appeal_is_not_given_to_who_decided_first_nor_by_them() -> None:
    first, second, third = (make_staff("moderator", name=name) for name in ("First", "Second", "Third"))
    fan = make_user()
    sanction = imposing.impose(user=fan, kind="warning", rule="spam", facts="Ads", is_automated=False, by=first)
    appeal = appealing.appeal_sanction(user=fan, uid=sanction.uid, text="It was no ad.")
    item = WorkItem.objects.get(ref=appeal.uid)
    assert names_for(item) == {"Second", "Third"}
    with pytest.raises(NotAColleague):
        give(item, second, first)
    with pytest.raises(HasAPart):
        give(item, first, third)
    WorkItem.objects.update(passed_by=None)  # whatever the queue remembers, the appeal names them
    assert names_for(item) == {"Second", "Third"}
    with pytest.raises(HasAPart):
        give(item, first, third)


@pytest.mark.django_db
def test_a_report_is_not_given_to_who_made_it() -> None:
    reporter, other = make_staff("moderator", name="Reporter"), make_staff("moderator", name="Other")
    report = submitting.submit(reporter=reporter, kind="user", target=make_user().uid, category="spam", details="x")
    item = WorkItem.objects.get(ref=report.case.uid)
    assert names_for(item) == {"Other"}
    with pytest.raises(NotAColleague):
        give(item, other, reporter)


@pytest.mark.django_db
def test_what_is_decided_is_given_to_nobody() -> None:
    lead, olga = support(), support()
    (item,) = open_cases(1)
    work.take(uid=item.uid, user=lead)
    work.decide(uid=item.uid, user=lead, outcome="approved", note="fits")
    for attempt in (lambda: give(item, lead, olga), lambda: assigning.unassign(uid=item.uid, user=lead)):
        with pytest.raises(CaseDecided):
            attempt()


# -- races ----------------------------------------------------------------------------------------------------
def give_at_once(n: int, *, half_takes: bool) -> list[str]:
    """n people: each gives the case to a colleague of their own, or every other one takes it."""
    people = [support() for _ in range(n)]
    colleagues = [support() for _ in range(n)]
    (item,) = open_cases(1)

    def one(number: int) -> str:
        try:
            if half_takes and number % 2:
                work.take(uid=item.uid, user=people[number])
            else:
                give(item, people[number], colleagues[number])
        except Problem as problem:
            return problem.code
        return "done"

    return at_once(n, one)


def test_of_20_who_give_or_take_the_same_case_at_once_one_succeeds(committed_db: str) -> None:
    got = give_at_once(CROWD, half_takes=True)
    assert got.count("done") == 1
    assert set(got) == {"done", "case_taken"}
    assert entries(ASSIGNED) == (WorkItem.objects.get().assigned_to is not None)


def give_after_reading(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """GIVERS people give the same case away; each writes when all the others have read it, or wait for its row."""
    find, arrived = selectors.list_colleagues, itertools.count(1)
    seen = [0]

    def read_and_wait(*, item: WorkItem) -> list[User]:
        seen[0] = max(seen[0], next(arrived))
        with connection.cursor() as cursor:
            for _look in range(100_000):
                cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
                if seen[0] + cursor.fetchone()[0] >= GIVERS:
                    return find(item=item)
        raise AssertionError("the others did not come")

    monkeypatch.setattr(selectors, "list_colleagues", read_and_wait)
    return give_at_once(GIVERS, half_takes=False)


def test_of_several_who_read_before_the_first_has_written_one_gives(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sorted(give_after_reading(monkeypatch)) == [*["case_taken"] * (GIVERS - 1), "done"]


def test_without_the_row_lock_several_would(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_options: self)
    assert give_after_reading(monkeypatch).count("done") > 1


# -- the pages ------------------------------------------------------------------------------------------------
def browser() -> tuple[User, Client]:
    staff = support("Sofia")
    return staff, sign_in_as(staff)


@pytest.mark.django_db
def test_a_case_is_given_away_from_the_list_and_from_its_page_and_shows_whose_it_is() -> None:
    staff, client = browser()
    olga = support("Olga Other")
    (item,) = open_cases(1)
    queue, case = f"/staff/queues/{KIND}/", f"/staff/cases/{item.uid}/"
    assert f'href="{case}assign/"' in client.get(queue).content.decode()
    page = client.get(f"{case}assign/").content.decode()
    assert "Olga Other" in page
    assert not AuditEntry.objects.filter(action="staff.case_viewed").exists()
    answer = client.post(f"{case}assign/", {"to": str(olga.uid), "back": "queue"})
    assert answer.headers["Location"] == queue
    for path in (queue, case, f"{case}assign/"):
        assert "Olga Other" in client.get(path).content.decode()
    assert "This case waits for Olga Other" in client.get(case).content.decode()
    assert "given to somebody else" in client.post(f"{case}take/", follow=True).content.decode()
    # Without what was seen nobody is overruled; with it they are.
    given = {"to": str(staff.uid), "back": "case"}
    assert client.post(f"{case}assign/", given).status_code == 409
    assert client.post(f"{case}assign/", {**given, "seen": str(olga.uid)}).headers["Location"] == case
    assert "This case waits for you" in client.get(case).content.decode()
    assert client.post(f"{case}release/").status_code == 302
    client.post(f"{case}assign/", {"to": str(olga.uid)})
    assert client.post(f"{case}unassign/").headers["Location"] == case
    assert WorkItem.objects.get().assigned_to is None


@pytest.mark.django_db
def test_what_is_kept_for_me_is_among_my_cases_and_what_is_nobodys_is_a_filter() -> None:
    staff, client = browser()
    olga = support("Olga")
    mine, theirs, nobodys = open_cases(3)
    give(mine, staff, staff)
    give(theirs, staff, olga)
    for state, shown in (("mine", mine), ("free", nobodys)):
        page = client.get(f"/staff/queues/{KIND}/?state={state}").content.decode()
        assert [item for item in (mine, theirs, nobodys) if str(item.uid) in page] == [shown]
    page = client.get("/staff/").content.decode()
    assert str(mine.uid) in page
    assert str(theirs.uid) not in page


@pytest.mark.django_db
@pytest.mark.parametrize("given", [{}, {"to": "x"}, {"to": "00000000-0000-7000-8000-000000000000"}])
def test_nobody_chosen_is_refused_at_the_field(given: dict[str, str]) -> None:
    _staff, client = browser()
    (item,) = open_cases(1)
    answer = client.post(f"/staff/cases/{item.uid}/assign/", given)
    assert answer.status_code == 422
    assert "field-invalid" in answer.content.decode()
    assert WorkItem.objects.get().assigned_to is None


@pytest.mark.django_db
def test_who_may_not_work_there_gives_and_takes_back_nothing() -> None:
    olga = support("Olga Other")
    (item,) = open_cases(1)
    path = f"/staff/cases/{item.uid}/"
    outsiders = [make_staff("moderator"), make_user("fan"), make_user("creator")]
    for client in [Client(), *(sign_in_as(one) for one in outsiders)]:
        for answer in (
            client.get(f"{path}assign/"),
            client.post(f"{path}assign/", {"to": str(olga.uid)}),
            client.post(f"{path}unassign/"),
        ):
            assert answer.status_code in (302, 404)
            assert "Olga" not in answer.content.decode()
    for outsider in outsiders:
        with pytest.raises(NotFound):
            give(item, outsider, olga)
    item.refresh_from_db()
    assert item.assigned_to is None
    assert not AuditEntry.objects.filter(action=ASSIGNED).exists()


@pytest.mark.django_db
def test_the_list_and_the_page_cost_the_same_for_n_and_2n_cases_and_colleagues() -> None:
    staff, client = browser()

    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    def more() -> WorkItem:
        items = open_cases(5)
        for item in items:
            give(item, staff, support())
        return items[0]

    item = more()
    paths = (f"/staff/queues/{KIND}/", f"/staff/cases/{item.uid}/", f"/staff/cases/{item.uid}/assign/", "/staff/")
    once = [count(path) for path in paths]
    more()
    assert [count(path) for path in paths] == once
    assert once[0] <= 10
