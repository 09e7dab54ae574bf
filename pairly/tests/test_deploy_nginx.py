"""The real nginx with the configuration of deploy/nginx, in front of the real server and of servers made up here."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from credits.services import purchases
from messaging.client.http import Account
from messaging.client.socket import ChatSocket
from pairly.common.ids import uuid7
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.nginx import HOST, running_nginx
from pairly.testing.ports import free_port
from profiles.services import update_profile
from security.models import LoginAttempt
from users.models import User

PASSWORD = "a long enough passphrase 7"
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker, tmp_path_factory):
    """The application as it runs behind one proxy; `server.https_port` is the port of that proxy."""
    folder = tmp_path_factory.mktemp("nginx")
    port = free_port()
    env = {"TRUSTED_PROXY_COUNT": "1", "PUBLIC_URL": f"https://{HOST}:{port}", "ALLOWED_HOSTS": HOST}
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder, **env) as running:
        yield running, port


def port_of(running) -> int:
    return urlsplit(running.url).port


@pytest.fixture(scope="module")
def nginx(server):
    running, https_port = server
    dead = free_port()  # the second web process is away: nobody may notice
    with running_nginx(upstream_ports=(port_of(running), dead), https_port=https_port) as made:
        yield made


@pytest.fixture
def browser(nginx):
    with nginx.client() as client:
        yield client


@pytest.fixture
def trusting(nginx, monkeypatch):
    """Clients that take the system's trust store take our certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(nginx.certificate))


def logged(nginx, path, *, n):
    """What the access log says of the `n` requests for `path`; nginx writes a line after the answer is out."""
    deadline = time.monotonic() + 30
    while True:
        lines = (nginx.folder / "access.log").read_text().splitlines()
        found = [row for row in map(json.loads, lines) if row["path"] == path]
        if len(found) >= n or time.monotonic() > deadline:
            assert len(found) == n
            return found


# -- the way through -----------------------------------------------------------------------------------------


def test_a_page_comes_through_with_the_headers_of_the_application_once(browser):
    answer = browser.get("/")
    assert answer.status_code == 200
    assert "Pairly" in answer.text
    assert answer.headers["server"] == "nginx"
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")  # it knows that this is TLS
    for name in ("content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"):
        assert len(answer.headers.get_list(name)) == 1, name


def test_a_form_is_taken_because_the_application_knows_its_own_origin(browser, nginx):
    page = browser.get("/sign-in/")
    token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    fields = {"csrfmiddlewaretoken": token, "email": "nobody@example.org", "password": "wrong wrong"}
    answer = browser.post("/sign-in/", data=fields, headers={"Origin": nginx.url})
    assert answer.status_code in (200, 401, 422)
    assert browser.post("/sign-in/", data=fields, headers={"Origin": "https://elsewhere.example"}).status_code == 403


def test_a_paid_message_goes_through_the_api_and_the_socket(nginx, trusting):
    fan, creator = Account(nginx.url), Account(nginx.url)
    fan.sign_up(email="fan@example.org", password=PASSWORD, name="Fan", role="fan")
    creator.sign_up(email="creator@example.org", password=PASSWORD, name="Creator", role="creator")
    fan.enrol()
    creator.enrol()
    update_profile(user=User.objects.get(uid=creator.user_id), price_per_message_centi=5_000)
    purchases.record_purchase(
        user_id=User.objects.get(uid=fan.user_id).pk, op_id=uuid7(), credits_centi=50_000, currency="USD",
        amount_minor=500, payment_uid=uuid7(),
    )  # fmt: skip
    conversation, _ = fan.open_conversation(creator.user_id)
    envelope = fan.seal_to(conversation, "hello", price_centi=5_000)
    url = nginx.url.replace("https", "wss") + "/api/v1/messages/ws"
    with ChatSocket(url=url, token=creator.access_token) as theirs, ChatSocket(url=url, token=fan.access_token) as mine:
        sent = mine.send(conversation=uuid.UUID(bytes=conversation.id), envelope=envelope)
        assert sent["charged_centi"] == 5_000
        assert theirs.wait_for("message")["envelope"] == envelope
    fan.http.close()
    creator.http.close()


def test_a_socket_of_a_page_opens_from_our_origin_only(nginx, trusting):
    url = nginx.url.replace("https", "wss") + "/api/v1/messages/ws"
    with connect(url, origin=nginx.url, proxy=None):
        pass
    with pytest.raises(InvalidStatus) as refused, connect(url, origin="https://elsewhere.example", proxy=None):
        pass
    assert refused.value.response.status_code == 403


