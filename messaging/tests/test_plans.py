"""Messages that a creator's device sends later: who gets them, once each, and what of them the server decides."""

from __future__ import annotations

import os
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.constants import MAX_OPEN_PLANS, MAX_SEALED_TEXTS
from messaging.errors import MessageRejected, TooMuchPlanned
from messaging.models import Conversation, Plan, PlannedMessage, SealedText
from messaging.protocol.base64url import b64u_encode
from messaging.services import plans, sending
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
from pairly.common.problems import InvalidInput, NotFound
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import sign_in_as
from profiles.models import Follow
from users.models import Block
from users.tests.helpers import at_once


@pytest.fixture
def creator(db):
    return PenFriend("creator", name="Cleo", price_centi=5_000)


def fan_of(creator, *texts):
    """A fan who wrote these texts to the creator."""
    fan = PenFriend("fan", name="Finn", credits_centi=100_000)
    letters = Letters(fan=fan, creator=creator)
    for text in texts:
        letters.write(fan, text)
    return letters


def box_for(person, size=1_300):
    return person.identity.encryption[-1].kid + os.urandom(size)


def plan(creator, kind="broadcast", *, audience="everybody", **how):
    how = {"uid": uuid7(), "box": box_for(creator), "send_at": timezone.now(), **how}
    return plans.plan_message(user=creator.user, kind=kind, audience=audience if kind == "broadcast" else "", **how)


def send_automatic(letters, message_id):
    """The creator's device seals and sends a planned message."""
    side = letters._caught_up(letters.creator)
    envelope = side.write(
        text="Hello", message_id=message_id.bytes, price_centi=0, now_ms=now_ms(), kind=5,
        recipients=[friend.identity.encryption[-1].public for friend in letters._sides],
    )  # fmt: skip
    sent = sending.send_message(user=letters.creator.user, conversation=letters.uid, envelope=envelope)
    side.sent(envelope=envelope, srv=dict(sent.srv))
    return sent


def test_a_broadcast_reaches_its_audience_once_each_and_is_done(creator):
    written = [fan_of(creator, "Hello"), fan_of(creator, "Hi")]
    fan_of(creator)  # opened, never wrote
    planned = plan(creator)
    assert (planned.state, planned.n_waiting) == ("queued", 0)
    assert plans.start_due() == 1
    assert plans.start_due() == 0
    due = plans.take_due(user=creator.user)
    assert {row.conversation for row in due} == {letters.uid for letters in written}
    assert {row.peer for row in due} == {letters.fan.user.uid for letters in written}
    assert plans.take_due(user=creator.user) == []  # leased
    by_place = {row.conversation: row for row in due}
    for letters in written:
        message = by_place[letters.uid].message
        send_automatic(letters, message)
        plans.settle(user=creator.user, message=message, code="")
    done = plans.cancel_plan(user=creator.user, uid=planned.uid)
    assert (done.state, done.n_sent, done.n_waiting, done.n_skipped) == ("done", 2, 0, 0)


@pytest.mark.parametrize(("audience", "n"), [("everybody", 2), ("paying", 1), ("followers", 1)])
def test_an_audience_is_who_it_says(creator, audience, n):
    fan_of(creator, "Paid")
    free = fan_of(creator)
    Conversation.objects.filter(uid=free.uid).update(low_free=True, high_free=True)
    free._price_centi = 0
    free.write(free.fan, "Free")
    Follow.objects.create(follower=free.fan.user, followed=creator.user)
    blocked = fan_of(creator, "Bad")
    Follow.objects.create(follower=blocked.fan.user, followed=creator.user)
    Block.objects.create(blocker=creator.user, blocked=blocked.fan.user)
    plan(creator, audience=audience)
    plans.start_due()
    assert len(plans.take_due(user=creator.user)) == n


def test_a_scheduled_message_waits_for_its_time_and_goes_to_one(creator):
    letters, _other = fan_of(creator, "Hello"), fan_of(creator, "Hello")
    at = timezone.now() + timedelta(hours=1)
    plan(creator, "scheduled", send_at=at, peer_uid=letters.fan.user.uid)
    assert plans.start_due() == 0
    assert plans.take_due(user=creator.user) == []
    assert plans.start_due(at=at) == 1
    assert [row.peer for row in plans.take_due(user=creator.user)] == [letters.fan.user.uid]


