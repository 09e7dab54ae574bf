"""What people meet while Redis, PostgreSQL or the mail server hangs: the real server, and each of them stopped by
SIGSTOP. The clients' time-out of 5 s is the promise: every answer comes within it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.conf import settings
from django.db import connection

from credits import invariants
from messaging.client.http import ApiProblem
from pairly.testing.faults import count_threads, faulty_world, stopped
from pairly.testing.people import PASSWORD, sign_in_as
from payments.tests.sandboxes import SECRET
from users.tests.factor_helpers import code_at, give_backup_codes, give_email_factor, give_totp, present_step

from .fault_people import PRICE_CENTI, WITHIN_S, Person, Talk, ask, is_well, notify, post, wait_until

AT_ONCE = 50
# Django's executor keeps a thread for each request of the moment; beyond them there are those that were there before.
THREADS_BEYOND = 30
# With make prove Redis stays away for longer than it takes the sockets' connection to be renewed.
SILENCE_SECONDS = 10 if os.environ.get("PAIRLY_PROVE") else 0
N_FRAMES = 30  # more than a socket may send at once


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    env = {"STRIPE_WEBHOOK_SECRET": SECRET, "DATABASE_ANSWER_SECONDS_WEB": "3"}
    with faulty_world(folder, blocker=django_db_blocker, **env) as running:
        yield running


@pytest.fixture(scope="module")
def talk(world):
    return Talk(world)


@pytest.fixture(scope="module")
def guarded(world):
    """Somebody with an app, and its key."""
    person = Person(world, "fan")
    return person, give_totp(person.user)


def at_once(world, person, path) -> set[int]:
    """The statuses of AT_ONCE requests that come together; no more threads are there than they need."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(ask, world, path, headers=person.headers()) for _ in range(AT_ONCE)]
    assert count_threads(world.server.child.pid) < AT_ONCE + THREADS_BEYOND
    return {each.result().status_code for each in asked}


def read_all(socket, *, quiet_s=0.5) -> set[str]:
    """The kinds of the frames that come until none comes for a while."""
    kinds = set()
    while True:
        try:
            kinds.add(json.loads(socket.connection.recv(timeout=quiet_s))["type"])
        except TimeoutError:
            return kinds


def count(sql, *params) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.fetchone()[0])


# -- Redis ----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def without_redis(world, talk, guarded):
    """Stopped for the tests of this section, with a socket that was open before; gives the socket."""
    with talk.creator.socket() as socket, stopped(world.redis.child):
        wait_until(lambda: not is_well(world, "redis"))
        time.sleep(SILENCE_SECONDS)
        yield socket


def test_without_redis_people_sign_in_and_end_sign_ins(world, talk, guarded, without_redis):
    other = talk.fan.new_token()
    assert talk.fan.call("GET", "auth/sessions", token=other).status_code == 200
    assert talk.fan.call("POST", "auth/logout", token=other).status_code == 204
    refused = talk.fan.call("GET", "auth/sessions", token=other)
    assert (refused.status_code, refused.json()["code"]) == (401, "token_revoked")
    person, key = guarded
    first = post(world, "auth/login", {"email": person.user.email, "password": PASSWORD}).json()
    code = {"temp_token": first["temp_token"], "method": "totp", "code": code_at(key, present_step())}
    assert post(world, "auth/login-2fa", code).status_code == 200


def test_without_redis_guesses_are_counted_in_postgresql(world, without_redis):
    victim, before = Person(world, "fan").user, count("SELECT count(*) FROM security_limithit")
    guess = {"email": victim.email, "password": "not the passphrase"}
    answers = [post(world, "auth/login", guess) for _ in range(8)]
    assert answers[0].status_code in {401, 429}  # 429: earlier tests signed in from here
    assert {answer.status_code for answer in answers[6:]} <= {423, 429}
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert count("SELECT count(*) FROM security_limithit") > before


def test_without_redis_a_reset_is_mailed_and_a_notice_of_the_provider_kept(world, talk, without_redis):
    mails, notices = "SELECT count(*) FROM outbox_outboxrow", "SELECT count(*) FROM payments_webhookevent"
    before = count(mails), count(notices)
    assert post(world, "auth/password/forgot", {"email": talk.creator.user.email}).is_success
    assert notify(world).status_code == 200
    assert (count(mails), count(notices)) == (before[0] + 1, before[1] + 1)


def test_without_redis_messages_are_paid_at_both_doors_and_a_socket_is_still_limited(world, talk, without_redis):
    assert talk.post(talk.envelope()).status_code == 201
    envelope = talk.envelope()
    with talk.fan.socket() as socket, Person(world, "fan").socket() as loud:
        ack = socket.send(conversation=talk.uid, envelope=envelope)
        talk.sent(envelope, ack)
        assert ack["charged_centi"] == PRICE_CENTI
        for _ in range(N_FRAMES):
            loud.tell({"type": "ping"})
        loud.wait_for("pong")
        loud.wait_for("muted")
        read_all(loud)  # what is not read would hold up its close


def test_without_redis_health_says_so_and_many_readers_are_served(world, talk, without_redis):
    assert at_once(world, talk.fan, "/api/v1/credits/balance") == {200}
    health = ask(world, "/health")
    checks = health.json()["checks"]
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert (checks["database"], checks["redis"], checks["worker"]) == ("ok", "failed", "failed")
    assert ask(world, "/ready").status_code == 200
    assert "redis_away" in world.server.log_path.read_text()  # the alert


