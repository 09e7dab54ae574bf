"""A search for what must not be anywhere: somebody uses the product with values that occur nowhere else, in every
private field, in queries, headers, malformed bodies and requests that meet a defect or a broken database. Then the
server's log, a worker's log, the security log, other people's mails, the whole database and Redis are searched.

What must be in the database to be of use (address, name, telephone number, date of birth) is looked for there as well:
that shows that the search finds what is there, as does a log that was written on purpose.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import psycopg
import pytest
from django.conf import settings
from django_otp.oath import TOTP
from websockets.sync.client import connect

from messaging.client.http import Account
from pairly.common import redis as common_redis
from pairly.embedded import paths
from pairly.testing.mail import MailServer

from .test_main_job import whole_database

ROOT = Path(__file__).resolve().parents[2]
FORMS = {
    "as it is": lambda v: v,
    "quoted": quote,
    "quoted plus": quote_plus,
    "JSON": lambda v: json.dumps(v)[1:-1],
    "base64": lambda v: base64.b64encode(v.encode()).decode().rstrip("="),
    "base64url": lambda v: base64.urlsafe_b64encode(v.encode()).decode().rstrip("="),
    "hexadecimal": lambda v: v.encode().hex(),
    "upside down": lambda v: v.swapcase(),
}


@dataclass
class Canaries:
    """Values by what they are. `secret` must be nowhere but with their owner, `personal` not outside the database."""

    secret: dict[str, str] = field(default_factory=dict)
    personal: dict[str, str] = field(default_factory=dict)

    @property
    def all(self) -> dict[str, str]:
        return {**self.personal, **self.secret}


def find(canaries: dict[str, str], text: str) -> list[str]:
    """The names of those that are in `text`, in any form."""
    assert min(map(len, canaries.values())) >= 6, "a short value would be found anywhere"
    return sorted(
        f"{name} ({form})" for name, value in canaries.items() for form in FORMS if is_there(FORMS[form](value), text)
    )


def is_there(value: str, text: str) -> bool:
    """A code of six digits counts when it stands alone: times and amounts hold any six digits."""
    if re.fullmatch(r"\d{6}", value):
        return re.search(rf"(?<![\w.:+-]){value}(?![\w.-])", text) is not None
    return value in text


def whole_redis() -> str:
    """Every key with all it holds, byte strings also as the characters they may hold."""
    client = common_redis.get_client(raw=True)
    parts: list[Any] = []
    for key in client.scan_iter():
        kind = client.type(key)
        read = {
            b"string": lambda k: [client.get(k)],
            b"list": lambda k: client.lrange(k, 0, -1),
            b"hash": lambda k: [item for pair in client.hgetall(k).items() for item in pair],
            b"set": lambda k: client.smembers(k),
            b"zset": lambda k: client.zrange(k, 0, -1),
        }[kind]
        parts += [key, *read(key)]
    return "\n".join(part.decode("latin-1") for part in parts if part is not None)


class Person:
    """Somebody with an account, over real HTTP; each request comes from an address of their own network."""

    def __init__(self, server, n: int) -> None:
        self.server, self._n, self.http = server, n, httpx.Client(timeout=30)
        self.canaries = Canaries()

    def call(self, method: str, path: str, *, status: int | None = None, **options: Any) -> httpx.Response:
        headers = {"X-Forwarded-For": f"203.0.113.{self._n}", **options.pop("headers", {})}
        answer = self.http.request(method, self.server.url + path, headers=headers, **options)
        assert status is None or answer.status_code == status, (path, answer.status_code, answer.text)
        return answer

    def api(self, path: str, body: dict[str, Any], *, method: str = "POST", status: int | None = None, token: str = ""):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.call(method, f"/api/v1/{path}", json=body, headers=headers, status=status)
        return answer.json() if answer.content else {}


def run_jobs(server, log: Path, mails: MailServer, *names: str) -> None:
    """What a worker does, in a process with its logs: the jobs by name, one that does not exist, one that fails."""
    script = (
        "import django, sys; django.setup()\n"
        "from pairly.celery import app\n"
        "app.loader.import_default_modules()\n"
        "for name in sys.argv[1:]: app.tasks[name].apply()\n"
    )
    with log.open("ab") as stream:
        subprocess.run(
            [sys.executable, "-c", script, *names], cwd=ROOT, env=server.env, stdout=stream, stderr=stream, check=True
        )


@pytest.fixture
def mails():
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(start_server, mails, tmp_path):
    return start_server(
        EMAIL_URL=mails.url,
        SECURITY_LOG_DIR=str(tmp_path / "security"),
        TRUSTED_PROXY_COUNT="1",
        METRICS_TOKEN="canary-metrics-token-51",
    )


def code_in(mails: MailServer, recipient: str, form: str) -> str:
    texts = [mail.get_content() for mail in mails.mails if recipient in str(mail["To"])]
    return re.findall(form, texts[-1])[-1]


def live(person: Person, peer: Account, mails: MailServer, jobs) -> None:
    """One life with every private field: account, proofs, telephone, keys, a message, new passwords, a browser."""
    mark = secrets.token_hex(4)
    own = person.canaries
    own.personal |= {"email": f"canary-{mark}@mail.example", "name": f"Canary {mark} Quux", "phone": "+14155552671"}
    own.personal |= {"birth date": "1971-02-17", "address of the network": "203.0.113.21"}
    own.secret |= {"password": f"correct horse {mark}", "wrong password": f"wrong canary {mark}"}
    own.secret |= {"message": f"canary words of a message {mark}", "second password": f"battery staple {mark}"}
    email, password = own.personal["email"], own.secret["password"]
    signed_up = person.api(
        "auth/signup",
        {"email": email, "password": password, "name": own.personal["name"], "role": "fan", "birth_date": "1971-02-17"},
        status=201,
    )
    access = own.secret["access token"] = signed_up["access_token"]
    own.secret["refresh token"] = signed_up["refresh_token"]
    jobs()
    verify = own.secret["e-mail code"] = code_in(mails, email, r"\b\d{6}\b")
    person.api("auth/email/verify", {"code": verify}, token=access)
    person.api("auth/login", {"email": email, "password": own.secret["wrong password"]}, status=401)
    person.api("auth/step-up", {"method": "password", "code": password}, token=access)
    person.api("auth/phone", {"phone": own.personal["phone"]}, method="PUT", token=access, status=204)

    account = Account(person.server.url, http=person.http, access_token=access)
    account.http.headers["X-Forwarded-For"] = "203.0.113.21"
    account.user_id = uuid.UUID(signed_up["user"]["id"])
    account.enrol(device_label=f"canary device {mark}")
    own.secret["recovery code"] = account.recovery_code
    conversation, _answer = account.open_conversation(peer.user_id)
    account.send(conversation, own.secret["message"], price_centi=0)

    begun = person.api("twofa/enable-totp", {}, token=access, status=200)
    own.secret["TOTP secret"] = begun["secret"]
    key = base64.b32decode(begun["secret"] + "=" * (-len(begun["secret"]) % 8))
    code = own.secret["TOTP code"] = f"{TOTP(key, step=30, digits=6).token():06d}"
    confirmed = person.api("twofa/verify-setup", {"code": code}, token=access, status=200)
    for i, backup_code in enumerate(confirmed["backup_codes"]):
        own.secret[f"backup code {i}"] = backup_code
    challenged = person.api("auth/login", {"email": email, "password": password}, status=200)
    own.secret["token of the second step"] = challenged["temp_token"]
    step = {"temp_token": challenged["temp_token"], "method": "backup_code"}
    person.api("auth/login-2fa", {**step, "code": "WRONGCODE7"})
    second = person.api("auth/login-2fa", {**step, "code": confirmed["backup_codes"][0]}, status=200)
    own.secret |= {f"second {name}": second[name] for name in ("access_token", "refresh_token")}
    rotated = person.api("auth/refresh", {"refresh_token": second["refresh_token"]}, status=200)
    own.secret["rotated refresh token"] = rotated["refresh_token"]

    person.api("auth/password/forgot", {"email": email})
    jobs()
    reset = own.secret["reset code"] = code_in(mails, email, r"\b[A-HJ-NP-Z2-9]{5}-?[A-HJ-NP-Z2-9]{5}\b")
    fields = {"email": email, "code": reset, "new_password": own.secret["second password"], "method": "backup_code"}
    person.api("auth/password/reset", {**fields, "second_code": confirmed["backup_codes"][1]}, status=204)

    page = person.call("GET", "/sign-in/")
    form = {"email": email, "password": own.secret["second password"]}
    form["csrfmiddlewaretoken"] = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
    own.secret["CSRF token of the form"] = form["csrfmiddlewaretoken"]
    person.call("POST", "/sign-in/", data=form, headers={"Referer": person.server.url + "/sign-in/"}, status=302)
    for cookie in person.http.cookies.jar:
        # The device's name is kept for the second step of a sign-in: alone it opens nothing.
        kept = own.personal if cookie.name == "pairly_device" else own.secret
        kept[f"cookie {cookie.name}"] = str(cookie.value)


AT_ONCE = 8  # canaries in one request
WRONG_BODIES = (('{"email": "CANARY"', "application/json"), ("CANARY", "text/plain"), ("CANARY", "application/xml"))


def provoke(person: Person) -> None:
    """Every canary where it does not belong: queries, paths, headers, cookies, bodies of the wrong kind, sockets."""
    values = [*person.canaries.all.values(), "4242424242424242"]
    for i in range(0, len(values), AT_ONCE):
        person._n = 30 + i  # each with the limits of an address of its own
        some = values[i : i + AT_ONCE]
        value = "~".join(some)
        where = quote(value, safe="")
        person.call("GET", "/", params=[(f"name{n}", one) for n, one in enumerate(some)])
        person.call("GET", f"/api/v1/nowhere/{where}?code={where}")
        person.call(
            "GET", f"/certificates/{where}/", headers={"User-Agent": value, "Referer": f"https://x.example/{where}"}
        )
        person.call("GET", "/version", headers={"X-Request-ID": value, "Accept-Language": value, "Origin": value})
        person.call("GET", "/api/v1/credits/balance", headers={"Authorization": f"Bearer {value}"})
        for body, kind in WRONG_BODIES:
            content = body.replace("CANARY", value).encode()
            person.call("POST", "/api/v1/auth/signup", content=content, headers={"Content-Type": kind})
    person._n = 240
    person.api("auth/login", {"email": values[0] + "\0", "password": values})
    person.api("payments/webhook/stripe", {"data": values})
    person.call("POST", "/sign-in/", data={"email": values[0], "password": values[1]})  # without the CSRF token
    person.call("GET", "/", headers={"Host": "canary.example"})
    provoke_socket(person, values)


def provoke_socket(person: Person, values: list[str]) -> None:
    query = quote(values[0])
    with connect(f"{person.server.socket_url}?token={query}", subprotocols=["pairly.v1"], open_timeout=30) as socket:
        socket.send(json.dumps({"type": "auth", "token": person.canaries.secret["access token"][:-2]}))
    with connect(person.server.socket_url, additional_headers={"X-Canary": values[0]}, open_timeout=30) as socket:
        socket.send(values[1] + "{")
        try:
            socket.recv(timeout=30)
        except Exception:  # closed: as good
            return


DEFECTS = """
CREATE FUNCTION canary_row() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'cannot take %', NEW USING DETAIL = 'row ' || NEW::text; END $$;
CREATE TRIGGER canary_row BEFORE INSERT ON users_user FOR EACH ROW EXECUTE FUNCTION canary_row();
ALTER TABLE users_user ADD CONSTRAINT canary_check CHECK (phone IS NULL OR phone <> '+14155552672') NOT VALID;
ALTER TABLE security_loginattempt RENAME TO away;
"""
REPAIR = """
ALTER TABLE away RENAME TO security_loginattempt;
DROP TRIGGER canary_row ON users_user;
DROP FUNCTION canary_row();
"""


def break_the_database(person: Person, name: str) -> int:
    """Requests that meet a database that refuses with the row in its words; returns how many were answered 500."""
    own = person.canaries
    person._n = 245
    answers = []
    url = paths.database_url(settings.VAR_DIR, role="owner", name=name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(DEFECTS)
        email, password = own.personal["email"], own.secret["second password"]
        fields = {"name": own.personal["name"], "role": "fan", "birth_date": "1971-02-17", "password": password}
        try:
            answers.append(person.call("POST", "/api/v1/auth/signup", json={**fields, "email": f"x{email}"}))
            answers.append(person.call("POST", "/api/v1/auth/login", json={"email": email, "password": password}))
        finally:
            connection.execute(REPAIR)
    for answer in answers:
        assert find(own.all, answer.text) == []
    return sum(answer.status_code == 500 for answer in answers)


def test_no_private_value_is_in_any_log_mail_of_others_or_store_that_need_not_have_it(
    server, committed_db, mails, tmp_path, request
):
    worker_log = tmp_path / "worker.log"

    def jobs() -> None:
        run_jobs(server, worker_log, mails, "outbox.deliver", "messaging.sweep_unpushed", "credits.check_ledger")

    peer = Account(server.url)
    peer.http.headers["X-Forwarded-For"] = "203.0.113.20"
    peer.sign_up(email="peer@mail.example", password="quite another passphrase 3", name="Peer", role="creator")
    peer.enrol()
    person = Person(server, 21)
    request.addfinalizer(person.http.close)
    request.addfinalizer(peer.http.close)
    live(person, peer, mails, jobs)
    provoke(person)
    assert break_the_database(person, committed_db) == 2
    mails.refuse_to[person.canaries.personal["email"]] = f"550 no {person.canaries.personal['email']} here"
    person._n = 246
    person.api("auth/password/forgot", {"email": person.canaries.personal["email"]})
    jobs()
    canaries = person.canaries

    log = server.log_path.read_text(errors="replace")
    assert log.count('"pairly.request"') > 50
    assert log.count('"error.stack_trace"') == 2
    assert find(canaries.all | {"metrics": "canary-metrics-token-51"}, log) == []
    assert "outbox_failed" in worker_log.read_text()
    assert find(canaries.all, worker_log.read_text()) == []
    security = "".join(path.read_text() for path in (tmp_path / "security").iterdir())
    assert security.count("sign_in.failed") >= 2
    named = {name: value for name, value in canaries.all.items() if "network" not in name}
    assert find(named, security) == []
    assert "203.0.113.21" in security  # the one log that keeps addresses

    others = [str(mail) for mail in mails.mails if canaries.personal["email"] not in str(mail["To"])]
    assert others
    assert find(canaries.all, "\n".join(others)) == []

    stored = whole_database(committed_db)
    wanted = {name: value for name, value in canaries.personal.items() if name != "address of the network"}
    assert [name for name in wanted if not find({name: wanted[name]}, stored)] == []  # the search finds what is there
    assert find({k: v for k, v in canaries.secret.items() if len(v) > 6}, stored) == []
    cached = whole_redis()
    assert cached
    assert find(named, cached) == []  # addresses are in the windows of limits, which end by themselves


@pytest.mark.parametrize("form", FORMS)
def test_the_search_finds_a_value_in_every_form_it_may_take(form, tmp_path):
    value = "canary+1/2?@mail.example \u00e9"
    log = tmp_path / "a.log"
    log.write_text(f"some line\n[{FORMS[form](value)}] and more")
    assert f"x ({form})" in find({"x": value, "y": "elsewhere"}, log.read_text())
    assert find({"y": "elsewhere"}, log.read_text()) == []


def test_the_search_finds_what_is_in_redis():
    client = common_redis.get_client()
    client.set("a", "canary-1")
    client.hset("b", "canary-2", "x")
    client.zadd("c", {"canary-3": 1})
    client.rpush("d", "canary-4")
    client.sadd("canary-5", "x")
    found = find({str(n): f"canary-{n}" for n in range(1, 6)}, whole_redis())
    assert {name[0] for name in found} == set("12345")