def test_a_welcome_greets_who_writes_first_after_it_stands_and_nobody_twice(creator):
    fan_of(creator, "Before")
    plan(creator, "welcome")
    assert plans.take_due(user=creator.user) == []
    newcomer = fan_of(creator, "After")
    [due] = plans.take_due(user=creator.user)
    assert (due.conversation, due.kind) == (newcomer.uid, "welcome")
    send_automatic(newcomer, due.message)
    plans.settle(user=creator.user, message=due.message, code="")
    newcomer.write(newcomer.fan, "Again")
    plan(creator, "welcome")  # another text
    assert plans.take_due(user=creator.user) == []
    assert Plan.objects.filter(user=creator.user, ended_at=None).count() == 1


def test_what_a_dead_device_took_another_takes_after_the_lease(creator):
    fan_of(creator, "Hello")
    plan(creator)
    plans.start_due()
    [first] = plans.take_due(user=creator.user)
    PlannedMessage.objects.update(leased_until=timezone.now())
    [second] = plans.take_due(user=creator.user)
    assert second.message == first.message


def test_sent_is_believed_only_of_what_is_in_the_conversation(creator):
    letters = fan_of(creator, "Hello")
    planned = plan(creator)
    plans.start_due()
    [due] = plans.take_due(user=creator.user)
    with pytest.raises(InvalidInput):
        plans.settle(user=creator.user, message=due.message, code="")
    send_automatic(letters, due.message)
    plans.settle(user=creator.user, message=due.message, code="seq")  # arrived after all
    plans.settle(user=creator.user, message=due.message, code="blocked")
    row = PlannedMessage.objects.get(message=due.message)
    assert (row.state, row.reason) == ("sent", "")
    assert Plan.objects.get(pk=planned.pk).state == "done"


def test_what_is_refused_is_given_up_with_its_reason(creator):
    fan_of(creator, "Hello")
    planned = plan(creator)
    plans.start_due()
    [due] = plans.take_due(user=creator.user)
    plans.settle(user=creator.user, message=due.message, code="blocked")
    row = PlannedMessage.objects.get(message=due.message)
    assert (row.state, row.reason) == ("skipped", "blocked")
    assert Plan.objects.get(pk=planned.pk).state == "done"


def test_a_cancelled_plan_sends_nothing_more(creator):
    fan_of(creator, "Hello")
    planned = plan(creator)
    plans.start_due()
    ended = plans.cancel_plan(user=creator.user, uid=planned.uid)
    assert (ended.state, ended.n_skipped) == ("cancelled", 1)
    assert plans.take_due(user=creator.user) == []
    assert plans.cancel_plan(user=creator.user, uid=planned.uid).state == "cancelled"


def test_the_same_plan_again_changes_nothing(creator):
    uid = uuid7()
    first, again = plan(creator, uid=uid), plan(creator, uid=uid, audience="paying")
    assert (first.pk, again.audience) == (again.pk, "everybody")


def test_fans_plan_nothing_and_send_nothing_automatic(creator):
    letters = fan_of(creator, "Hello")
    with pytest.raises(NotFound):
        plan(letters.fan)
    side = letters._caught_up(letters.fan)
    envelope = side.write(
        text="Free?", message_id=uuid7().bytes, price_centi=0, now_ms=now_ms(), kind=5,
        recipients=[friend.identity.encryption[-1].public for friend in letters._sides],
    )  # fmt: skip
    with pytest.raises(MessageRejected, match="kind_unknown"):
        sending.send_message(user=letters.fan.user, conversation=letters.uid, envelope=envelope)


