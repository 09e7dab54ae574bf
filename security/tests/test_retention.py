"""What the records of security let go of, by a moved clock."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from pairly.celery import app
from security.models import KnownDevice, LimitHit, LoginAttempt
from security.services import attempts, devices, retention
from security.types import Client, Door

VISITOR = Client(ip="192.0.2.7", user_agent="test")


def _attempt(age: timedelta) -> LoginAttempt:
    reserved = attempts.reserve(identifier="ada@example.org", client=VISITOR, door=Door.API, user_uid=uuid.uuid4())
    attempts.settle(attempt_id=reserved.attempt_id, outcome=attempts.Outcome.FAILED, reason="wrong_password")
    LoginAttempt.objects.filter(pk=reserved.attempt_id).update(created_at=timezone.now() - age)
    return LoginAttempt.objects.get(pk=reserved.attempt_id)


@pytest.mark.django_db
def test_an_attempt_older_than_90_days_names_no_address_and_no_program() -> None:
    old, young = _attempt(timedelta(days=90, minutes=1)), _attempt(timedelta(days=89))
    assert retention.retain()["attempts"] == 1
    before = old.identifier_hash, old.outcome, old.user_uid, old.failure_reason
    old.refresh_from_db()
    assert (old.ip, old.user_agent) == (None, "")
    assert (old.identifier_hash, old.outcome, old.user_uid, old.failure_reason) == before
    young.refresh_from_db()
    assert (young.ip, young.user_agent) == ("192.0.2.7", "test")
    assert retention.retain()["attempts"] == 0


@pytest.mark.django_db
def test_a_device_not_seen_for_90_days_keeps_its_name_and_stays_known() -> None:
    who = uuid.uuid4()
    devices.remember(user_uid=who, fingerprint="a" * 32, client=VISITOR, name="Laptop")
    KnownDevice.objects.update(last_seen_at=timezone.now() - timedelta(days=91))
    assert retention.retain()["devices"] == 1
    device = KnownDevice.objects.get()
    assert (device.name, device.ip, device.user_agent) == ("Laptop", None, "")
    assert devices.find(user_uid=who, fingerprint="a" * 32, client=VISITOR) is not None


@pytest.mark.django_db
def test_uses_of_limits_are_deleted_after_a_day() -> None:
    LimitHit.objects.bulk_create(LimitHit(key_hash=b"k" * 32) for _ in range(2))
    last = LimitHit.objects.latest("pk")
    LimitHit.objects.filter(pk=last.pk).update(created_at=timezone.now() - timedelta(hours=25))
    assert retention.retain()["limit_hits"] == 1
    assert LimitHit.objects.count() == 1


@pytest.mark.parametrize("name", ["security.retain", "users.retain"])
def test_the_task_runs_every_hour(name: str) -> None:
    app.loader.import_default_modules()
    assert name in app.tasks
    [entry] = [entry for entry in settings.CELERY_BEAT_SCHEDULE.values() if entry["task"] == name]
    assert entry["schedule"] == 3600.0
