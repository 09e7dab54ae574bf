"""Texts that reasons begin with: placeholders of a closed list, who may write them, and a preview that is true."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from moderation import placeholders, queues, reason_selectors
from moderation.appeals.services import appealing
from moderation.errors import EmptyPlaceholder, TextChanged, TitleTaken, UnknownOutcome, UnknownPlaceholder
from moderation.models import AppealMessage, CannedReason, Sanction, Verification, WorkItem, WorkNote
from moderation.reports.services import submitting
from moderation.sanctions.services import imposing
from moderation.services import letters, reasons, work
from pairly.common.ids import uuid7
from pairly.common.problems import Forbidden, InvalidInput, NotFound
from pairly.outbox.services import deliver_due
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import AuditEntry
from users.models import User

TEXT = "{handle}, you broke a rule: {reason}."
LIST = "/staff/reasons/"
GIVEN = {"kind": "report", "language": "en", "title": "Advertising", "text": TEXT}


def write(by: User | None = None, **more: str) -> CannedReason:
    return reasons.write(user=by or make_staff("admin"), **{**GIVEN, **more})


def change(row: CannedReason, by: User, **more: Any) -> CannedReason:
    given = {"version": row.version, "language": row.language, "title": row.title, "text": row.text}
    return reasons.change(user=by, uid=row.uid, **{**given, **more})


# -- placeholders ---------------------------------------------------------------------------------------------
def test_placeholders_are_put_in_once_and_what_is_put_in_is_never_looked_at() -> None:
    values = {"handle": "{until} {0.__class__} %s", "reason": "spam", "until": "2026-12-01"}
    filled = placeholders.fill(text="{handle}: {reason} {until} {other} {0} {", values=values, pointer="/note")
    assert filled == "{until} {0.__class__} %s: spam 2026-12-01 {other} {0} {"


@pytest.mark.parametrize("values", [{}, {"until": ""}])
def test_one_that_says_nothing_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(EmptyPlaceholder) as refused:
        placeholders.fill(text="Until {until}", values=values, pointer="/note")
    assert (refused.value.errors or [])[0]["pointer"] == "/note"


WRONG = ["{name}", "{handle.password}", "{handle!r}", "{ handle }", "{}", "{0}", "{handle", "handle}", "{{handle}}"]


@pytest.mark.parametrize("text", [*WRONG, "{Handle}"])
@pytest.mark.django_db
def test_an_unknown_placeholder_is_refused_when_a_text_is_kept(text: str) -> None:
    with pytest.raises(UnknownPlaceholder):
        write(text=text)
    assert not CannedReason.objects.exists()


# -- writing --------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_every_change_stands_in_the_audit_log_with_what_was_there_before() -> None:
    admin = make_staff("admin")
    row = write(admin)
    changed = change(row, admin, title="Ads", text="No ads, {handle}.")
    reasons.retire(user=admin, uid=row.uid)
    reasons.retire(user=admin, uid=row.uid)
    reasons.restore(user=admin, uid=row.uid)
    entries = list(AuditEntry.objects.filter(action__startswith="staff.reason_").order_by("pk"))
    assert [entry.action.rpartition("_")[2] for entry in entries] == ["written", "changed", "retired", "restored"]
    assert entries[0].details["text"] == TEXT
    assert (entries[1].details["text_before"], entries[1].details["title_before"]) == (TEXT, "Advertising")
    assert (entries[1].details["text"], entries[1].actor_uid) == ("No ads, {handle}.", admin.uid)
    assert changed.version == 2


@pytest.mark.django_db
def test_two_who_change_a_text_at_once_do_not_undo_each_other() -> None:
    admin = make_staff("admin")
    row = write(admin)
    change(row, admin, text="First")
    with pytest.raises(TextChanged):
        change(row, admin, text="Second")
    assert CannedReason.objects.get().text == "First"


@pytest.mark.django_db
def test_a_title_stands_once_for_a_kind_and_language_and_again_when_retired() -> None:
    admin = make_staff("admin")
    row = write(admin)
    for same in ("Advertising", " advertising "):
        with pytest.raises(TitleTaken):
            write(admin, title=same)
    write(admin, language="hi")
    write(admin, kind="appeal")
    reasons.retire(user=admin, uid=row.uid)
    write(admin)
    with pytest.raises(TitleTaken):
        reasons.restore(user=admin, uid=row.uid)
    with pytest.raises(IntegrityError), transaction.atomic():
        CannedReason.objects.update(text="")
    with pytest.raises(IntegrityError), transaction.atomic():
        CannedReason.objects.update(kind="else")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "else"), ("language", "xx"), ("title", " "), ("title", "x" * 81), ("text", " "), ("text", "x" * 2001)],
)
def test_what_cannot_be_kept_is_refused_at_its_field(field: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        write(**{field: value})
    assert [row["pointer"] for row in refused.value.errors or []] == [f"/{field}"]


@pytest.mark.django_db
def test_who_may_not_write_them_reads_and_changes_nothing() -> None:
    row = write()
    path = f"{LIST}{row.uid}/"
    people = [*map(make_staff, ("moderator", "support", "security", "finance")), make_user(), make_user("creator")]
    for person in people:
        client = sign_in_as(person)
        answers = [client.get(LIST), client.get(f"{LIST}new/"), client.post(f"{LIST}new/", {**GIVEN, "title": "Mine"})]
        answers += [client.get(path), client.post(path, {**GIVEN, "version": "1", "text": "Mine"})]
        answers += [client.post(f"{path}{what}/") for what in ("retire", "restore")]
        assert {answer.status_code for answer in answers} == {403 if person.is_staff else 404}
        assert not [answer for answer in answers if "Advertising" in answer.content.decode()]
        with pytest.raises(Forbidden):
            reason_selectors.get_reason(user=person, uid=row.uid)
        with pytest.raises(Forbidden):
            write(person, title="Mine")
    assert Client().get(LIST).status_code == 302
    assert CannedReason.objects.get().text == TEXT
    assert CannedReason.objects.get().retired_at is None


@pytest.mark.django_db
def test_the_pages_write_change_retire_and_offer_again() -> None:
    client = sign_in_as(make_staff("admin"))
    wrong = client.post(f"{LIST}new/", {**GIVEN, "text": "{foo}"})
    assert wrong.status_code == 422
    assert "There is no placeholder {foo}." in html.unescape(wrong.content.decode())
    assert client.post(f"{LIST}new/", GIVEN).headers["Location"] == LIST
    assert client.post(f"{LIST}new/", GIVEN).status_code == 422
    row = CannedReason.objects.get()
    path = f"{LIST}{row.uid}/"
    sent = {**GIVEN, "kind": "appeal", "text": "Anew", "version": "1"}
    assert client.post(path, sent).headers["Location"] == LIST
    assert client.post(path, sent).status_code == 409
    row.refresh_from_db()
    assert (row.text, row.kind, row.version) == ("Anew", "report", 2)
    assert client.post(f"{path}retire/").headers["Location"] == LIST
    assert "retired" in client.get(path).content.decode()
    assert client.post(f"{path}restore/").headers["Location"] == path
    assert client.get(f"{LIST}{uuid7()}/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "titles"),
    [("", {"One", "Two", "Three"}), ("?q=tw", {"Two"}), ("?q=BROKE", {"One", "Two", "Three"}),
     ("?kind=appeal", {"Two"}), ("?language=hi", {"Three"}), ("?state=retired", {"One"}),
     ("?state=offered", {"Two", "Three"}), ("?kind=report&language=en", {"One"})],
)  # fmt: skip
def test_the_filters_of_the_list_are_in_the_url(query: str, titles: set[str]) -> None:
    admin = make_staff("admin")
    one = write(admin, title="One")
    write(admin, title="Two", kind="appeal")
    write(admin, title="Three", language="hi")
    reasons.retire(user=admin, uid=one.uid)
    page = sign_in_as(admin).get(f"{LIST}{query}").content.decode()
    assert {title for title in ("One", "Two", "Three") if f"data-row>{title}<" in page} == titles


@pytest.mark.django_db
def test_the_list_is_shown_page_by_page_and_costs_the_same_for_n_and_2n(monkeypatch: pytest.MonkeyPatch) -> None:
    admin = make_staff("admin")
    client = sign_in_as(admin)
    assert client.get(f"{LIST}?kind=else").status_code == 422

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(LIST).status_code == 200
        return len(queries)

    found = []
    for start in (0, 4):
        for n in range(4):
            write(admin, title=f"Text {start + n}")
        found.append(count())
    assert found[0] == found[1] <= 7
    monkeypatch.setattr("moderation.reason_views.REASONS_PAGE", 3)
    url, seen = LIST, []
    for _page in range(3):
        page = client.get(url).content.decode()
        seen.append(page.count('<li class="line">'))
        following = page.partition('rel="next" href="')[2].partition('"')[0]
        url = LIST + html.unescape(following)
    assert (seen, url) == ([3, 3, 2], LIST)


# -- choosing one, and how it reads -----------------------------------------------------------------------------
def reported(**more: Any) -> tuple[User, WorkItem]:
    """A case of reports that somebody works on, about "Ada Advertiser"."""
    staff, subject = make_staff("moderator"), make_user(name=more.pop("name", "Ada Advertiser"))
    User.objects.filter(pk=subject.pk).update(**more)
    made = submitting.submit(reporter=make_user(), kind="user", target=subject.uid, category="spam", details="Ads.")
    item = WorkItem.objects.get(ref=made.case.uid)
    return staff, work.take(uid=item.uid, user=staff)


def timeless(text: str) -> str:
    """Without days, minutes, and the address of a page that is not there before the decision."""
    return re.sub(r"https?://\S+|\d{4}-\d\d-\d\d( \d\d:\d\d UTC)?", "…", text)


def preview_json(client: Client, item: WorkItem, **body: str) -> Any:
    return client.post(f"/staff/cases/{item.uid}/preview/", body, headers={"Accept": "application/json"})


@pytest.mark.django_db
def test_the_mail_is_word_for_word_what_the_preview_showed_and_the_text_is_kept() -> None:
    staff, item = reported()
    row = write(text="{handle}, this was: {reason}. You may not write until {until}.")
    client = sign_in_as(staff)
    path = f"/staff/cases/{item.uid}/"
    assert "Advertising" in client.get(path).content.decode()
    filled = preview_json(client, item, step="fill", canned=str(row.uid), shown="muted", note="")
    assert filled.status_code == 200
    note, (letter,) = filled.json()["text"], filled.json()["letters"]
    assert note == row.text
    assert "Ada Advertiser, this was: " in letter["text"]
    assert not Sanction.objects.exists()
    client.post(f"{path}decide/", {"outcome": "muted", "note": note})
    sanction = Sanction.objects.get()
    assert sanction.until
    until = f"{sanction.until:%Y-%m-%d}"
    assert sanction.facts.startswith("Ada Advertiser, this was: ")
    assert sanction.facts.endswith(f". You may not write until {until}.")
    deliver_due()
    sent = next(one for one in mail.outbox if one.to == [sanction.user.email] and one.subject == letter["title"])
    assert f"/account/restrictions/{sanction.uid}/" in str(sent.body)
    assert timeless(str(sent.body)) == timeless(letter["text"])
    # What becomes of the kept text changes nothing of what was sent.
    facts = sanction.facts
    change(row, make_staff("admin"), text="Something else")
    sanction.refresh_from_db()
    assert (sanction.facts, WorkNote.objects.get().text) == (facts, facts)
    assert AuditEntry.objects.get(action="staff.case_decided").reason == facts


@pytest.mark.django_db
def test_without_scripts_the_page_shows_the_same_and_nothing_is_decided() -> None:
    staff, item = reported()
    row = write()
    client = sign_in_as(staff)
    answer = client.post(
        f"/staff/cases/{item.uid}/preview/", {"step": "fill", "canned": str(row.uid), "shown": "banned"}
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f">\n{TEXT}</textarea>" in page
    shown = preview_json(client, item, note=TEXT, shown="banned").json()["letters"][0]["text"]
    assert timeless(shown) in timeless(html.unescape(page))
    assert "Suspended for good" in page
    item.refresh_from_db()
    assert item.decided_at is None


@pytest.mark.django_db
def test_a_name_that_looks_like_a_placeholder_stays_a_name() -> None:
    staff, item = reported(name="{until} {reason}")
    text = preview_json(sign_in_as(staff), item, note="{handle}!", shown="warned").json()["letters"][0]["text"]
    assert ": {until} {reason}!" in text
    work.decide(uid=item.uid, user=staff, outcome="warned", note="{handle}!")
    assert Sanction.objects.get().facts == "{until} {reason}!"


@pytest.mark.django_db
def test_a_placeholder_that_says_nothing_in_the_decision_is_refused_in_preview_and_decision() -> None:
    staff, item = reported()
    client = sign_in_as(staff)
    answer = preview_json(client, item, note="Until {until}", shown="warned")
    assert (answer.status_code, answer.json()["letters"]) == (200, [])
    assert "{until} says nothing" in answer.json()["problem"]
    refused = client.post(f"/staff/cases/{item.uid}/decide/", {"outcome": "warned", "note": "Until {until}"})
    assert refused.status_code == 422
    assert "{until} says nothing" in refused.content.decode()
    # A dismissal is read by staff alone, so it stays as it was written.
    work.decide(uid=item.uid, user=staff, outcome="dismissed", note="Until {until}")
    assert WorkNote.objects.get().text == "Until {until}"


@pytest.mark.django_db
def test_what_was_written_is_not_lost_when_a_text_is_put_in() -> None:
    staff, item = reported()
    client, row, other = sign_in_as(staff), write(text="One"), write(title="Other", text="Two")
    for note, expected in (("", "One"), ("Two", "One"), ("My own words", "My own words\n\nOne")):
        filled = preview_json(client, item, step="fill", canned=str(row.uid), note=note)
        assert filled.json()["text"] == expected
    reasons.retire(user=make_staff("admin"), uid=other.uid)
    for wrong in (str(other.uid), str(uuid7()), str(write(kind="appeal").uid), "x"):
        sent = {"step": "fill", "canned": wrong, "note": "Mine"}
        answer = preview_json(client, item, **sent).json()
        assert (answer["text"], answer["letters"]) == ("Mine", [])
        assert client.post(f"/staff/cases/{item.uid}/preview/", sent).status_code == 422
    assert preview_json(client, item, note="Mine", shown="dismissed").json()["letters"] == []


@pytest.mark.django_db
def test_the_persons_language_comes_first_then_english() -> None:
    staff, item = reported(language="hi")
    for language in ("ar", "en", "hi"):
        write(language=language, title=f"In {language}")
    page = sign_in_as(staff).get(f"/staff/cases/{item.uid}/").content.decode()
    order = [page.index(f">In {language}<") for language in ("hi", "en", "ar")]
    assert order == sorted(order)
    assert preview_json(sign_in_as(staff), item, note="x", shown="warned").json()["language"] == "hi"


@pytest.mark.django_db
def test_a_verification_and_an_appeal_read_as_their_pages_show_them() -> None:
    staff, user = make_staff("moderator"), make_user(name="Vera")
    verification = Verification.objects.create(
        user=user, document_type="passport", state="in_review", consent_at=timezone.now(), submitted_at=timezone.now()
    )
    item = work.open_item(kind="verification", ref=verification.uid, subject_uid=user.uid)
    work.take(uid=item.uid, user=staff)
    client = sign_in_as(staff)
    (letter,) = preview_json(client, item, note="{handle}, too dark", shown="unreadable").json()["letters"]
    client.post(f"/staff/cases/{item.uid}/decide/", {"outcome": "unreadable", "note": "{handle}, too dark"})
    page = html.unescape(sign_in_as(user).get("/verification/").content.decode())
    for words in (letter["title"], *letter["text"].split("\n\n")):
        assert words in page
    assert "Vera, too dark" in letter["text"]

    fan, first = make_user(name="Fay"), make_staff("moderator")
    sanction = imposing.impose(user=fan, kind="warning", rule="spam", facts="Ads", is_automated=False, by=first)
    appeal = appealing.appeal_sanction(user=fan, uid=sanction.uid, text="No ad.")
    item = WorkItem.objects.get(ref=appeal.uid)
    work.take(uid=item.uid, user=staff)
    by_mail, on_page = preview_json(client, item, note="{handle}: {reason}", shown="refused").json()["letters"]
    work.decide(uid=item.uid, user=staff, outcome="refused", note="{handle}: {reason}")
    assert AppealMessage.objects.get(is_from_staff=True).text == on_page["text"]
    assert on_page["text"].startswith("Fay: ")
    deliver_due()
    sent = next(one for one in mail.outbox if one.subject == by_mail["title"])
    assert str(sent.body).startswith(by_mail["text"])


@pytest.mark.django_db
def test_a_suspension_is_shown_before_and_imposed_as_it_was_shown() -> None:
    staff, user = make_staff("moderator"), make_user(name="Sam")
    row = write(kind="sanction", text="{handle}: {reason}, until {until}")
    client = sign_in_as(staff)
    path = f"/staff/users/{user.uid}/suspend/"
    body = {"rule": "spam", "scope": "all", "duration": "24", "nonce": str(uuid7()), "facts": ""}
    answer = client.post(
        f"{path}preview/", {**body, "step": "fill", "canned": str(row.uid)}, headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.json()["text"]) == (200, row.text)
    (letter,) = answer.json()["letters"]
    page = client.post(f"{path}preview/", {**body, "facts": row.text})
    assert "Sam: " in page.content.decode()
    forever = client.post(f"{path}preview/", {**body, "facts": row.text, "duration": "forever"})
    assert forever.status_code == 422
    assert not Sanction.objects.exists()
    imposing.suspend(
        user=user, rule="spam", facts=row.text, scope="all", duration_hours=24, is_automated=False, by=staff
    )
    facts = Sanction.objects.get().facts
    assert facts.startswith("Sam: ")
    assert facts in letter["text"]


@pytest.mark.django_db
def test_who_does_not_hold_the_case_gets_no_preview() -> None:
    staff, item = reported(name="Nobody Sees")
    write()
    holder_only = preview_json(sign_in_as(make_staff("moderator")), item, note="{handle}", shown="warned")
    assert (holder_only.status_code, holder_only.json()["letters"]) == (409, [])
    for person in (make_staff("support"), make_user(), make_user("creator")):
        answer = preview_json(sign_in_as(person), item, note="{handle}", shown="warned")
        assert answer.status_code == 404
        assert "Nobody Sees" not in answer.content.decode()
    assert sign_in_as(staff).get(f"/staff/cases/{item.uid}/preview/").status_code == 405
    user = make_user(name="Sam Somebody")
    for person in (make_staff("support"), make_user(), make_user("creator")):
        answer = sign_in_as(person).post(f"/staff/users/{user.uid}/suspend/preview/", {"facts": "{handle}"})
        assert answer.status_code in (403, 404)
        assert "Sam Somebody" not in answer.content.decode()


@pytest.mark.django_db
def test_a_queue_without_kept_texts_has_no_preview() -> None:
    item = work.open_item(kind="factor_recovery", ref=uuid7())
    staff = make_staff("support")
    work.take(uid=item.uid, user=staff)
    assert preview_json(sign_in_as(staff), item, note="x").status_code == 404
    with pytest.raises(UnknownOutcome):
        letters.preview(item=item, outcome="rejected", note="x")
    with pytest.raises(NotFound):
        letters.put_in(kind="report", uid=uuid7(), text="")
    kinds = {kind.reasons for kind in queues._kinds.values() if kind.reasons}
    assert kinds | {"sanction"} == set(CannedReason.Kind.values)


@pytest.mark.django_db
def test_a_case_costs_the_same_for_n_and_2n_texts() -> None:
    staff, item = reported()
    client = sign_in_as(staff)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/staff/cases/{item.uid}/").status_code == 200
        return len(queries)

    found = []
    for start in (0, 5):
        for n in range(5):
            write(title=f"Text {start + n}")
        found.append(count())
    assert found[0] == found[1]
