from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from security.constants import MAX_FAILURES
from security.identifiers import keyed_hash
from security.models import LoginAttempt
from security.services import attempts
from security.types import Client, Door, Reservation

VISITOR = Client(ip="192.0.2.7", user_agent="test")
WHO = "ada@example.org"


def _reserve(identifier: str = WHO) -> Reservation:
    return attempts.reserve(identifier=identifier, client=VISITOR, door=Door.API)


def _fail(n: int) -> list[Reservation]:
    reserved = [_reserve() for _ in range(n)]
    for one in reserved:
        attempts.settle(attempt_id=one.attempt_id, outcome=attempts.Outcome.FAILED, reason="wrong_password")
    return reserved


@pytest.mark.django_db
def test_the_fifth_failure_locks_for_an_hour() -> None:
    reserved = _fail(MAX_FAILURES)
    assert [one.attempts_left for one in reserved] == [4, 3, 2, 1, 0]
    until = _reserve().locked_until
    assert until is not None
    assert timedelta(minutes=59) < until - timezone.now() <= timedelta(hours=1)
    assert attempts.find_locked_until(identifier=" ADA@example.org ") == until


@pytest.mark.django_db
def test_tries_during_the_lock_do_not_prolong_it() -> None:
    _fail(MAX_FAILURES)
    first, second = _reserve().locked_until, _reserve().locked_until
    assert first == second


@pytest.mark.django_db
def test_a_success_clears_the_account() -> None:
    _fail(MAX_FAILURES - 1)
    attempts.settle(attempt_id=_reserve().attempt_id, outcome=attempts.Outcome.SUCCEEDED)
    assert _reserve().attempts_left == MAX_FAILURES - 1


@pytest.mark.django_db
def test_an_attempt_that_never_ended_counts_as_a_failure() -> None:
    for _ in range(MAX_FAILURES):
        _reserve()
    assert _reserve().locked_until is not None


@pytest.mark.django_db
def test_failures_older_than_the_window_do_not_lock() -> None:
    _fail(MAX_FAILURES)
    LoginAttempt.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    assert _reserve().locked_until is None
    LoginAttempt.objects.filter(outcome="pending").delete()
    old = LoginAttempt.objects.order_by("id").first()
    assert old is not None
    LoginAttempt.objects.exclude(pk=old.pk).update(created_at=timezone.now())
    assert _reserve().locked_until is None


@pytest.mark.django_db
def test_the_log_knows_an_address_by_a_keyed_hash_only() -> None:
    _reserve()
    row = LoginAttempt.objects.get()
    assert bytes(row.identifier_hash) == keyed_hash(identifier="ADA@EXAMPLE.ORG")
    assert WHO not in str(row.__dict__)
    assert (row.outcome, row.ip, row.door, row.user_uid) == ("pending", "192.0.2.7", "api", None)


@pytest.mark.django_db
def test_an_attempt_is_settled_once() -> None:
    reserved = _reserve()
    attempts.settle(attempt_id=reserved.attempt_id, outcome=attempts.Outcome.FAILED, reason="wrong_password")
    attempts.settle(attempt_id=reserved.attempt_id, outcome=attempts.Outcome.SUCCEEDED)
    assert LoginAttempt.objects.get().outcome == "failed"


@pytest.mark.django_db
def test_who_proves_themselves_otherwise_is_forgiven_and_nobody_else() -> None:
    _fail(MAX_FAILURES)
    attempts.forgive(identifier="eve@example.org", client=VISITOR, door=Door.RESET, user_uid=uuid.uuid4())
    assert _reserve().locked_until is not None
    attempts.forgive(identifier=" ADA@example.org", client=VISITOR, door=Door.RESET, user_uid=uuid.uuid4())
    assert (_reserve().locked_until, attempts.find_locked_until(identifier=WHO)) == (None, None)
