"""The layer that counts: whom it counts, what it exempts, whom it bans, and that it asks Redis once."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from pairly.common import redis as common_redis
from pairly.common import redis_health
from pairly.testing.people import make_staff, make_user, sign_in_as
from security import request_limits
from security.ban_list import ban_list
from security.models import IpBan
from security.services import bans
from users import access_tokens
from users.models import Session
from users.services import sessions
from users.tests.helpers import VISITOR

VERSION, BALANCE = "/api/v1/version", "/api/v1/credits/balance"
FROM, ELSEWHERE = {"REMOTE_ADDR": "203.0.113.7"}, {"REMOTE_ADDR": "203.0.113.8"}


@pytest.fixture(autouse=True)
def few(settings: Settings) -> Iterator[None]:
    """Small limits, and a process that remembers nothing."""
    settings.LIMIT_ANONYMOUS_PER_MINUTE = 3
    settings.LIMIT_ACCOUNT_PER_MINUTE = 6
    settings.LIMIT_BAN_PER_MINUTE = 8
    redis_health.forget_failure()
    request_limits.forget_local()
    yield
    common_redis.get_client.cache_clear()
    redis_health.forget_failure()
    request_limits.forget_local()
    ban_list.forget()


def statuses(n: int, path: str = VERSION, client: Client | None = None, **extra: Any) -> list[int]:
    return [(client or Client()).get(path, **{**FROM, **extra}).status_code for _ in range(n)]


def bearer(user: Any) -> dict[str, str]:
    started = sessions.start_session(user=user, kind=Session.Kind.API, client=VISITOR)
    token = access_tokens.issue(user_id=user.uid, family=started.session.family)
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


@pytest.mark.django_db
def test_a_network_that_is_not_signed_in_has_its_limit() -> None:
    assert statuses(4) == [200, 200, 200, 429]
    assert statuses(1, **ELSEWHERE) == [200]


@pytest.mark.django_db
def test_the_addresses_of_one_ipv6_host_count_as_one() -> None:
    found = [statuses(1, REMOTE_ADDR=f"2001:db8:1:2::{n}")[0] for n in range(4)]
    assert found == [200, 200, 200, 429]
    assert statuses(1, REMOTE_ADDR="2001:db8:1:3::1") == [200]


@pytest.mark.django_db
def test_people_in_one_office_have_a_limit_each() -> None:
    for user in (make_user("ada"), make_user("bob")):
        assert statuses(7, BALANCE, **bearer(user)) == [200] * 6 + [429]
    assert statuses(6, "/wallet/", client=sign_in_as(make_user("eve"))) == [200] * 6


@pytest.mark.django_db
def test_a_token_that_is_not_ours_counts_as_nobody() -> None:
    assert statuses(4, BALANCE, HTTP_AUTHORIZATION="Bearer a.b.c") == [401, 401, 401, 429]


@pytest.mark.django_db
def test_every_counted_answer_tells_of_the_limit() -> None:
    answers = [Client().get(VERSION, **FROM) for _ in range(4)]
    assert [answer["X-RateLimit-Limit"] for answer in answers] == ["3"] * 4
    assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert all(0 < int(answer["X-RateLimit-Reset"]) <= 60 for answer in answers)
    problem = json.loads(answers[3].content)
    assert (problem["code"], problem["status"]) == ("rate_limited", 429)
    assert 0 < int(answers[3]["Retry-After"]) <= 60


@pytest.mark.django_db
def test_a_page_says_it_as_a_page_and_what_does_not_exist_counts_too() -> None:
    assert statuses(3, "/no-such-page/") == [404] * 3
    answer = Client().get("/", **FROM)
    assert answer.status_code == 429
    assert "text/html" in answer["Content-Type"]
    assert "X-RateLimit-Limit" in answer


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/health", "/api/", "/api/v1/health", "/media/nothing.webp"])
def test_what_machines_ask_for_is_not_counted(path: str) -> None:
    found = [Client().get(path, **FROM) for _ in range(9)]
    assert {answer.status_code for answer in found} <= {200, 404, 503}
    assert not any("X-RateLimit-Limit" in answer for answer in found)
    assert statuses(1) == [200]


@pytest.mark.django_db
def test_webhooks_are_not_counted() -> None:
    path = "/api/v1/payments/webhook/stripe"
    assert {Client().post(path, b"{}", "application/json", **FROM).status_code for _ in range(9)} == {400}
    assert statuses(1) == [200]


@pytest.mark.django_db
def test_a_view_may_have_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from credits.api.views import BalanceView

    monkeypatch.setattr(BalanceView, "per_minute", ("wallet", 2), raising=False)
    headers = bearer(make_user("ada"))
    answers = [Client().get(BALANCE, **FROM, **headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["X-RateLimit-Limit"] for answer in answers] == ["2"] * 3
    assert statuses(1, "/api/v1/credits/lots", **headers) == [200]


@pytest.mark.django_db(transaction=False)
def test_the_eighth_request_in_a_minute_bans_its_network(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert statuses(8) == [200] * 3 + [429] * 5
    ban = IpBan.objects.get()
    assert (ban.network, ban.banned_by_uid, ban.reason) == ("203.0.113.7/32", None, "too_many_requests")
    assert (ban.until - ban.created_at).total_seconds() == django_settings.BAN_SECONDS
    answer = Client().get(VERSION, **FROM)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (403, "ip_banned")
    assert 3_500 < int(answer["Retry-After"]) <= 3_600
    page = Client().get("/", **FROM)
    assert page.status_code == 403
    assert "another network" in page.content.decode()
    assert Client().get("/health", **FROM).json()["checks"]["database"] == "ok"  # served, whatever else is missing
    assert statuses(1, **ELSEWHERE) == [200]


@pytest.mark.django_db
def test_people_who_are_signed_in_ban_nobody(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for name in ("ada", "bob", "eve"):
            assert statuses(6, BALANCE, **bearer(make_user(name))) == [200] * 6
    assert IpBan.objects.count() == 0


@pytest.mark.django_db
def test_what_is_refused_counts_for_people_who_are_signed_in_too(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert statuses(9, BALANCE, **bearer(make_user("eve"))) == [200] * 6 + [429] * 3
        finance = sign_in_as(make_staff("finance"))
        assert statuses(4, "/staff/bans/", client=finance) == [403] * 4
        assert IpBan.objects.count() == 0
        assert statuses(1, "/staff/bans/", client=finance) == [403]
    assert IpBan.objects.count() == 1


@pytest.mark.django_db
def test_a_proxy_is_never_banned(settings: Settings, django_capture_on_commit_callbacks: Any) -> None:
    """A request that did not come through all proxies would else ban the one that passed it on."""
    settings.TRUSTED_PROXY_COUNT = 1
    with django_capture_on_commit_callbacks(execute=True):
        statuses(10)
        statuses(10, HTTP_X_FORWARDED_FOR="203.0.113.7")  # the proxy itself, as the client
        assert IpBan.objects.count() == 0
        statuses(10, HTTP_X_FORWARDED_FOR="1.2.3.4, 198.51.100.9")
    assert [ban.network for ban in IpBan.objects.all()] == ["198.51.100.9/32"]
    assert statuses(1, HTTP_X_FORWARDED_FOR="198.51.100.9, 198.51.100.10") == [200]
    assert statuses(1, HTTP_X_FORWARDED_FOR="198.51.100.10, 198.51.100.9") == [403]


@pytest.mark.django_db
def test_a_counted_request_asks_redis_once(monkeypatch: pytest.MonkeyPatch) -> None:
    client = common_redis.get_client()
    statuses(1)  # the script is loaded
    sent: list[Any] = []
    execute = client.execute_command

    def noted(*args: Any, **options: Any) -> Any:
        sent.append(args)
        return execute(*args, **options)

    monkeypatch.setattr(client, "execute_command", noted)
    assert statuses(1) == [200]
    assert [args[0] for args in sent] == ["EVALSHA"]


@pytest.mark.django_db
def test_without_redis_each_process_counts_for_itself(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    common_redis.get_client.cache_clear()
    assert statuses(9) == [200] * 3 + [429] * 6
    assert IpBan.objects.count() == 0


def test_of_60_parallel_requests_over_http_the_limit_passes(start_server: Any) -> None:
    server = start_server(LIMIT_ANONYMOUS_PER_MINUTE="5")
    common_redis.get_client().flushdb()  # what the start asked for does not count
    many = httpx.Limits(max_connections=60)
    with httpx.Client(base_url=server.url, limits=many) as client, ThreadPoolExecutor(60) as pool:
        found = list(pool.map(lambda _n: client.get(VERSION).status_code, range(60)))
    assert (found.count(200), found.count(429)) == (5, 55)


def test_control_counted_without_lua_more_than_the_limit_pass() -> None:
    """Read, compare, write: what happens between is not seen. All read before anybody writes."""
    from threading import Barrier

    client, everybody = common_redis.get_client(), Barrier(60)

    def one(number: int) -> bool:
        n = client.zcard("control")
        everybody.wait(timeout=30)
        if n >= 5:
            return False
        client.zadd("control", {str(number): number})
        return True

    with ThreadPoolExecutor(60) as pool:
        assert sum(pool.map(one, range(60))) > 5


@pytest.mark.django_db
def test_pages_that_share_a_limit_share_it(settings: Settings) -> None:
    settings.LIMIT_ACCOUNT_PER_MINUTE = 300
    settings.LIMIT_BAN_PER_MINUTE = 1_000
    fan = make_user("ada")
    found = [sign_in_as(fan).get("/wallet/", **FROM) for _ in range(2)]
    assert [(answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]) for answer in found] == [
        ("60", "59"),
        ("60", "58"),
    ]
    assert sign_in_as(fan).get("/discover/", **FROM)["X-RateLimit-Limit"] == "300"


def test_a_banned_network_gets_no_socket_until_the_ban_is_lifted(start_server: Any) -> None:
    bans.ban_for_flood(ip="127.0.0.1")
    server = start_server()
    with pytest.raises(InvalidStatus) as refused:
        connect(server.socket_url, proxy=None)
    assert refused.value.response.status_code == 403
    assert httpx.get(f"{server.url}/").status_code == 403
    bans.lift(network="127.0.0.1", by_uid=uuid.uuid4(), client=VISITOR)
    ban_list.forget()
    # Who is banned is not counted: the server's process asks once a second whether the list has changed.
    deadline = time.monotonic() + 60
    while httpx.get(f"{server.url}/api/v1/version").status_code == 403:
        assert time.monotonic() < deadline
    with connect(server.socket_url, proxy=None) as socket:
        socket.send('{"type": "ping"}')
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401
