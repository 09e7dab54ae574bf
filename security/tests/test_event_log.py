"""The security log: what a line holds, that lines do not mix, when it ends, and that it is in nobody's way."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from django.db import transaction
from django.test import Client as Browser
from django.urls import reverse

from pairly.testing.people import make_staff, sign_in_as
from security import event_log
from security.models import AuditEntry
from security.services import attempts, audit, retention
from security.types import Client, Door

ROOT = Path(__file__).resolve().parents[2]
VISITOR = Client(ip="192.0.2.7", user_agent="test")
WHO = uuid.UUID("0190a8c2-7e1c-7abc-8def-0123456789ab")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.SECURITY_LOG_DIR = tmp_path / "security"
    return settings.SECURITY_LOG_DIR


def lines(folder, suffix="json"):
    found = [line for path in sorted(folder.glob(f"*.{suffix}")) for line in path.read_text().splitlines()]
    return [json.loads(line) for line in found] if suffix == "json" else found


def actions(folder):
    return [line["event.action"] for line in lines(folder)] if folder.exists() else []


def test_an_event_is_one_line_of_text_and_one_of_json_with_the_names_of_ecs(folder):
    with structlog.contextvars.bound_contextvars(**{"http.request.id": "11111111-2222-3333-4444-555555555555"}):
        event_log.write(
            action="sign_in.failed", outcome="failure", severity="warning", user_uid=WHO, ip="192.0.2.7",
            reason="wrong_password", door="api", n_left=4,
        )  # fmt: skip
    [event] = lines(folder)
    stamp = datetime.fromisoformat(event.pop("@timestamp"))
    assert stamp.tzinfo == UTC
    assert event == {
        "log.level": "warning",
        "message": "sign_in.failed failure: wrong_password",
        "ecs.version": "8.11.0",
        "service.name": "pairly",
        "service.version": "0.1.0",
        "event.dataset": "pairly.security",
        "event.kind": "event",
        "event.category": ["authentication"],
        "event.type": ["denied"],
        "event.action": "sign_in.failed",
        "event.outcome": "failure",
        "event.severity": 3,
        "event.reason": "wrong_password",
        "user.id": str(WHO),
        "source.ip": "192.0.2.7",
        "http.request.id": "11111111-2222-3333-4444-555555555555",
        "labels.door": "api",
        "labels.n_left": 4,
    }
    [text] = lines(folder, "log")
    assert " WARNING sign_in.failed failure " in text
    for part in (str(WHO), "192.0.2.7", "11111111-2222-3333-4444-555555555555", 'labels.door="api"'):
        assert part in text
    for path in folder.iterdir():
        assert path.name.startswith(f"security-{stamp.date().isoformat()}.")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "value",
    [
        "a\nb 2026-01-01T00:00:00Z CRITICAL forged",
        "a\r\nb",
        "\x1b[2Jgone",
        "a\u2028b\u0085c",
        '"}\n{"event.action":"x"',
        "\x00",
    ],
)
def test_nobody_can_write_a_line_of_the_log_into_a_value(folder, value):
    event_log.write(action="csrf.refused", outcome="failure", reason=value, ip=value, door=value, **{"x\ny": value})
    raw = [path.read_bytes() for path in folder.iterdir()]
    assert [content.count(b"\n") for content in raw] == [1, 1]
    assert all(chr(byte).isprintable() for content in raw for byte in content[:-1] if byte < 128)
    assert len(lines(folder)) == len(lines(folder, "log")) == 1


def test_what_looks_like_a_secret_or_a_person_is_taken_out_of_every_value(folder):
    secrets = [
        "ada@example.org",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    ]
    event_log.write(action="x", outcome="unknown", reason=" ".join(secrets), note=secrets[0], key=secrets[2])
    written = "".join(path.read_text() for path in folder.iterdir())
    assert "[redacted]" in written
    assert [secret for secret in secrets if secret in written] == []


def test_a_line_is_never_as_long_as_4_kib_and_says_when_it_was_cut(folder):
    details = {f"{'n' * 150}{i}": "\U0001f600" * 200 for i in range(20)}
    event_log.write(action="x", outcome="unknown", reason="\U0001f600" * 5000, **details)
    assert all(len(path.read_bytes()) <= 4095 for path in folder.iterdir())
    [event] = lines(folder)
    assert event["labels.cut"] is True


WRITER = """
import sys, django
from django.conf import settings
settings.configure(SECURITY_LOG_DIR=sys.argv[1])
from security import event_log
for i in range(100):
    event_log.write(action="limit.refused", outcome="failure", reason="r" * 150, n=i, who=sys.argv[2])
