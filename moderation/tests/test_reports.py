"""Reports: what was opened is verified or it is not, what several report is one case, and what follows from it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging import server_keys
from messaging.models import Key
from messaging.protocol.base64url import b64u_decode, b64u_encode
from messaging.tests.vector_world import VECTORS, World, make_world
from moderation.models import Report, ReportCase, ReportedMessage, ReportFile, Sanction, WorkItem
from moderation.reports import selectors
from moderation.reports.errors import OwnReport, ReportClosed, TooManyReports
from moderation.reports.services import deciding, franking, submitting
from moderation.services import vault, work
from pairly.common.clock import from_ms
from pairly.common.problems import InvalidInput, NotFound
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import AuditEntry
from users.models import Notification, User

from .test_verifications import picture

pytestmark = pytest.mark.django_db
REPORT: dict[str, Any] = VECTORS["report"]


def opened(n: int) -> dict[str, Any]:
    """What the reader of the message at place `n` of the vectors hands over of it."""
    row = VECTORS["messages"][n - 1]
    srv = row["srv"]
    return {
        "hdr": row["env"]["hdr"], "sig": row["env"]["sig"], "n": srv["n"], "recv_ms": srv["recv_ms"],
        "head": srv["head"], "skid": srv["skid"], "receipt": srv["receipt"], "kf": row["kf"],
        "body": b64u_encode(row["body"].encode()),
    }  # fmt: skip


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = make_world(with_history=False)
    monkeypatch.setattr(server_keys, "list_server_keys", lambda: (made.server_key,))
    return made


@pytest.fixture
def moderator() -> User:
    return make_staff("moderator", name="Petra Vogt")


def verdict(world: World, message: Any, *, reporter: uuid.UUID | None = None, conversation: uuid.UUID | None = None):
    return franking.check(
        message=message,
        reporter=reporter or world.bob.uid,
        conversation=conversation or world.conversation,
        users=frozenset({world.alice.uid, world.bob.uid}),
        keys=(world.server_key,),
    )


def send(world: World, *messages: Any, reporter: User | None = None, **fields: Any) -> Report:
    given = {"kind": "message", "target": world.alice.uid, "category": "harassment", "messages": list(messages)}
    return submitting.submit(reporter=reporter or world.bob, **{**given, **fields})


def verdicts(report: Report) -> list[tuple[int | None, str, str]]:
    return [(row.n, row.verdict, row.flaw) for row in ReportedMessage.objects.filter(report=report)]


# -- what is verified
def test_the_report_of_the_vectors_is_verified(world):
    found = verdict(world, REPORT)
    assert (found.flaw, found.n, found.sender_uid) == ("", 1, world.alice.uid)
    assert found.body == VECTORS["messages"][0]["body"].encode()


@pytest.mark.parametrize("n", range(1, 8))
def test_each_message_of_the_chain_is_verified_for_both(world, n):
    for reporter in (world.alice, world.bob):
        assert verdict(world, opened(n), reporter=reporter.uid).is_verified


def flip(text: str) -> str:
    raw = bytearray(b64u_decode(text))
    raw[-1] ^= 1
    return b64u_encode(bytes(raw))


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"body": b64u_encode(b'{"t":"text","text":"I will find you"}')}, "commit_mismatch"),
        ({"kf": flip(REPORT["kf"])}, "commit_mismatch"),
        ({"n": 2}, "receipt_invalid"),
        ({"recv_ms": REPORT["recv_ms"] + 1}, "receipt_invalid"),
        ({"receipt": flip(REPORT["receipt"])}, "receipt_invalid"),
        ({"head": flip(REPORT["head"])}, "receipt_invalid"),
        ({"sig": flip(REPORT["sig"])}, "sig_invalid"),
        ({"skid": b64u_encode(bytes(32))}, "receipt_key_unknown"),
        ({"n": True}, "malformed"),
        ({"n": "1"}, "malformed"),
        ({"n": 2**70}, "malformed"),
        ({"kf": REPORT["kf"] + "AA"}, "malformed"),
        ({"kf": b64u_encode(b64u_decode(REPORT["kf"]) + b"\0")}, "malformed"),
        ({"body": None}, "malformed"),
    ],
)
def test_what_was_altered_is_not_verified_and_says_what_does_not_hold(world, change, flaw):
    assert verdict(world, {**REPORT, **change}).flaw == flaw


def test_the_words_of_one_message_under_the_header_of_another_are_not_verified(world):
    one, other = opened(1), opened(3)
    assert verdict(world, {**one, "body": other["body"], "kf": other["kf"]}).flaw == "commit_mismatch"
    assert verdict(world, {**one, "hdr": other["hdr"], "sig": other["sig"]}).flaw == "receipt_invalid"


def test_another_sender_in_the_header_is_not_verified(world):
    hdr = bytearray(b64u_decode(REPORT["hdr"]))
    hdr[38:54], hdr[54:70] = hdr[54:70], hdr[38:54]
    assert verdict(world, {**REPORT, "hdr": b64u_encode(bytes(hdr))}).flaw == "receipt_invalid"


def test_a_device_that_is_none_of_the_senders_or_was_revoked_before_is_not_verified(world):
    at = from_ms(REPORT["recv_ms"])

    Key.objects.filter(user=world.alice, role=2).update(revoked_at=at - timedelta(seconds=1))
    assert verdict(world, REPORT).flaw == "sender_key_revoked"
    Key.objects.filter(user=world.alice, role=2).update(user=world.bob)
    assert verdict(world, REPORT).flaw == "sender_key_unknown"


def test_who_took_no_part_and_another_conversation_are_not_verified(world):
    assert verdict(world, REPORT, reporter=uuid.uuid4()).flaw == "not_participant"
    assert verdict(world, REPORT, conversation=uuid.uuid4()).flaw == "other_conversation"


_BYTES = st.binary(max_size=300).map(b64u_encode)
_VALUES = {
    **dict.fromkeys(
        ("hdr", "sig", "head", "receipt", "kf", "body"), st.one_of(_BYTES, st.text(max_size=20), st.none())
    ),
    "n": st.one_of(st.integers(), st.booleans(), st.floats(allow_nan=False), st.text(max_size=3), st.none()),
    "recv_ms": st.one_of(st.integers(), st.none()),
}  # fmt: skip


@st.composite
def altered(draw: st.DrawFn) -> dict[str, Any]:
    """A report of the vectors with something else in it: a field replaced, cut, or with some of its bits flipped."""
    report = dict(opened(draw(st.integers(1, 7))))
    for name in draw(st.sets(st.sampled_from(sorted(_VALUES)), min_size=1, max_size=3)):
        raw = b64u_decode(report[name]) if isinstance(report[name], str) else b""
        how = draw(st.sampled_from(["replace", "flip", "cut", "from_another"])) if raw else "replace"
        if how == "flip":
            at, bit = draw(st.integers(0, len(raw) - 1)), draw(st.integers(0, 7))
            report[name] = b64u_encode(raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :])
        elif how == "cut":
            report[name] = b64u_encode(raw[: draw(st.integers(0, len(raw) - 1))])
        elif how == "from_another":
            report[name] = opened(draw(st.integers(1, 7)))[name]
        else:
            report[name] = draw(_VALUES[name])
    return report


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(report=altered())
def test_nothing_altered_is_ever_verified(world, report):
    originals = [opened(n) for n in range(1, 8)]
    is_original = any(all(type(report[k]) is type(one[k]) and report[k] == one[k] for k in one) for one in originals)
    assert verdict(world, report).is_verified is is_original


# -- one report
def test_messages_lie_encrypted_in_the_order_of_the_chain_with_the_gaps_between(world):
    report = send(world, opened(6), opened(1), opened(3))
    assert verdicts(report) == [(1, "verified", ""), (3, "verified", ""), (6, "verified", "")]
    assert report.gaps == [{"after_n": 1, "missing": 1}, {"after_n": 3, "missing": 2}]
    for row in ReportedMessage.objects.all():
        assert b"text" not in bytes(row.sealed_body)
        assert not {"body", "kf"} & set(row.proof)
    shown = selectors.show_case(case=report.case).reports[0]
    assert shown.messages[0].text == "Hello 👋"
    assert [message.missing for message in shown.messages] == [0, 1, 2]


def test_the_same_message_twice_is_a_duplicate_and_what_does_not_hold_is_kept_as_such(world):
    report = send(world, opened(1), opened(1), {**opened(3), "body": b64u_encode(b"{}")}, {"no": "report"})
    assert {(row[1], row[2]) for row in verdicts(report)} == {
        ("verified", ""),
        ("not_verified", "duplicate"),
        ("not_verified", "commit_mismatch"),
        ("not_verified", "malformed"),
    }
    assert report.gaps == []


def test_a_report_from_another_conversation_of_the_reporter_is_not_verified(world):
    from messaging.services import conversations

    other = make_user("creator")
    conversations.open_conversation(user=world.alice, peer_uid=other.uid)
    report = send(world, opened(1), reporter=world.alice, target=other.uid)
    assert verdicts(report) == [(None, "not_verified", "other_conversation")]


def test_a_case_is_opened_as_severe_as_what_it_is_about_and_becomes_more_so(world):
    report = send(world, category="spam")
    item = WorkItem.objects.get(kind="report", ref=report.case.uid)
    assert (item.severity, item.subject_uid) == (1, world.alice.uid)
    due_at = item.due_at
    send(world, category="minor")
    item.refresh_from_db()
    assert item.severity == 4
    assert item.due_at < due_at


def test_reports_of_one_thing_are_one_case_and_a_second_one_by_the_same_person_adds_to_the_first(world):
    fans = [make_user() for _ in range(2)]
    made = [
        submitting.submit(reporter=fan, kind="user", target=world.bob.uid, category="scam", details=f"no {n}")
        for n, fan in enumerate(fans)
    ]
    again = submitting.submit(
        reporter=fans[0],
        kind="user",
        target=world.bob.uid,
        category="minor",
        details="and more",
        pictures=[picture("x")],
    )
    assert again.pk == made[0].pk
    assert (again.details, again.category) == ("no 0\n\nand more", "minor")
    assert ReportCase.objects.count() == WorkItem.objects.filter(kind="report").count() == 1
    assert Sanction.objects.count() == 0  # by count alone nothing happens


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"kind": "planet"}, "/kind"),
        ({"category": "ugly"}, "/category"),
        ({"category": "other"}, "/details"),
        ({"details": "x" * 2001}, "/details"),
        ({"kind": "user", "messages": [{}]}, "/messages"),
        ({"messages": [{}] * 51}, "/messages"),
        ({"pictures": [b"no picture"]}, "/pictures"),
        ({"pictures": [b""] * 6}, "/pictures"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_nothing_is_kept(world, fields, pointer):
    with pytest.raises(InvalidInput) as refused:
        send(world, **fields)
    assert refused.value.errors[0]["pointer"] == pointer
    assert ReportCase.objects.count() == WorkItem.objects.count() == 0


def test_nobody_reports_whom_they_may_not_know_of_or_themselves(world):
    stranger = make_user()
    for reporter, kind, target in (
        (stranger, "message", world.alice.uid),
        (world.bob, "user", world.bob.uid),
        (stranger, "item", uuid.uuid4()),
    ):
        with pytest.raises(NotFound):
            submitting.submit(reporter=reporter, kind=kind, target=target, category="spam")
    assert ReportCase.objects.count() == 0


def test_there_is_an_end_to_reporting_in_a_day(world, monkeypatch):
    monkeypatch.setattr(submitting, "REPORTS_A_DAY", 1)
    send(world)
    with pytest.raises(TooManyReports):
        send(world)


# -- decisions
def test_who_reported_hears_how_it_ended_and_the_record_counts(world, moderator):
    report = send(world, opened(1))
    deciding.dismiss(staff=moderator, uid=report.case.uid)
    told = Notification.objects.get(user=world.bob, kind="report")
    assert told.payload["outcome"] == "dismissed"
    assert selectors.get_record(user=world.bob).n_dismissed == 1
    assert not Notification.objects.filter(user=world.alice).exists()
    with pytest.raises(ReportClosed):
        deciding.dismiss(staff=moderator, uid=report.case.uid)
    send(world, opened(1))
    assert ReportCase.objects.count() == 2


def test_nobody_decides_on_their_own_report(world, moderator):
    report = submitting.submit(reporter=moderator, kind="user", target=world.bob.uid, category="spam")
    with pytest.raises(OwnReport):
        deciding.uphold(staff=moderator, uid=report.case.uid, kind="warning", facts="x")
    assert Sanction.objects.count() == 0


def test_evidence_goes_after_its_time_and_not_before(world, moderator):
    report = send(world, opened(1), pictures=[picture("screenshot")])
    case = deciding.dismiss(staff=moderator, uid=report.case.uid)
    assert deciding.forget_due(at=case.evidence_until - timedelta(seconds=1)) == 0
    assert deciding.forget_due(at=case.evidence_until) == 1
    assert ReportedMessage.objects.get().sealed_body is None
    assert not vault.has_key(file=ReportFile.objects.get().file)
    assert selectors.show_case(case=case).reports[0].messages[0].text is None


# -- doors
def test_the_api_takes_a_report_and_says_what_is_verified(world):
    browser = sign_in_as(world.bob)
    body = {"kind": "message", "user_id": str(world.alice.uid), "category": "harassment", "details": "see",
            "messages": [opened(1), {**opened(3), "n": 4}]}  # fmt: skip
    answer = browser.post("/api/v1/reports", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    assert answer.json()["evidence"] == [
        {"n": 1, "verdict": "verified", "flaw": ""},
        {"n": None, "verdict": "not_verified", "flaw": "receipt_invalid"},
    ]
    mine = browser.get("/api/v1/reports/mine").json()["results"]
    assert [row["id"] for row in mine] == [answer.json()["id"]]
    assert sign_in_as(make_user()).get("/api/v1/reports/mine").json()["results"] == []


def test_staff_see_verdicts_gaps_and_words_and_the_look_is_recorded(world, moderator):
    report = send(world, opened(1), opened(3))
    answer = sign_in_as(moderator).get(f"/api/v1/admin/reports/{report.case.uid}").json()
    assert [(row["n"], row["verdict"]) for row in answer["evidence"]] == [(1, "verified"), (3, "verified")]
    assert answer["gaps"] == [{"after_n": 1, "missing": 1}]
    assert answer["evidence"][0]["text"] == "Hello 👋"
    assert AuditEntry.objects.filter(action="staff.case_viewed", subject_uid=world.alice.uid).count() == 1


@pytest.mark.parametrize("role", ["", "support", "finance"])
def test_a_stranger_and_other_staff_see_no_case(world, role):
    report = send(world, opened(1))
    client = sign_in_as(make_staff(role) if role else make_user())
    for path in ("/api/v1/admin/reports", f"/api/v1/admin/reports/{report.case.uid}"):
        answer = client.get(path)
        assert answer.status_code in (403, 404)
        assert b"Hello" not in answer.content
    assert not AuditEntry.objects.filter(action="staff.case_viewed").exists()


def test_the_page_reports_somebody_with_a_picture_and_without_scripts(world, moderator):
    fan = make_user()
    browser = sign_in_as(fan)
    path = f"/report/user/{world.bob.uid}/"
    assert b"multipart/form-data" in browser.get(path).content
    assert browser.post(path, {"details": "x"}).status_code == 422
    files = [SimpleUploadedFile("a.jpg", picture("seen")), SimpleUploadedFile("b.jpg", picture("seen too"))]
    answer = browser.post(path, {"category": "scam", "details": "Took it", "pictures": files})
    assert answer.headers["Location"] == "/reports/"
    assert b"Took it" in browser.get("/reports/").content
    file = ReportFile.objects.first().file
    staff = sign_in_as(moderator)
    picture_answer = staff.get(f"/staff/reports/files/{file.uid}")
    assert (picture_answer.status_code, picture_answer.headers["Content-Type"]) == (200, "image/webp")
    item = WorkItem.objects.get(kind="report")
    page = work.take(uid=item.uid, user=moderator) and staff.get(f"/staff/cases/{item.uid}/").content.decode()
    assert "Took it" in page
    assert "made 1, upheld 0" in page
    assert browser.get(f"/staff/reports/files/{file.uid}").status_code == 404


def test_a_person_who_is_reported_never_learns_by_whom(world, moderator):
    report = send(world, opened(1), details="what Bob wrote")
    deciding.uphold(staff=moderator, uid=report.case.uid, kind="warning", facts="You threatened somebody")
    page = sign_in_as(world.alice).get("/account/restrictions/").content.decode()
    assert "Warning" in page
    assert world.bob.name not in page


def test_without_signing_in_there_is_no_page():
    assert Client().get(f"/report/user/{uuid.uuid4()}/").status_code == 302
    assert Client().post("/api/v1/reports", {}, content_type="application/json").status_code == 401
