"""A risky sign-in that waits for the word of a device that is signed in."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from pairly.common.problems import Problem
from pairly.outbox import services as outbox
from security.models import AuditEntry, KnownDevice, LoginAttempt
from security.types import Client as Visitor
from users.errors import ApprovalPending, ChallengeOver, InvalidCode
from users.models import Session, SignInChallenge, User
from users.services import challenges, tokens
from users.types import Challenged, Method, StartedSession

from .helpers import PASSWORD, at_once, bearer, make_person, post
from .ways_in import AWAY, BROWSER, EMAIL, PHONE, be_risky, enter, fail

REQUESTS = "/api/v1/auth/sign-in-requests"


def _headers(**where: str) -> dict[str, str]:
    """A signed-in app."""
    return bearer(tokens.issue(started=enter(**where))["access_token"])


def _waiting(user: User) -> tuple[Challenged, SignInChallenge]:
    challenged = be_risky(user)
    assert isinstance(challenged, Challenged)
    return challenged, SignInChallenge.objects.get(done_at__isnull=True)


def _go_on(challenged: Challenged, method: Method = Method.APPROVAL, code: str = "") -> StartedSession:
    client = Visitor(ip=AWAY, user_agent=BROWSER)
    return challenges.complete(token=challenged.token, method=method, code=code, client=client)


def _answer(headers: dict[str, str], challenge: SignInChallenge, word: str) -> Any:
    return post(f"{REQUESTS}/{challenge.pk}/{word}", {}, **headers)


@pytest.mark.django_db
def test_a_risky_sign_in_waits_until_it_is_approved_and_then_gets_its_tokens() -> None:
    user = make_person()
    headers = _headers()
    fail(3)
    device = {"name": "Phone", "fingerprint": PHONE}
    body = {"email": EMAIL, "password": PASSWORD, "device": device}
    answer = post("/api/v1/auth/login", body, REMOTE_ADDR=AWAY, HTTP_USER_AGENT=BROWSER)
    assert answer.status_code == 200
    assert answer.json()["requires_2fa"] is True
    assert answer.json()["methods"] == ["email", "approval"]
    assert "access_token" not in answer.json()
    challenged = Challenged(answer.json()["temp_token"], "proof", [], 0)
    challenge = SignInChallenge.objects.get()
    [shown] = Client().get(REQUESTS, **headers).json()
    assert (shown["id"], shown["device"], shown["network"]) == (str(challenge.pk), "Phone", AWAY)
    assert shown["this_device"] is False
    with pytest.raises(ApprovalPending) as pending:
        _go_on(challenged)
    assert pending.value.status == 409
    assert _answer(headers, challenge, "approve").status_code == 204
    started = _go_on(challenged)
    assert Client().get("/api/v1/auth/sessions", **bearer(tokens.issue(started=started)["access_token"])).json()
    assert (started.session.factor, started.session.device_name) == ("approval", "Phone")
    challenge.refresh_from_db()
    assert challenge.approved_by_id is not None
    assert KnownDevice.objects.get(user_uid=user.uid, name="Phone").trusted_at is not None
    assert AuditEntry.objects.get(action="sign_in.approved").subject_uid == user.uid
    with pytest.raises(ChallengeOver):
        _go_on(challenged)


@pytest.mark.django_db
def test_a_refused_sign_in_is_over_and_everything_else_goes_on() -> None:
    user = make_person()
    headers = _headers()
    challenged, challenge = _waiting(user)
    assert _answer(headers, challenge, "refuse").status_code == 204
    for method in (Method.APPROVAL, Method.EMAIL):
        with pytest.raises(ChallengeOver):
            _go_on(challenged, method, "000000")
    assert _answer(headers, challenge, "approve").status_code == 404
    assert Client().get("/api/v1/auth/sessions", **headers).status_code == 200
    assert Session.objects.filter(ended_at__isnull=True).count() == 1
    assert AuditEntry.objects.filter(action="sign_in.refused").count() == 1


@pytest.mark.django_db
def test_an_approved_sign_in_is_not_refused_behind_its_back() -> None:
    user = make_person()
    headers = _headers()
    challenged, challenge = _waiting(user)
    assert _answer(headers, challenge, "approve").status_code == 204
    late = _answer(headers, challenge, "refuse")
    assert (late.status_code, late.json()["code"]) == (409, "already_answered")
    assert _go_on(challenged).session.factor == "approval"


@pytest.mark.django_db
def test_a_stranger_neither_sees_nor_answers_it() -> None:
    user = make_person()
    make_person("eve@example.org")
    enter()
    _challenged, challenge = _waiting(user)
    eve = _headers(email="eve@example.org", device="eves-" + "e" * 30)
    assert Client().get(REQUESTS, **eve).json() == []
    assert Client().get(f"{REQUESTS}/{challenge.pk}", **eve).status_code == 404
    for word in ("approve", "refuse"):
        assert _answer(eve, challenge, word).status_code == 404
        assert post(f"{REQUESTS}/{challenge.pk}/{word}", {}).status_code == 401
    challenge.refresh_from_db()
    assert (challenge.approved_at, challenge.refused_at) == (None, None)
    assert Client().get(f"{REQUESTS}/{uuid.uuid4()}", **eve).status_code == 404


@pytest.mark.django_db
def test_the_device_that_waits_cannot_approve_itself() -> None:
    user = make_person()
    headers = _headers()
    own = _headers(device=PHONE)  # it was signed in before, and was forgotten since
    KnownDevice.objects.exclude(name="", user_uid=user.uid).filter(name="Laptop").update(forgotten_at=timezone.now())
    KnownDevice.objects.update(forgotten_at=timezone.now())
    LoginAttempt.objects.filter(outcome="succeeded").update(ip="192.0.2.200")
    challenged, challenge = _waiting(user)
    assert [row["this_device"] for row in Client().get(REQUESTS, **own).json()] == [True]
    for word in ("approve", "refuse"):
        refused = _answer(own, challenge, word)
        assert (refused.status_code, refused.json()["code"]) == (409, "same_device")
    with pytest.raises(ApprovalPending):
        _go_on(challenged)
    assert _answer(headers, challenge, "approve").status_code == 204


@pytest.mark.django_db
def test_approving_needs_a_fresh_step_up_and_refusing_does_not() -> None:
    user = make_person()
    headers = _headers()
    _challenged, challenge = _waiting(user)
    Session.objects.update(stepped_up_at=timezone.now() - timedelta(minutes=6))
    refused = _answer(headers, challenge, "approve")
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
    assert refused.json()["methods"] == ["password"]
    assert _answer(headers, challenge, "refuse").status_code == 204


@pytest.mark.django_db
def test_what_waits_for_a_second_factor_is_not_to_be_approved() -> None:
    user = make_person()
    headers = _headers()
    challenged, challenge = _waiting(user)
    SignInChallenge.objects.update(needs="factor")
    assert _answer(headers, challenge, "approve").status_code == 404
    assert Client().get(REQUESTS, **headers).json() == []
    with pytest.raises(InvalidCode):
        _go_on(challenged)


@pytest.mark.django_db
def test_an_expired_request_is_gone() -> None:
    user = make_person()
    headers = _headers()
    _challenged, challenge = _waiting(user)
    SignInChallenge.objects.update(expires_at=timezone.now())
    assert _answer(headers, challenge, "approve").status_code == 404
    assert Client().get(REQUESTS, **headers).json() == []


def test_of_30_parallel_answers_one_counts(committed_db: str) -> None:
    user = make_person()
    headers = _headers()
    _challenged, challenge = _waiting(user)

    def one(number: int) -> int:
        status: int = _answer(headers, challenge, "approve" if number % 2 else "refuse").status_code
        return status

    statuses = at_once(30, one)
    assert statuses.count(204) == 1
    assert set(statuses) <= {204, 404, 409}
    challenge.refresh_from_db()
    assert (challenge.approved_at is None) != (challenge.refused_at is None)
    assert AuditEntry.objects.filter(action__startswith="sign_in.").count() == 1


def test_an_approved_sign_in_begins_once(committed_db: str) -> None:
    user = make_person()
    headers = _headers()
    challenged, challenge = _waiting(user)
    assert _answer(headers, challenge, "approve").status_code == 204

    def one(_number: int) -> str:
        try:
            _go_on(challenged)
        except Problem as problem:
            return problem.code
        return "signed in"

    assert sorted(at_once(30, one)) == ["challenge_over"] * 29 + ["signed in"]
    assert Session.objects.filter(factor="approval").count() == 1


# -- pages ----------------------------------------------------------------------------------------------------------
def _browser() -> Client:
    client = Client(headers={"User-Agent": BROWSER})
    assert client.post("/sign-in/", {"email": EMAIL, "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.django_db
def test_the_mail_leads_to_the_page_that_lists_it_and_that_to_the_question() -> None:
    user = make_person()
    client = _browser()
    _challenged, challenge = _waiting(user)
    outbox.deliver_due()
    [sent] = [one for one in mail.outbox if "waits" in one.subject]
    assert "/account/devices/\n" in str(sent.body)
    assert str(challenge.pk) not in str(sent.body)
    question = f"/account/sign-in-requests/{challenge.pk}/"
    assert question in client.get("/account/devices/").content.decode()
    page = client.get(question).content.decode()
    assert "Phone" in page
    assert AWAY in page


@pytest.mark.django_db
@pytest.mark.parametrize("word", ["yes", "no"])
def test_the_page_answers(word: str) -> None:
    user = make_person()
    client = _browser()
    challenged, challenge = _waiting(user)
    answer = client.post(f"/account/sign-in-requests/{challenge.pk}/", {"answer": word})
    challenge.refresh_from_db()
    if word == "yes":
        assert answer.status_code == 302
        assert _go_on(challenged).session.factor == "approval"
    else:
        assert answer.status_code == 200
        assert 'href="/account/password/"' in answer.content.decode()
        assert challenge.refused_at is not None
    assert client.get(f"/account/sign-in-requests/{challenge.pk}/").status_code == 404
    assert client.get("/account/devices/").status_code == 200


@pytest.mark.django_db
def test_the_page_is_not_for_strangers() -> None:
    user = make_person()
    make_person("eve@example.org")
    enter()
    _challenged, challenge = _waiting(user)
    eve = Client(headers={"User-Agent": BROWSER}, REMOTE_ADDR="192.0.2.66")
    eve.post("/sign-in/", {"email": "eve@example.org", "password": PASSWORD})
    path = f"/account/sign-in-requests/{challenge.pk}/"
    assert eve.get(path).status_code == 404
    assert eve.post(path, {"answer": "yes"}).status_code == 404
    assert "Phone" not in eve.get("/account/devices/").content.decode()
    assert Client().get(path).status_code == 302
    challenge.refresh_from_db()
    assert challenge.approved_at is None