def test_scripts_and_styles_come_compressed_from_a_cache_that_browsers_may_keep_for_ever(browser, nginx):
    page = browser.get("/").text
    style = re.search(r'href="(/static/[^"]+\.css)"', page)[1]
    for _ in range(3):
        answer = browser.get(style, headers={"Accept-Encoding": "br"})
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "max-age=315360000, public, immutable"
        assert answer.headers["content-encoding"] == "br"
    assert [bool(row["upstream"]) for row in logged(nginx, style, n=3)] == [True, False, False]


# -- who is asking -------------------------------------------------------------------------------------------


def address_seen(client, email, forwarded):
    before = set(LoginAttempt.objects.values_list("pk", flat=True))
    client.post(
        "/api/v1/auth/login",
        json={"email": email, "password": "wrong wrong"},
        headers=[("X-Forwarded-For", value) for value in forwarded],
    )
    return [row.ip for row in LoginAttempt.objects.exclude(pk__in=before)]


SPOOFS = [[], ["203.0.113.9"], ["203.0.113.9, 198.51.100.4"], ["203.0.113.9", "198.51.100.4"], ["nonsense,,"]]


@pytest.mark.parametrize("forwarded", SPOOFS, ids=str)
def test_an_address_that_a_client_writes_changes_nothing(browser, forwarded):
    assert address_seen(browser, f"x{len(str(forwarded))}@example.org", forwarded) == ["127.0.0.1"]


def test_without_the_appended_address_the_client_would_choose_its_own(server):
    running, _ = server
    edit = ("$proxy_add_x_forwarded_for", "$http_x_forwarded_for")
    with running_nginx(upstream_ports=(port_of(running),) * 2, edit=edit) as careless, careless.client() as client:
        headers = {"Host": HOST}
        client.headers.update(headers)
        assert address_seen(client, "spoof@example.org", ["203.0.113.9"]) == ["203.0.113.9"]


def test_every_request_is_named_by_nginx_and_not_by_the_client(nginx, upstreams):
    with upstreams.nginx() as mine, mine.client() as client:
        client.get("/x", headers={"X-Request-ID": "of-the-client", "X-Real-IP": "1.2.3.4", "Forwarded": "for=1.2.3.4"})
        (request,) = upstreams.first.requests
        (row,) = logged(mine, "/x", n=1)
    assert f"x-request-id: {row['request_id']}" in request.lower()
    assert "of-the-client" not in request
    assert "1.2.3.4" not in request


# -- what never reaches the application ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "megabytes", "is_taken"),
    [
        ("/api/v1/auth/login", 0.9, True),
        ("/api/v1/auth/login", 1.2, False),
        ("/api/auth/login", 1.2, False),
        ("/sign-in/", 1.2, False),
        ("/api/v1/media/upload-gallery", 9, True),
        ("/api/v1/media/upload-gallery", 11, False),
        ("/profile/edit/", 9, True),
        ("/api/v1/shop/items/1/pictures", 9, True),
        ("/shop/items/1/pictures/", 11, False),
        ("/api/v1/verifications", 50, True),
        ("/api/v1/verifications", 53, False),
        ("/api/v1/reports", 50, True),
        ("/api/reports", 53, False),
        ("/verification/new/", 50, True),
        ("/report/user/1/", 53, False),
        ("/api/v1/messages/history/x", 1.2, False),
    ],
)
def test_a_body_over_its_limit_is_refused_before_the_application_hears_of_it(upstreams, path, megabytes, is_taken):
    with upstreams.nginx() as nginx, nginx.client() as client:
        answer = client.post(path, content=b"x" * int(megabytes * 1024 * 1024))
        n_reached = len(upstreams.first.requests) + len(upstreams.second.requests)
    assert n_reached == (1 if is_taken else 0)
    assert answer.status_code == (200 if is_taken else 413)
    if not is_taken and path.startswith("/api/"):
        assert answer.headers["content-type"] == PROBLEM
        assert answer.json()["code"] == "too_large"
        assert answer.json()["status"] == 413


def test_a_body_of_no_declared_length_is_refused_as_soon_as_it_is_too_large(upstreams):
    with upstreams.nginx() as nginx, nginx.client() as client:
        answer = client.post("/api/v1/auth/login", content=(b"x" * 65536 for _ in range(40)))
        assert answer.status_code == 413
        assert upstreams.first.requests == upstreams.second.requests == []


