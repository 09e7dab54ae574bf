"""Wrong proofs of who is signed in already: counted for that sign-in alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from pairly.common import redis as common_redis
from pairly.outbox import services as outbox
from security.types import Client as Visitor
from users.models import Session
from users.services import tokens

from .helpers import PASSWORD, bearer, make_person, post, start_api

CHANGE = "/api/v1/auth/password/change"
STEP_UP = "/api/v1/auth/step-up"
LOGIN = "/api/v1/auth/login"
STRANGER = Visitor(ip="198.51.100.9", user_agent="somebody else")


def _headers(session_user: Any) -> dict[str, str]:
    return bearer(tokens.issue(started=start_api(session_user))["access_token"])


def _guess(path: str, body: dict[str, str], headers: dict[str, str]) -> tuple[int, str]:
    common_redis.get_client().flushdb()  # as if minutes went by: the limits a minute are not looked at here
    answer = post(path, body, **headers)
    return answer.status_code, answer.json().get("code", "") if answer.content else ""


@pytest.mark.django_db
def test_a_stranger_who_locks_the_account_keeps_its_owner_from_nothing() -> None:
    user = make_person()
    headers = _headers(user)
    for _ in range(5):
        _guess(LOGIN, {"email": user.email, "password": "wrong"}, {"REMOTE_ADDR": STRANGER.ip})
    assert _guess(LOGIN, {"email": user.email, "password": PASSWORD}, {})[0] == 423
    assert _guess(STEP_UP, {"method": "password", "code": PASSWORD}, headers) == (204, "")
    new = {"current_password": PASSWORD, "new_password": "a quite different phrase 4"}
    assert _guess(CHANGE, new, headers) == (204, "")


@pytest.mark.django_db
def test_five_wrong_proofs_close_money_and_safety_to_this_sign_in_only() -> None:
    user = make_person()
    thief, owner = _headers(user), _headers(user)
    wrong = {"method": "password", "code": "wrong"}
    assert [_guess(STEP_UP, wrong, thief) for _ in range(5)] == [(422, "invalid_code")] * 5
    assert _guess(STEP_UP, {"method": "password", "code": PASSWORD}, thief) == (423, "account_locked")
    new = {"current_password": PASSWORD, "new_password": "a quite different phrase 4"}
    assert _guess(CHANGE, new, thief) == (423, "account_locked")
    assert _guess(STEP_UP, {"method": "password", "code": PASSWORD}, owner) == (204, "")
    assert _guess(LOGIN, {"email": user.email, "password": PASSWORD}, {})[0] == 200
    outbox.deliver_due()
    [told] = [one for one in mail.outbox if one.subject.startswith("Wrong passwords")]
    assert told.to == [user.email]
    assert Session.objects.filter(user=user, ended_at__isnull=True).count() == 3
