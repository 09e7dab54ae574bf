from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import uuid
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks

from pairly.common import after_commit
from pairly.common import redis as common_redis
from pairly.common.problems import RateLimited
from pairly.outbox import services as outbox
from pairly.testing import databases
from pairly.testing.pen_friends import Letters, PenFriend
from profiles.models import Profile
from profiles.services import pictures
from security.models import AuditEntry
from users import registry, selectors
from users.errors import ExportRunning
from users.models import Block, DataExport, Session, User
from users.services import exports, suspensions, tokens
from users.tasks import make_export, sweep_exports
from users.tests.helpers import PASSWORD, VISITOR, at_once, bearer, make_person, post, start_api
from users.types import ExportWriter, SignIn

API = "/api/v1/privacy/exports"
HOME = "/account/privacy/"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    """A private folder of its own: the sweeper deletes what no row names, and other tests have other rows."""
    private = settings.STORAGES["private"]
    options = {**private["OPTIONS"], "location": tmp_path}
    settings.STORAGES = {**settings.STORAGES, "private": {**private, "OPTIONS": options}}
    return tmp_path


def _sign_in_of(user: User) -> SignIn:
    return selectors.sign_in_of(start_api(user).session)


def _headers(user: User) -> dict[str, str]:
    return bearer(tokens.issue(started=start_api(user))["access_token"])


def _request(user: User) -> DataExport:
    return exports.request(user=user, sign_in=_sign_in_of(user), client=VISITOR)


def _ready(user: User) -> DataExport:
    export = _request(user)
    assert make_export(str(export.pk))
    export.refresh_from_db()
    return export


def _files(answer: Any) -> dict[str, Any]:
    """The members of the ZIP, JSON read."""
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        read = {name: archive.read(name) for name in archive.namelist()}
    return {name: json.loads(data) if name.endswith(".json") else data for name, data in read.items()}


