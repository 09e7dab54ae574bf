"""Pictures as evidence through the API: the page's bounds and vault, and nothing kept when refused."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from moderation.models import FileKey, Report, ReportCase, ReportFile, ReportRequest, SealedFile, WorkItem
from moderation.reports.services import deciding, privacy
from moderation.services import vault
from pairly.common.redis import get_client
from pairly.testing.people import make_staff, make_user, sign_in_as
from profiles.tests.picture_corpus import REFUSED, STORED, Case
from security.models import AuditEntry
from users.models import User

from .test_reports import opened, world  # noqa: F401  # a fixture
from .test_verifications import picture

# Pillow warns of what it finds odd.
pytestmark = [pytest.mark.filterwarnings("ignore::UserWarning:PIL"), pytest.mark.django_db]
IN_FULL = bool(os.environ.get("PAIRLY_PROVE"))
DOOR = "/api/v1/reports"


@pytest.fixture
def private(settings, tmp_path) -> Path:
    """Where private files lie, with nothing else in it."""
    options = {**settings.STORAGES["private"]["OPTIONS"], "location": tmp_path / "private"}
    settings.STORAGES = {**settings.STORAGES, "private": {**settings.STORAGES["private"], "OPTIONS": options}}
    return tmp_path / "private"


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def upload(data: bytes, name: str = "a.jpg", kind: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, kind)


def fields(subject: User, *pictures: SimpleUploadedFile, **other: Any) -> dict[str, Any]:
    given = {"kind": "user", "user_id": str(subject.uid), "category": "scam", "details": "Took it"}
    return {**given, "pictures": list(pictures), **other}


def n_kept() -> int:
    tables = (ReportCase, Report, ReportFile, ReportRequest, SealedFile, FileKey, WorkItem)
    return sum(table.objects.count() for table in tables)


def errors_of(answer: Any) -> list[tuple[str, str]]:
    return [(row["pointer"], row["code"]) for row in answer.json()["errors"]]


# -- what is taken
def test_an_app_adds_pictures_that_only_staff_with_the_case_see(private):
    fan, creator, moderator = make_user(), make_user("creator"), make_staff("moderator")
    answer = sign_in_as(fan).post(DOOR, fields(creator, upload(picture("one")), upload(picture("two"))))
    assert answer.status_code == 201, answer.content
    assert answer.json()["n_pictures"] == 2
    assert sign_in_as(fan).get(f"{DOOR}/mine").json()["results"][0]["n_pictures"] == 2
    report = Report.objects.get()
    kept = [row.file for row in report.files.select_related("file")]
    assert [vault.read(file=file) for file in kept] == [picture("one"), picture("two")]
    assert len(files_in(private)) == 2
    for path in files_in(private):
        assert b"\xff\xd8\xff" not in path.read_bytes()[:64]  # encrypted
    pictures = sign_in_as(moderator).get(f"/api/v1/admin/reports/{report.case.uid}").json()["reports"][0]["pictures"]
    assert pictures == [str(file.uid) for file in kept]
    look = f"/staff/reports/files/{kept[0].uid}"
    seen = sign_in_as(moderator).get(look)
    assert (seen.status_code, seen.headers["Content-Type"]) == (200, "image/webp")
    before = AuditEntry.objects.filter(action="staff.case_viewed").count()
    for person in (fan, creator, make_user(), make_staff("finance")):
        assert sign_in_as(person).get(look).status_code in (403, 404)
    assert AuditEntry.objects.filter(action="staff.case_viewed").count() == before


def test_messages_and_pictures_come_in_one_request(world, private):  # noqa: F811
    body = fields(world.alice, upload(picture("seen")), kind="message", messages=json.dumps([opened(1), opened(3)]))
    answer = sign_in_as(world.bob).post(DOOR, body)
    assert answer.status_code == 201, answer.content
    assert [row["verdict"] for row in answer.json()["evidence"]] == ["verified", "verified"]
    assert answer.json()["n_pictures"] == 1


def test_multipart_without_pictures_is_a_report_too():
    body = fields(make_user("creator"))
    del body["pictures"]
    answer = sign_in_as(make_user()).post(DOOR, body)
    assert (answer.status_code, answer.json()["n_pictures"]) == (201, 0)


# -- what is refused
def test_every_file_of_the_corpus_is_refused_or_kept_sealed(private):
    """All of it with PAIRLY_PROVE, each third without: the pipeline is the profile's, tested there in full."""
    fan, creator = make_user(), make_user("creator")
    browser = sign_in_as(fan)
    cases: list[Case] = [*REFUSED, *STORED]
    for case in cases if IN_FULL else cases[::3]:
        get_client().flushdb()  # the limits of a minute
        answer = browser.post(DOOR, fields(creator, upload(case.data, case.upload_name, case.upload_type)))
        if case.code:
            assert answer.status_code == 422, case.name
            assert errors_of(answer) == [("/pictures", case.code)], case.name
            assert (n_kept(), files_in(private)) == (0, []), case.name
            continue
        assert answer.status_code == 201, case.name
        [row] = ReportFile.objects.select_related("file")
        assert row.file.mime in {"image/jpeg", "image/png", "image/webp"}
        assert vault.read(file=row.file) == case.data
        [path] = files_in(private)
        path.unlink()
        for table in (ReportFile, SealedFile, FileKey, Report, ReportCase, WorkItem):
            table.objects.all().delete()


