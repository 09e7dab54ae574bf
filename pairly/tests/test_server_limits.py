"""What the server refuses before it reads it: sizes, ambiguous framing, clients that never finish."""

from __future__ import annotations

import select

import pytest
from django.conf import settings
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from pairly.server.limits import body_max_bytes
from pairly.testing.fixtures import own_database, running_daphne

from .raw_http import connection, exchange, parse, read_all, request

ECHO = "pairly.tests.echo_application:application"
HUGE = 300_000_000
JSON = "Content-Type: application/json"


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    """The server in front of an application that says what reached it."""
    folder = tmp_path_factory.mktemp("echo")
    with running_daphne(database="none", log_folder=folder, application=ECHO) as server:
        yield server.url


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    """The same with little patience."""
    seconds = {"SERVER_HEADERS_SECONDS": "1", "SERVER_BODY_SECONDS": "1", "SERVER_KEEP_ALIVE_SECONDS": "1"}
    folder = tmp_path_factory.mktemp("impatient")
    with running_daphne(database="none", log_folder=folder, application=ECHO, **seconds) as server:
        yield server.url


def send_while_it_takes(url, head, piece, n_max):
    """Send `head` and pieces until the server stops taking them; what it took in bytes, and its answers."""
    n_sent, rest = 0, memoryview(piece)
    with connection(url) as client:
        client.sendall(head)
        client.setblocking(False)
        try:
            while n_sent < n_max:
                can_read, can_write, _ = select.select([client], [client], [], 30)
                if can_read or not can_write:  # it answers or has closed
                    break
                n_taken = client.send(rest)
                n_sent += n_taken
                rest = rest[n_taken:] or memoryview(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        client.settimeout(30)
        return n_sent, parse(read_all(client))


# -- sizes -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "content_type", "n_bytes"),
    [
        ("/api/v1/messages", "application/json", 1_000_000),
        ("/api/v1/messages", "multipart/form-data; boundary=x", 1_000_000),
        ("/sign-in/", "application/x-www-form-urlencoded", 1_000_000),
        ("/api/v1/media/upload-profile-picture", "multipart/form-data; boundary=x", 10_064_000),
        ("/api/media/upload-gallery?x=1", "Multipart/Form-Data; boundary=x", 10_064_000),
        ("/api/v1/media/upload-gallery", "application/json", 1_000_000),
        ("/profile/pictures/", "multipart/form-data; boundary=x", 10_064_000),
        ("/profile/pictures/", "application/x-www-form-urlencoded", 1_000_000),
        ("/profile/pictures/0/", "multipart/form-data; boundary=x", 1_000_000),
        ("/api/v1/verifications", "multipart/form-data; boundary=x", 50_064_000),
        ("/api/v1/reports", "multipart/form-data; boundary=x", 51_064_000),
        ("/api/v1/reports", "application/json", 1_000_000),
        ("/report/user/0190/", "multipart/form-data; boundary=x", 50_064_000),
        ("/verification/new/", "multipart/form-data; boundary=x", 50_064_000),
        ("/verification/new/", "application/x-www-form-urlencoded", 1_000_000),
        ("/shop/items/0190/pictures/", "multipart/form-data; boundary=x", 10_064_000),
        ("/shop/items/0190/edit/", "multipart/form-data; boundary=x", 1_000_000),
        ("/api/v1/shop/items/0190/pictures", "multipart/form-data; boundary=x", 10_064_000),
        ("/api/v1/payments/webhook/stripe", "application/json", 256_000),
        ("/api/v1/x?/api/v1/media/upload-gallery", "multipart/form-data; boundary=x", 1_000_000),
    ],
)
def test_the_most_that_a_body_may_have_depends_on_where_it_goes(path, content_type, n_bytes):
    assert body_max_bytes(uri=path.encode(), content_type=content_type.encode()) == n_bytes


def test_the_limit_of_webhooks_is_the_one_of_payments():
    from payments.constants import WEBHOOK_MAX_BYTES

    assert body_max_bytes(uri=b"/api/v1/payments/webhook", content_type=b"") == WEBHOOK_MAX_BYTES


def assert_too_large(answers):
    assert [answer.status for answer in answers] == [413]
    answer = answers[0]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-content-type-options"] == "nosniff"
    document = answer.json()
    assert (document["code"], document["status"]) == ("too_large", 413)
    assert document["type"] == "https://pairly.example/problems/too_large"


