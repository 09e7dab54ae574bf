"""Mails survive: through a real SMTP server that is down, refuses, hangs, and workers that are killed or meet."""

from __future__ import annotations

import os
import re
import signal
import struct
import subprocess
import sys
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import partial

import pytest
from django.test import Client, override_settings
from django.utils import timezone, translation
from django.utils.translation import trans_real

from pairly.outbox import services as outbox
from pairly.outbox.models import OutboxRow
from pairly.testing import databases
from pairly.testing.mail import MailServer
from users.models import User
from users.services import email_codes, password_resets, passwords, security_mails
from users.tests.helpers import PASSWORD, VISITOR, Meeting, at_once, make_person

State = OutboxRow.State
DETAILS = {"device": "Firefox on Linux", "network": "192.0.2.7", "at": "now"}


@pytest.fixture
def server(settings):
    """The mail server of the test, and Django sending through it."""
    running = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", running.port, 30
    running.start()
    yield running
    running.stop()


@contextmanager
def hanging(server):
    """The server takes connections and says nothing inside the block; only there a mail is soon given up."""
    server.is_hanging = True
    with override_settings(EMAIL_TIMEOUT=0.5):
        yield
    server.is_hanging = False


def write(n=1):
    """Mails to n people, who are ada0, ada1, ..."""
    for number in range(n):
        user = make_person(email=f"ada{number}@example.org")
        security_mails.write(user=user, notice="factor_on", factor="an app")


def make_due():
    """As if the waits and the leases were over."""
    OutboxRow.objects.filter(state=State.PENDING).update(deliver_at=timezone.now())


def send_all():
    """Deliver until nothing is due; returns how many were sent."""
    n_sent = 0
    while n_new := outbox.deliver_due():
        n_sent += n_new
    return n_sent


CAUSES = {
    "sign-up code": (email_codes.request_first_code, "Confirm your e-mail address", r"code for Pairly is \d{6}\b"),
    "reset code": (
        lambda user: password_resets.request_code(email=user.email, client=VISITOR),
        "A new password for Pairly",
        r"[A-Z2-9]{5}-[A-Z2-9]{5}",
    ),
    "password changed": (
        lambda user: passwords.store(user=user, encoded="x"),
        "Your password was changed",
        "other devices were signed out",
    ),
    **{
        notice: (partial(security_mails.write, notice=notice, **parameters), subject, text)
        for notice, parameters, subject, text in [
            ("new_device", DETAILS, "A new device signed in to your account", "Device: Firefox on Linux"),
            ("factor_on", {"factor": "an app"}, "Your second factor is on", "an app"),
            ("factor_off", {"factor": "an app"}, "Your second factor is off", "an app"),
            ("backup_code_used", {"n_left": 9}, "A backup code was used", "9 are left"),
            ("sign_in_waits", DETAILS, "A sign-in waits for you", "more proof"),
            ("email_changed", {}, "Your e-mail address was changed", "this e-mail address"),
            ("email_undone", {}, "The change of your e-mail address was undone", "Choose a new password"),
        ]
    },
}


@pytest.mark.django_db
@pytest.mark.parametrize("cause", CAUSES)
def test_a_security_mail_arrives_with_its_words_and_without_a_token(server, cause):
    act, subject, text = CAUSES[cause]
    act(user=make_person())
    assert outbox.deliver_due() == 1
    [sent] = server.mails
    body = sent.get_content()
    assert (sent["To"], sent["Subject"]) == ("ada@example.org", subject)
    assert sent["From"] == "Pairly <no-reply@pairly.example>"
    assert re.search(text, body)
    assert "%(" not in body
    for url in re.findall(r"https?://\S+", body):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[a-z/-]+/", url), url


@pytest.mark.django_db
def test_every_notice_can_be_written_out(server):
    """A parameter that a text names and nobody gives would only be missed when it is sent."""
    user = make_person()
    parameters = {**DETAILS, "factor": "an app", "n_left": 3}
    for notice, words in security_mails._NOTICES.items():
        named = set(re.findall(r"%\((\w+)\)s", words.text)) - {"url"}
        security_mails.write(user=user, notice=notice, **{name: parameters.get(name, "1") for name in named})
    assert send_all() == len(security_mails._NOTICES) == len(server.mails)


def write_catalog(folder, language, texts):
    """A compiled message catalog (GNU gettext manual, section 10.3)."""
    texts = {"": "Content-Type: text/plain; charset=UTF-8\n", **texts}
    pairs = sorted((key.encode(), value.encode()) for key, value in texts.items())
    keys, values, tables = b"", b"", []
    start = 28 + 16 * len(pairs)
    n_keys = sum(len(key) + 1 for key, _value in pairs)
    for key, value in pairs:
        tables.append((len(key), start + len(keys), len(value), start + n_keys + len(values)))
        keys, values = keys + key + b"\0", values + value + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    head += b"".join(struct.pack("<2I", a, b) for a, b, _c, _d in tables)
    head += b"".join(struct.pack("<2I", c, d) for _a, _b, c, d in tables)
    target = folder / language / "LC_MESSAGES" / "django.mo"
    target.parent.mkdir(parents=True)
    target.write_bytes(head + keys + values)


