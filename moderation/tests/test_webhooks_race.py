"""Two workers that send what is due at the same moment."""

from __future__ import annotations

import threading

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from moderation.models import Delivery, Webhook
from moderation.organisations import selectors
from moderation.organisations.constants import EVENTS
from moderation.organisations.errors import SecretChanging
from moderation.organisations.services import deliveries, founding, webhooks
from pairly.common import public_requests
from pairly.common.ids import uuid7
from pairly.testing.people import make_user
from users.tests.helpers import Meeting, at_once

from .receiving import Receiver, running_receiver


@pytest.fixture
def receiver(committed_db, settings, monkeypatch, tmp_path):
    with running_receiver(tmp_path) as running:
        settings.WEBHOOK_EXTRA_HOSTS = [running.netloc]
        monkeypatch.setattr(public_requests, "trusted", lambda: running.trusted)
        yield running


def make_due(receiver: Receiver, n: int) -> Webhook:
    owner = make_user()
    agency = founding.create(user=owner, name="Agency").organisation
    hook, _secret = webhooks.register(user=owner, organisation=agency.uid, target_url=receiver.url(), events=EVENTS)
    for _ in range(n):
        Delivery.objects.create(webhook=hook, event=EVENTS[0], event_id=uuid7(), payload={}, next_at=timezone.now())
    return hook


def ids_of(receiver: Receiver) -> list[str]:
    return [one.headers["Pairly-Event-Id"] for one in receiver.received]


def test_two_workers_at_once_send_each_once(receiver):
    make_due(receiver, 6)
    receiver.meeting = threading.Barrier(2)  # each has one under way when the other has
    assert sum(at_once(2, lambda _: deliveries.send_due(limit=3))) == 6
    assert len(set(ids_of(receiver))) == len(ids_of(receiver)) == 6


def test_without_the_row_lock_both_send_the_same(receiver, monkeypatch):
    make_due(receiver, 1)
    receiver.meeting = threading.Barrier(2)  # neither is done before both have it
    save, meeting = Delivery.save, Meeting()

    def save_together(self: Delivery, **how: object) -> None:
        meeting.wait()
        save(self, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_options: self)
    monkeypatch.setattr(Delivery, "save", save_together)
    at_once(2, lambda _: deliveries.send_due(limit=1))
    assert len(ids_of(receiver)) == 2
    assert len(set(ids_of(receiver))) == 1


def change_at_once(receiver: Receiver) -> tuple[list[str], list[str]]:
    """Two presses at once: the secrets that were shown, and those that sign after."""
    hook = make_due(receiver, 0)
    [owner] = selectors.list_people(organisation=hook.organisation)

    def change(_number: int) -> str:
        try:
            return webhooks.rotate_secret(user=owner, uid=hook.uid)[1]
        except SecretChanging:
            return ""

    shown = [secret for secret in at_once(2, change) if secret]
    return shown, webhooks.open_secrets(webhook=Webhook.objects.get(), at=timezone.now())


def test_of_two_changes_at_once_one_is_made(receiver):
    shown, signing = change_at_once(receiver)
    assert shown == signing[:1]
    assert len(signing) == 2


def test_without_the_row_lock_somebody_is_shown_a_secret_that_never_signs(receiver, monkeypatch):
    save, meeting = Webhook.save, Meeting()

    def save_together(self: Webhook, **how: object) -> None:
        if "update_fields" in how:  # not when it is made
            meeting.wait()
        save(self, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_options: self)
    monkeypatch.setattr(Webhook, "save", save_together)
    shown, signing = change_at_once(receiver)
    assert len(set(shown) - set(signing)) == 1
