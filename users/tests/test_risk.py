"""How risky a sign-in is thought to be: the rules, the record that nobody rewrites, and what its owner sees of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from pairly.outbox.models import OutboxRow
from security import selectors as security_log
from security.models import AuditEntry, KnownDevice, LoginAttempt, RiskDecision
from security.risk_rules import RULES, Features, judge
from security.services import attempts, audit
from security.types import Client as Visitor
from security.types import Door
from users.models import Session
from users.services import step_up, tokens
from users.types import Challenged, Method, SignIn

from .helpers import PASSWORD, bearer, make_person
from .ways_in import AWAY, BROWSER, EMAIL, HOME, PHONE, be_risky, enter, fail, outcome

HISTORY = "/api/v1/auth/login-history"
USUAL = Features(
    is_known_device=True,
    is_trusted_device=False,
    is_known_network=True,
    has_signed_in_before=True,
    has_user_agent=True,
    n_recent_failures=0,
    n_accounts_tried_from_ip=0,
    days_since_last_sign_in=1,
)


def _features(**changed: Any) -> Features:
    return Features(**{**USUAL.as_json(), **changed})


def _history(headers: dict[str, str], query: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = Client().get(f"{HISTORY}{query}", **headers).json()["results"]
    return rows


def _blocked() -> None:
    """All that speaks against a sign-in: an address that tries many accounts finds the password on a new device."""
    make_person()
    enter()
    fail(3)
    for number in range(10):
        attempt = attempts.reserve(identifier=f"p{number}@x.org", client=Visitor(ip=AWAY), door=Door.API)
        attempts.settle(attempt_id=attempt.attempt_id, outcome=attempts.Outcome.FAILED, reason="unknown_account")
    assert outcome(password=PASSWORD, ip=AWAY, device=PHONE) == "sign_in_blocked"


# -- the rules -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changed", "score", "action"),
    [
        ({}, 0, "allow"),
        ({"is_known_network": False}, 15, "allow"),
        ({"is_known_network": False, "is_trusted_device": True}, 0, "allow"),
        ({"is_known_device": False}, 20, "allow"),
        ({"is_known_device": False, "is_known_network": False}, 35, "review"),
        ({"is_known_device": False, "n_recent_failures": 2}, 20, "allow"),
        ({"is_known_device": False, "n_recent_failures": 3}, 40, "review"),
        ({"n_recent_failures": 5}, 0, "allow"),
        ({"is_known_device": False, "is_known_network": False, "n_recent_failures": 3}, 55, "step_up"),
        ({"is_known_device": False, "is_known_network": False, "n_accounts_tried_from_ip": 10}, 75, "step_up"),
        (
            {
                "is_known_device": False,
                "is_known_network": False,
                "n_recent_failures": 3,
                "n_accounts_tried_from_ip": 10,
            },
            95,
            "block",
        ),
        ({"days_since_last_sign_in": 180}, 10, "allow"),
        (
            {
                "is_known_device": False,
                "is_known_network": False,
                "has_signed_in_before": False,
                "days_since_last_sign_in": None,
            },
            0,
            "allow",
        ),
        ({"has_user_agent": False}, 5, "allow"),
    ],
)
def test_a_sign_in_is_judged_by_what_is_known_of_it(changed: dict[str, Any], score: int, action: str) -> None:
    assert judge(_features(**changed))[:2] == (score, action)


def test_all_that_speaks_against_a_sign_in_is_at_most_100() -> None:
    worst = _features(
        is_known_device=False,
        is_known_network=False,
        has_user_agent=False,
        n_recent_failures=9,
        n_accounts_tried_from_ip=99,
        days_since_last_sign_in=999,
        is_impossible_travel=True,
        is_hosting=True,
        n_accounts_on_device=9,
    )
    score, action, reasons = judge(worst)
    assert (score, action) == (100, "block")
    assert {reason["code"] for reason in reasons} == {rule.code for rule in RULES}


def test_every_rule_has_words() -> None:
    assert {rule.code for rule in RULES} == set(security_log._rules())


# -- the record ----------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_every_sign_in_with_the_right_password_leaves_a_decision_and_its_score() -> None:
    make_person()
    enter()
    enter(device=PHONE, ip=AWAY)
    outcome()
    scores = [decision.score for decision in RiskDecision.objects.order_by("pk")]
    assert scores == [0, 35]
    rows = LoginAttempt.objects.order_by("pk").values_list("outcome", "risk_score", "known_device")
    assert list(rows) == [("succeeded", 0, False), ("succeeded", 35, False), ("failed", None, True)]


def test_the_decision_about_a_blocked_sign_in_is_committed_and_its_owner_told(committed_db: str) -> None:
    _blocked()
    decision = RiskDecision.objects.order_by("-pk")[0]
    assert (decision.action, decision.score) == ("block", 95)
    attempt = LoginAttempt.objects.get(pk=decision.attempt_id)
    assert (attempt.outcome, attempt.failure_reason, attempt.risk_score) == ("refused", "too_risky", 95)
    assert OutboxRow.objects.filter(payload__notice="sign_in_blocked").count() == 1
    assert Session.objects.count() == 1


@pytest.mark.django_db
def test_a_challenged_sign_in_keeps_its_decision() -> None:
    user = make_person()
    enter()
    assert isinstance(be_risky(user), Challenged)
    decision = RiskDecision.objects.order_by("-pk")[0]
    assert (decision.action, decision.score) == ("step_up", 55)
    attempt = LoginAttempt.objects.get(pk=decision.attempt_id)
    assert (attempt.outcome, attempt.risk_score) == ("challenged", 55)


@pytest.mark.parametrize("statement", ["UPDATE {} SET created_at = now()", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["security_riskdecision", "security_auditentry"])
def test_no_decision_and_no_audit_entry_is_rewritten(committed_db: str, statement: str, table: str) -> None:
    user = make_person()
    enter()
    audit.record(action="test.done", actor_uid=user.uid)
    before = RiskDecision.objects.count(), AuditEntry.objects.count()
    with pytest.raises(Exception, match=r"append-only|permission denied"), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert (RiskDecision.objects.count(), AuditEntry.objects.count()) == before == (1, 1)


@pytest.mark.django_db
def test_the_models_cannot_rewrite_it_either() -> None:
    make_person()
    enter()
    for change in (lambda rows: rows.update(score=1), lambda rows: rows.delete()):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change(RiskDecision.objects.all())


@pytest.mark.django_db
def test_a_step_up_makes_no_network_a_known_one() -> None:
    user = make_person()
    started = enter()
    sign_in = SignIn(user.uid, started.session.family)
    thief = Visitor(ip=AWAY, user_agent=BROWSER)
    step_up.confirm(user=user, sign_in=sign_in, method=Method.PASSWORD, code=PASSWORD, client=thief)
    enter(ip=AWAY)
    assert [reason["code"] for reason in RiskDecision.objects.order_by("-pk")[0].reasons] == ["new_network"]


@pytest.mark.django_db
def test_someone_back_after_half_a_year_is_noticed() -> None:
    make_person()
    enter()
    long_ago = timezone.now() - timedelta(days=181)
    LoginAttempt.objects.update(created_at=long_ago)
    KnownDevice.objects.update(last_seen_at=long_ago)
    enter()
    assert [reason["code"] for reason in RiskDecision.objects.order_by("-pk")[0].reasons] == ["long_away"]


# -- what the owner sees -------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_history_says_how_risky_each_sign_in_was_and_why() -> None:
    make_person()
    started = enter()
    headers = bearer(tokens.issue(started=started)["access_token"])
    enter(device=PHONE, ip=AWAY)
    newest, first = _history(headers)
    assert (newest["known_device"], newest["risk_score"], newest["risk"]) == (False, 35, "medium")
    assert newest["reasons"] == [
        {"code": "new_device", "text": "New device"},
        {"code": "new_network", "text": "New network"},
    ]
    assert (first["risk_score"], first["risk"], first["reasons"]) == (0, "low", [])
    assert first["family"] == str(started.session.family)
    outcome(ip="203.0.113.1")
    [failed] = _history(headers, "?outcome=failed")
    assert (failed["family"], failed["risk_score"], failed["risk"], failed["reasons"]) == (None, None, "", [])


@pytest.mark.django_db
def test_what_was_asked_for_more_proof_or_stopped_is_in_words() -> None:
    _blocked()
    headers = bearer(tokens.issue(started=enter())["access_token"])
    blocked = _history(headers)[1]
    assert (blocked["result"], blocked["risk"]) == ("Refused", "high")
    assert blocked["reason"] == "The password was right, but too much spoke against it"
    LoginAttempt.objects.filter(outcome="failed").exclude(user_uid=None).delete()
    user = make_person("bo@example.org")
    bo = bearer(tokens.issue(started=enter("bo@example.org"))["access_token"])
    fail(3, user.email)
    enter(user.email, ip="198.51.100.77", device=PHONE)
    [challenged] = _history(bo, "?outcome=challenged")
    assert (challenged["result"], challenged["reason"]) == ("Asked for more proof", "")


@pytest.mark.django_db
def test_a_step_up_a_reset_and_an_unlock_are_no_sign_ins_in_the_history() -> None:
    user = make_person()
    started = enter()
    sign_in = SignIn(user.uid, started.session.family)
    client = Visitor(ip=HOME)
    step_up.confirm(user=user, sign_in=sign_in, method=Method.PASSWORD, code=PASSWORD, client=client)
    for door in (Door.RESET, Door.UNLOCK):
        attempts.forgive(identifier=EMAIL, client=client, door=door, user_uid=user.uid)
    headers = bearer(tokens.issue(started=started)["access_token"])
    results = [row["result"] for row in _history(headers)]
    assert results == ["Unlocked", "Password was reset", "Confirmed that it was you", "Signed in"]


@pytest.mark.django_db
def test_the_page_shows_it_in_words() -> None:
    make_person()
    client = Client(headers={"User-Agent": BROWSER})
    client.post("/sign-in/", {"email": EMAIL, "password": PASSWORD}, REMOTE_ADDR=HOME)
    enter(device=PHONE, ip=AWAY)
    page = client.get("/account/sign-ins/").content.decode()
    assert page.count("New device") == 3  # the badge of both, and a reason of the second
    assert "Medium risk" in page
    assert "Low risk" in page
    assert "New network" in page


@pytest.mark.django_db
def test_every_outcome_and_every_reason_that_is_written_has_words() -> None:
    words = dict(security_log.list_outcomes())
    assert set(words) == set(LoginAttempt.Outcome.values)
    reasons = {"wrong_password", "wrong_code", "wrong_passkey", "locked", "inactive", "overloaded", "too_risky"}
    assert reasons | {"challenge_over", "unknown_account"} == set(security_log._reasons())