def test_one_bad_picture_among_good_ones_keeps_nothing(private):
    answer = sign_in_as(make_user()).post(
        DOOR, fields(make_user("creator"), upload(picture("good")), upload(b"no picture"))
    )
    assert (answer.status_code, errors_of(answer)) == (422, [("/pictures", "unreadable")])
    assert (n_kept(), files_in(private)) == (0, [])


def test_six_pictures_are_too_many_also_in_two_requests(private):
    fan, creator = make_user(), make_user("creator")
    browser = sign_in_as(fan)
    answer = browser.post(DOOR, fields(creator, *[upload(picture(str(n))) for n in range(6)]))
    assert (answer.status_code, errors_of(answer)) == (422, [("/pictures", "too_many")])
    assert n_kept() == 0
    assert browser.post(DOOR, fields(creator, *[upload(picture(str(n))) for n in range(3)])).status_code == 201
    n_before = n_kept()
    answer = browser.post(DOOR, fields(creator, *[upload(picture(str(n))) for n in range(3)], details="more"))
    assert (answer.status_code, errors_of(answer)) == (422, [("/pictures", "too_many")])
    assert (n_kept(), len(files_in(private))) == (n_before, 3)
    assert Report.objects.get().details == "Took it"


@pytest.mark.parametrize(
    ("messages", "pointer"),
    [
        ("[", "/messages"),
        ('[{"n": 1, "n": 2}]', "/messages"),
        ('{"n": 1}', "/messages"),
        ("[1]", "/messages/0"),
        ('"\\ud800"', "/messages"),
        ("[" * 100_000, "/messages"),
        ("null", "/messages"),
    ],
)
def test_messages_that_are_no_list_of_objects_are_refused(private, messages, pointer):
    answer = sign_in_as(make_user()).post(
        DOOR, fields(make_user("creator"), upload(picture("x")), kind="message", messages=messages)
    )
    assert answer.status_code == 422, answer.content
    assert errors_of(answer)[0][0].startswith(pointer)
    assert (n_kept(), files_in(private)) == (0, [])


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"pictures": ["words"]}, 422),
        ({"category": ["ugly"]}, 422),
        ({"user_id": "nobody"}, 422),
        ({"details": "a\0b"}, 422),
        ({"details": "x" * 2001}, 422),
        ({"details": "x" * 1_100_000}, 413),
    ],
)
def test_wrong_fields_are_refused_and_nothing_is_kept(private, change, status):
    answer = sign_in_as(make_user()).post(DOOR, {**fields(make_user("creator"), upload(picture("x"))), **change})
    assert answer.status_code == status, answer.content
    assert (n_kept(), files_in(private)) == (0, [])


