"""A device lets another one in: who may, what the log says afterwards, and that one answer counts."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from messaging import key_selectors
from messaging.client.identity import EncryptionKey, Identity, SigningKey
from messaging.constants import APPROVALS_PER_HOUR, MAX_OPEN_APPROVALS
from messaging.errors import ApprovalOver, MessageRejected, NoKeys, TooManyApprovals
from messaging.models import DeviceApproval, KeyStatement
from messaging.protocol.base64url import b64u_encode
from messaging.services import key_approvals, keys
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
from pairly.common.problems import Forbidden, InvalidInput, NotFound, Problem, RateLimited
from pairly.outbox.models import OutboxRow
from pairly.testing.people import make_user
from security.types import Client
from users.models import Notification, Session
from users.services import sessions, tokens
from users.tests.helpers import Meeting, at_once

SEALED = b64u_encode(bytes(key_approvals.SEALED_LENGTH))
N = 30


@dataclass
class Asking:
    """Somebody with a device that has keys, and a second sign-in that asks for its own."""

    user: object
    identity: Identity
    first: uuid.UUID
    second: uuid.UUID
    device: SigningKey
    request: EncryptionKey
    id: uuid.UUID

    def ask(self, **other):
        fields = {"family": self.second, "approval_id": self.id, "device": b64u_encode(self.device.public)}
        fields |= {"request_key": b64u_encode(self.request.public), "label_": "Tablet"}
        key_approvals.ask(user=self.user, **(fields | other))

    def signed(self):
        """The new device's statement by the identity, which stays where the log stands."""
        new = replace(self.identity, device=self.device)
        body = new.enrol_device(now_ms=now_ms(), device_label="Tablet").as_json()
        return {"label_": body.pop("label"), **body, "sealed": SEALED}

    def grant(self, **other):
        fields = {"user": self.user, "family": self.first, "approval_id": self.id, **self.signed()}
        key_approvals.grant(**(fields | other))

    def state(self):
        return DeviceApproval.objects.get(uid=self.id).state


def sign_in(user):
    return sessions.start_session(user=user, kind=Session.Kind.API, client=Client())


def make_asking():
    user = make_user("fan")
    identity = Identity.create(user=user.uid.bytes)
    first, second = sign_in(user).session.pk, sign_in(user).session.pk
    for entry in identity.first_statements(now_ms=now_ms()):
        body = entry.as_json()
        keys.add_statement(user=user, family=first, label_=body.pop("label"), **body)
    return Asking(user, identity, first, second, SigningKey(uuid7().bytes * 2), EncryptionKey(b"e" * 32), uuid7())


@pytest.fixture
def asking(db):
    return make_asking()


def mails(user):
    rows = OutboxRow.objects.filter(user_uid=user.uid).order_by("pk")
    return [row.payload["notice"] for row in rows if "notice" in row.payload]


def test_a_granted_device_is_in_the_log_and_its_own_sign_in_speaks_for_it(asking):
    asking.ask()
    asking.ask()  # the same again changes nothing
    assert [row.uid for row in key_selectors.list_open_approvals(user=asking.user, family=asking.first)] == [asking.id]
    assert key_selectors.list_open_approvals(user=asking.user, family=asking.second) == []  # not the one that asks
    asking.grant()
    assert asking.state() == "granted"
    assert key_selectors.find_bound_kid(family=asking.second) == asking.device.kid
    assert key_selectors.find_bound_kid(family=asking.first) == asking.identity.device.kid
    labels = {row.label: row.is_this for row in key_selectors.list_devices(user=asking.user, family=asking.second)}
    assert labels == {"Tablet": True, "": False}
    assert Notification.objects.get(user=asking.user).kind == "key_device"
    assert mails(asking.user) == ["key_device_asks", "key_device_added"]


def test_a_grant_is_refused_unless_all_of_it_holds_and_changes_nothing(asking):
    asking.ask()
    n = KeyStatement.objects.count()
    for error, other in (
        (Forbidden, {"family": asking.second}),
        (NotFound, {"user": make_user("fan")}),
        (NotFound, {"approval_id": uuid7()}),
        (InvalidInput, {"sealed": SEALED[:-4]}),
        (MessageRejected, {"public": b64u_encode(SigningKey(b"z" * 32).public)}),
        (MessageRejected, {"sig": b64u_encode(bytes(64))}),
    ):
        with pytest.raises(error):
            asking.grant(**other)
    assert (asking.state(), KeyStatement.objects.count()) == ("asked", n)
    sessions.end_family(family=asking.second, reason="signed_out")
    with pytest.raises(ApprovalOver):
        asking.grant()  # nobody would be there to use it
    assert (asking.state(), KeyStatement.objects.count()) == ("asked", n)