@pytest.fixture
def hindi(settings, tmp_path):
    """A Hindi catalog with the words of one notice."""
    words = security_mails._NOTICES["factor_on"]
    write_catalog(tmp_path, "hi", {words.subject: "दूसरा कारक चालू है", words.text: "नया: %(factor)s\n\n"})
    settings.LOCALE_PATHS = [tmp_path]
    trans_real._translations.clear()
    yield
    trans_real._translations.clear()


@pytest.mark.django_db
def test_a_mail_is_in_the_language_of_its_reader(server, hindi):
    user = make_person(language="hi")
    with translation.override("ar"):  # of whoever caused it
        security_mails.write(user=user, notice="factor_on", factor="ऐप")
        outbox.deliver_due()
    [sent] = server.mails
    assert sent["Subject"].strip() == "दूसरा कारक चालू है"
    assert sent.get_content().startswith("नया: ऐप")


@pytest.mark.django_db
def test_a_name_with_new_lines_writes_neither_headers_nor_lines(server):
    evil = "x\r\nBcc: eve@example.org\n\nYour account is closed: http://evil.example\u2028now"
    user = make_person(name=evil)
    security_mails.write(user=user, notice="new_device", **{**DETAILS, "device": evil})
    email_codes.request_first_code(user=user)
    assert send_all() == 2
    for sent in server.mails:
        assert sent["Bcc"] is None
        assert {*sent.keys()} == {
            *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
            *("Subject", "From", "To", "Date", "Message-ID", "X-Peer"),
        } - {"X-Peer"}
    lines = server.mails[0].get_content().splitlines()
    assert [line for line in lines if "evil" in line] == [
        "Device: x Bcc: eve@example.org Your account is closed: http://evil.example now"
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("trouble", ["down", "hanging", "busy"])
def test_a_mail_waits_for_a_server_that_has_trouble(server, trouble):
    write()
    if trouble == "down":
        server.stop()
    server.refusal = "451 try again later" if trouble == "busy" else ""
    waits = []
    for n_tries in (1, 2, 3):
        before = timezone.now()
        with hanging(server) if trouble == "hanging" else nullcontext():
            assert outbox.deliver_due() == 0
        after = timezone.now()
        row = OutboxRow.objects.get()
        assert (row.state, row.n_tries) == (State.PENDING, n_tries)
        assert row.last_error
        waits.append((row.deliver_at - after, row.deliver_at - before))
        make_due()
    for (least, most), wait_s in zip(waits, (30, 60, 120), strict=True):
        assert least <= timedelta(seconds=wait_s) <= most
    if trouble == "down":
        server.start()
    server.refusal = ""
    assert outbox.deliver_due() == 1
    assert server.recipients == ["ada0@example.org"]
    row = OutboxRow.objects.get()
    assert (row.state, row.sent_at is not None) == (State.SENT, True)
    assert outbox.deliver_due() == 0


@pytest.mark.django_db
def test_a_server_that_hangs_costs_a_run_one_timeout_and_one_row_a_try(server):
    write(5)
    with hanging(server):
        assert outbox.deliver_due() == 0
    assert server.n_connections <= 1  # it may not have had its turn to notice the one
    assert sorted(OutboxRow.objects.values_list("n_tries", flat=True)) == [0, 0, 0, 0, 1]
    assert outbox.deliver_due() == 4
    make_due()
    assert outbox.deliver_due() == 1
    assert sorted(server.recipients) == [f"ada{number}@example.org" for number in range(5)]


@pytest.mark.django_db
@pytest.mark.parametrize("answer", ["450 mailbox busy", "550 no such mailbox"])
def test_one_recipient_that_is_refused_holds_up_nobody(server, answer):
    write(5)
    server.refuse_to = {"ada0@example.org": answer}
    assert outbox.deliver_due() == 4
    [row] = OutboxRow.objects.filter(state=State.PENDING)
    assert (row.payload["to"], row.n_tries, row.last_error) == ("ada0@example.org", 1, "SMTPRecipientsRefused")


@pytest.mark.django_db
def test_what_goes_by_other_ways_is_delivered_while_the_mail_server_hangs(server, monkeypatch):
    write(2)
    delivered = []
    monkeypatch.setattr(outbox, "_ways", dict(outbox._ways))
    outbox.register_handler(
        kind="test.push", handler=lambda _user, payload: delivered.append(payload), transport="push"
    )
    outbox.write(kind="test.push", payload={"n": 1})
    with hanging(server):
        assert outbox.deliver_due() == 1
    assert delivered == [{"n": 1}]


@pytest.mark.django_db
def test_a_row_is_given_up_after_ten_tries_and_that_is_seen(server, caplog):
    write()
    server.refusal = "550 never"
    for _ in range(outbox.MAX_TRIES):
        assert outbox.count_dead() == 0
        outbox.deliver_due()
        make_due()
    row = OutboxRow.objects.get()
    assert (row.state, row.n_tries, outbox.count_dead()) == (State.DEAD, 10, 1)
    assert [record.levelname for record in caplog.records if "outbox_dead" in str(record.msg)] == ["ERROR"]
    server.refusal = ""
    assert outbox.deliver_due() == 0


@pytest.mark.django_db
def test_a_worker_that_lost_its_lease_does_not_bring_back_what_is_sent(server):
    write()
    [slow] = outbox.claim()
    assert outbox.claim() == []
    make_due()
    assert outbox.deliver_due() == 1
    outbox._postpone(slow, TimeoutError())
    assert OutboxRow.objects.get().state == State.SENT


@pytest.mark.django_db
@pytest.mark.parametrize("door", ["page", "api"])
def test_a_sign_in_only_writes_a_row_while_the_mail_server_hangs(server, door):
    make_person()
    server.is_hanging = True
    if door == "page":
        answer = Client().post("/sign-in/", {"email": "ada@example.org", "password": PASSWORD})
        assert answer.status_code == 302
    else:
        body = {"email": "ada@example.org", "password": PASSWORD}
        answer = Client().post("/api/v1/auth/login", body, content_type="application/json")
        assert answer.status_code == 200
    assert OutboxRow.objects.get().payload["notice"] == "new_device"
    assert server.n_connections == 0


DELIVER = "from pairly.outbox import services; services.deliver_due()"


def test_a_worker_killed_between_sending_and_noting_it_sends_again_after_the_lease(committed_db, server, settings):
    """At least once: a second mail is better than none."""
    write()
    env = databases.server_environment(settings.VAR_DIR, name=committed_db)
    env |= {"REDIS_URL": settings.REDIS_URL, "EMAIL_URL": server.url}
    command = [sys.executable, "-c", f"import django; django.setup(); {DELIVER}"]
    worker = subprocess.Popen(command, env=env)
    server.on_mail = lambda: os.kill(worker.pid, signal.SIGKILL)  # before the server answers that it has the mail
    assert worker.wait(timeout=60) == -signal.SIGKILL
    server.on_mail = None
    row = OutboxRow.objects.get()
    assert (len(server.mails), row.state) == (1, State.PENDING)
    assert timedelta(minutes=1) < row.deliver_at - timezone.now() <= outbox.LEASE
    assert outbox.deliver_due() == 0
    make_due()
    assert outbox.deliver_due() == 1
    assert server.recipients == ["ada0@example.org"] * 2


def race(server, n_rows=30):
    """What arrives when four workers deliver at once."""
    OutboxRow.objects.all().delete()
    User.objects.all().delete()
    server.mails.clear()
    write(n_rows)
    at_once(4, lambda _number: send_all())
    return sorted(server.recipients)


def test_four_workers_at_once_send_each_of_30_mails_once(committed_db, server):
    for _ in range(2):
        assert race(server) == sorted(f"ada{number}@example.org" for number in range(30))


def test_without_the_row_lock_they_would_send_some_twice(committed_db, server, monkeypatch):
    """The control of the test above: rows are read, not locked."""

    have_read = Meeting()

    def list_unlocked(kinds, limit):
        due = OutboxRow.objects.filter(state=State.PENDING, deliver_at__lte=timezone.now(), kind__in=kinds)
        found = list(due.order_by("deliver_at", "id")[:limit])
        have_read.wait()
        return found

    monkeypatch.setattr(outbox, "_list_due", list_unlocked)
    assert len(race(server)) > 30


@pytest.mark.django_db
def test_what_is_over_is_kept_for_a_while_and_then_gone():
    now = timezone.now()
    kept = outbox.SENT_KEPT, outbox.DEAD_KEPT
    for state, age in (("sent", kept[0]), ("dead", kept[1]), ("pending", kept[1])):
        for days in (-1, 1):
            at = now - age - timedelta(days=days)
            OutboxRow.objects.create(
                kind="mail.test", payload={}, state=state, deliver_at=at, sent_at=at if state == "sent" else None
            )
    assert outbox.retain() == {"sent": 1, "dead": 1}
    assert sorted(OutboxRow.objects.values_list("state", flat=True)) == ["dead", "pending", "pending", "sent"]
    assert outbox.retain() == {"sent": 0, "dead": 0}