def test_strangers_add_no_pictures_to_what_they_may_not_know_of(world, private):  # noqa: F811
    body = fields(world.alice, upload(picture("x")), kind="message")
    assert sign_in_as(make_user()).post(DOOR, body).status_code == 404
    body = fields(world.alice, upload(picture("x")))
    assert sign_in_as(world.alice).post(DOOR, body).status_code == 404  # oneself
    assert Client().post(DOOR, fields(world.alice, upload(picture("x")))).status_code == 401
    assert (n_kept(), files_in(private)) == (0, [])


def test_another_persons_pictures_stay_theirs_and_a_second_report_of_mine_adds_to_mine_alone(private):
    creator, fans = make_user("creator"), [make_user(), make_user()]
    for fan in fans:
        sign_in_as(fan).post(DOOR, fields(creator, upload(picture(fan.email))))
    sign_in_as(fans[0]).post(DOOR, fields(creator, upload(picture("second"))))
    counts = {row.reporter_id: row.files.count() for row in Report.objects.all()}
    assert counts == {fans[0].pk: 2, fans[1].pk: 1}


# -- sent again
def keyed(browser: Client, body: dict[str, Any], key: object) -> Any:
    return browser.post(DOOR, body, headers={"Idempotency-Key": str(key)})


def test_the_same_request_again_adds_nothing_and_another_with_its_key_is_refused(private):
    fan, creator, key = make_user(), make_user("creator"), uuid.uuid4()
    browser = sign_in_as(fan)
    first = keyed(browser, fields(creator, upload(picture("seen"))), key)
    again = keyed(browser, fields(creator, upload(picture("seen"))), key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (ReportFile.objects.count(), len(files_in(private))) == (1, 1)
    other = keyed(browser, fields(creator, upload(picture("other"))), key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert keyed(browser, fields(creator), "no-uuid").json()["code"] == "idempotency_key_required"
    assert ReportFile.objects.count() == 1
    # Without a key it is another request, and somebody else's key is theirs.
    assert browser.post(DOOR, fields(creator, upload(picture("seen")))).json()["n_pictures"] == 2
    assert keyed(sign_in_as(make_user()), fields(creator, upload(picture("seen"))), key).status_code == 201


def test_after_the_decision_the_same_request_opens_no_new_case(private):
    fan, creator, key = make_user(), make_user("creator"), uuid.uuid4()
    browser = sign_in_as(fan)
    first = keyed(browser, fields(creator, upload(picture("seen"))), key).json()
    case = deciding.dismiss(staff=make_staff("moderator"), uid=ReportCase.objects.get().uid)
    assert keyed(browser, fields(creator, upload(picture("seen"))), key).json()["id"] == first["id"]
    assert ReportCase.objects.count() == 1
    deciding.forget_due(at=case.evidence_until)
    assert ReportRequest.objects.count() == 0


def test_the_keys_go_with_the_account():
    fan, creator = make_user(), make_user("creator")
    keyed(sign_in_as(fan), fields(creator), uuid.uuid4())
    privacy.erase(user=fan)
    assert ReportRequest.objects.count() == 0


def test_what_is_kept_of_a_request_cannot_be_guessed_back():
    fan, creator = make_user(), make_user("creator")
    keyed(sign_in_as(fan), fields(creator), uuid.uuid4())
    value = json.dumps(["user", str(creator.uid), "scam", "Took it", [], []], sort_keys=True)
    kept = bytes(ReportRequest.objects.get().fingerprint)
    assert len(kept) == 32
    assert kept != hashlib.sha256(value.encode()).digest()
