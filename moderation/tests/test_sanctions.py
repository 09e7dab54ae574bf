"""Sanctions do what they say, tell why, end as they should; appeals are decided by somebody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from messaging import selectors as chats
from moderation.appeals.errors import AnotherPerson, AppealClosed, AppealMade, CannotAppeal, WaitForAnswer
from moderation.appeals.services import appealing
from moderation.appeals.services import deciding as appeal_deciding
from moderation.errors import CaseNotHeld
from moderation.models import Appeal, AppealMessage, ReportCase, Sanction, Verification, WorkItem
from moderation.reports import selectors as report_selectors
from moderation.reports.services import deciding, submitting
from moderation.sanctions import selectors
from moderation.sanctions.constants import STATEMENT_MAIL
from moderation.sanctions.errors import SanctionOver
from moderation.sanctions.services import imposing, privacy, reading, statements
from moderation.services import work
from moderation.verifications.services import reviews
from pairly.common.problems import Forbidden, InvalidInput, NotFound
from pairly.outbox.models import OutboxRow
from pairly.testing.people import make_staff, make_user, sign_in_as
from payments.models import ShopItem
from payments.payout_selectors import is_held
from profiles import selectors as profiles
from security.models import AuditEntry
from users.models import Notification, Restriction, Session, User
from users.services import suspensions

from .test_verifications import sent, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def creator() -> User:
    return make_user("creator", name="Mara Lind")


@pytest.fixture
def moderator() -> User:
    return make_staff("moderator", name="Petra Vogt")


@pytest.fixture
def colleague() -> User:
    return make_staff("moderator", name="Jan Weiss")


def impose(user: User, staff: User | None, kind: str = "warning", **fields: Any) -> Sanction:
    given = {"rule": "harassment", "facts": "You wrote threats on Monday", "is_automated": False}
    if kind in ("mute", "temporary_ban"):
        given["until"] = timezone.now() + timedelta(days=7)
    return imposing.impose(user=user, by=staff, kind=kind, **{**given, **fields})


def limited(user: User) -> Client:
    """A browser of somebody who is suspended: kept to their own data."""
    user.refresh_from_db()
    client = sign_in_as(user, factor=None)
    Session.objects.filter(user=user, ended_at__isnull=True).update(limit=Session.Limit.SUSPENDED)
    return client


def mailed() -> str:
    """The statements that wait to be mailed, as they leave."""
    for row in OutboxRow.objects.filter(kind=STATEMENT_MAIL).order_by("pk"):
        statements.deliver(row.user_uid, row.payload)
    return "\n".join(f"{one.subject}\n{one.body}" for one in mail.outbox)


# -- what they do
def test_a_mute_keeps_from_writing_until_its_time_and_a_hide_from_being_seen(creator, moderator):
    fan = make_user()
    assert chats.may_contact(writer_id=creator.pk, reader_id=fan.pk)
    impose(creator, moderator, "mute")
    hidden = impose(creator, moderator, "hide")
    assert not chats.may_contact(writer_id=creator.pk, reader_id=fan.pk)
    with pytest.raises(NotFound):
        profiles.get_profile(user=fan, uid=creator.uid)
    imposing.lift(sanction=hidden, by=moderator)
    assert profiles.get_profile(user=fan, uid=creator.uid)
    Restriction.objects.filter(kind="mute").update(until=timezone.now() - timedelta(seconds=1))
    assert chats.may_contact(writer_id=creator.pk, reader_id=fan.pk)


def test_a_payout_hold_holds_payouts(creator, moderator):
    hold = impose(creator, moderator, "payout_hold")
    assert is_held(user=creator)
    imposing.lift(sanction=hold, by=moderator)
    assert not is_held(user=creator)


@pytest.mark.parametrize("kind", ["temporary_ban", "permanent_ban"])
def test_a_ban_ends_every_sign_in_and_lifting_one_leaves_the_other(creator, moderator, kind):
    browser = sign_in_as(creator)
    ban, other = impose(creator, moderator, kind), impose(creator, moderator, "permanent_ban")
    assert browser.get("/notifications/").status_code == 302
    creator.refresh_from_db()
    assert not creator.is_active
    imposing.lift(sanction=ban, by=moderator)
    creator.refresh_from_db()
    assert not creator.is_active
    imposing.lift(sanction=other, by=moderator)
    creator.refresh_from_db()
    assert creator.is_active
    with pytest.raises(SanctionOver):
        imposing.lift(sanction=ban, by=moderator)


def test_a_temporary_ban_ends_by_itself(creator, moderator):
    ban = impose(creator, moderator, "temporary_ban")
    Restriction.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert suspensions.end_due() == 1
    creator.refresh_from_db()
    assert creator.is_active
    assert selectors.state_of(sanction=ban, at=ban.until) == "over"


def test_removed_content_is_gone_from_the_shop_and_comes_back_off_sale(creator, moderator):
    item = ShopItem.objects.create(
        seller=creator, title="A ware", price_centi=100, state="on_sale", published_at=timezone.now()
    )
    removal = impose(creator, moderator, "content_removal", content_ref=item.uid)
    item.refresh_from_db()
    assert item.state == "removed"
    with pytest.raises(NotFound):
        impose(creator, moderator, "content_removal", content_ref=item.uid)
    imposing.lift(sanction=removal, by=moderator)
    item.refresh_from_db()
    assert item.state == "off_sale"


# -- with reasons or not at all
@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"rule": "ugly"}, "/rule"),
        ({"facts": "  "}, "/facts"),
        ({"scope": "moon"}, "/scope"),
        ({"kind": "mute", "until": None}, "/until"),
        ({"kind": "temporary_ban", "until": timezone.now() - timedelta(days=1)}, "/until"),
        ({"kind": "permanent_ban", "until": timezone.now() + timedelta(days=1)}, "/until"),
        ({"kind": "content_removal"}, "/content"),
        ({"kind": "stare"}, "/kind"),
        ({"staff": None}, "/automated"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_nothing_is_imposed_without_rule_facts_scope_and_duration(creator, moderator, fields, pointer):
    with pytest.raises(InvalidInput) as refused:
        impose(creator, **{"staff": moderator, **fields})
    assert refused.value.errors[0]["pointer"] == pointer
    assert Sanction.objects.count() == Restriction.objects.count() == 0


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"rule": ""}, "sanction_says_why"),
        ({"facts": ""}, "sanction_says_why"),
        ({"decided_by": None}, "sanction_by_somebody_or_automated"),
        ({"kind": "mute"}, "sanction_has_an_end"),
    ],
)
def test_the_table_refuses_one_without_reasons(creator, moderator, fields, name):
    given = {"kind": "warning", "rule": "spam", "facts": "f", "is_automated": False, "decided_by": moderator}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Sanction.objects.create(user=creator, appeal_until=timezone.now(), **{**given, **fields})


def test_nobody_sanctions_themselves(moderator):
    with pytest.raises(Forbidden):
        impose(moderator, moderator)


def test_the_statement_of_reasons_comes_by_mail(creator, moderator):
    ban = impose(creator, moderator, "temporary_ban")
    text = mailed()
    for part in ("Suspended for a time", "Harassing", "You wrote threats", f"{ban.until:%Y-%m-%d}", "by a person",
                 "appeal", f"/account/restrictions/{ban.uid}/", "court"):  # fmt: skip
        assert part in text


def test_who_is_banned_reads_why_and_appeals_and_nothing_else(creator, moderator):
    ban = impose(creator, moderator, "permanent_ban")
    browser = limited(creator)
    assert f"/account/restrictions/{ban.uid}/" in browser.get("/account/restrictions/").content.decode()
    page = browser.get(f"/account/restrictions/{ban.uid}/").content.decode()
    assert "You wrote threats on Monday" in page
    assert browser.get("/reports/").headers["Location"] == browser.get("/notifications/").headers["Location"]
    sent_appeal = browser.post(f"/account/restrictions/{ban.uid}/appeal/", {"text": "It was not me"})
    appeal = Appeal.objects.get()
    assert sent_appeal.headers["Location"] == f"/account/appeals/{appeal.uid}/"
    assert "It was not me" in browser.get(f"/account/appeals/{appeal.uid}/").content.decode()
    rows = browser.get("/api/v1/restrictions").json()["results"]
    assert (rows[0]["facts"], rows[0]["appeal"]["state"]) == ("You wrote threats on Monday", "open")


def test_a_stranger_sees_neither_decision_nor_appeal(creator, moderator):
    ban = impose(creator, moderator)
    appeal = appealing.appeal_sanction(user=creator, uid=ban.uid, text="no")
    browser = sign_in_as(make_user())
    for path in (f"/account/restrictions/{ban.uid}/", f"/account/restrictions/{ban.uid}/appeal/",
                 f"/account/appeals/{appeal.uid}/", f"/api/v1/appeals/{appeal.uid}"):  # fmt: skip
        assert browser.get(path).status_code in (404, 405)
        assert browser.post(path, {"text": "x"}).status_code in (404, 405, 415)
    assert browser.get("/api/v1/restrictions").json()["results"] == []
    assert AppealMessage.objects.count() == 1


# -- the API of staff
def test_staff_suspend_and_let_back_through_the_api(creator, moderator):
    staff = sign_in_as(moderator)
    Session.objects.filter(user=moderator).update(stepped_up_at=timezone.now())
    body = {"rule": "spam", "facts": "Same text 400 times", "scope": "all", "duration_hours": 24, "automated": True}
    path = f"/api/v1/admin/users/{creator.uid}"
    answer = staff.post(f"{path}/suspend", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    made = Sanction.objects.get()
    assert (made.kind, made.is_automated, made.decided_by) == ("temporary_ban", True, moderator)
    creator.refresh_from_db()
    assert not creator.is_active
    why = {"reason": "Somebody else had used the account"}
    refused = staff.post(f"{path}/unsuspend", {"reason": " "}, content_type="application/json")
    assert refused.json()["errors"][0]["pointer"] == "/reason"
    assert staff.post(f"{path}/unsuspend", why, content_type="application/json").status_code == 204
    creator.refresh_from_db()
    assert creator.is_active
    assert staff.post(f"{path}/unsuspend", why, content_type="application/json").json()["code"] == "not_suspended"
    assert AuditEntry.objects.get(action="sanction.lifted").reason == why["reason"]
    assert f"Why: {why['reason']}" in mailed()
    assert sign_in_as(creator).get(f"/account/restrictions/{made.uid}/").content.decode().count(why["reason"]) == 1
    assert AuditEntry.objects.filter(action="sanction.imposed", subject_uid=creator.uid).count() == 1


def test_a_client_that_gives_no_reason_lets_people_back_all_the_same(creator, moderator):
    imposing.impose(
        user=creator, by=moderator, kind="temporary_ban", rule="spam", facts="x", is_automated=False,
        until=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    staff = sign_in_as(moderator)
    Session.objects.filter(user=moderator).update(stepped_up_at=timezone.now())
    path = f"/api/v1/admin/users/{creator.uid}/unsuspend"
    assert staff.post(path, {}, content_type="application/json").status_code == 204
    creator.refresh_from_db()
    assert creator.is_active
    assert Sanction.objects.get().lifted_reason == "It was looked at again."


@pytest.mark.parametrize("missing", ["rule", "facts", "scope", "duration_hours", "automated"])
def test_staff_leave_nothing_out(creator, moderator, missing):
    body = {"rule": "spam", "facts": "x", "scope": "all", "duration_hours": 24, "automated": False}
    del body[missing]
    answer = sign_in_as(moderator).post(
        f"/api/v1/admin/users/{creator.uid}/suspend", body, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{missing}")
    assert Sanction.objects.count() == 0


@pytest.mark.parametrize("role", ["", "support", "finance"])
def test_others_suspend_nobody(creator, role):
    browser = sign_in_as(make_staff(role) if role else make_user())
    body = {"rule": "spam", "facts": "x", "scope": "all", "duration_hours": None, "automated": False}
    for what in ("suspend", "unsuspend"):
        answer = browser.post(f"/api/v1/admin/users/{creator.uid}/{what}", body, content_type="application/json")
        assert answer.status_code in (403, 404)
    assert Sanction.objects.count() == 0


# -- out of the queue
def reported(creator: User, reporter: User) -> WorkItem:
    report = submitting.submit(reporter=reporter, kind="user", target=creator.uid, category="scam", details="see")
    return WorkItem.objects.get(kind="report", ref=report.case.uid)


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        ("warned", "warning"),
        ("muted", "mute"),
        ("hidden", "hide"),
        ("suspended", "temporary_ban"),
        ("banned", "permanent_ban"),
    ],
)
def test_each_decision_of_the_queue_is_a_sanction_that_closes_the_case(creator, moderator, outcome, kind):
    fan = make_user()
    item = reported(creator, fan)
    work.take(uid=item.uid, user=moderator)
    work.decide(uid=item.uid, user=moderator, outcome=outcome, note="Asked for money outside")
    sanction = Sanction.objects.get()
    assert (sanction.kind, sanction.rule, sanction.facts) == (kind, "fraud", "Asked for money outside")
    assert ReportCase.objects.get().state == "upheld"
    assert Notification.objects.get(user=fan, kind="report").payload["outcome"] == "upheld"
    assert report_selectors.get_record(user=fan).n_upheld == 1


def test_an_item_is_removed_out_of_the_queue_and_nothing_where_there_is_none(creator, moderator):
    item = reported(creator, make_user())
    work.take(uid=item.uid, user=moderator)
    with pytest.raises(InvalidInput):
        work.decide(uid=item.uid, user=moderator, outcome="removed", note="copied")
    item.refresh_from_db()
    assert item.decided_at is None
    assert Sanction.objects.count() == 0


# -- appeals
def appealed(user: User, staff: User, kind: str = "permanent_ban", **fields: Any) -> tuple[Sanction, Appeal, WorkItem]:
    sanction = impose(user, staff, kind, **fields)
    appeal = appealing.appeal_sanction(user=user, uid=sanction.uid, text="It was not me")
    return sanction, appeal, WorkItem.objects.get(kind="appeal", ref=appeal.uid)


def test_another_person_grants_an_appeal_and_everybody_hears(creator, moderator, colleague):
    fan = make_user()
    item = reported(creator, fan)
    work.take(uid=item.uid, user=moderator)
    work.decide(uid=item.uid, user=moderator, outcome="banned", note="Fraud")
    sanction = Sanction.objects.get()
    appeal = appealing.appeal_sanction(user=creator, uid=sanction.uid, text="It was not me")
    case = WorkItem.objects.get(kind="appeal", ref=appeal.uid)
    assert work.take_next(kind="appeal", user=moderator) is None
    with pytest.raises(CaseNotHeld):
        work.take(uid=case.uid, user=moderator)
    assert work.take_next(kind="appeal", user=colleague) == case
    page = sign_in_as(colleague).get(f"/staff/cases/{case.uid}/").content.decode()
    assert "It was not me" in page
    appealing.answer(staff=colleague, uid=appeal.uid, text="Where were you?")
    appealing.say(user=creator, uid=appeal.uid, text="Abroad")
    work.decide(uid=case.uid, user=colleague, outcome="granted", note="Sorry")
    creator.refresh_from_db()
    appeal.refresh_from_db()
    sanction.refresh_from_db()
    assert (creator.is_active, appeal.state, sanction.lifted_by) == (True, "granted", colleague)
    assert list(appeal.messages.order_by("pk").values_list("text", flat=True)) == [
        "It was not me", "Where were you?", "Abroad", "Sorry",
    ]  # fmt: skip
    outcomes = (
        Notification.objects.filter(user=fan, kind="report").order_by("pk").values_list("payload__outcome", flat=True)
    )
    assert list(outcomes) == ["upheld", "overturned"]
    assert Notification.objects.filter(user=moderator, kind="appeal").exists()
    assert Notification.objects.filter(user=creator, kind="appeal", payload__state="granted").exists()


def test_the_first_person_is_refused_by_the_service_and_by_the_table(creator, moderator):
    _sanction, appeal, _item = appealed(creator, moderator)
    for decide in (appeal_deciding.grant, appeal_deciding.refuse):
        with pytest.raises(AnotherPerson):
            decide(staff=moderator, uid=appeal.uid, note="x")
    with pytest.raises(IntegrityError, match="appeal_by_another_person"), transaction.atomic():
        Appeal.objects.filter(pk=appeal.pk).update(state="refused", decided_at=timezone.now(), decided_by=moderator)


def test_a_refused_appeal_leaves_all_as_it_is_and_is_over(creator, moderator, colleague):
    sanction, appeal, _item = appealed(creator, moderator)
    appeal_deciding.refuse(staff=colleague, uid=appeal.uid, note="We looked")
    creator.refresh_from_db()
    assert not creator.is_active
    with pytest.raises(AppealClosed):
        appeal_deciding.grant(staff=colleague, uid=appeal.uid, note="x")
    with pytest.raises(AppealClosed):
        appealing.say(user=creator, uid=appeal.uid, text="But")
    with pytest.raises(AppealMade):
        appealing.appeal_sanction(user=creator, uid=sanction.uid, text="again")


def test_an_appeal_has_its_time_and_its_bounds(creator, moderator):
    late = impose(creator, moderator)
    Sanction.objects.filter(pk=late.pk).update(appeal_until=timezone.now())
    with pytest.raises(CannotAppeal):
        appealing.appeal_sanction(user=creator, uid=late.uid, text="x")
    _sanction, appeal, _item = appealed(creator, moderator, "warning")
    for n in range(9):
        appealing.say(user=creator, uid=appeal.uid, text=str(n))
    with pytest.raises(WaitForAnswer):
        appealing.say(user=creator, uid=appeal.uid, text="more")


def test_evidence_stays_while_an_appeal_is_open(creator, moderator, colleague):
    item = reported(creator, make_user())
    work.take(uid=item.uid, user=moderator)
    work.decide(uid=item.uid, user=moderator, outcome="warned", note="Fraud")
    appeal = appealing.appeal_sanction(user=creator, uid=Sanction.objects.get().uid, text="no")
    until = ReportCase.objects.get().evidence_until
    assert deciding.forget_due(at=until) == 0
    appeal_deciding.refuse(staff=colleague, uid=appeal.uid, note="x")
    assert deciding.forget_due(at=until) == 1


def test_a_rejected_verification_is_appealed_and_overturned_by_somebody_else(creator, moderator, colleague):
    verification = sent(creator)
    take(verification, moderator)
    reviews.reject(staff=moderator, uid=verification.uid, reason="unreadable", note="")
    browser = sign_in_as(creator)
    answer = browser.post(
        f"/api/v1/verifications/{verification.uid}/appeal", {"text": "It is sharp"}, content_type="application/json"
    )
    assert answer.status_code == 201, answer.content
    appeal = Appeal.objects.get()
    with pytest.raises(AnotherPerson):
        appeal_deciding.grant(staff=moderator, uid=appeal.uid, note="x")
    appeal_deciding.grant(staff=colleague, uid=appeal.uid, note="You are right")
    assert Verification.objects.get().state == "approved"


# -- whether it was read
def test_the_first_time_somebody_reads_their_statement_is_noted_once_by_the_page(creator, moderator):
    warning, other = impose(creator, moderator), impose(creator, moderator)
    browser, path = sign_in_as(creator), f"/account/restrictions/{warning.uid}/"
    browser.get("/account/restrictions/")  # the list has no reasons in it
    browser.head(path)
    warning.refresh_from_db()
    assert warning.read_at is None
    before = timezone.now()
    browser.get(path)
    warning.refresh_from_db()
    first = warning.read_at
    assert before <= first <= timezone.now()
    browser.get(path)
    browser.get("/api/v1/restrictions")
    for row, is_first in ((warning, True), (other, False)):
        row.refresh_from_db()
        assert (row.read_at == first) is is_first
    assert other.read_at is not None


def test_it_is_noted_by_the_api_and_for_who_is_suspended(creator, moderator):
    ban = impose(creator, moderator, "permanent_ban")
    [row] = limited(creator).get("/api/v1/restrictions").json()["results"]
    ban.refresh_from_db()
    assert row["read_at"] is not None
    assert ban.read_at is not None
    [again] = limited(creator).get("/api/v1/restrictions").json()["results"]
    assert again["read_at"] == row["read_at"]


def test_two_readers_at_once_leave_the_first_time(creator, moderator):
    """The row that the second one holds does not know of the first."""
    warning = impose(creator, moderator)
    stale = selectors.get_own(user=creator, uid=warning.uid)
    reading.note_read(user=creator, sanctions=[selectors.get_own(user=creator, uid=warning.uid)])
    warning.refresh_from_db()
    reading.note_read(user=creator, sanctions=[stale])
    first = warning.read_at
    warning.refresh_from_db()
    assert warning.read_at == first


def test_nobody_else_reads_it_for_them(creator, moderator):
    warning = impose(creator, moderator)
    for person in (make_user(), make_user("creator"), moderator):
        browser = sign_in_as(person)
        assert browser.get(f"/account/restrictions/{warning.uid}/").status_code == 404
        assert browser.get("/api/v1/restrictions").json()["results"] == []
        reading.note_read(user=person, sanctions=[warning])
    sign_in_as(make_staff("admin")).get(f"/staff/users/{creator.uid}/")
    warning.refresh_from_db()
    assert warning.read_at is None


def test_staff_see_on_the_case_the_account_and_the_appeal_whether_it_was_read(creator, moderator, colleague):
    report = submitting.submit(reporter=make_user(), kind="user", target=creator.uid, category="scam")
    item = WorkItem.objects.get(kind="report")
    work.take(uid=item.uid, user=moderator)
    sanction = deciding.uphold(staff=moderator, uid=report.case.uid, kind="warning", facts="You took money")
    pages = [f"/staff/cases/{item.uid}/", f"/staff/users/{creator.uid}/"]
    admin = sign_in_as(make_staff("admin"))
    for page in pages:
        assert "Not read in Pairly yet" in admin.get(page).content.decode(), page
    sign_in_as(creator).get(f"/account/restrictions/{sanction.uid}/")
    sanction.refresh_from_db()
    appeal = appealing.appeal_sanction(user=creator, uid=sanction.uid, text="I did not")
    pages.append(f"/staff/cases/{WorkItem.objects.get(kind='appeal', ref=appeal.uid).uid}/")
    for page in pages:
        shown = admin.get(page).content.decode()
        assert "Not read in Pairly yet" not in shown, page
        assert f'Read: <time datetime="{sanction.read_at.isoformat()}' in shown.replace("\n", " "), page


def test_the_copy_of_ones_data_says_when_one_read_it(creator, moderator):
    impose(creator, moderator)
    sign_in_as(creator).get("/api/v1/restrictions")
    rows: dict[str, list[dict[str, Any]]] = {}

    class Copy:
        def rows(self, name: str, found: Any) -> None:
            rows[name] = list(found)

    privacy.export(user=creator, out=Copy())
    assert rows["moderation/restrictions"][0]["read_at"] == Sanction.objects.get().read_at
