from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from pairly.testing.fixtures import RunningServer
from users import selectors
from users.errors import RefreshInProgress, TokenReused, TokenRevoked
from users.models import Session, User
from users.services import sessions, tokens
from users.types import StartedSession

from .helpers import VISITOR, Meeting, at_once, make_person, start_api

PROVE = bool(os.environ.get("PAIRLY_PROVE"))


def _accepted(token: str | None, *, after_s: float = 0) -> bool:
    try:
        _refresh(token, after_s=after_s)
    except RefreshInProgress:
        return False
    return True


def _refresh(token: str | None, *, after_s: float = 0) -> StartedSession:
    """Exchange a token with a request that comes in so many seconds from now."""
    assert token is not None
    received_at = timezone.now() + timedelta(seconds=after_s)
    return tokens.refresh(refresh_token=token, client=VISITOR, received_at=received_at)


def _is_live(started: StartedSession) -> bool:
    return selectors.find_live_session(family=started.session.family) is not None


@pytest.mark.django_db
def test_a_refresh_gives_a_new_pair_of_the_same_sign_in() -> None:
    first = start_api(make_person())
    second = _refresh(first.refresh_token)
    pair = tokens.issue(started=second)
    assert pair["refresh_token"] != first.refresh_token
    user, sign_in = selectors.get_signed_in_user_by_token(token=pair["access_token"])
    assert (user, sign_in.family) == (first.user, first.session.id)
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 900)


@pytest.mark.django_db
def test_reuse_after_the_child_was_used_ends_the_family() -> None:
    first = start_api(make_person())
    second = _refresh(first.refresh_token)
    third = _refresh(second.refresh_token)
    with pytest.raises(TokenReused):
        _refresh(first.refresh_token)
    assert not _is_live(first)
    for token in (first.refresh_token, second.refresh_token, third.refresh_token):
        with pytest.raises(TokenRevoked):
            _refresh(token)
    access = tokens.issue(started=third)["access_token"]
    with pytest.raises(TokenRevoked):
        selectors.get_signed_in_user_by_token(token=access)


@pytest.mark.django_db
def test_a_lost_reply_does_not_sign_anyone_out() -> None:
    first = start_api(make_person())
    for n_lost in range(3):
        answer = _refresh(first.refresh_token, after_s=3 * n_lost)
    after = _refresh(answer.refresh_token)
    assert _is_live(after)
    with pytest.raises(TokenReused):
        _refresh(first.refresh_token)


@pytest.mark.django_db
def test_late_arrivals_of_a_burst_are_not_taken_for_lost_replies() -> None:
    first = start_api(make_person())
    assert [_accepted(first.refresh_token) for _ in range(30)] == [True] + [False] * 29


@pytest.mark.django_db
def test_a_retry_that_comes_too_soon_puts_the_next_one_off() -> None:
    """A burst may last: what counts is the quiet before a request, not the time since the first one."""
    first = start_api(make_person())
    for after_s in (0, 1.5, 3, 4.5):
        assert _accepted(first.refresh_token, after_s=after_s) == (after_s == 0)
    assert _accepted(first.refresh_token, after_s=6.6)


@pytest.mark.django_db
def test_the_refusal_says_when_a_retry_is_let_in() -> None:
    first = start_api(make_person())
    _refresh(first.refresh_token)
    with pytest.raises(RefreshInProgress) as refused:
        _refresh(first.refresh_token)
    assert refused.value.headers() == {"Retry-After": "2"}
    assert _accepted(first.refresh_token, after_s=2.1)


@pytest.mark.django_db
def test_a_retry_works_until_its_child_is_used_and_then_ends_the_family() -> None:
    first = start_api(make_person())
    _refresh(first.refresh_token)
    child = _refresh(first.refresh_token, after_s=3)
    assert _is_live(_refresh(child.refresh_token))
    with pytest.raises(TokenReused):
        _refresh(first.refresh_token, after_s=60)
    assert not _is_live(first)


@pytest.mark.django_db
def test_an_unused_token_ends_after_7_days_and_a_used_chain_after_30() -> None:
    day = 24 * 3600
    first = start_api(make_person())
    assert _accepted(first.refresh_token, after_s=7 * day - 60)
    with pytest.raises(TokenRevoked):
        _refresh(first.refresh_token, after_s=7 * day + 60)
    chain = start_api(User.objects.get())
    created_at = chain.session.created_at
    for age_days in (6, 12, 18, 24, 29):
        # As if the sign-in had begun so long ago, and had last been used 6 days ago.
        until = created_at + timedelta(days=30 - age_days)
        idle_end = created_at + timedelta(days=1)
        Session.objects.filter(family=chain.session.family).update(absolute_expires_at=until, expires_at=idle_end)
        chain = _refresh(chain.refresh_token)
    assert chain.session.expires_at == chain.session.absolute_expires_at
    with pytest.raises(TokenRevoked):
        _refresh(chain.refresh_token, after_s=day + 60)


@pytest.mark.django_db
def test_two_children_of_one_token_are_not_both_usable() -> None:
    """A thief who used the grace for a lost reply is found out as soon as both sides went on."""
    first = start_api(make_person())
    owner, thief = _refresh(first.refresh_token), _refresh(first.refresh_token, after_s=3)
    _refresh(owner.refresh_token)
    with pytest.raises(TokenReused):
        _refresh(thief.refresh_token)
    assert not _is_live(first)


@pytest.mark.django_db
def test_the_database_itself_refuses_a_second_used_child() -> None:
    first = start_api(make_person())
    for number in range(2):
        _refresh(first.refresh_token, after_s=3 * number)
    children = Session.objects.filter(parent=first.session)
    with pytest.raises(IntegrityError, match="session_one_used_child"), transaction.atomic():
        children.update(used_at=timezone.now())


