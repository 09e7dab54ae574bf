"""Ended sign-ins are refused by Redis when it knows them, and by PostgreSQL always."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from pairly.common import redis as common_redis
from pairly.common import redis_health
from pairly.embedded.redis import Redis
from users import revocations
from users.models import Session
from users.services import sessions, tokens

from .helpers import bearer, make_person, start_api

PATH = "/api/v1/auth/sessions"


@pytest.fixture
def own_redis(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis that the test may stop."""
    folder = tmp_path_factory.mktemp("redis")
    server = Redis(var_dir=folder)
    server.start()
    settings.REDIS_URL = f"unix://{server.socket}?db=0"
    settings.REDIS_TIMEOUT_SECONDS = 1.0
    common_redis.get_client.cache_clear()
    redis_health.forget_failure()
    assert server.child is not None
    try:
        yield server
    finally:
        os.kill(server.child.pid, signal.SIGCONT)
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        common_redis.get_client.cache_clear()
        redis_health.forget_failure()


def _sign_in() -> tuple[dict[str, str], Session]:
    started = start_api(make_person())
    return bearer(tokens.issue(started=started)["access_token"]), started.session


def _end(session: Session, capture: DjangoCaptureOnCommitCallbacks) -> None:
    with capture(execute=True):
        sessions.end_family(family=session.family, reason="test")


def _refusal(headers: dict[str, str]) -> tuple[Any, int]:
    """The code of the answer, and how many queries it took."""
    with CaptureQueriesContext(connection) as captured:
        answer = Client().get(PATH, **headers)
    assert answer.status_code == 401
    return answer.json()["code"], len(captured)


@pytest.mark.django_db
def test_an_ended_sign_in_is_refused_without_a_query(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    headers, session = _sign_in()
    assert Client().get(PATH, **headers).status_code == 200
    _end(session, django_capture_on_commit_callbacks)
    assert _refusal(headers) == ("token_revoked", 0)


@pytest.mark.django_db
def test_an_emptied_redis_revives_no_token(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    headers, session = _sign_in()
    _end(session, django_capture_on_commit_callbacks)
    common_redis.get_client().flushdb()
    code, n_queries = _refusal(headers)
    assert (code, n_queries > 0) == ("token_revoked", True)


@pytest.mark.django_db
@pytest.mark.parametrize("is_stopped_before", [True, False])
def test_a_stopped_redis_revives_no_token_and_keeps_nobody_out(
    own_redis: Redis,
    is_stopped_before: bool,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    headers, session = _sign_in()
    other = bearer(tokens.issue(started=start_api(session.user))["access_token"])
    assert own_redis.child is not None
    if is_stopped_before:
        os.kill(own_redis.child.pid, signal.SIGSTOP)
    _end(session, django_capture_on_commit_callbacks)
    os.kill(own_redis.child.pid, signal.SIGSTOP)
    redis_health.forget_failure()
    assert _refusal(headers)[0] == "token_revoked"
    assert Client().get(PATH, **other).status_code == 200


@pytest.mark.django_db
def test_the_list_holds_a_hash_for_as_long_as_an_access_token_lives(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    _headers, session = _sign_in()
    _end(session, django_capture_on_commit_callbacks)
    client = common_redis.get_client()
    [key] = list(client.scan_iter("*revoked*"))
    assert str(session.family) not in key
    assert session.family.hex not in key
    assert 0 < client.ttl(key) <= django_settings.ACCESS_TOKEN_MINUTES * 60


def test_what_is_rolled_back_is_not_listed(committed_db: str) -> None:
    headers, session = _sign_in()
    with transaction.atomic():
        sessions.end_family(family=session.family, reason="test")
        transaction.set_rollback(True)
    assert not revocations.is_noted(family=session.family)
    assert Client().get(PATH, **headers).status_code == 200