def test_a_slow_sender_holds_no_place_in_the_application(upstreams):
    with upstreams.nginx() as nginx:
        context = ssl.create_default_context(cafile=str(nginx.certificate))
        address = ("127.0.0.1", urlsplit(nginx.url).port)
        with socket.create_connection(address) as raw, context.wrap_socket(raw, server_hostname=HOST) as slow:
            slow.settimeout(30)
            slow.sendall(f"POST /api/v1/x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 10\r\n\r\nhalf".encode())
            with nginx.client() as other:  # a whole request later than the half one is answered before it
                assert other.get("/y").status_code == 200
            assert upstreams.first.n_accepted + upstreams.second.n_accepted == 1
            slow.sendall(b"whole!")
            assert slow.recv(4096).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("path", ["/metrics", "/ready", "/api/v1/metrics", "/api/metrics", "/api/v1/ready", "/ready/"])
def test_what_is_for_the_machines_inside_does_not_exist_out_here(browser, nginx, path):
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
    assert all(row["upstream"] == "" for row in logged(nginx, path, n=1))


def test_plain_http_only_leads_to_https(nginx):
    answer = httpx.post(f"{nginx.http_url}/sign-in/?next=/inbox/", trust_env=False)
    assert answer.status_code == 308
    assert answer.headers["location"] == f"https://{HOST}/sign-in/?next=/inbox/"


def test_other_hosts_get_no_answer(nginx, browser):
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        httpx.get(nginx.http_url, headers={"Host": "other.example"}, trust_env=False)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        browser.get("/", headers={"Host": "other.example"})
    context = ssl.create_default_context(cafile=str(nginx.certificate))
    address = ("127.0.0.1", urlsplit(nginx.url).port)
    with socket.create_connection(address) as raw, pytest.raises(ssl.SSLError):
        context.wrap_socket(raw, server_hostname="other.example")


# -- when a web process is away ------------------------------------------------------------------------------


class Upstream:
    """A web process made up: answers every request with `status`, or with 0 reads it and closes the connection."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.requests: list[str] = []
        self.n_accepted = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.n_accepted += 1
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data and (part := connection.recv(65536)):
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        rest = int(lengths[0].split(b":")[1]) - len(body) if lengths else 0
        while rest > 0 and (part := connection.recv(65536)):
            rest -= len(part)
        self.requests.append(head.decode())
        if self.status:
            answer = f"HTTP/1.1 {self.status} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
            connection.sendall(answer.encode())

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


class Upstreams:
    def __init__(self) -> None:
        self.first, self.second = Upstream(200), Upstream(200)

    @property
    def requests(self) -> list[str]:
        return self.first.requests + self.second.requests

    @contextmanager
    def nginx(self, **options):
        with running_nginx(upstream_ports=(self.first.port, self.second.port), **options) as made:
            yield made


@pytest.fixture
def upstreams() -> Iterator[Upstreams]:
    made = Upstreams()
    yield made
    made.first.close()
    made.second.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_what_was_not_sent_yet_goes_to_the_other_process_whatever_its_method(upstreams, method):
    upstreams.first.close()
    with upstreams.nginx() as nginx, nginx.client() as client:
        assert {client.request(method, "/api/v1/x", json={}).status_code for _ in range(6)} == {200}
    assert len(upstreams.second.requests) == 6
    upstreams.first = Upstream(200)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_post_that_was_sent_is_never_sent_again(upstreams, method):
    upstreams.first.status = upstreams.second.status = 0
    with upstreams.nginx() as nginx, nginx.client() as client:
        answer = client.request(method, "/api/v1/x", json={"pay": 1})
    assert len(upstreams.requests) == 1
    assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["code"] == "overloaded"


def test_a_get_that_was_not_answered_is_asked_of_the_other_process(upstreams):
    upstreams.first.status = upstreams.second.status = 0
    with upstreams.nginx() as nginx, nginx.client() as client:
        assert client.get("/").status_code == 503
    assert len(upstreams.requests) == 2


def test_with_one_word_more_a_post_would_be_sent_twice(upstreams):
    upstreams.first.status = upstreams.second.status = 0
    edit = ("proxy_next_upstream error timeout;", "proxy_next_upstream error timeout non_idempotent;")
    with upstreams.nginx(edit=edit) as nginx, nginx.client() as client:
        client.post("/api/v1/x", json={"pay": 1})
    assert len(upstreams.requests) == 2


def test_a_script_that_only_one_version_knows_is_found_during_a_restart(upstreams):
    upstreams.first.status = 404
    with upstreams.nginx() as nginx, nginx.client() as client:
        assert {client.get(f"/static/app/main.{number}.js").status_code for number in range(4)} == {200}
        assert {client.get(f"/pages/{number}").status_code for number in range(4)} == {200, 404}


def test_an_answer_of_the_application_passes_as_it_is(upstreams):
    upstreams.first.status = upstreams.second.status = 503
    with upstreams.nginx() as nginx, nginx.client() as client:
        assert client.get("/api/v1/x").text == "ok"