def test_what_is_refused_or_late_is_over(asking):
    asking.ask()
    with pytest.raises(NotFound):
        key_approvals.refuse(user=make_user("fan"), approval_id=asking.id)
    key_approvals.refuse(user=asking.user, approval_id=asking.id)
    with pytest.raises(ApprovalOver):
        asking.grant()
    late = replace(asking, id=uuid7())
    late.ask()
    DeviceApproval.objects.filter(uid=late.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(ApprovalOver):
        late.grant()
    assert key_selectors.list_open_approvals(user=asking.user, family=asking.first) == []
    DeviceApproval.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert key_approvals.sweep() == 2


def test_three_wait_at_most_and_a_sign_in_asks_for_one_at_a_time(asking):
    asking.ask()
    asking.ask(approval_id=uuid7())
    assert asking.state() == "expired"
    for _ in range(MAX_OPEN_APPROVALS - 1):
        asking.ask(approval_id=uuid7(), family=uuid7())
    with pytest.raises(TooManyApprovals):
        asking.ask(approval_id=uuid7(), family=uuid7())
    with pytest.raises(ApprovalOver):
        asking.ask(device=b64u_encode(SigningKey(b"z" * 32).public))  # another key under the same id


def test_asking_needs_keys_that_are_some_and_is_limited(asking):
    with pytest.raises(MessageRejected, match="weak_key"):
        asking.ask(device=b64u_encode(bytes(32)))
    with pytest.raises(MessageRejected, match="bad_key_length"):
        asking.ask(request_key=b64u_encode(bytes(32)))
    keyless = replace(asking, user=make_user("fan"))
    with pytest.raises(NoKeys):
        keyless.ask()
    for _ in range(APPROVALS_PER_HOUR):
        asking.ask(approval_id=uuid7())
    with pytest.raises(RateLimited):
        asking.ask(approval_id=uuid7())


def test_a_stranger_finds_nothing_at_any_door_and_the_box_is_for_the_one_that_asks(asking):
    asking.ask()
    asking.grant()
    path = f"/api/v1/keys/approvals/{asking.id}"

    def client(user):
        api = APIClient()
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(started=sign_in(user))['access_token']}")
        return api

    stranger, other_own = client(make_user("fan")), client(asking.user)
    assert other_own.get(path).data["sealed"] is None
    assert stranger.get(path).status_code == 404
    for end in ("grant", "refuse"):
        body = asking.signed()
        assert stranger.post(f"{path}/{end}", body, format="json").status_code == 404
    device = b64u_encode(asking.device.kid)
    assert stranger.put(f"/api/v1/keys/devices/{device}", {"label": "x"}, format="json").status_code == 404
    assert stranger.get("/api/v1/keys/devices").data["results"] == []


def test_the_list_of_devices_asks_as_often_for_twice_as_many(asking, django_assert_num_queries):
    for n in (3, 6):
        while DeviceApproval.objects.filter(state="granted").count() < n - 1:
            one = replace(asking, id=uuid7(), second=sign_in(asking.user).session.pk, device=SigningKey(os.urandom(32)))
            one.ask()
            one.grant()
            # The log goes on where the grant left it.
            asking.identity.log_seq, asking.identity.log_hash = _head(asking.user)
        with django_assert_num_queries(3):
            assert len(key_selectors.list_devices(user=asking.user, family=asking.first)) == n


def _head(user):
    head = keys.find_head(user=user)
    return head.seq, head.log_hash


# -- races: each has a control that shows it with the guard cut out
def _decided(asking) -> int:
    """How many of 30 at once were told that theirs is the answer."""
    asking.ask()
    signed = asking.signed()

    def decide(number):
        with suppress(ApprovalOver, MessageRejected):
            if number % 2:
                key_approvals.refuse(user=asking.user, approval_id=asking.id)
            else:
                asking.grant(**signed)
            return 1
        return 0

    return sum(at_once(N, decide))


def test_of_30_answers_at_once_one_counts(committed_db):
    asking = make_asking()
    assert _decided(asking) == 1
    row = DeviceApproval.objects.get(uid=asking.id)
    assert (row.state == "granted") == (key_selectors.find_bound_kid(family=asking.second) is not None)


def test_control_without_the_condition_several_answers_count(committed_db, monkeypatch):
    def decide(*, approval_id, state, sealed=None):
        DeviceApproval.objects.filter(uid=approval_id).update(state=state, sealed=sealed)

    monkeypatch.setattr(key_approvals, "_decide", decide)
    assert _decided(make_asking()) > 1


def _waiting(user_asking) -> int:
    def ask(_number):
        with suppress(Problem):
            user_asking.ask(approval_id=uuid7(), family=uuid7())

    at_once(N, ask)
    return DeviceApproval.objects.filter(user=user_asking.user, state="asked").count()


def test_of_30_that_ask_at_once_three_wait(committed_db, monkeypatch):
    monkeypatch.setattr(key_approvals, "APPROVALS_PER_HOUR", 100)
    assert _waiting(make_asking()) == MAX_OPEN_APPROVALS


def test_control_without_the_lock_more_than_three_wait(committed_db, monkeypatch):
    monkeypatch.setattr(key_approvals, "APPROVALS_PER_HOUR", 100)
    monkeypatch.setattr(key_selectors, "lock_key_log", lambda *, user_id: None)
    have_counted, save = Meeting(MAX_OPEN_APPROVALS + 1), DeviceApproval.save

    def save_together(self, **how):
        have_counted.wait()
        save(self, **how)

    monkeypatch.setattr(DeviceApproval, "save", save_together)
    assert _waiting(make_asking()) > MAX_OPEN_APPROVALS
