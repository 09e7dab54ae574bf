"""What people meet while Redis, PostgreSQL or the mail server hangs: the real server, and each of them stopped by
SIGSTOP. `timeout=5` is the promise: every answer comes within 5 s.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.db import connection

from credits import invariants
from credits.services import purchases
from messaging.client.http import Account, ApiProblem
from messaging.client.socket import ChatSocket
from pairly.common.ids import uuid7
from pairly.testing.faults import FaultyWorld, count_threads, faulty_world, stopped
from pairly.testing.people import PASSWORD, make_user
from payments.tests.sandboxes import SECRET, signature
from security.types import Client as Visitor
from users.models import Session
from users.services import sessions, tokens
from users.tests.factor_helpers import code_at, give_backup_codes, give_email_factor, give_totp, present_step

WITHIN_S = 5
PRICE_CENTI = 10_000
AT_ONCE = 50
# Django's executor keeps a thread for each request of the moment; beyond them there are those that were there before.
THREADS_BEYOND = 30
PROVE = bool(os.environ.get("PAIRLY_PROVE"))
WRONG = {"password": "not the passphrase"}
VISITOR = Visitor(ip="127.0.0.1", user_agent="test")


class Person:
    """An account that a test speaks for over HTTP and the socket."""

    def __init__(self, world: FaultyWorld, role: str, **more):
        self.world = world
        self.user = make_user(role, **more)
        self.user.set_password(PASSWORD)
        self.user.save()
        http = world.closing.enter_context(httpx.Client(timeout=WITHIN_S))
        self.account = Account(world.url, http=http, user_id=self.user.uid)
        self.account.access_token = self.new_token()

    def new_token(self) -> str:
        started = sessions.start_session(user=self.user, kind=Session.Kind.API, client=VISITOR)
        return str(tokens.issue(started=started)["access_token"])

    def call(self, method: str, path: str, body=None, *, token: str = "", **headers: str) -> httpx.Response:
        headers["Authorization"] = f"Bearer {token or self.account.access_token}"
        return self.account.http.request(method, f"{self.world.url}/api/v1/{path}", json=body, headers=headers)

    def socket(self) -> ChatSocket:
        return ChatSocket(url=self.world.server.socket_url, token=self.account.access_token, timeout_s=WITHIN_S)


class Talk:
    """A fan who has paid in, a creator, and their conversation."""

    def __init__(self, world: FaultyWorld):
        self.fan, self.creator = Person(world, "fan"), Person(world, "creator", price_centi=PRICE_CENTI)
        for person in (self.fan, self.creator):
            person.account.enrol()
        purchases.record_purchase(
            user_id=self.fan.user.pk, op_id=uuid7(), credits_centi=10_000_000, currency="USD", amount_minor=100_000,
            payment_uid=uuid7(),
        )  # fmt: skip
        self.conversation, _ = self.fan.account.open_conversation(self.creator.user.uid)
        self.uid = uuid.UUID(bytes=self.conversation.id)

    def envelope(self) -> dict:
        """Sealed beforehand: sealing asks the server for keys."""
        return self.fan.account.seal_to(self.conversation, "words", price_centi=PRICE_CENTI)

    def sent(self, envelope: dict, ack: dict) -> None:
        self.conversation.sent(envelope=envelope, srv=ack["srv"])


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    with faulty_world(folder, blocker=django_db_blocker, STRIPE_WEBHOOK_SECRET=SECRET) as running:
        yield running


@pytest.fixture(scope="module")
def talk(world):
    return Talk(world)


@pytest.fixture(scope="module")
def guarded(world):
    """Somebody with an app and backup codes; their key and codes."""
    person = Person(world, "fan")
    return person, give_totp(person.user), give_backup_codes(person.user)


def ask(world, path, **how) -> httpx.Response:
    return httpx.get(f"{world.url}{path}", timeout=WITHIN_S, **how)


def post(world, path, body, **headers) -> httpx.Response:
    return httpx.post(f"{world.url}/api/v1/{path}", json=body, timeout=WITHIN_S, headers=headers)


def wait_until(condition, *, seconds=10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come back in time"
        time.sleep(0.1)


def is_well(world, *names) -> bool:
    checks = ask(world, "/health").json()["checks"]
    return all(checks[name] == "ok" for name in names)


def at_once(world, person, path) -> list[int]:
    """The statuses of AT_ONCE requests that come together; no more threads stay than they need."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: ask(world, path, headers=bearer(person)).status_code, range(AT_ONCE)))
    assert count_threads(world.server.child.pid) < AT_ONCE + THREADS_BEYOND
    return answers


def bearer(person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.account.access_token}"}