@pytest.fixture(scope="module")
def pairly(django_db_setup, django_db_blocker, tmp_path_factory):
    """The server in front of the real application."""
    folder = tmp_path_factory.mktemp("pairly")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as server:
        yield server


def test_300_mb_for_an_address_that_answers_401_are_not_read(pairly):
    small = request("POST /api/v1/messages", JSON, "Content-Length: 2", "Connection: close", body=b"{}")
    assert exchange(pairly.url, small)[0].status == 401
    head = request("POST /api/v1/messages", JSON, f"Content-Length: {HUGE}")
    n_sent, answers = send_while_it_takes(pairly.url, head, b"x" * 65_536, HUGE)
    assert_too_large(answers)
    assert n_sent < 2_000_000


def test_5_mb_of_json_are_too_large_and_a_page_is_told_as_a_page(pairly):
    head = request("POST /api/v1/auth/login", JSON, "Content-Length: 5000000")
    assert_too_large(send_while_it_takes(pairly.url, head, b"x" * 65_536, 5_000_000)[1])
    page = exchange(pairly.url, request("POST /sign-in/", "Content-Length: 5000000"))
    assert (page[0].status, page[0].headers["content-type"]) == (413, "text/html; charset=utf-8")


def test_a_frame_that_is_too_large_closes_the_socket_with_1009(pairly):
    with connect(pairly.socket_url, proxy=None) as chat:
        chat.send("x" * 130 * 1024)
        with pytest.raises(ConnectionClosed) as closed:
            chat.recv(30)
    assert closed.value.rcvd.code == 1009


def test_a_socket_at_an_address_that_has_none_is_refused(pairly):
    with pytest.raises(InvalidStatus) as refused, connect(pairly.socket_url + "/nowhere/x", proxy=None):
        pass
    assert refused.value.response.status_code == 403
    assert "Exception inside application" not in pairly.log_path.read_text()


def test_a_body_in_chunks_is_counted_while_it_comes(echo):
    head = request("POST /api/v1/messages", JSON, "Transfer-Encoding: chunked")
    n_sent, answers = send_while_it_takes(echo, head, b"10000\r\n" + b"x" * 65_536 + b"\r\n", HUGE)
    assert_too_large(answers)
    assert n_sent < settings.JSON_BODY_MAX_BYTES + 2_000_000


