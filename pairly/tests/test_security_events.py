"""What the security log is told by the apps above it: lockouts, tokens, ended sign-ins, passwords."""

from __future__ import annotations

import json
import uuid

import pytest
from django.db import transaction

from pairly.testing.people import make_user
from security.services import attempts
from security.types import Client, Door
from users.models import Session
from users.services import lockouts, passwords, sessions, tokens

VISITOR = Client(ip="192.0.2.7", user_agent="test")
WHO = uuid.UUID("0190a8c2-7e1c-7abc-8def-0123456789ab")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.SECURITY_LOG_DIR = tmp_path / "security"
    return settings.SECURITY_LOG_DIR


def lines(folder):
    return [json.loads(line) for path in sorted(folder.glob("*.json")) for line in path.read_text().splitlines()]


def actions(folder):
    return [line["event.action"] for line in lines(folder)]


def test_the_failure_that_locks_is_told_once_and_then_each_refusal(committed_db, folder):
    user = make_user()
    for _ in range(5):
        reserved = attempts.reserve(identifier=user.email, client=VISITOR, door=Door.PAGE, user_uid=user.uid)
        attempts.settle(attempt_id=reserved.attempt_id, outcome=attempts.Outcome.FAILED, reason="wrong_password")
        lockouts.tell(user=user, reserved=reserved)
    attempts.reserve(identifier=user.email, client=VISITOR, door=Door.PAGE, user_uid=user.uid)
    assert actions(folder) == ["sign_in.failed"] * 5 + ["lockout.started", "sign_in.refused"]
    assert lines(folder)[-1]["event.reason"] == "locked"


def test_reused_tokens_ended_sign_ins_and_new_passwords_are_there(committed_db, folder):
    user = make_user()
    started = sessions.start_session(user=user, kind=Session.Kind.API, client=VISITOR)
    first = tokens.refresh(refresh_token=started.refresh_token, client=VISITOR)
    tokens.refresh(refresh_token=first.refresh_token, client=VISITOR)
    with pytest.raises(Exception, match="token_reused"):
        tokens.refresh(refresh_token=started.refresh_token, client=VISITOR)
    reused = [event for event in lines(folder) if event["event.action"] == "token.reused"]
    assert [(e["event.kind"], e["user.id"]) for e in reused] == [("alert", str(user.uid))]
    assert "session.ended" in actions(folder)
    with transaction.atomic():
        passwords.store(user=user, encoded="argon2$x")
        passwords.store(user=user, encoded="argon2$y", except_family=WHO)
    assert [a for a in actions(folder) if a.startswith("password")] == ["password.reset", "password.changed"]