def notify(world) -> int:
    """The status that the payment provider gets for a signed notice."""
    notice = {"object": "charge", "id": f"ch_{uuid.uuid4().hex}"}
    event = {"id": f"evt_{uuid.uuid4().hex}", "object": "event", "type": "charge.updated", "livemode": False}
    body = json.dumps({**event, "data": {"object": notice}}).encode()
    headers = {"Content-Type": "application/json", **signature(body)}
    url = f"{world.url}/api/v1/payments/webhook/stripe"
    return httpx.post(url, content=body, timeout=WITHIN_S, headers=headers).status_code


def count(sql, *params) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.fetchone()[0])


# -- Redis ----------------------------------------------------------------------------------------------------
@pytest.fixture
def without_redis(world, talk, guarded):
    with stopped(world.redis.child):
        yield
    wait_until(lambda: is_well(world, "redis"))


def test_without_redis_people_sign_in_pay_and_end_sign_ins(world, talk, guarded, without_redis):
    other = talk.fan.new_token()
    envelope = talk.envelope()
    assert talk.fan.call("GET", "auth/sessions", token=other).status_code == 200
    assert talk.fan.call("POST", "auth/logout", token=other).status_code == 204
    assert talk.fan.call("GET", "auth/sessions", token=other).status_code == 401
    assert talk.fan.call("GET", "credits/balance").status_code == 200
    ack = talk.fan.call("POST", "messages", {"conversation": str(talk.uid), "envelope": envelope})
    assert ack.status_code == 201
    talk.sent(envelope, ack.json())

    person, key, _ = guarded
    first = post(world, "auth/login", {"email": person.user.email, "password": PASSWORD}).json()
    code = {"temp_token": first["temp_token"], "method": "totp", "code": code_at(key, present_step())}
    assert post(world, "auth/login-2fa", code).status_code == 200
    with pytest.raises(ApiProblem, match="token_revoked|not_authenticated"):
        Account(world.url, http=talk.fan.account.http, access_token=other).call("GET", "auth/sessions")


def test_without_redis_guesses_are_counted_in_postgresql(world, without_redis):
    victim = Person(world, "fan")
    before = count("SELECT count(*) FROM security_limithit")
    answers = [post(world, "auth/login", {"email": victim.user.email, **WRONG}).status_code for _ in range(8)]
    assert answers[0] == 401
    assert set(answers[6:]) <= {423, 429}
    assert count("SELECT count(*) FROM security_limithit") > before
    locked = post(world, "auth/login", {"email": victim.user.email, "password": PASSWORD})
    assert locked.status_code in {423, 429}
    assert int(locked.headers["Retry-After"]) >= 1


def test_without_redis_a_socket_opens_pays_and_is_still_limited(world, talk, without_redis):
    envelope = talk.envelope()
    with talk.fan.socket() as socket:
        ack = socket.send(conversation=talk.uid, envelope=envelope)
        talk.sent(envelope, ack)
        assert ack["charged_centi"] == PRICE_CENTI
        for _ in range(30):
            socket.tell({"type": "ping"})
        assert {"pong", "muted"} <= {frame["type"] for frame in read_all(socket)}


def test_a_socket_that_was_open_hears_again_when_redis_is_back(world, talk):
    with talk.creator.socket() as socket:
        with stopped(world.redis.child):
            wait_until(lambda: not is_well(world, "redis"))
            socket.tell({"type": "ping"})
            assert socket.wait_for("pong")
        wait_until(lambda: is_well(world, "redis"))
        # The server leaves Redis alone for a moment after a failure: what is sent then is left to the sweeper.
        wait_until(lambda: send_one(talk) and any(frame["type"] == "message" for frame in read_all(socket)))


def read_all(socket, *, quiet_s=0.5) -> list[dict]:
    """The frames that come until none comes for a while."""
    frames = []
    while True:
        try:
            frames.append(json.loads(socket.connection.recv(timeout=quiet_s)))
        except TimeoutError:
            return frames


def send_one(talk) -> bool:
    envelope = talk.envelope()
    answer = talk.fan.call("POST", "messages", {"conversation": str(talk.uid), "envelope": envelope})
    if answer.status_code == 429:  # this test's own hurry
        time.sleep(1)
        return False
    assert answer.status_code == 201, answer.text
    talk.sent(envelope, answer.json())
    return True


def test_without_redis_webhooks_and_resets_are_taken_and_health_says_so(world, talk, without_redis):
    assert notify(world) == 200
    assert count("SELECT count(*) FROM payments_webhookevent") == 1
    rows = "SELECT count(*) FROM outbox_outboxrow"
    before = count(rows)
    assert post(world, "auth/password/forgot", {"email": talk.fan.user.email}).status_code in {200, 202, 204}
    assert count(rows) > before
    health = ask(world, "/health")
    checks = health.json()["checks"]
    assert health.status_code == 200
    assert (checks["database"], checks["redis"], checks["worker"]) == ("ok", "failed", "failed")
    assert ask(world, "/ready").status_code == 200
    assert "redis_away" in world.server.log_path.read_text()
    assert set(at_once(world, talk.fan, "/api/v1/credits/balance")) == {200}


