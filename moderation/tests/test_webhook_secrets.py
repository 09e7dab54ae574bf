"""A webhook's secret is changed without losing a notice; and staff send again what was given up."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from moderation import tasks
from moderation.models import Delivery, Organisation, Webhook
from moderation.organisations.constants import EVENTS, OLD_SECRET_LIFE
from moderation.organisations.errors import DeliveryWaiting, SecretChanging
from moderation.organisations.gateways import receivers
from moderation.organisations.services import deliveries, webhooks
from pairly.common.problems import Forbidden, NotFound
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.encryption import CannotDecrypt
from security.models import AuditEntry
from users.models import User

from .receiving import Receiver
from .test_webhooks import add, agency, deliver, owner, receiver, register  # noqa: F401  # fixtures

pytestmark = pytest.mark.django_db
JSON: dict[str, Any] = {"content_type": "application/json"}
State = Delivery.State


@pytest.fixture
def made(receiver, owner, agency) -> tuple[Webhook, str]:  # noqa: F811
    return register(owner, agency, receiver)


def documented() -> Any:
    """The check that `docs/webhooks.md` gives to receivers."""
    text = (Path(product.BASE_DIR) / "docs" / "webhooks.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", text, re.S)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - what our own page says
    return names["is_ours"]


def arrived(receiver: Receiver) -> tuple[str, bytes]:  # noqa: F811
    """Signature and body of the last notice."""
    last = receiver.received[-1]
    return last.headers["Pairly-Signature"], last.body


def at(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: moment)


def rotate(user: User, hook: Webhook, **how: Any) -> str:
    return webhooks.rotate_secret(user=user, uid=hook.uid, **how)[1]


# -- the secret
def test_for_a_day_notices_bear_both_signatures_and_then_the_new_one_alone(receiver, owner, made, monkeypatch):  # noqa: F811
    hook, old = made
    new, is_ours = rotate(owner, hook), documented()
    deliver(hook)
    assert deliveries.send_due() == 1
    signature, body = arrived(receiver)
    assert [part.split("=")[0] for part in signature.split(",")] == ["t", "v1", "v1"]
    assert is_ours(new, signature, body)
    assert is_ours(old, signature, body)
    assert not is_ours("whsec_of_nobody", signature, body)
    assert not is_ours(new, signature, body + b" ")
    until = Webhook.objects.get().old_secret_until
    for moment, n_secrets in ((until - timedelta(seconds=1), 2), (until, 1)):
        assert len(webhooks.open_secrets(webhook=Webhook.objects.get(), at=moment)) == n_secrets
    at(until, monkeypatch)
    deliver(hook)
    assert deliveries.send_due() == 1
    [_time, mac] = arrived(receiver)[0].split(",")
    assert mac == receivers.signature_of(secrets=[new], body=arrived(receiver)[1], at=until).split(",")[1]


def test_what_is_tried_again_is_signed_with_what_holds_then(receiver, owner, made):  # noqa: F811
    hook, old = made
    receiver.status = 500
    row = deliver(hook)
    deliveries.send_due()
    new = rotate(owner, hook)
    receiver.status = 204
    Delivery.objects.filter(pk=row.pk).update(next_at=timezone.now())
    assert deliveries.send_due() == 1
    first, second = receiver.received
    assert first.headers["Pairly-Event-Id"] == second.headers["Pairly-Event-Id"]
    is_ours = documented()
    for secret, knows_first in ((old, True), (new, False)):
        assert is_ours(secret, first.headers["Pairly-Signature"], first.body) is knows_first
        assert is_ours(secret, second.headers["Pairly-Signature"], second.body)


def test_at_once_the_old_secret_signs_nothing_any_more(receiver, owner, made):  # noqa: F811
    hook, old = made
    new = rotate(owner, hook, at_once=True)
    deliver(hook)
    deliveries.send_due()
    signature, body = arrived(receiver)
    assert documented()(new, signature, body)
    assert not documented()(old, signature, body)
    assert Webhook.objects.get().sealed_old_secret is None


def test_a_second_change_within_the_day_waits_unless_the_old_one_ends(owner, made, monkeypatch):  # noqa: F811
    hook, first = made
    second = rotate(owner, hook)
    with pytest.raises(SecretChanging):
        rotate(owner, hook)
    now = timezone.now()
    assert webhooks.open_secrets(webhook=Webhook.objects.get(), at=now) == [second, first]
    third = rotate(owner, hook, at_once=True)
    assert webhooks.open_secrets(webhook=Webhook.objects.get(), at=now) == [third]
    fourth = rotate(owner, hook)
    at(now + OLD_SECRET_LIFE + timedelta(minutes=1), monkeypatch)
    fifth = rotate(owner, hook)
    assert webhooks.open_secrets(webhook=Webhook.objects.get(), at=timezone.now()) == [fifth, fourth]


def test_the_job_destroys_the_old_secret_when_its_day_is_over(owner, made):  # noqa: F811
    hook, _old = made
    rotate(owner, hook)
    until = Webhook.objects.get().old_secret_until
    assert webhooks.forget_old_secrets(at=until - timedelta(seconds=1)) == 0
    Webhook.objects.update(old_secret_until=timezone.now())
    tasks.sweep_deliveries()
    row = Webhook.objects.get()
    assert (row.sealed_old_secret, row.old_secret_until) == (None, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Webhook.objects.update(sealed_old_secret=b"x")


def test_secrets_lie_sealed_each_for_its_own_place(owner, made):  # noqa: F811
    hook, old = made
    new = rotate(owner, hook)
    row = Webhook.objects.get()
    for secret in (old, new):
        assert secret.encode() not in bytes(row.sealed_secret) + bytes(row.sealed_old_secret)
    Webhook.objects.update(sealed_secret=row.sealed_old_secret)
    with pytest.raises(CannotDecrypt):
        webhooks.open_secret(webhook=Webhook.objects.get())


def test_a_secret_that_cannot_be_opened_any_more_is_replaced(receiver, owner, made):  # noqa: F811
    hook, _old = made
    Webhook.objects.update(sealed_secret=b"damaged")
    new = rotate(owner, hook)
    assert Webhook.objects.get().old_secret_until is None
    deliver(hook)
    assert deliveries.send_due() == 1
    assert documented()(new, *arrived(receiver))


def test_the_api_gives_the_new_secret_in_one_answer_alone(owner, made):  # noqa: F811
    hook, old = made
    client, path = sign_in_as(owner), f"/api/v1/webhooks/{hook.uid}"
    answer = client.post(f"{path}/rotate-secret", {}, **JSON)
    assert answer.status_code == 200
    secret = answer.json()["secret"]
    assert secret.startswith("whsec_")
    assert secret != old
    shown = client.get(path).json()
    assert shown["old_secret_until"] == answer.json()["old_secret_until"] is not None
    for known in (path, "/api/v1/webhooks", f"/organisations/webhooks/{hook.uid}/"):
        text = client.get(known).content.decode()
        assert secret not in text
        assert old not in text
    again = client.post(f"{path}/rotate-secret", {}, **JSON)
    assert (again.status_code, again.json()["code"]) == (409, "secret_changing")
    assert client.post(f"{path}/rotate-secret", {"at_once": "perhaps"}, **JSON).status_code == 422
    assert client.post(f"{path}/rotate-secret", {"at_once": True}, **JSON).json()["old_secret_until"] is None
    entries = AuditEntry.objects.filter(action="webhook.secret_changed").order_by("pk")
    assert [row.details["state"] for row in entries] == ["with_old", "at_once"]
    assert secret not in str([row.details for row in entries])


def test_the_page_changes_it_without_scripts(owner, made):  # noqa: F811
    hook, _old = made
    client, path = sign_in_as(owner), f"/organisations/webhooks/{hook.uid}/"
    answer = client.post(path, {"rotate": "yes"})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "two signatures" in text
    assert webhooks.open_secret(webhook=Webhook.objects.get()) in text
    assert "no-store" in answer.headers["Cache-Control"]
    assert "notices are signed with the old one too" in client.get(path).content.decode()
    refused = client.post(path, {"rotate": "yes"}, follow=True)
    assert "changed less than a day ago" in refused.content.decode()
    assert "signs nothing any more" in client.post(path, {"rotate": "yes", "at_once": "yes"}).content.decode()


def test_members_and_strangers_change_no_secret(owner, agency, made):  # noqa: F811
    hook, old = made
    for user, refusal in ((add(agency, "member"), Forbidden), (make_user("creator"), NotFound)):
        with pytest.raises(refusal):
            rotate(user, hook)
        client = sign_in_as(user)
        for answer in (
            client.post(f"/api/v1/webhooks/{hook.uid}/rotate-secret", {"at_once": True}, **JSON),
            client.post(f"/organisations/webhooks/{hook.uid}/", {"rotate": "yes"}),
        ):
            assert answer.status_code == refusal.status
            assert b"whsec_" not in answer.content
    assert Client().post(f"/api/v1/webhooks/{hook.uid}/rotate-secret", {}, **JSON).status_code == 401
    assert webhooks.open_secrets(webhook=Webhook.objects.get(), at=timezone.now()) == [old]
    assert rotate(add(agency, "manager"), hook) != old


# -- staff send again
def given_up(hook: Webhook) -> Delivery:
    return deliver(
        hook, state=State.DEAD, next_at=None, ended_at=timezone.now(), n_tries=13, payload={"of": "theirs"},
        last_error="status", last_status=503,
    )  # fmt: skip


def test_staff_send_again_what_was_given_up_with_the_same_id(receiver, made):  # noqa: F811
    row, support = given_up(made[0]), make_staff("support", name="Sol Support")
    client = sign_in_as(support)
    page = client.get("/staff/webhooks/").content.decode()
    assert f"/staff/webhooks/{row.uid}/resend/" in page
    answer = client.post(f"/staff/webhooks/{row.uid}/resend/")
    assert answer["Location"] == "/staff/webhooks/"
    row.refresh_from_db()
    assert (row.state, row.n_tries) == (State.PENDING, 0)
    assert deliveries.send_due() == 1
    assert receiver.received[0].headers["Pairly-Event-Id"] == str(row.event_id)
    entry = AuditEntry.objects.get(action="webhook.resent")
    assert (entry.actor_uid, entry.details["event_id"]) == (support.uid, str(row.event_id))
    assert "theirs" not in str(entry.details)


def test_staff_send_again_through_the_api_once(made):
    row, client = given_up(made[0]), sign_in_as(make_staff("support"))
    [shown] = client.get("/api/v1/admin/webhooks/dead").json()["results"]
    assert (shown["id"], shown["event_id"], shown["status"]) == (str(row.uid), str(row.event_id), 503)
    assert "theirs" not in str(shown)
    assert "/notices" not in str(shown)
    path = f"/api/v1/admin/webhooks/dead/{row.uid}/resend"
    assert client.post(path).json()["state"] == "pending"
    again = client.post(path)
    assert (again.status_code, again.json()["code"]) == (409, DeliveryWaiting.code)
    assert AuditEntry.objects.filter(action="webhook.resent").count() == 1


def test_what_was_taken_staff_do_not_repeat_and_what_is_not_there_is_not_there(made):
    taken = deliver(made[0], state=State.DELIVERED, next_at=None, ended_at=timezone.now())
    client = sign_in_as(make_staff("support"))
    for uid in (taken.uid, made[0].uid):
        assert client.post(f"/api/v1/admin/webhooks/dead/{uid}/resend").status_code == 404
        assert client.post(f"/staff/webhooks/{uid}/resend/").status_code == 404
    taken.refresh_from_db()
    assert taken.state == State.DELIVERED
    assert not AuditEntry.objects.filter(action="webhook.resent").exists()


@pytest.mark.parametrize("role", ["", "finance", "moderator", "security"])
def test_nobody_else_sends_anything_again(made, role):
    row = given_up(made[0])
    client = sign_in_as(make_staff(role) if role else make_user())
    for path in (f"/staff/webhooks/{row.uid}/resend/", f"/api/v1/admin/webhooks/dead/{row.uid}/resend"):
        answer = client.post(path)
        assert answer.status_code in (403, 404)
        assert b"theirs" not in answer.content
    assert client.get("/api/v1/admin/webhooks/dead").status_code in (403, 404)
    row.refresh_from_db()
    assert row.state == State.DEAD
    assert not AuditEntry.objects.filter(action="webhook.resent").exists()


def test_a_paused_webhook_is_named_as_such_and_sent_when_it_is_resumed(receiver, owner, agency, made):  # noqa: F811
    hook, row = made[0], given_up(made[0])
    webhooks.change(user=owner, uid=hook.uid, events=EVENTS, is_active=False)
    client = sign_in_as(make_staff("support"))
    assert "paused" in client.get("/staff/webhooks/").content.decode()
    client.post(f"/staff/webhooks/{row.uid}/resend/")
    assert deliveries.send_due() == 0
    webhooks.change(user=owner, uid=hook.uid, events=EVENTS, is_active=True)
    assert deliveries.send_due() == 1
    assert Organisation.objects.get() == agency