def test_a_body_of_exactly_the_limit_arrives(echo):
    limit = settings.JSON_BODY_MAX_BYTES
    whole = request("POST /api/v1/x", f"Content-Length: {limit}", "Connection: close", body=b"x" * limit)
    assert exchange(echo, whole)[0].json()["n_bytes"] == limit
    chunked = request("POST /api/v1/x", "Transfer-Encoding: chunked", "Connection: close")
    body = b"".join(b"%x\r\n%s\r\n" % (limit // 2, b"x" * (limit // 2)) for _ in range(2)) + b"0\r\n\r\n"
    assert exchange(echo, chunked + body)[0].json()["n_bytes"] == limit
    assert_too_large(exchange(echo, request("POST /api/v1/x", f"Content-Length: {limit + 1}")))


def test_who_asks_before_it_sends_is_answered_before_it_sends(echo):
    head = request("POST /api/v1/x", f"Content-Length: {HUGE}", "Expect: 100-continue")
    assert_too_large(exchange(echo, head))


def test_nothing_behind_a_refused_request_is_looked_at(echo):
    hidden = request("GET /api/v1/hidden")
    refused = request("POST /api/v1/x", f"Content-Length: {HUGE}", body=hidden * 10)
    assert_too_large(exchange(echo, refused))
    assert_too_large(exchange(echo, request("GET /api/v1/a") + refused)[1:])


@pytest.mark.parametrize(
    "headers",
    [(f"X-Long: {'x' * 20_000}",), tuple(f"X-{i}: {'x' * 1_000}" for i in range(30)), ("X: y",) * 600],
    ids=["one", "many", "small-ones"],
)
def test_headers_have_a_limit(echo, headers):
    answers = exchange(echo, request("GET /api/v1/x", *headers))
    assert [answer.status for answer in answers] == [431]
    assert answers[0].json()["code"] == "too_large"


# -- framing on which two servers could disagree (RFC 9112, 6.3 and 11.2) ---------------------------------------------
AMBIGUOUS = {
    "both lengths": ("Content-Length: 4", "Transfer-Encoding: chunked"),
    "both lengths, the other way": ("Transfer-Encoding: chunked", "Content-Length: 4"),
    "two lengths": ("Content-Length: 4", "Content-Length: 5"),
    "a list of lengths": ("Content-Length: 4, 4",),
    "a signed length": ("Content-Length: +4",),
    "a length in hexadecimal": ("Content-Length: 0x4",),
    "an endless length": (f"Content-Length: {'9' * 5_000}",),
    "no encoding": ("Transfer-Encoding: identity", "Content-Length: 4"),
    "an unknown encoding": ("Transfer-Encoding: xchunked",),
    "two encodings": ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "an encoding before chunked": ("Transfer-Encoding: gzip, chunked",),
    "a space before the colon": ("Transfer-Encoding : chunked",),
    "a folded header": ("X: y", " Transfer-Encoding: chunked"),
    "a folded encoding": ("Transfer-Encoding:", " chunked"),
    "no header": ("nothing",),
}


@pytest.mark.parametrize("headers", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_ambiguous_framing_is_refused_and_what_follows_is_not_served(echo, headers):
    hidden = request("GET /api/v1/hidden")
    answers = exchange(echo, request("POST /api/v1/x", *headers, body=b"0\r\n\r\n" + hidden))
    assert [answer.status for answer in answers] == [400]
    assert answers[0].json()["code"] == "malformed"
    assert answers[0].headers["connection"] == "close"


@pytest.mark.parametrize("chunks", [b"zz\r\nabc\r\n0\r\n\r\n", b"-1\r\nabc\r\n0\r\n\r\n", b"3\r\nabcd\r\n0\r\n\r\n"])
def test_wrong_chunks_are_refused(echo, chunks):
    answers = exchange(echo, request("POST /api/v1/x", "Transfer-Encoding: chunked", body=chunks + request("GET /h")))
    assert [answer.status for answer in answers] == [400]


def test_a_client_cannot_name_a_root_path(echo):
    """With it /static/api/... would be no file for us and a route for Django."""
    whole = request("GET /static/api/v1/x", "Daphne-Root-Path: /static", "Connection: close")
    assert exchange(echo, whole)[0].json()["root_path"] == ""


def test_requests_follow_each_other_on_one_connection(echo):
    first = request("POST /api/v1/a", "Content-Length: 3", body=b"abc")
    second = request("POST /api/v1/b", "Transfer-Encoding: chunked", body=b"2\r\nxy\r\n0\r\n\r\n")
    answers = exchange(echo, first + second + request("GET /api/v1/c", "Connection: close"))
    assert [answer.json()["path"][-1] for answer in answers] == ["a", "b", "c"]
    assert [answer.json()["n_bytes"] for answer in answers] == [3, 2, 0]


# -- clients that take their time -------------------------------------------------------------------------------------
def drip(url, head, piece):
    """Send `head`, then `piece` again and again, which keeps the connection busy; what is answered in the end."""
    with connection(url) as client:
        client.sendall(head)
        for _ in range(400):
            if select.select([client], [], [], 0.05)[0]:
                break
            client.sendall(piece)
        client.settimeout(30)
        return parse(read_all(client))


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"GET /api/v1/x HTTP/1.1\r\nHost: x\r\n", b"X: y\r\n"),
        (request("POST /api/v1/x", "Content-Length: 4000"), b"x"),
    ],
    ids=["headers", "body"],
)
def test_a_client_that_sends_drop_by_drop_is_given_up(impatient, head, piece):
    answers = drip(impatient, head, piece)
    assert [answer.status for answer in answers] == [408]
    assert answers[0].json()["code"] == "timeout"
    assert answers[0].headers["connection"] == "close"


@pytest.mark.parametrize("sent", [b"", request("GET /api/v1/x")], ids=["nothing", "one request"])
def test_a_connection_that_says_nothing_is_closed(impatient, sent):
    with connection(impatient) as client:
        client.sendall(sent)
        answers = parse(read_all(client))
    assert [answer.status for answer in answers] == ([200] if sent else [])


def test_a_second_request_has_its_time_too(impatient):
    with connection(impatient) as client:
        client.sendall(request("GET /api/v1/x") + b"GET /api/v1/y HTTP/1.1\r\n")
        answers = parse(read_all(client))
    assert [answer.status for answer in answers] == [200, 408]