def _browser(email: str = "ada@example.org") -> Client:
    common_redis.get_client().flushdb()
    client = Client()
    assert client.post("/sign-in/", {"email": email, "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.django_db
def test_the_copy_holds_what_is_ones_own_and_nobody_elses() -> None:
    fan = PenFriend("fan", name="Fay", credits_centi=50_000)
    cleo = PenFriend("creator", name="Cleo", price_centi=10_000)
    user = fan.user
    Profile.objects.filter(user=user).update(bio="I like glazes")
    file = io.BytesIO()
    Image.new("RGB", (600, 600), "teal").save(file, "PNG")
    pictures.add_picture(user=user, kind="portrait", data=file.getvalue(), alt="me")
    Block.objects.create(blocker=user, blocked=make_person(email="eve@example.org"), reason="rude")
    letters = Letters(fan=fan, creator=cleo)
    letters.write(fan, "the words nobody else may read")
    letters.write(cleo, "the answer")
    Block.objects.create(blocker=cleo.user, blocked=user, reason="private to Cleo")
    export = _ready(user)
    answer = Client().get(f"{API}/{export.pk}/file", **_headers(user))
    assert answer.status_code == 200
    files = _files(answer)
    assert files["account/account.json"]["email"] == user.email
    assert "password" not in files["account/account.json"]
    assert files["profile/profile.json"]["bio"] == "I like glazes"
    [picture] = [name for name in files if name.startswith("profile/pictures/")]
    assert Image.open(io.BytesIO(files[picture])).format == "WEBP"
    assert [row["reason"] for row in files["account/blocks.json"]] == ["rude"]
    assert [row["type"] for row in files["credits/movements.json"]][-1] == "purchase"
    assert len(files["credits/holds.json"]) == 1
    assert files["messages/conversations.json"][0]["uid"] == str(letters.uid)
    messages = files[f"messages/{letters.uid}.json"]
    assert [row["is_mine"] for row in messages] == [True, False]
    assert all(bytes.fromhex(row["ciphertext"]) for row in messages)
    assert files["keys/key-log.json"]
    assert files["keys/backup.json"]["version"] == 1
    assert files["security/sign-ins.json"]
    assert any(row["action"] == "account.export_requested" for row in files["security/audit.json"])
    for name in ("devices", "sign-in-attempts", "risk-decisions", "accesses"):
        assert f"security/{name}.json" in files
    assert "payments/payments.json" in files
    assert b"Only your own" in files["README.txt"]
    whole = json.dumps({name: data for name, data in files.items() if name.endswith(".json")})
    for other in (cleo.user.email, "eve@example.org", "private to Cleo", "argon2", "the words nobody else"):
        assert other not in whole


@pytest.mark.django_db
def test_the_file_is_for_saving_and_kept_by_nobody_on_the_way(folder: Path) -> None:
    user = make_person()
    export = _ready(user)
    answer = _browser().get(f"{HOME}exports/{export.pk}/")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="pairly-')
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    assert int(answer.headers["Content-Length"]) == len(b"".join(answer.streaming_content)) == export.n_bytes
    assert AuditEntry.objects.filter(action="account.export_fetched").count() == 1
    path = folder / export.file_name
    assert path.stat().st_mode & 0o077 == 0
    assert Client().get(f"/media/{export.file_name}").status_code == 404


@pytest.mark.django_db
def test_its_owner_is_told_by_mail_without_a_way_in() -> None:
    export = _ready(make_person())
    outbox.deliver_due()
    [sent] = mail.outbox
    assert sent.subject == "The copy of your data is ready"
    assert str(export.pk) not in sent.body


@pytest.mark.django_db
def test_a_stranger_finds_nothing() -> None:
    export = _ready(make_person())
    eve = make_person(email="eve@example.org")
    for path in (f"{API}/{export.pk}", f"{API}/{export.pk}/file", f"{API}/{uuid.uuid4()}/file"):
        assert Client().get(path, **_headers(eve)).status_code == 404
    assert Client().get(API, **_headers(eve)).json() == []
    assert _browser(eve.email).get(f"{HOME}exports/{export.pk}/").status_code == 404
    assert not AuditEntry.objects.filter(action="account.export_fetched").exists()


@pytest.mark.django_db
def test_the_file_needs_a_fresh_proof() -> None:
    user = make_person()
    export = _ready(user)
    headers, browser = _headers(user), _browser()
    Session.objects.update(stepped_up_at=timezone.now() - timedelta(minutes=6))
    assert Client().get(f"{API}/{export.pk}/file", **headers).json()["code"] == "step_up_required"
    assert browser.get(f"{HOME}exports/{export.pk}/").status_code == 403


@pytest.mark.django_db
def test_the_api_shows_how_far_it_is() -> None:
    user = make_person()
    headers = _headers(user)
    asked = post(API, {}, **headers)
    body = asked.json()
    assert (asked.status_code, body["state"], body["n_done"], body["file"]) == (202, "pending", 0, None)
    assert body["n_parts"] == len(registry.list_export_parts()) > 5
    assert Client().get(f"{API}/{body['id']}/file", **headers).json()["code"] == "export_not_ready"
    assert make_export(body["id"])
    done = Client().get(f"{API}/{body['id']}", **headers).json()
    assert (done["state"], done["n_done"]) == ("ready", done["n_parts"])
    assert _files(Client().get(done["file"], **headers))["account/account.json"]["name"] == "Ada"


@pytest.mark.django_db(transaction=False)
def test_progress_is_there_to_see_while_the_job_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_person()
    export = _request(user)
    seen = []

    def look(*, user: User, out: ExportWriter) -> None:
        row = DataExport.objects.get()
        seen.append((row.state, row.n_done, row.n_parts))
        if len(seen) == 2:
            page = _browser().get(HOME).content.decode()
            assert '<progress max="3" value="1"' in page
            assert "1 of 3 parts are done" in page
            assert "Make a copy" not in page

    monkeypatch.setattr(registry, "list_export_parts", lambda: [look] * 3)
    assert exports.make(export_uid=export.pk)
    assert seen == [("running", 0, 3), ("running", 1, 3), ("running", 2, 3)]


@pytest.mark.django_db
def test_one_at_a_time_and_one_a_day_but_a_failed_one_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_person()
    export = _request(user)
    with pytest.raises(ExportRunning):
        _request(user)

    def breaks(*, user: User, out: ExportWriter) -> None:
        raise RuntimeError("of the test")

    monkeypatch.setattr(registry, "list_export_parts", lambda: [breaks])
    assert not exports.make(export_uid=export.pk)
    export.refresh_from_db()
    assert export.state == "failed"
    monkeypatch.undo()
    second = _ready(user)
    refused = post(API, {}, **_headers(user))
    assert refused.status_code == 429
    assert 23 * 3600 < int(refused.headers["Retry-After"]) <= 24 * 3600
    assert _browser().post(f"{HOME}exports/").status_code == 429
    with pytest.raises(RateLimited):
        _request(user)
    DataExport.objects.filter(pk=second.pk).update(requested_at=timezone.now() - timedelta(hours=25))
    assert _request(user).state == "pending"


def _race(n_requests: int) -> int:
    """How many of so many requests at once begin a copy."""
    user = make_person()
    sign_in = _sign_in_of(user)

    def ask(_number: int) -> bool:
        try:
            exports.request(user=user, sign_in=sign_in, client=VISITOR)
        except (ExportRunning, RateLimited):
            return False
        return True

    return sum(at_once(n_requests, ask))


def test_of_30_requests_at_once_one_begins(committed_db: str) -> None:
    assert _race(30) == 1


def test_without_the_row_lock_the_database_itself_refuses_the_second(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with the lock cut out all get past the check, and collide at the constraint: an error, no answer."""
    check, all_checked = exports._check, threading.Barrier(5)

    def check_then_wait(user: User) -> None:
        check(user)
        all_checked.wait(30)

    monkeypatch.setattr(exports.entrance, "hold", lambda *, user: user)
    monkeypatch.setattr(exports, "_check", check_then_wait)
    with pytest.raises(IntegrityError, match="export_one_at_a_time"):
        _race(5)
    assert DataExport.objects.count() == 1


@pytest.mark.django_db
def test_what_was_kept_long_enough_goes(folder: Path) -> None:
    user = make_person()
    export = _ready(user)
    path = folder / export.file_name
    assert path.exists()
    assert sweep_exports() == 0
    DataExport.objects.update(expires_at=timezone.now())
    headers = _headers(user)
    assert Client().get(f"{API}/{export.pk}/file", **headers).status_code == 409
    assert sweep_exports() == 1
    assert not path.parent.exists()
    assert Client().get(f"{API}/{export.pk}", **headers).json()["state"] == "expired"
    assert "No longer kept" in _browser().get(HOME).content.decode()
    assert _browser().get(f"{HOME}exports/{export.pk}/").status_code == 409


@pytest.mark.django_db
def test_files_that_no_row_names_go(folder: Path) -> None:
    """As after a crash between the end of the row and the end of its file."""
    export, other = _ready(make_person()), _ready(make_person(email="eve@example.org"))
    DataExport.objects.filter(pk=export.pk).delete()
    sweep_exports()
    assert not (folder / "exports" / str(export.pk)).exists()
    assert (folder / "exports" / str(other.pk)).exists()


@pytest.mark.django_db
def test_the_sweeper_begins_again_what_was_lost_and_gives_up_what_never_ends(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []

    def send_task(task: str, *, kwargs: dict[str, str], **_options: Any) -> None:
        sent.append((task, kwargs))

    monkeypatch.setattr(after_commit.current_app, "send_task", send_task)
    user = make_person()
    with django_capture_on_commit_callbacks(execute=True):
        export = _request(user)
    job = ("users.make_export", {"export": str(export.pk)})
    assert sent == [job]
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep_exports() == 0  # it has just begun to wait
    old = timezone.now() - timedelta(minutes=11)
    DataExport.objects.update(requested_at=old)
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep_exports() == 1
    assert sent == [job, job]
    DataExport.objects.update(requested_at=timezone.now() - timedelta(days=2))
    assert sweep_exports() >= 1
    assert DataExport.objects.get().state == "failed"
    outbox.deliver_due()
    assert mail.outbox[-1].subject == "The copy of your data could not be made"


KILLED = """
import os, signal, sys
import django
django.setup()
from users import registry
from users.services import exports

def die(*, user, out):
    os.kill(os.getpid(), signal.SIGKILL)

parts = registry.list_export_parts()
registry.list_export_parts = lambda: [parts[0], die, *parts[1:]]
exports.make(export_uid=sys.argv[1])
"""


def test_a_job_that_is_killed_midway_is_begun_again(committed_db: str, folder: Path) -> None:
    user = make_person()
    export = _request(user)
    env = {**databases.server_environment(settings.VAR_DIR, name=committed_db), "REDIS_URL": settings.REDIS_URL}
    killed = subprocess.run([sys.executable, "-c", KILLED, str(export.pk)], env=env, cwd=settings.BASE_DIR, check=False)
    assert killed.returncode == -signal.SIGKILL
    export.refresh_from_db()
    assert (export.state, export.n_done) == ("running", 1)
    assert not make_export(str(export.pk))  # it may yet be running
    DataExport.objects.update(started_at=timezone.now() - timedelta(minutes=11))
    assert make_export(str(export.pk))
    export.refresh_from_db()
    assert (export.state, export.n_done) == ("ready", export.n_parts)
    assert os.listdir(folder / "exports" / str(export.pk)) == [export.file_name.split("/")[-1]]


@pytest.mark.django_db
def test_a_job_that_was_given_up_leaves_no_file_and_no_mail(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It wakes up after another has taken over: its claim is gone."""
    export = _request(make_person())

    def overtaken(*, user: User, out: ExportWriter) -> None:
        DataExport.objects.update(started_at=timezone.now() + timedelta(seconds=1))

    monkeypatch.setattr(registry, "list_export_parts", lambda: [overtaken])
    assert not exports.make(export_uid=export.pk)
    assert not (folder / "exports" / str(export.pk)).exists()
    export.refresh_from_db()
    assert export.state == "running"
    outbox.deliver_due()
    assert not mail.outbox


@pytest.mark.django_db
def test_a_suspended_person_gets_their_copy() -> None:
    user = make_person()
    with transaction.atomic():
        suspensions.suspend(user=user, until=None, reasons=["rules"])
    browser = _browser()
    assert browser.post(f"{HOME}exports/").headers["Location"] == HOME
    export = DataExport.objects.get()
    assert make_export(str(export.pk))
    assert "Download" in browser.get(HOME).content.decode()
    assert _files(browser.get(f"{HOME}exports/{export.pk}/"))["account/restrictions.json"][0]["reasons"] == ["rules"]