def test_a_stranger_reaches_nobodys_plans_or_texts(creator):
    fan_of(creator, "Hello")
    planned, text = plan(creator), plans.save_text(user=creator.user, uid=uuid7(), box=box_for(creator), position=0)
    plans.start_due()
    [due] = plans.take_due(user=creator.user)
    stranger = PenFriend("creator", name="Sly")
    for attempt in (
        lambda: plans.cancel_plan(user=stranger.user, uid=planned.uid),
        lambda: plan(stranger, uid=planned.uid),
        lambda: plans.settle(user=stranger.user, message=due.message, code="blocked"),
        lambda: plans.remove_text(user=stranger.user, uid=text.uid),
        lambda: plans.save_text(user=stranger.user, uid=text.uid, box=box_for(stranger), position=0),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert plans.take_due(user=stranger.user) == []
    assert Plan.objects.get().state == "sending"
    assert bytes(SealedText.objects.get().box) == bytes(text.box)


def test_a_text_is_sealed_for_its_writer_and_kept_in_order(creator):
    other = PenFriend("creator", name="Other")
    for box in (box_for(other), b"plain words", box_for(creator, 41 * 1024)):
        with pytest.raises(InvalidInput):
            plans.save_text(user=creator.user, uid=uuid7(), box=box, position=0)
    last, first = uuid7(), uuid7()
    plans.save_text(user=creator.user, uid=last, box=box_for(creator), position=2)
    plans.save_text(user=creator.user, uid=first, box=box_for(creator), position=1)
    client = sign_in_as(creator.user)
    rows = client.get("/api/v1/messages/texts").json()["results"]
    assert [row["id"] for row in rows] == [str(first), str(last)]
    body = {"box": b64u_encode(box_for(creator)), "position": 3}
    assert client.put(f"/api/v1/messages/texts/{first}", body, content_type="application/json").status_code == 200
    assert client.delete(f"/api/v1/messages/texts/{last}").status_code == 204
    assert SealedText.objects.get().position == 3


def test_there_is_room_for_so_many(creator, monkeypatch):
    monkeypatch.setattr(plans, "MAX_SEALED_TEXTS", 1)
    monkeypatch.setattr(plans, "MAX_OPEN_PLANS", 1)
    assert (MAX_SEALED_TEXTS, MAX_OPEN_PLANS) == (100, 50)
    plan(creator)
    with pytest.raises(TooMuchPlanned):
        plan(creator)
    plans.save_text(user=creator.user, uid=uuid7(), box=box_for(creator), position=0)
    with pytest.raises(TooMuchPlanned):
        plans.save_text(user=creator.user, uid=uuid7(), box=box_for(creator), position=0)


def test_plans_over_the_api(creator):
    letters = fan_of(creator, "Hello")
    client = sign_in_as(creator.user)
    body = {
        "id": str(uuid7()), "kind": "scheduled", "box": b64u_encode(box_for(creator)),
        "send_at": timezone.now().isoformat(), "user_id": str(letters.fan.user.uid),
    }  # fmt: skip
    made = client.post("/api/v1/messages/planned", body, content_type="application/json")
    assert (made.status_code, made.json()["n_waiting"]) == (201, 1)
    assert client.post("/api/v1/messages/planned/due").json() == {"results": []}
    plans.start_due()
    [due] = client.post("/api/v1/messages/planned/due").json()["results"]
    assert (due["plan_id"], due["user_id"]) == (body["id"], body["user_id"])
    send_automatic(letters, uuid.UUID(due["message_id"]))
    path = f"/api/v1/messages/planned/messages/{due['message_id']}"
    assert client.post(path, {"code": ""}, content_type="application/json").status_code == 204
    [row] = client.get("/api/v1/messages/planned").json()["results"]
    assert (row["state"], row["n_sent"]) == ("done", 1)


def test_the_list_of_plans_costs_the_same_for_n_and_2n(creator):
    client = sign_in_as(creator.user)

    def count(n):
        for _ in range(n):
            plan(creator)
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/api/v1/messages/planned").status_code == 200
        return len(seen)

    count(0)
    assert count(3) == count(3)


def start_and_take(creator, n_fans, n_devices, take):
    """What `n_devices` take at once of a broadcast to `n_fans`."""
    PlannedMessage.objects.all().delete()
    Plan.objects.all().delete()
    plan(creator)
    plans.start_due()
    taken = at_once(n_devices, lambda _: take())
    return sorted(str(row) for rows in taken for row in rows)


def test_devices_that_take_at_once_take_each_message_once(committed_db):
    creator = PenFriend("creator", name="Cleo")
    for _ in range(12):
        fan_of(creator, "Hello")
    taken = start_and_take(creator, 12, 8, lambda: [row.message for row in plans.take_due(user=creator.user, limit=4)])
    assert len(taken) == len(set(taken)) == 12


def test_without_the_lease_devices_would_take_the_same(committed_db):
    """The control: rows are read, not leased."""
    creator = PenFriend("creator", name="Cleo")
    for _ in range(4):
        fan_of(creator, "Hello")

    def read():
        rows = PlannedMessage.objects.filter(state="waiting", leased_until=None)
        return list(rows.values_list("message", flat=True))

    taken = start_and_take(creator, 4, 8, read)
    assert len(taken) > len(set(taken))