# -- PostgreSQL -----------------------------------------------------------------------------------------------
@pytest.fixture
def without_postgres(world, talk, guarded):
    connection.close()
    with stopped(world.postgres.child):
        yield
    wait_until(lambda: is_well(world, "database") and ask(world, "/ready").status_code == 200)


ASKED = ["/api/v1/auth/sessions", "/api/v1/credits/balance", "/api/v1/discover", "/api/v1/messages/conversations"]


def test_without_postgresql_every_answer_is_503_in_time_and_says_when_to_come_again(world, talk, without_postgres):
    credentials = {"email": talk.fan.user.email, "password": PASSWORD}
    with ThreadPoolExecutor(16) as pool:  # all at once: each waits for PostgreSQL, none for another
        documents = [pool.submit(ask, world, path, headers=bearer(talk.fan)) for path in ASKED]
        documents.append(pool.submit(post, world, "auth/login", credentials))
        pages = [pool.submit(ask, world, path) for path in ("/", "/discover/")]
        hook = pool.submit(notify, world)
        version = pool.submit(ask, world, "/version")
    for answer in (each.result() for each in documents):
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded"), answer.url
        assert int(answer.headers["Retry-After"]) >= 1
    assert [(each.result().status_code, "busy" in each.result().text) for each in pages] == [(503, True)] * 2
    assert hook.result() == 503  # the provider comes again
    assert version.result().status_code == 200
    with ThreadPoolExecutor(2) as pool:  # the first look was good for a second
        looks = [pool.submit(ask, world, path) for path in ("/health", "/api/v1/ready")]
        assert set(at_once(world, talk.fan, ASKED[0])) == {503}
    health, ready = (look.result() for look in looks)
    checks = health.json()["checks"]
    assert (health.status_code, checks["database"], checks["redis"], checks["mail"]) == (503, "failed", "ok", "failed")
    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "failed")


def test_without_postgresql_a_browser_that_is_signed_in_stays_so(world, talk):
    browser = world.closing.enter_context(httpx.Client(base_url=world.url, timeout=WITHIN_S))
    page = browser.get("/sign-in/")
    form = {"email": talk.creator.user.email, "password": PASSWORD, "csrfmiddlewaretoken": csrf_of(page.text)}
    assert browser.post("/sign-in/", data=form).status_code == 302
    assert browser.get("/wallet/").status_code == 200
    connection.close()
    with stopped(world.postgres.child):
        for path in ("/wallet/", "/nowhere/", "/inbox/"):
            answer = browser.get(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2"), path
            assert "Traceback" not in answer.text
    wait_until(lambda: browser.get("/wallet/").status_code == 200)


def csrf_of(html: str) -> str:
    return html.split('name="csrfmiddlewaretoken" value="', 1)[1].split('"', 1)[0]


def test_without_postgresql_open_sockets_say_so_and_work_again_afterwards(world, talk):
    envelope = talk.envelope()
    with talk.fan.socket() as socket, Person(world, "fan").socket() as loud:
        connection.close()
        with stopped(world.postgres.child):
            with pytest.raises(ApiProblem, match="overloaded") as refused:
                socket.send(conversation=talk.uid, envelope=envelope)
            assert refused.value.status == 503
            for _ in range(30):
                loud.tell({"type": "ping"})
            assert {"pong", "muted"} <= {frame["type"] for frame in read_all(loud)}
        wait_until(lambda: is_well(world, "database"))
        # Whether the first try was carried out is not known; the same envelope again is the same message.
        ack = socket.send(conversation=talk.uid, envelope=envelope)
        talk.sent(envelope, ack)
    assert count("SELECT count(*) FROM messaging_message WHERE n = %s", ack["srv"]["n"]) == 1


# -- mail -----------------------------------------------------------------------------------------------------
def test_without_mail_nobody_is_kept_waiting(world, talk):
    person = Person(world, "fan")
    give_email_factor(person.user)
    give_backup_codes(person.user)
    wait_until(lambda: is_well(world, "mail"))
    with stopped(world.mail):
        first = post(world, "auth/login", {"email": person.user.email, "password": PASSWORD}).json()
        assert first["requires_2fa"]
        assert "backup_code" in first["methods"]
        rows = "SELECT count(*) FROM outbox_outboxrow WHERE state = 'pending'"
        before = count(rows)
        assert post(world, "auth/login-2fa/email-code", {"temp_token": first["temp_token"]}).status_code < 300
        assert count(rows) > before
        plain = Person(world, "fan")
        assert post(world, "auth/login", {"email": plain.user.email, "password": PASSWORD}).status_code == 200
        wait_until(lambda: not is_well(world, "mail"))
        health = ask(world, "/health")
        assert (health.status_code, health.json()["status"]) == (200, "degraded")
    wait_until(lambda: is_well(world, "mail"))


def test_after_all_that_the_ledger_agrees(world, talk):
    assert [found for found in invariants.check_all() if not found.is_ok] == []