@pytest.mark.django_db
def test_a_refresh_never_outlives_30_days() -> None:
    first = start_api(make_person())
    started_at = first.session.created_at
    late = started_at + timedelta(days=29)
    Session.objects.update(expires_at=late, absolute_expires_at=started_at + timedelta(days=30))
    second = _refresh(first.refresh_token)
    assert second.session.absolute_expires_at == started_at + timedelta(days=30)
    assert second.session.expires_at <= second.session.absolute_expires_at
    Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(TokenRevoked):
        _refresh(second.refresh_token)
    assert not _is_live(second)


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "unknown", "\u20ac" * 50])
def test_an_unknown_token_is_refused(token: str) -> None:
    with pytest.raises(TokenRevoked):
        _refresh(token)


@pytest.mark.django_db
def test_an_account_that_was_closed_gets_no_new_tokens() -> None:
    first = start_api(make_person())
    first.user.is_active = False
    first.user.save(update_fields=["is_active"])
    with pytest.raises(TokenRevoked):
        _refresh(first.refresh_token)
    assert not _is_live(first)


@pytest.mark.django_db
def test_a_sign_in_that_ended_gives_no_tokens_and_only_hashes_are_stored() -> None:
    first = start_api(make_person())
    assert first.refresh_token is not None
    stored = bytes(first.session.refresh_sha256 or b"")
    assert stored == hashlib.sha256(first.refresh_token.encode()).digest()
    assert sessions.end_family(family=first.session.family, reason="signed_out")
    assert not sessions.end_family(family=first.session.family, reason="signed_out")
    with pytest.raises(TokenRevoked):
        _refresh(first.refresh_token)


@pytest.mark.django_db
def test_a_request_that_came_in_before_the_exchange_is_told_to_wait() -> None:
    first = start_api(make_person())
    received_at = timezone.now()
    winner = _refresh(first.refresh_token)
    assert first.refresh_token is not None
    with pytest.raises(RefreshInProgress):
        tokens.refresh(refresh_token=first.refresh_token, client=VISITOR, received_at=received_at)
    assert _is_live(_refresh(winner.refresh_token))


def _race(refresh: object, first: StartedSession, n: int = 30) -> list[str]:
    """Outcomes of n requests that all came in before any was answered."""
    received_at = timezone.now()
    assert callable(refresh)

    def one(_number: int) -> str:
        try:
            refresh(refresh_token=first.refresh_token, client=VISITOR, received_at=received_at)
        except RefreshInProgress:
            return "in progress"
        return "accepted"

    return at_once(n, one)


def test_of_30_parallel_refreshes_exactly_one_is_accepted(committed_db: str) -> None:
    first = start_api(make_person())
    outcomes = _race(tokens.refresh, first)
    assert sorted(outcomes) == ["accepted", *["in progress"] * 29]
    assert Session.objects.filter(parent=first.session).count() == 1
    assert _is_live(first)


def test_without_the_lock_several_would_be_accepted(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above: the same race where nobody waits for their turn."""
    has_read = Meeting()

    def read(token: Session) -> Session:
        found = Session.objects.get(pk=token.pk)
        has_read.wait()
        return found

    monkeypatch.setattr(tokens, "_hold", read)
    assert _race(tokens.refresh, start_api(make_person())).count("accepted") > 1


def test_of_two_children_used_at_once_one_wins_or_none_and_the_family_ends(committed_db: str) -> None:
    first = start_api(make_person())
    children = []
    for number in range(8):
        children.append(_refresh(first.refresh_token, after_s=3 * number))

    def use(number: int) -> bool:
        try:
            _refresh(children[number].refresh_token)
        except (TokenReused, TokenRevoked):
            return False
        return True

    assert sum(at_once(8, use)) <= 1
    assert not _is_live(first)


def test_a_refresh_racing_the_end_of_its_sign_in_leaves_nothing_alive(committed_db: str) -> None:
    for number in range(10):
        first = start_api(make_person(email=f"ada{number}@example.org"))

        def act(which: int, first: StartedSession = first) -> None:
            if which:
                sessions.end_family(family=first.session.family, reason="signed_out")
                return
            with contextlib.suppress(TokenRevoked):
                _refresh(first.refresh_token)

        at_once(2, act)
        assert not _is_live(first)
        for row in Session.objects.filter(family=first.session.family):
            assert selectors.has_family_ended(family=row.family)


def _race_over_http(server: RunningServer, refresh_token: str | None, round_number: int, n: int = 30) -> list[int]:
    """Statuses of n requests with one token, each from a network address of its own, for the limit is by address."""

    def one(number: int) -> int:
        headers = {"X-Forwarded-For": f"198.18.{round_number}.{number}"}
        answer = httpx.post(
            f"{server.url}/api/v1/auth/refresh", json={"refresh_token": refresh_token}, headers=headers, timeout=60
        )
        return answer.status_code

    return at_once(n, one)


@pytest.mark.parametrize("redis", ["", "redis://127.0.0.1:1/0"], ids=["with Redis", "without Redis"])
def test_of_30_parallel_requests_exactly_one_gets_a_child(
    start_server: Callable[..., RunningServer], redis: str
) -> None:
    server = start_server(TRUSTED_PROXY_COUNT="1", **({"REDIS_URL": redis} if redis else {}))
    for number in range(12 if PROVE else 2):
        first = start_api(make_person(email=f"ada{number}@example.org"))
        statuses = _race_over_http(server, first.refresh_token, number)
        assert sorted(statuses) == [200, *[409] * 29]
        assert Session.objects.filter(parent=first.session).count() == 1
        assert _is_live(first)
