"""TLS of the proxy as OWASP ASVS 5.0 wants it (V3.4.1, V4.1.2, V12.1), with the real nginx of deploy/nginx."""

from __future__ import annotations

import socket
import ssl
import warnings
from urllib.parse import urlsplit

import httpx
import pytest

from pairly.testing.nginx import HOST, running_nginx
from pairly.testing.ports import free_port

VERSIONS = {
    ssl.TLSVersion.TLSv1: False,
    ssl.TLSVersion.TLSv1_1: False,
    ssl.TLSVersion.TLSv1_2: True,
    ssl.TLSVersion.TLSv1_3: True,
}


@pytest.fixture(scope="module")
def nginx():
    with running_nginx(upstream_ports=(free_port(), free_port())) as made:
        yield made


def offer(nginx, *, version, suites="ALL:@SECLEVEL=0"):
    """The suite that is agreed on by a client of one version that would take anything; None when it is refused."""
    context = ssl.create_default_context(cafile=str(nginx.certificate))
    context.set_ciphers(suites)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = context.maximum_version = version
    address = ("127.0.0.1", urlsplit(nginx.url).port)
    try:
        with (
            socket.create_connection(address, timeout=30) as raw,
            context.wrap_socket(raw, server_hostname=HOST) as wrapped,
        ):
            return wrapped.cipher()[0]
    except (ssl.SSLError, ConnectionResetError):
        return None


def list_suites():
    """Every suite of TLS 1.2 and before that this client knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    return [suite["name"] for suite in context.get_ciphers() if suite["protocol"] != "TLSv1.3"]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_only_tls_1_2_and_1_3_are_spoken(nginx, version):
    assert (offer(nginx, version=version) is not None) is VERSIONS[version]


def test_every_suite_has_forward_secrecy_and_authenticates_what_it_encrypts(nginx):
    suites = list_suites()
    assert "ECDHE-ECDSA-AES128-SHA" in suites  # a client that knows only good ones would find only good ones
    version = ssl.TLSVersion.TLSv1_2
    taken = {name for name in suites if offer(nginx, version=version, suites=f"{name}:@SECLEVEL=0")}
    assert taken == {
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
    }


def test_a_looser_setting_would_be_found():
    old = "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:"
    edit = (old, "ssl_ciphers ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-GCM-SHA256:")
    with running_nginx(upstream_ports=(free_port(), free_port()), edit=edit) as loose:
        weak = offer(loose, version=ssl.TLSVersion.TLSv1_2, suites="ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
    assert weak == "ECDHE-ECDSA-AES128-SHA"


@pytest.mark.parametrize("path", ["/metrics", "/", "/api/v1/version"])
def test_the_proxys_own_answers_keep_browsers_to_tls_for_a_year_on_every_subdomain(nginx, path):
    with nginx.client() as client:  # no application is there: nginx answers
        answer = client.get(path)
    assert answer.status_code in (404, 503)
    assert answer.headers.get_list("strict-transport-security") == ["max-age=31536000; includeSubDomains"]


@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/api/v1/messages/ws", "/api/", "/api/health"])
def test_the_api_is_refused_without_tls_and_not_led_on(nginx, path):
    headers = {"Upgrade": "websocket", "Connection": "Upgrade"} if path.endswith("ws") else {}
    answer = httpx.get(f"{nginx.http_url}{path}", headers=headers, trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert answer.json()["code"] == "forbidden"
    assert "location" not in answer.headers
