from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from pairly.common import after_commit
from users import access_tokens, selectors
from users.models import Session
from users.services import sessions, tokens

from .helpers import PASSWORD, VISITOR, bearer, make_person, post, start_api


def _signed_in(email: str = "ada@example.org") -> tuple[dict[str, str], Session]:
    started = start_api(make_person(email=email))
    return bearer(tokens.issue(started=started)["access_token"]), started.session


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What left for the sockets; the channel layer itself has its own tests."""
    events: list[Any] = []

    def push_now(*, user_id: uuid.UUID, event: dict[str, Any]) -> bool:
        events.append((user_id, event))
        return True

    monkeypatch.setattr(after_commit, "push_now", push_now)
    return events


@pytest.mark.django_db
def test_an_access_token_costs_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    started = start_api(make_person())
    token = tokens.issue(started=started)["access_token"]
    with django_assert_num_queries(1):
        user, _sign_in = selectors.get_signed_in_user_by_token(token=token)
        assert user.email == "ada@example.org"


@pytest.mark.django_db
def test_the_list_shows_ones_own_sign_ins_and_which_is_this_one() -> None:
    headers, session = _signed_in()
    other = start_api(session.user).session
    _signed_in("eve@example.org")
    rows = Client().get("/api/v1/auth/sessions", **headers).json()
    assert {(row["id"], row["current"]) for row in rows} == {(str(session.id), True), (str(other.id), False)}
    assert "refresh_sha256" not in rows[0]


@pytest.mark.django_db
def test_a_sign_in_keeps_its_id_and_place_in_the_list_while_its_tokens_rotate() -> None:
    started = start_api(make_person())
    assert started.refresh_token is not None
    child = tokens.refresh(refresh_token=started.refresh_token, client=VISITOR)
    rows = Client().get("/api/v1/auth/sessions", **bearer(tokens.issue(started=child)["access_token"])).json()
    assert [(row["id"], row["current"]) for row in rows] == [(str(started.session.id), True)]


@pytest.mark.django_db
def test_ending_one_sign_in_ends_its_tokens_and_tells_its_sockets(
    pushed: list[Any], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    headers, session = _signed_in()
    other = start_api(session.user)
    since = timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        answer = Client().delete(f"/api/v1/auth/sessions/{other.session.id}", **headers)
    assert answer.status_code == 204
    assert pushed == [(session.user.uid, {"type": "session.revoked", "family": str(other.session.id)})]
    assert selectors.list_ended_families(since=since) == [other.session.id]
    assert post("/api/v1/auth/refresh", {"refresh_token": other.refresh_token}).json()["code"] == "token_revoked"
    assert Client().get("/api/v1/auth/sessions", **headers).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "delete"])
def test_a_stranger_neither_sees_nor_ends_anothers_sign_in(method: str) -> None:
    _headers, session = _signed_in()
    stranger, _session = _signed_in("eve@example.org")
    answer = getattr(Client(), method)(f"/api/v1/auth/sessions/{session.id}", **stranger)
    unknown = getattr(Client(), method)(f"/api/v1/auth/sessions/{uuid.uuid4()}", **stranger)
    assert (answer.status_code, answer.json()) == (404, unknown.json())
    assert selectors.find_live_session(family=session.id) is not None


@pytest.mark.django_db
def test_all_others_end_together_and_this_one_stays(pushed: list[Any]) -> None:
    headers, session = _signed_in()
    others = {start_api(session.user).session.id for _ in range(3)}
    _stranger_headers, stranger = _signed_in("eve@example.org")
    assert Client().delete("/api/v1/auth/sessions", **headers).status_code == 204
    live = set(Session.objects.filter(ended_at__isnull=True).values_list("id", flat=True))
    assert live == {session.id, stranger.id}
    assert live.isdisjoint(others)


@pytest.mark.django_db
def test_signing_out_ends_the_callers_sign_in() -> None:
    headers, session = _signed_in()
    assert post("/api/v1/auth/logout", {}, **headers).status_code == 204
    answer = Client().get("/api/v1/auth/sessions", **headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")
    assert selectors.find_live_session(family=session.id) is None


@pytest.mark.django_db
def test_a_refresh_token_signs_out_although_the_access_token_is_past_its_time() -> None:
    started = start_api(make_person())
    stale = access_tokens.issue(user_id=started.user.uid, family=started.session.family, now_s=1_700_000_000)
    body = {"refresh_token": started.refresh_token}
    assert post("/api/v1/auth/logout", body, **bearer(stale)).status_code == 204
    assert selectors.find_live_session(family=started.session.id) is None
    assert post("/api/v1/auth/logout", {}).status_code == 401


@pytest.mark.django_db
def test_a_token_of_someone_elses_sign_in_is_refused() -> None:
    """Forged by a key holder's mistake: the subject and the sign-in must belong together."""
    _headers, session = _signed_in()
    eve = make_person(email="eve@example.org")
    token = access_tokens.issue(user_id=eve.uid, family=session.family)
    assert Client().get("/api/v1/auth/sessions", **bearer(token)).json()["code"] == "not_authenticated"


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer x", "Basic abc", ""])
def test_without_a_good_token_the_answer_is_401(header: str) -> None:
    answer = Client().get("/api/v1/auth/sessions", HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_a_refresh_over_http_follows_the_contract() -> None:
    first = start_api(make_person())
    second = post("/api/auth/refresh", {"refresh_token": first.refresh_token})
    assert second.status_code == 200
    assert set(second.json()) == {"user", "access_token", "refresh_token", "token_type", "expires_in"}
    third = post("/api/v1/auth/refresh", {"refresh_token": second.json()["refresh_token"]})
    assert third.status_code == 200
    reused = post("/api/v1/auth/refresh", {"refresh_token": first.refresh_token})
    assert (reused.status_code, reused.json()["code"]) == (401, "token_reused")
    dead = post("/api/v1/auth/refresh", {"refresh_token": third.json()["refresh_token"]})
    assert (dead.status_code, dead.json()["code"]) == (401, "token_revoked")


@pytest.mark.django_db
def test_last_seen_moves_at_most_once_in_five_minutes(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    session = start_api(make_person()).session
    with django_assert_num_queries(0):
        sessions.note_seen(session=session)
    session.last_seen_at = timezone.now() - timedelta(minutes=6)
    session.save(update_fields=["last_seen_at"])
    sessions.note_seen(session=session)
    session.refresh_from_db()
    assert timezone.now() - session.last_seen_at < timedelta(seconds=10)


@pytest.mark.parametrize(
    ("origin", "host", "is_allowed"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("http://LOCALHOST:8000", "localhost:8000", True),
        ("https://app.example", "localhost:8000", True),
        ("http://localhost:8001", "localhost:8000", False),
        ("http://evil.example", "localhost:8000", False),
        ("http://evil.example", "evil.example", False),
        ("null", "localhost:8000", False),
        ("file://localhost:8000", "localhost:8000", False),
        ("http://[", "localhost:8000", False),
    ],
)
def test_only_our_own_pages_and_listed_origins_open_sockets(
    settings: Any, origin: str, host: str, is_allowed: bool
) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    settings.ALLOWED_HOSTS = ["localhost"]
    assert selectors.is_allowed_origin(origin=origin, host=host) is is_allowed


@pytest.mark.django_db
def test_the_socket_finds_the_browser_by_its_cookie() -> None:
    user = make_person()
    client = Client()
    client.post("/sign-in/", {"email": user.email, "password": PASSWORD})
    cookie = client.cookies["pairly_session"].value
    found = selectors.find_sign_in_by_cookies(headers=[(b"cookie", f"a=b; pairly_session={cookie}".encode())])
    assert found is not None
    assert found[0] == user
    sessions.end_sessions(user=user, reason="test")
    assert selectors.find_sign_in_by_cookies(headers=[(b"cookie", f"pairly_session={cookie}".encode())]) is None
    assert selectors.find_sign_in_by_cookies(headers=[(b"cookie", b"pairly_session=unknown")]) is None
    assert selectors.find_sign_in_by_cookies(headers=[(b"host", b"x")]) is None
