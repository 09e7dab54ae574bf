from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from django.conf import settings as product

from pairly.common import public_addresses
from pairly.outbox.services import TryLater
from users.errors import PushEndpointRefused
from users.gateways import web_push
from users.gateways.web_push import PushRefused

from .push_services import read_token, running_push_service


@pytest.fixture
def service(settings):
    with running_push_service() as running:
        settings.WEB_PUSH_EXTRA_HOSTS = [running.netloc]
        web_push._away_until.clear()
        yield running
        web_push._away_until.clear()


def test_a_push_is_signed_for_its_service_and_carries_nothing(service):
    assert web_push.send(endpoint=service.endpoint("a"))
    (push,) = service.received
    assert service.problems == []
    assert push.body == b""
    assert push.claims["sub"] == "mailto:no-reply@pairly.example"
    assert push.headers["TTL"] == str(web_push.TTL_SECONDS)
    assert push.headers["Urgency"] == "normal"
    assert 0 < len(push.headers["Topic"]) <= 32  # RFC 8030, section 5.4
    assert "Content-Encoding" not in push.headers
    assert push.headers["Authorization"].endswith(f"k={web_push.public_key()}")


def test_a_token_for_another_service_is_refused_by_this_one(service):
    with pytest.raises(Exception, match="Audience"):
        read_token(web_push._authorization("https://web.push.apple.com"), audience=f"http://{service.netloc}")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_push_that_is_taken_is_done(service, status):
    service.answer("a", status)
    assert web_push.send(endpoint=service.endpoint("a"))


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_its_service_forgot_is_told_apart(service, status):
    service.answer("a", status)
    assert not web_push.send(endpoint=service.endpoint("a"))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_service_is_asked_again_when_it_says_so(service, status):
    service.answer("a", status, Retry_After="120")
    with pytest.raises(TryLater) as refused:
        web_push.send(endpoint=service.endpoint("a"))
    assert refused.value.after_s == 120


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_what_a_service_will_never_take_is_an_error(service, status):
    service.answer("a", status)
    with pytest.raises(PushRefused):
        web_push.send(endpoint=service.endpoint("a"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nobody_is_followed_elsewhere(service, status):
    service.answer("a", status, Location=service.endpoint("b"))
    with pytest.raises(PushRefused):
        web_push.send(endpoint=service.endpoint("a"))
    assert service.names() == ["a"]


def test_a_service_that_hangs_costs_one_wait_and_is_then_left_alone(service, monkeypatch):
    monkeypatch.setattr(web_push, "TIMEOUT_SECONDS", 0.2)
    service.hangs.add("/push/slow")
    with pytest.raises(TryLater):
        web_push.send(endpoint=service.endpoint("slow"))
    with pytest.raises(TryLater) as refused:
        web_push.send(endpoint=service.endpoint("a"))
    assert refused.value.after_s == web_push.AWAY_SECONDS
    assert service.received == []


def test_a_service_that_is_not_there_is_asked_again(settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        netloc = f"127.0.0.1:{taken.getsockname()[1]}"
        settings.WEB_PUSH_EXTRA_HOSTS = [netloc]
        with pytest.raises(TryLater):
            web_push.send(endpoint=f"http://{netloc}/push/a")
    web_push._away_until.clear()


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("", 0), ("7", 7), ("-5", 0), ("soon", 0), ("999999999", web_push.WAIT_MAX_SECONDS), ("9" * 40, 0), ("1.5", 0)],
)
def test_a_wait_is_read_in_seconds_and_within_reason(said, seconds):
    assert web_push._seconds_of(said) == seconds


def test_a_wait_is_read_as_a_date_too():
    at = datetime.now(UTC) + timedelta(minutes=5)
    assert 290 < web_push._seconds_of(format_datetime(at, usegmt=True)) <= 300
    assert web_push._seconds_of(format_datetime(at - timedelta(hours=1), usegmt=True)) == 0


KNOWN = [
    "https://fcm.googleapis.com/fcm/send/cZk:APA91bH-x_y",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABl",
    "https://stage.push.services.mozilla.com/wpush/v1/x",
    "https://wns2-par02p.notify.windows.com/w/?token=BQY%2bAAA%3d",
    "https://web.push.apple.com/QGvJ8s",
]


@pytest.mark.parametrize("endpoint", KNOWN)
def test_the_services_of_the_browsers_there_are_may_be_used(endpoint):
    web_push.check(endpoint=endpoint)


STRANGE = [
    "",
    "x",
    "/push/a",
    "http://fcm.googleapis.com/a",
    "ftp://fcm.googleapis.com/a",
    "file:///etc/passwd",
    "https:/fcm.googleapis.com/a",
    "https:///fcm.googleapis.com/a",
    "https://fcm.googleapis.com",
    "https://FCM.googleapis.com/a",
    "https://fcm.googleapis.com./a",
    "https://fcm.googleapis.com:443/a",
    "https://fcm.googleapis.com:22/a",
    "https://fcm.googleapis.com:/a",
    "https://fcm.googleapis.com:99999/a",
    "https://user@fcm.googleapis.com/a",
    "https://user:word@fcm.googleapis.com/a",
    "https://fcm.googleapis.com@evil.example/a",
    "https://evil.example#fcm.googleapis.com/a",
    "https://evil.example?fcm.googleapis.com/a",
    "https://evil.example\\@fcm.googleapis.com/a",
    "https://fcm.googleapis.com\\@evil.example/a",
    "https://fcm.googleapis.com.evil.example/a",
    "https://evilfcm.googleapis.com/a",
    "https://push.services.mozilla.com.evil.example/a",
    "https://.push.services.mozilla.com/a",
    "https://a/.push.services.mozilla.com/a",
    "https://a@b.notify.windows.com/a",
    "https://a_b.notify.windows.com:80/a",
    "https://notify.windows.com/a",
    "https://xn--fcm-.googleapis.com/a",
    "https://fcm。googleapis.com/a",
    "https://ｆcm.googleapis.com/a",
    "https://fcm.googleapis.com/a#b",
    "https://fcm.googleapis.com/a b",
    "https://fcm.googleapis.com/a\r\nX-Evil: 1",
    "https://fcm.googleapis.com/a\tb",
    " https://fcm.googleapis.com/a",
    "https://fcm.googleapis.com/\x00",
    "https://[::1]/a",
    "https://[::ffff:127.0.0.1]/a",
    "https://127.0.0.1/a",
    "https://2130706433/a",
    "https://0x7f.1/a",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/a",
    "http://127.0.0.1:6379/a",
    "https://[fcm.googleapis.com/a",
    "https://fcm.googleapis.com/" + "a" * 1000,
]


@pytest.mark.parametrize("endpoint", STRANGE)
def test_no_other_address_is_ever_called(endpoint):
    with pytest.raises(PushEndpointRefused):
        web_push.check(endpoint=endpoint)
    with pytest.raises(PushEndpointRefused):
        web_push.send(endpoint=endpoint)


@pytest.mark.parametrize("host", ["10.0.0.7:80", "192.0.2.1:8080", "push.example:80", "127.0.0.1.evil.example:80"])
def test_a_service_of_ones_own_has_to_be_on_this_machine(settings, host):
    settings.WEB_PUSH_EXTRA_HOSTS = [host]
    with pytest.raises(PushEndpointRefused):
        web_push.check(endpoint=f"http://{host}/a")


def test_a_server_has_no_service_of_its_own_unless_it_is_told():
    assert product.WEB_PUSH_EXTRA_HOSTS == []


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "x",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_this_network_is_not_public(address):
    assert not public_addresses.is_public(address=address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is_public(address):
    assert public_addresses.is_public(address=address)


class Names:
    """A name server that says something else each time it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    def __call__(self, host, port, **_how):
        found = self.answers.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


@pytest.fixture
def calls(monkeypatch):
    """Connections that would be made to the Internet, which no test reaches."""
    made = []

    def handle(self, request):
        made.append(request)
        return httpx.Response(201)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle)
    return made


@pytest.mark.parametrize("found", [["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"], ["169.254.169.254"], []])
def test_a_known_name_that_leads_into_our_network_is_not_called(monkeypatch, calls, found):
    monkeypatch.setattr(socket, "getaddrinfo", Names(found))
    with pytest.raises(PushRefused):
        web_push.send(endpoint=KNOWN[0])
    assert calls == []


def test_the_call_goes_to_the_address_that_was_checked_and_to_no_second_look_up(monkeypatch, calls):
    monkeypatch.setattr(socket, "getaddrinfo", Names(["8.8.8.8"], ["127.0.0.1"]))
    assert web_push.send(endpoint=KNOWN[0])
    (request,) = calls
    assert (request.url.host, request.url.port, request.url.scheme) == ("8.8.8.8", None, "https")
    assert request.headers["Host"] == "fcm.googleapis.com"
    assert request.extensions["sni_hostname"] == "fcm.googleapis.com"  # whose certificate it has to be
    assert request.url.path == "/fcm/send/cZk:APA91bH-x_y"


def test_an_environment_that_names_a_proxy_sees_no_push(monkeypatch, service):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert web_push.send(endpoint=service.endpoint("a"))