def test_a_socket_that_was_open_hears_again_when_redis_is_back(world, talk, without_redis):
    without_redis.tell({"type": "ping"})
    without_redis.wait_for("pong")
    world.redis.child.send_signal(signal.SIGCONT)
    wait_until(lambda: is_well(world, "redis"))
    # The server leaves Redis alone for a moment after a failure: what is sent then is left to the sweeper.
    wait_until(lambda: talk.post(talk.envelope()).is_success and "message" in read_all(without_redis))


# -- PostgreSQL -----------------------------------------------------------------------------------------------
@pytest.fixture
def all_well(world):
    world.redis.child.send_signal(signal.SIGCONT)
    wait_until(lambda: is_well(world, "database", "redis", "mail"))


@pytest.fixture
def browser(world, talk, all_well):
    """The creator's, signed in (without the sign-in page: its limit is used up by now)."""
    name = settings.SESSION_COOKIE_NAME
    cookies = {name: sign_in_as(talk.creator.user).cookies[name].value}
    with httpx.Client(base_url=world.url, timeout=WITHIN_S, cookies=cookies) as client:
        assert client.get("/wallet/").status_code == 200
        yield client


DOCUMENTS = ["auth/sessions", "credits/balance", "discover", "messages/conversations"]


def test_without_postgresql_every_answer_is_503_in_time_and_all_goes_on_afterwards(world, talk, browser):
    envelope = talk.envelope()
    style = re.search(r'"(/static/[^"]+\.css)"', browser.get("/wallet/").text)[1]
    loud = world.closing.enter_context(Person(world, "fan").socket())
    socket = world.closing.enter_context(talk.fan.socket())
    connection.close()
    with stopped(world.postgres.child):
        with ThreadPoolExecutor(16) as pool:  # all at once: each waits for PostgreSQL, none for another
            documents = [pool.submit(talk.fan.call, "GET", path) for path in DOCUMENTS]
            documents.append(pool.submit(post, world, "auth/login", {"email": "a@example.org", "password": PASSWORD}))
            documents.append(pool.submit(notify, world))  # the provider comes again
            pages = [pool.submit(ask, world, "/"), *(pool.submit(browser.get, path) for path in ("/wallet/", "/x/"))]
            still = [pool.submit(ask, world, "/version"), pool.submit(browser.get, style)]
            sent = pool.submit(socket.send, conversation=talk.uid, envelope=envelope)
        for answer in (each.result() for each in documents):
            assert (answer.status_code, answer.json()["code"]) == (503, "overloaded"), answer.url
            assert int(answer.headers["Retry-After"]) >= 1
        for page in (each.result() for each in pages):
            assert (page.status_code, page.headers["Retry-After"], "busy" in page.text) == (503, "2", True), page.url
        assert [each.result().status_code for each in still] == [200, 200]
        assert isinstance(sent.exception(), ApiProblem)
        assert (sent.exception().status, sent.exception().code) == (503, "overloaded")

        with ThreadPoolExecutor(2) as pool:
            looks = [pool.submit(ask, world, path) for path in ("/health", "/api/v1/ready")]
            assert at_once(world, talk.fan, "/api/v1/auth/sessions") == {503}
        health, ready = (look.result() for look in looks)
        checks = health.json()["checks"]
        assert (health.status_code, checks["database"], checks["redis"], checks["mail"]) == (
            503, "failed", "ok", "failed",
        )  # fmt: skip
        assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "failed")
        for _ in range(N_FRAMES):
            loud.tell({"type": "ping"})
        loud.wait_for("pong")
        loud.wait_for("muted")
        read_all(loud)  # what is not read would hold up its close
    wait_until(lambda: is_well(world, "database") and ask(world, "/ready").status_code == 200)
    assert browser.get("/wallet/").status_code == 200  # still signed in
    # Whether the first try was carried out is not known; the same envelope again is the same message.
    ack = socket.send(conversation=talk.uid, envelope=envelope)
    assert count("SELECT count(*) FROM messaging_message WHERE n = %s", ack["srv"]["n"]) == 1
    talk.sent(envelope, ack)


# -- mail -----------------------------------------------------------------------------------------------------
def test_without_mail_nobody_is_kept_waiting_and_another_step_is_offered(world, all_well):
    person = Person(world, "fan")
    give_email_factor(person.user)
    give_backup_codes(person.user)
    waiting = "SELECT count(*) FROM outbox_outboxrow WHERE state = 'pending'"
    with stopped(world.mail):
        first = post(world, "auth/login", {"email": person.user.email, "password": PASSWORD}).json()
        assert set(first["methods"]) == {"email", "backup_code"}
        before = count(waiting)
        assert post(world, "auth/login-2fa/email-code", {"temp_token": first["temp_token"]}).is_success
        assert count(waiting) == before + 1
        wait_until(lambda: not is_well(world, "mail"))
        health = ask(world, "/health")
        assert (health.status_code, health.json()["status"]) == (200, "degraded")
    wait_until(lambda: is_well(world, "mail"))


def test_after_all_that_the_ledger_agrees(world, all_well):
    assert [found for found in invariants.check_all() if not found.is_ok] == []