"""


def test_lines_of_several_processes_do_not_mix(folder):
    command = [sys.executable, "-c", WRITER, str(folder)]
    running = [subprocess.Popen([*command, str(n)], cwd=ROOT) for n in range(4)]
    assert [child.wait(60) for child in running] == [0] * 4
    written = lines(folder)
    assert sorted((line["labels.who"], line["labels.n"]) for line in written) == [
        (str(who), n) for who in sorted("0123") for n in range(100)
    ]
    assert len(lines(folder, "log")) == 400


@pytest.mark.parametrize("obstacle", ["a file in the way", "a link in the way", "a full disk"])
def test_a_log_that_cannot_be_written_fails_nobody_and_is_said_once(folder, obstacle, capfd, monkeypatch, caplog):
    monkeypatch.setattr(event_log, "_complained_at", 0.0)
    day = datetime.now(UTC).date().isoformat()
    if obstacle == "a file in the way":
        folder.write_text("")
    elif obstacle == "a link in the way":
        folder.mkdir()
        (folder / f"security-{day}.log").symlink_to(folder / "elsewhere")
    else:
        folder.mkdir()
        (folder / f"security-{day}.log").symlink_to("/dev/full")
        monkeypatch.setattr(os, "O_NOFOLLOW", 0)
    for _ in range(3):
        event_log.write(action="x", outcome="unknown")
    assert [record.msg["event"] for record in caplog.records] == ["security_log_failed"]
    assert not (folder / "elsewhere").exists()


def test_files_older_than_90_days_are_deleted_and_nothing_else(folder):
    today = date(2026, 11, 21)
    folder.mkdir()
    old = [f"security-2026-08-22.{suffix}" for suffix in ("log", "json")]
    kept = [
        "security-2026-08-23.json",
        "security-2026-11-21.log",
        "security-2026-13-45.log",
        "daphne.log",
        "security-.log",
    ]
    for name in old + kept:
        (folder / name).write_text("x")
    assert event_log.remove_old(today=today) == 2
    assert sorted(path.name for path in folder.iterdir()) == sorted(kept)
    assert event_log.remove_old(today=today) == 0


@pytest.mark.django_db
def test_the_hourly_job_deletes_them_by_the_clock(folder, monkeypatch):
    event_log.write(action="x", outcome="unknown")
    assert retention.retain()["log_files"] == 0
    later = datetime.now(UTC) + timedelta(days=91)
    monkeypatch.setattr(retention.timezone, "now", lambda: later)
    assert retention.retain()["log_files"] == 2
    assert list(folder.iterdir()) == []


# -- who writes ---------------------------------------------------------------------------------------------
def test_every_end_of_a_sign_in_attempt_is_there(committed_db, folder):
    for outcome, reason in (("failed", "wrong_password"), ("succeeded", "")):
        reserved = attempts.reserve(identifier="ada@example.org", client=VISITOR, door=Door.API, user_uid=WHO)
        attempts.settle(attempt_id=reserved.attempt_id, outcome=attempts.Outcome(outcome), reason=reason)
        attempts.settle(attempt_id=reserved.attempt_id, outcome=attempts.Outcome.FAILED, reason="again")  # settled once
    written = lines(folder)
    assert [(e["event.action"], e["event.outcome"], e.get("event.reason")) for e in written] == [
        ("sign_in.failed", "failure", "wrong_password"),
        ("sign_in.succeeded", "success", None),
    ]
    assert {(e["source.ip"], e["user.id"], e["labels.door"]) for e in written} == {("192.0.2.7", str(WHO), "api")}


def test_what_staff_and_owners_do_is_there_once_it_is_committed(committed_db, folder):
    def act(**more):
        audit.record(action="second_factor.disabled", actor_uid=WHO, subject_uid=WHO, client=VISITOR, **more)

    act(severity=AuditEntry.Severity.INFO)
    assert actions(folder) == []
    with transaction.atomic():
        act(severity=AuditEntry.Severity.CRITICAL, reason="words of staff")
        transaction.set_rollback(True)
    assert actions(folder) == []
    act(severity=AuditEntry.Severity.CRITICAL, reason="words of staff")
    act(severity=AuditEntry.Severity.INFO, by_staff=True, is_private_view=True)
    first, second = lines(folder)
    assert (first["event.kind"], first["event.category"], first["source.ip"]) == ("alert", ["iam"], "192.0.2.7")
    assert first["labels.audit"]
    assert "words" not in json.dumps(first)
    assert second["labels.is_private_view"] is True


@pytest.mark.django_db
def test_forms_of_other_sites_unknown_hosts_and_forged_notices_are_there_with_address_and_request(folder):
    browser = Browser(enforce_csrf_checks=True, REMOTE_ADDR="192.0.2.9")
    assert browser.post(reverse("users:sign-in"), {"email": "a@b.example"}).status_code == 403
    assert browser.get("/", headers={"host": "evil.example\\x"}).status_code == 400
    notice = browser.post(
        "/api/v1/payments/webhook/stripe",
        "{}",
        content_type="application/json",
        headers={"Stripe-Signature": "t=1,v1=0"},
    )
    assert notice.status_code == 400
    assert browser.post("/api/v1/payments/webhook", "{}", content_type="application/json").status_code == 400
    written = lines(folder)
    assert [(e["event.action"], e["event.reason"]) for e in written] == [
        ("csrf.refused", "CSRF cookie not set."),
        ("access.refused", "users:sign-in"),
        ("request.refused", "DisallowedHost"),
        ("webhook.refused", "SignatureVerificationError"),
        ("webhook.refused", "no_signature"),
    ]
    assert {e["source.ip"] for e in written} == {"192.0.2.9"}
    assert written[0]["http.request.id"] == written[1]["http.request.id"] != written[2]["http.request.id"]
    assert "evil" not in json.dumps(written)


@pytest.mark.django_db
def test_what_was_not_allowed_is_there_with_route_and_person(folder):
    support = make_staff("support")
    assert sign_in_as(support).get(reverse("moderation:people")).status_code == 403
    [event] = [event for event in lines(folder) if event["event.action"] == "access.refused"]
    assert (event["user.id"], event["event.reason"]) == (str(support.uid), "moderation:people")
