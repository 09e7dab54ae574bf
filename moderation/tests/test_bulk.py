"""Many cases at once: asked about first, each decided by the service of one case, once, and never where it must not."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from moderation import queues
from moderation.constants import BULK_MAX, NEVER_IN_BULK
from moderation.errors import NotAColleague, NothingChosen, ReasonMissing, TooManyCases, UnknownOutcome
from moderation.models import BulkRun, Report, ReportCase, WorkItem, WorkNote
from moderation.reports.services import deciding, submitting
from moderation.services import assigning, bulk, work
from pairly.common.ids import uuid7
from pairly.common.problems import NotFound
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import AuditEntry, FraudAlert
from users.models import Notification, User
from users.tests.helpers import at_once

from .test_fraud_staff import suspect

REPORTS, ALERTS = "report", "fraud_alert"
WHY = "A wave of the same reports; I read a dozen of them."


def moderator(name: str = "") -> User:
    return make_staff("moderator", name=name)


def report(n: int, *, category: str = "spam", by: User | None = None) -> list[WorkItem]:
    """n people are reported, each by somebody."""
    found = []
    for _ in range(n):
        made = submitting.submit(
            reporter=by or make_user(), kind="user", target=make_user().uid, category=category, details="x"
        )
        found.append(WorkItem.objects.get(ref=made.case.uid))
    return found


def uids(items: list[WorkItem]) -> list[uuid.UUID]:
    return [item.uid for item in items]


def dismiss(user: User, items: list[WorkItem], **more: Any) -> bulk.Result:
    given = {"uid": uuid7(), "kind": REPORTS, "action": "dismissed", "note": WHY, **more}
    return bulk.run(user=user, uids=uids(items), **given)


def plan(user: User, items: list[WorkItem], **more: Any) -> bulk.Plan:
    return bulk.plan(user=user, uids=uids(items), **{"kind": REPORTS, "action": "dismissed", **more})


# -- never for documents and payouts ------------------------------------------------------------------------
def test_documents_and_payouts_have_no_bulk_actions_and_can_get_none() -> None:
    assert {"verification", "payout"} <= NEVER_IN_BULK
    assert {kind.kind for kind in queues._kinds.values() if kind.bulk} == {REPORTS, ALERTS}
    for kind in NEVER_IN_BULK:
        found = queues.get_kind(kind=kind)
        for decision in found.decisions:
            with pytest.raises(ValueError, match="in bulk"):
                replace(found, bulk=(decision.outcome,))


def test_what_takes_two_or_a_proof_cannot_be_decided_in_bulk() -> None:
    found = queues.get_kind(kind="factor_recovery")
    for outcome in ("approved", "no such outcome"):
        with pytest.raises(ValueError, match="in bulk"):
            replace(found, bulk=(outcome,))


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(NEVER_IN_BULK))
def test_nor_is_there_a_page_or_a_tick_for_them(kind: str) -> None:
    admin = make_staff("admin")
    item = work.open_item(kind=kind, ref=uuid7())
    client = sign_in_as(admin)
    page = client.get(f"/staff/queues/{kind}/").content.decode()
    assert str(item.uid) in page
    assert "line-tick" not in page
    for action in ("approved", "other", bulk.ASSIGN):
        body = {"item": [str(item.uid)], "action": action, "to": str(admin.uid), "run": str(uuid7()), "note": WHY}
        assert client.post(f"/staff/queues/{kind}/bulk/", body).status_code == 404
        with pytest.raises(NotFound):
            bulk.run(uid=uuid7(), user=admin, kind=kind, uids=[item.uid], action=action, to=admin.uid, note=WHY)
    item.refresh_from_db()
    assert (item.decided_at, item.assigned_to) == (None, None)


# -- the plan -------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_plan_says_what_it_reaches_and_of_the_rest_why_not() -> None:
    staff, olga = moderator(), moderator("Olga")
    free, taken, given, done, mine = report(5)
    (critical,) = report(1, category="minor")
    (own_report,) = report(1, by=staff)
    work.take(uid=taken.uid, user=olga)
    assigning.assign(uid=given.uid, user=staff, to=olga.uid, seen=None)
    work.take(uid=done.uid, user=olga)
    work.decide(uid=done.uid, user=olga, outcome="dismissed")
    assigning.assign(uid=mine.uid, user=staff, to=staff.uid, seen=None)
    about_me = work.open_item(kind=REPORTS, ref=uuid7(), subject_uid=staff.uid)
    (elsewhere,) = [work.open_item(kind="appeal", ref=uuid7())]
    found = plan(staff, [free, taken, given, done, mine, critical, own_report, about_me, elsewhere])
    assert {item.pk for item in found.hits} == {free.pk, mine.pk}
    assert {skip.item.pk: skip.why for skip in found.skips} == {
        taken.pk: "Olga works on it.",
        given.pk: "It waits for Olga.",
        done.pk: "It is decided.",
        critical.pk: "Critical cases are decided one by one.",
        own_report.pk: "You had your say, or have a part in it.",
    }
    assert found.n_gone == 2
    assert WorkItem.objects.filter(decided_at__isnull=False).count() == 1


@pytest.mark.django_db
def test_giving_many_away_leaves_out_those_that_the_colleague_has_a_part_in() -> None:
    staff, olga = moderator(), moderator("Olga")
    (free,), (hers,), (critical,) = report(1), report(1, by=olga), report(1, category="minor")
    about = report(1)[0]
    WorkItem.objects.filter(pk=about.pk).update(subject_uid=olga.uid)
    found = plan(staff, [free, hers, critical, about], action=bulk.ASSIGN, to=olga.uid)
    assert {item.pk for item in found.hits} == {free.pk, critical.pk}
    assert {skip.why for skip in found.skips} == {"Olga had their say, or has a part in it."}
    bulk.run(uid=uuid7(), user=staff, kind=REPORTS, uids=uids([free, hers]), action=bulk.ASSIGN, to=olga.uid)
    again = plan(staff, [free], action=bulk.ASSIGN, to=olga.uid)
    assert [skip.why for skip in again.skips] == ["It waits for Olga already."]
    assert AuditEntry.objects.filter(action="staff.case_assigned").count() == 1


@pytest.mark.django_db
def test_what_cannot_be_asked_for_is_refused() -> None:
    staff = moderator()
    items = report(1)
    for error, more in (
        (UnknownOutcome, {"action": "banned"}),
        (UnknownOutcome, {"action": ""}),
        (NotAColleague, {"action": bulk.ASSIGN}),
        (NotAColleague, {"action": bulk.ASSIGN, "to": make_staff("support").uid}),
        (NotFound, {"kind": "appeal"}),
        (NotFound, {"kind": ALERTS, "action": "false_positive"}),
        (ReasonMissing, {"note": "  "}),
    ):
        with pytest.raises(error):
            dismiss(staff, items, **more)
    with pytest.raises(NothingChosen):
        dismiss(staff, [])
    with pytest.raises(TooManyCases):
        bulk.plan(user=staff, kind=REPORTS, uids=[uuid7() for _ in range(BULK_MAX + 1)], action="dismissed")
    assert not BulkRun.objects.exists()
    assert not WorkItem.objects.filter(decided_at__isnull=False).exists()


# -- the run --------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_each_case_is_decided_as_if_it_were_the_only_one() -> None:
    staff = moderator()
    items = report(3)
    result = dismiss(staff, items)
    assert (result.run.n_done, result.run.n_skipped, result.skips) == (3, 0, [])
    assert set(ReportCase.objects.values_list("state", flat=True)) == {"dismissed"}
    for item in items:
        entry = AuditEntry.objects.get(action="staff.case_decided", details__case=str(item.uid))
        assert (entry.actor_uid, entry.subject_uid, entry.reason) == (staff.uid, item.subject_uid, WHY)
        assert WorkNote.objects.get(item=item).text == WHY
    told = Notification.objects.filter(kind="report").values_list("user", flat=True)
    assert set(told) == set(Report.objects.values_list("reporter", flat=True))
    entry = AuditEntry.objects.get(action="staff.cases_in_bulk")
    assert (entry.details["done"], entry.details["run"]) == (3, str(result.run.uid))


@pytest.mark.django_db
def test_alerts_are_settled_as_false_alarms() -> None:
    staff = make_staff("security")
    alerts = [suspect(make_user(), device=f"phone-{n}", ip=f"5.9.{n}.1") for n in range(2)]
    items = list(WorkItem.objects.filter(ref__in=[alert.uid for alert in alerts]))
    result = dismiss(staff, items, kind=ALERTS, action="false_positive")
    assert result.run.n_done == len(items) == 2
    assert set(FraudAlert.objects.values_list("state", flat=True)) == {"false_positive"}


@pytest.mark.django_db
def test_one_that_is_refused_is_left_out_and_holds_nothing_up() -> None:
    staff = moderator()
    first, second, third = report(3)
    deciding.dismiss(staff=moderator(), uid=second.ref)  # by another way than the queue, so that the plan has it still
    result = dismiss(staff, [first, second, third])
    assert (result.run.n_done, result.run.n_skipped) == (2, 1)
    assert [skip.item.pk for skip in result.skips] == [second.pk]
    second.refresh_from_db()
    assert (second.decided_at, second.taken_by) == (None, None)
    assert not WorkNote.objects.filter(item=second).exists()


@pytest.mark.django_db
def test_the_same_run_again_does_nothing_and_is_nobody_elses() -> None:
    staff, uid = moderator(), uuid7()
    first, second = report(2)
    assert dismiss(staff, [first], uid=uid).is_new
    again = dismiss(staff, [first, second], uid=uid)
    assert (again.is_new, again.run.n_done) == (False, 1)
    with pytest.raises(NotFound):
        dismiss(moderator(), [second], uid=uid)
    second.refresh_from_db()
    assert second.decided_at is None
    assert AuditEntry.objects.filter(action="staff.case_decided").count() == 1


def send_at_once(run_uids: list[uuid.UUID]) -> list[bulk.Result]:
    staff, items = moderator(), report(5)
    return at_once(len(run_uids), lambda n: dismiss(staff, items, uid=run_uids[n]))


def test_a_form_sent_8_times_at_once_is_one_run_that_decides_each_case_once(committed_db: str) -> None:
    results = send_at_once([uuid7()] * 8)
    assert sorted(result.is_new for result in results) == [False] * 7 + [True]
    assert BulkRun.objects.get().n_done == 5
    assert AuditEntry.objects.filter(action="staff.case_decided").count() == 5


def test_without_its_id_it_would_be_many_runs_and_still_decide_each_case_once(committed_db: str) -> None:
    results = send_at_once([uuid7() for _ in range(8)])
    assert [result.is_new for result in results] == [True] * 8
    assert sum(result.run.n_done for result in results) == 5
    assert AuditEntry.objects.filter(action="staff.case_decided").count() == 5


# -- the pages ------------------------------------------------------------------------------------------------
QUEUE = f"/staff/queues/{REPORTS}/"


def confirm(client: Client, items: list[WorkItem], query: str = "", **more: str) -> tuple[str, dict[str, Any]]:
    """The page that asks, and what its form sends."""
    answer = client.post(f"{QUEUE}bulk/{query}", {"item": uids(items), "action": "dismissed"} | more)
    assert answer.status_code == 200
    page = answer.content.decode()
    form = page[page.index("Are you sure?") :]
    body: dict[str, Any] = dict(re.findall(r'<input type="hidden" name="(run|action|to)" value="([^"]+)"', form))
    ticked = re.findall(r'<input type="checkbox" name="item" value="([^"]+)" form="bulk" checked>', page)
    return page, {**body, "item": ticked}


@pytest.mark.django_db
def test_the_page_lists_what_is_hit_and_what_not_and_only_the_second_time_it_happens() -> None:
    staff, olga = moderator(), moderator("Olga Other")
    client = sign_in_as(staff)
    free, taken = report(2)
    work.take(uid=taken.uid, user=olga)
    listing = client.get(f"{QUEUE}?severity=1").content.decode()
    assert listing.count('name="item"') == 2
    assert f'action="{QUEUE}bulk/?severity=1"' in listing
    page, body = confirm(client, [free, taken], "?severity=1")
    assert "Dismiss: 1 case" in page
    assert "Olga Other works on it." in page
    assert body["item"] == [str(free.uid)]
    assert not WorkItem.objects.filter(decided_at__isnull=False).exists()
    assert client.post(f"{QUEUE}bulk/?severity=1", body).status_code == 422  # without a reason
    answer = client.post(f"{QUEUE}bulk/?severity=1", {**body, "note": WHY})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{QUEUE}?severity=1")
    assert "1 case is done." in client.get(QUEUE).content.decode()
    client.post(f"{QUEUE}bulk/", {**body, "note": WHY})
    assert "sent already" in client.get(QUEUE).content.decode()
    assert AuditEntry.objects.filter(action="staff.case_decided").count() == 1


@pytest.mark.django_db
def test_many_are_given_to_a_colleague_and_what_nobody_can_read_goes_back_to_the_queue() -> None:
    staff, olga = moderator(), moderator("Olga Other")
    client = sign_in_as(staff)
    items = report(2)
    _page, body = confirm(client, items, action="assign", to=str(olga.uid))
    assert client.post(f"{QUEUE}bulk/", body).status_code == 302
    assert set(WorkItem.objects.values_list("assigned_to", flat=True)) == {olga.pk}
    for wrong in (
        {"action": "dismissed"},
        {"item": [str(items[0].uid)]},
        {"item": ["x"], "action": "dismissed"},
        {"item": [str(items[0].uid)], "action": "assign"},
        {"item": [str(items[0].uid)], "action": "banned"},
        {"item": [str(uuid7()) for _ in range(BULK_MAX + 1)], "action": "dismissed"},
    ):
        answer = client.post(f"{QUEUE}bulk/?state=mine", wrong)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{QUEUE}?state=mine")
    assert client.get(f"{QUEUE}bulk/").status_code == 405
    assert not WorkItem.objects.filter(decided_at__isnull=False).exists()


@pytest.mark.django_db
def test_who_may_not_work_there_settles_nothing_and_reads_nothing() -> None:
    items = report(2)
    outsiders = [
        make_user("fan"),
        make_user("creator"),
        make_staff("support"),
        make_staff("finance"),
        make_staff("security"),
    ]
    for client in [Client(), *(sign_in_as(one) for one in outsiders)]:
        for more in ({}, {"run": str(uuid7()), "note": WHY}):
            answer = client.post(f"{QUEUE}bulk/", {"item": uids(items), "action": "dismissed", **more})
            assert answer.status_code in (302, 404)
            assert "/staff/" not in answer.headers.get("Location", "").partition("?")[0]
            assert not [item for item in items if str(item.uid) in answer.content.decode()]
    for outsider in outsiders:
        with pytest.raises(NotFound):
            dismiss(outsider, items)
    assert not WorkItem.objects.filter(decided_at__isnull=False).exists()
    assert not BulkRun.objects.exists()


@pytest.mark.django_db
def test_the_list_and_the_page_that_asks_cost_the_same_for_n_and_2n_cases() -> None:
    staff = moderator()
    client = sign_in_as(staff)

    def count(items: list[WorkItem]) -> list[int]:
        found = []
        with CaptureQueriesContext(connection) as queries:
            assert client.get(QUEUE).status_code == 200
        found.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            plan(staff, items)
        found.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            confirm(client, items)
        return [*found, len(queries)]

    items = report(4)
    assert staff.has_perm("users.staff_review_reports")  # asked once, and kept
    once = count(items)
    assert count([*items, *report(4)]) == once
    assert once[1] == 2
