"""Banned networks: one ban of a flood, staff's bans, and how every process comes to know."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from pairly.common import redis as common_redis
from pairly.common import redis_health
from pairly.common.problems import InvalidInput, NotFound
from security import ban_selectors
from security.ban_list import BanList
from security.models import AuditEntry, IpBan
from security.request_limits import versions_key
from security.services import bans
from security.types import Client

STAFF, VISITOR = uuid.uuid4(), Client(ip="192.0.2.7")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def redis() -> Iterator[None]:
    redis_health.forget_failure()
    yield
    redis_health.forget_failure()


def ban(network: str, **changed: Any) -> IpBan:
    return bans.ban(
        **{"network": network, "lasts": DAY, "reason": "abuse", "by_uid": STAFF, "client": VISITOR, **changed}
    )


def is_banned(ip: str) -> bool:
    return BanList().find(ip=ip) is not None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("203.0.113.7", ["203.0.113.7"], ["203.0.113.8", "2001:db8::1"]),
        ("203.0.113.9/24", ["203.0.113.7", "203.0.113.255"], ["203.0.112.1"]),
        ("2001:db8:1:2::9", ["2001:db8:1:2::1", "2001:db8:1:2:ffff::"], ["2001:db8:1:3::1"]),
    ],
)
def test_a_ban_holds_for_its_network_and_no_other(network: str, inside: list[str], outside: list[str]) -> None:
    ban(network)
    assert all(map(is_banned, inside))
    assert not any(map(is_banned, outside))
    assert not is_banned("")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "pointer", "code"),
    [
        ({"network": "a house"}, "/network", "not_a_network"),
        ({"network": "203.0.0.0/15"}, "/network", "too_wide"),
        ({"network": "2001::/31"}, "/network", "too_wide"),
        ({"network": "192.0.2.0/24"}, "/network", "own_network"),
        ({"lasts": timedelta(0)}, "/duration_seconds", "out_of_range"),
        ({"lasts": timedelta(days=366)}, "/duration_seconds", "out_of_range"),
        ({"reason": "  "}, "/reason", "required"),
    ],
)
def test_what_would_ban_too_much_or_says_nothing_is_refused(changed: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ban(**{"network": "203.0.113.7", **changed})
    assert [(row["pointer"], row["code"]) for row in refused.value.errors or []] == [(pointer, code)]
    assert (IpBan.objects.count(), AuditEntry.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_a_ban_ends_by_time_or_by_staff_and_may_come_again() -> None:
    made = ban("203.0.113.7")
    with pytest.raises(NotFound):
        bans.lift(by_uid=STAFF, client=VISITOR, network="203.0.113.8")
    assert bans.lift(by_uid=STAFF, client=VISITOR, network="203.0.113.7").uid == made.uid
    assert not is_banned("203.0.113.7")
    with pytest.raises(NotFound):
        bans.lift(by_uid=STAFF, client=VISITOR, uid=made.uid)
    bans.ban_for_flood(ip="203.0.113.7")
    past = timezone.now() - DAY
    IpBan.objects.filter(lifted_at=None).update(created_at=past - DAY, until=past)
    assert not is_banned("203.0.113.7")
    ban("203.0.113.7")
    assert [row.state for row in ban_selectors.list_bans(limit=9)] == ["standing", "expired", "lifted"]
    assert ban_selectors.count_standing() == 1
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "by_staff")) == [
        ("ban.started", True),
        ("ban.ended", True),
        ("ban.started", False),
        ("ban.started", True),
    ]


@pytest.mark.django_db
def test_a_longer_ban_stays_and_a_shorter_one_becomes_longer() -> None:
    long_one = ban("203.0.113.7", lasts=7 * DAY)
    bans.ban_for_flood(ip="203.0.113.7")
    assert ban("203.0.113.7").until == long_one.until
    longer = ban("203.0.113.7", lasts=30 * DAY, reason="again")
    assert (longer.pk, longer.reason) == (long_one.pk, "again")
    assert longer.until > long_one.until


def flood(n: int, job: Any) -> list[Exception]:
    start = Barrier(n)

    def one(_number: int) -> Exception | None:
        start.wait(timeout=30)
        try:
            job()
        except IntegrityError as error:
            return error
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(n) as pool:
        return [error for error in pool.map(one, range(n)) if error]


def test_of_30_requests_at_once_one_bans(committed_db: str) -> None:
    assert flood(30, lambda: bans.ban_for_flood(ip="203.0.113.7")) == []
    assert (IpBan.objects.count(), AuditEntry.objects.count()) == (1, 1)


def test_control_without_the_look_for_a_standing_ban_only_the_constraint_holds(committed_db: str) -> None:
    now = timezone.now()

    def insert() -> None:
        with transaction.atomic():
            IpBan.objects.create(network="203.0.113.7/32", reason="r", created_at=now, until=now + DAY)

    assert len(flood(30, insert)) == 29


def test_another_process_knows_at_its_next_request(committed_db: str, django_assert_num_queries: Any) -> None:
    """A second list stands for the second process; the version comes to it with each count."""
    other, client = BanList(), common_redis.get_client()

    def version() -> int:
        return int(client.get(versions_key()) or 0)

    other.is_news(version=version())
    made = ban("203.0.113.7")
    with django_assert_num_queries(0):
        assert other.find(ip="203.0.113.7") is None  # has not heard of it yet
    assert other.is_news(version=version())
    assert other.find(ip="203.0.113.7") is not None
    bans.lift(uid=made.uid, by_uid=STAFF, client=VISITOR)
    assert other.is_news(version=version())
    with django_assert_num_queries(0):
        assert not other.is_news(version=version())
        assert other.find(ip="203.0.113.7") is None


def test_an_emptied_redis_ends_no_ban(committed_db: str) -> None:
    ban("203.0.113.7")
    other, client = BanList(), common_redis.get_client()
    other.is_news(version=int(client.get(versions_key()) or 0))
    client.flushdb()
    assert other.is_news(version=0)
    assert other.find(ip="203.0.113.7") is not None


def test_the_last_list_holds_while_the_database_is_away(committed_db: str) -> None:
    ban("203.0.113.7")
    known = BanList()
    assert known.find(ip="203.0.113.7") is not None
    known.forget()
    connection.close()
    with pytest.MonkeyPatch.context() as patch:  # undone before the database goes
        patch.setitem(connection.settings_dict, "NAME", "no_such_database")
        patch.setitem(connection.settings_dict["OPTIONS"], "pool", False)
        assert known.find(ip="203.0.113.7") is not None
        connection.close()


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [{"reason": ""}, {"until": timezone.now() - DAY}, {"lifted_by_uid": STAFF}])
def test_the_database_refuses_what_no_service_writes(wrong: dict[str, Any]) -> None:
    now = timezone.now()
    fields = {"network": "203.0.113.7/32", "reason": "r", "created_at": now, "until": now + DAY}
    with pytest.raises(IntegrityError), transaction.atomic():
        IpBan.objects.create(**{**fields, **wrong})
