"""Who writes to whom at which price, and first words of strangers: each branch of `messaging_move_contact`, through
the service and the doors."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from credits import selectors as ledger
from messaging import events
from messaging.contact_selectors import get_free_writers
from messaging.errors import MessageRejected
from messaging.inbox_selectors import count_requests, list_inbox
from messaging.models import Conversation, Message
from messaging.selectors import list_presence_peers, list_unpushed, list_unread_of, price_for
from messaging.services import conversations, delivery, exceptions, presence, prices, privacy, requests, sending
from pairly.common.clock import now_ms
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import make_user, sign_in_as
from profiles.models import Connection, Profile
from profiles.services import follows
from profiles.services.away import come_back, set_away
from users.services import blocks

pytestmark = pytest.mark.django_db
PRICE = 5_000


@pytest.fixture
def fan():
    return PenFriend("fan", name="Fay", credits_centi=100_000)


@pytest.fixture
def creator():
    return PenFriend("creator", name="Cleo", price_centi=PRICE)


@pytest.fixture
def letters(fan, creator):
    return Letters(fan=fan, creator=creator, are_strangers=True)


@pytest.fixture
def pushed(monkeypatch):
    """(user, type) of what leaves for sockets."""
    frames: list[tuple[object, dict]] = []
    monkeypatch.setattr(delivery, "push_all", lambda *, pushes, note=None: frames.extend(pushes) or True)
    monkeypatch.setattr(requests, "push", lambda *, user_id, event: frames.append((user_id, event)))
    monkeypatch.setattr(exceptions, "push", lambda *, user_id, event: frames.append((user_id, event)))
    monkeypatch.setattr(prices, "push_all", lambda *, pushes: frames.extend(pushes))
    return frames


def place_of(letters):
    return Conversation.objects.get(uid=letters.uid)


def side(letters, friend, what):
    """The column `what` of this one's side."""
    place = place_of(letters)
    return getattr(place, f"{'low' if place.low_id == friend.user.pk else 'high'}_{what}")


def free_of_charge(creator):
    Profile.objects.filter(user=creator.user).update(price_per_message_centi=0)


def boxes(friend):
    return {box: len(list_inbox(user=friend.user, box=box).rows) for box in ("inbox", "requests", "declined")}


# -- free exceptions
def test_a_fan_to_whom_the_creator_wrote_first_writes_for_free(fan, creator, letters):
    assert letters.write(fan, "Hello").charged_centi == PRICE
    assert letters.write(creator, "Hi").n_released == 1
    assert letters.write(fan, "Again").charged_centi == PRICE  # an answer is not a first word
    other = Letters(fan=PenFriend("fan", name="Finn"), creator=creator)
    other.write(creator, "I saw your page")
    assert other.write(other.fan, "Oh").charged_centi == 0
    assert side(other, other.fan, "free_by") == "wrote_first"


def test_who_was_told_to_pay_pays_whoever_writes_first(fan, creator, letters):
    exceptions.set_paid(user=creator.user, peer_uid=fan.user.uid)
    letters.write(creator, "I saw your page")
    with pytest.raises(MessageRejected) as caught:
        letters.write(fan, "Oh", price_centi=0)
    assert (caught.value.code, caught.value.extra["price_centi"]) == ("price_changed", PRICE)
    assert letters.write(fan, "Oh").charged_centi == PRICE


def test_an_automatic_message_makes_nobody_free(fan, creator, letters):
    kind_5 = letters._sides[creator]
    envelope = kind_5.write(
        text="Welcome", message_id=b"\1" * 16, price_centi=0, kind=5, now_ms=now_ms(),
        recipients=[friend.identity.encryption[-1].public for friend in (fan, creator)],
    )  # fmt: skip
    sent = sending.send_message(user=creator.user, conversation=letters.uid, envelope=envelope)
    assert sent.request == "asked"
    assert (side(letters, fan, "free"), side(letters, creator, "wrote")) == (False, False)


def test_a_creator_chooses_who_writes_for_free_and_takes_it_back(fan, creator, letters, pushed):
    exceptions.set_free(user=creator.user, peer_uid=fan.user.uid)
    assert price_for(user=fan.user, conversation=place_of(letters))[0] == 0
    assert letters.write(fan, "Hello").request == ""  # who was chosen is known
    assert boxes(creator) == {"inbox": 1, "requests": 0, "declined": 0}
    exceptions.set_paid(user=creator.user, peer_uid=fan.user.uid)
    assert letters.write(fan, "Again").charged_centi == PRICE
    told = [event for user, event in pushed if user == fan.user.uid and event["type"] == "price.changed"]
    assert [event["price_centi"] for event in told] == [0, PRICE]


def test_only_a_creator_makes_exceptions_and_only_for_fans(fan, creator):
    stranger = make_user("fan")
    for user, peer in ((fan.user, creator.user), (fan.user, stranger), (creator.user, make_user("creator"))):
        browser = sign_in_as(user)
        path = f"/api/v1/messages/exceptions/{peer.uid}"
        assert (browser.put(path).status_code, browser.delete(path).status_code) == (404, 404)
    assert not Conversation.objects.exists()


def test_the_doors_of_exceptions_agree(fan, creator):
    browser, path = sign_in_as(creator.user), f"/api/v1/messages/exceptions/{fan.user.uid}"
    assert browser.get(path).json() == {"is_free": False, "why": ""}
    assert browser.put(path).json() == {"is_free": True, "why": "listed"}
    assert "Fay" in browser.get("/contact/?q=fay").content.decode()
    assert "Fay" not in browser.get("/contact/?q=zoe").content.decode()
    browser.post(f"/contact/free/{fan.user.uid}/remove/")
    assert browser.get(path).json() == {"is_free": False, "why": "off"}
    assert "Fay" not in browser.get("/contact/").content.decode()
    assert boxes(fan)["inbox"] == 0  # nobody has written yet: only who opened it sees the conversation


def test_a_page_of_exceptions_costs_the_same_for_n_and_2n(creator, django_assert_num_queries):
    def add(n):
        for _ in range(n):
            exceptions.set_free(user=creator.user, peer_uid=make_user("fan").uid)

    for n in (2, 4):
        add(2)
        with django_assert_num_queries(3):
            page = get_free_writers(user=creator.user)
            assert len({row.shown.display_name for row in page.rows}) <= n == len(page.rows)
    first = get_free_writers(user=creator.user, size=3)
    rest = get_free_writers(user=creator.user, size=3, after=first.after)
    assert (len(first.rows), len(rest.rows), rest.after) == (3, 1, "")


# -- away
def test_while_a_creator_is_away_nobody_is_charged_and_no_clock_runs(fan, creator, letters):
    before = letters.write(fan, "Hello")
    held_until = before.hold.expires_at
    set_away(user=creator.user, until=timezone.now() + timedelta(days=3), note="At sea")
    assert price_for(user=fan.user, conversation=place_of(letters))[0] == 0
    with pytest.raises(MessageRejected) as caught:
        letters.write(fan, "Are you there?", price_centi=PRICE)
    assert (caught.value.code, caught.value.extra["price_centi"]) == ("price_changed", 0)
    sent = letters.write(fan, "Are you there?")
    assert (sent.charged_centi, sent.hold) == (0, None)
    held = ledger.holds_by_position(scope=place_of(letters).pk, positions=[1])[1]
    assert (held.state, held.expires_at) == ("open", held_until)
    come_back(user=creator.user)
    assert letters.write(fan, "Welcome back").charged_centi == PRICE


def test_who_does_not_know_the_fan_gets_what_came_while_away_as_a_request(fan, creator, letters):
    set_away(user=creator.user, until=timezone.now() + timedelta(days=3))
    assert letters.write(fan, "Hello").request == "asked"
    assert boxes(creator) == {"inbox": 0, "requests": 1, "declined": 0}


@pytest.mark.parametrize("days", [-1, 61])
def test_somebody_is_away_until_a_day_that_is_near(creator, days):
    body = {"until": (timezone.now() + timedelta(days=days)).isoformat()}
    browser = sign_in_as(creator.user)
    answer = browser.put("/api/v1/profiles/away", body, content_type="application/json")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/until")
    assert browser.get("/api/v1/profiles/away").json() == {"until": None, "note": ""}


def test_a_fan_is_never_away(fan):
    body = {"until": (timezone.now() + timedelta(days=1)).isoformat()}
    answer = sign_in_as(fan.user).put("/api/v1/profiles/away", body, content_type="application/json")
    assert answer.json()["errors"][0]["code"] == "creators_only"


def test_a_profile_says_that_its_owner_is_away(creator):
    until = timezone.now() + timedelta(days=3)
    browser = sign_in_as(creator.user)
    browser.post("/profile/away/", {"until": until.date().isoformat(), "note": "At sea"})
    page = Client().get(f"/creators/{creator.user.uid}/").content.decode()
    assert "At sea" in page
    assert "Free to write" in page
    browser.post("/profile/away/", {"back": "1"})
    assert "At sea" not in Client().get(f"/creators/{creator.user.uid}/").content.decode()


def test_who_pays_is_told_of_a_price_and_who_is_blocked_is_not(fan, creator, letters, pushed):
    listed = PenFriend("fan", name="Finn")
    exceptions.set_free(user=creator.user, peer_uid=listed.user.uid)
    blocked = make_user("fan")
    conversations.open_conversation(user=blocked, peer_uid=creator.user.uid)
    blocks.block(user=creator.user, uid=blocked.uid)
    pushed.clear()
    prices.tell(user_id=creator.user.pk)
    away = events.away(user_id=creator.user.uid, until=None)
    price = {
        who: events.price_changed(user_id=creator.user.uid, price_centi=n) for who, n in ((fan, PRICE), (listed, 0))
    }
    expected = [
        (fan.user.uid, away),
        (fan.user.uid, price[fan]),
        (listed.user.uid, away),
        (listed.user.uid, price[listed]),
    ]
    assert sorted(pushed, key=str) == sorted(expected, key=str)


# -- requests
def test_first_words_that_cost_nothing_wait_as_a_request_of_a_stranger(fan, creator, letters, pushed):
    sent = letters.write(creator, "Hello")
    assert (sent.request, boxes(fan)) == ("asked", {"inbox": 0, "requests": 1, "declined": 0})
    assert count_requests(user=fan.user) == 1
    assert list_inbox(user=fan.user, box="requests").rows[0].n_unread == 0
    assert [event["type"] for user, event in pushed if user == fan.user.uid] == ["message", "request"]
    assert list_unread_of(messages=[(letters.uid, 1)]) == []  # nobody is told
    assert boxes(creator) == {"inbox": 1, "requests": 0, "declined": 0}


@pytest.mark.parametrize("tie", ["follow", "connection", "paid", "payer"])
def test_words_of_somebody_who_is_known_or_pays_are_no_request(fan, creator, letters, tie):
    reader, writer = fan, creator
    if tie == "follow":
        follows.follow(user=fan.user, uid=creator.user.uid)
    elif tie == "connection":
        Connection.objects.create(
            asker=creator.user, asked=fan.user, state="accepted", settled_at=timezone.now()
        )  # fmt: skip
    elif tie == "paid":
        letters.write(fan, "Hello")  # the reader has written
    else:
        reader, writer = creator, fan
    assert letters.write(writer, "Hello").request == ""
    assert boxes(reader) == {"inbox": 1, "requests": 0, "declined": 0}


def test_a_request_tells_its_writer_nothing(fan, creator, letters, monkeypatch):
    letters.write(creator, "Hello")
    frames = []
    monkeypatch.setattr(conversations, "push", lambda *, user_id, event: frames.append(event))
    conversations.mark(user=fan.user, conversation_uid=letters.uid, what="read", n=1)
    conversations.mark(user=fan.user, conversation_uid=letters.uid, what="delivered", n=1)
    conversations.show_typing(user=fan.user, peer_uid=creator.user.uid)
    assert frames == []
    assert (side(letters, fan, "read_n"), side(letters, fan, "delivered_n")) == (0, 0)
    assert list_presence_peers(user_ids=[fan.user.pk]) == []
    assert not presence.get_state(user=creator.user, peer_uid=fan.user.uid)["is_online"]
    requests.accept(user=fan.user, conversation_uid=letters.uid)
    conversations.mark(user=fan.user, conversation_uid=letters.uid, what="read", n=1)
    conversations.show_typing(user=fan.user, peer_uid=creator.user.uid)
    assert [frame["type"] for frame in frames] == ["receipt", "receipt", "typing"]
    assert [peer.peer_id for peer in list_presence_peers(user_ids=[fan.user.pk])] == [creator.user.pk]


def test_what_was_declined_goes_on_unheard(fan, creator, letters, pushed):
    letters.write(creator, "Hello")
    requests.decline(user=fan.user, conversation_uid=letters.uid)
    pushed.clear()
    sent = letters.write(creator, "Hello?")
    assert sent.ack()["srv"]["n"] == 2
    assert {user for user, _event in pushed} == {creator.user.uid}
    assert boxes(fan) == {"inbox": 0, "requests": 0, "declined": 1}
    assert list_unread_of(messages=[(letters.uid, 2)]) == []
    Conversation.objects.filter(uid=letters.uid).update(recv_ms=0)
    Message.objects.filter(conversation__uid=letters.uid).update(recv_ms=1)
    assert {row.users for row in list_unpushed(before_ms=now_ms(), limit=9)} == {(creator.user.uid,)}


def test_an_answer_accepts_also_what_was_declined(fan, creator, letters):
    letters.write(creator, "Hello")
    requests.decline(user=fan.user, conversation_uid=letters.uid)
    letters.write(fan, "After all")
    assert side(letters, fan, "request") == "accepted"
    requests.decline(user=fan.user, conversation_uid=letters.uid)  # too late
    assert boxes(fan) == {"inbox": 1, "requests": 0, "declined": 0}
    assert letters.write(creator, "Good").request == ""


def test_a_payment_is_no_request(fan, creator, letters):
    free_of_charge(creator)
    letters.write(fan, "Hello")
    requests.decline(user=creator.user, conversation_uid=letters.uid)
    Profile.objects.filter(user=creator.user).update(price_per_message_centi=PRICE)
    assert letters.write(fan, "Please").charged_centi == PRICE
    assert (side(letters, creator, "request"), boxes(creator)["inbox"]) == ("", 1)


def test_a_stranger_settles_nothing(fan, creator, letters):
    letters.write(creator, "Hello")
    for user, status in ((make_user("fan"), 404), (creator.user, 204)):  # its writer has no request of their own
        for what in ("accept", "decline"):
            answer = sign_in_as(user).post(f"/api/v1/messages/conversations/{letters.uid}/{what}")
            assert answer.status_code == status
    assert side(letters, fan, "request") == "asked"


def test_a_request_works_by_forms(fan, creator, letters):
    letters.write(creator, "Hello")
    browser = sign_in_as(fan.user)
    assert "Cleo" in browser.get("/inbox/?box=requests").content.decode()
    assert "wants to write to you" in browser.get(letters.path).content.decode()
    assert browser.post(f"{letters.path}decline/")["Location"] == "/inbox/?box=requests"
    assert "Cleo" in browser.get("/inbox/?box=declined").content.decode()
    browser.post(f"{letters.path}accept/")
    assert "Cleo" in browser.get("/inbox/").content.decode()


class Copy:
    """What the copy of somebody's data holds, by name."""

    def __init__(self, user):
        self.found: dict[str, list] = {}
        privacy.export(user=user, out=self)

    def rows(self, name, rows):
        self.found[name] = list(rows)

    def document(self, name, document):
        self.found[name] = [document]


def test_the_copy_of_ones_data_has_ones_own_decisions_and_not_the_other_ones(fan, creator, letters):
    letters.write(creator, "Hello")
    requests.decline(user=fan.user, conversation_uid=letters.uid)
    (mine,) = Copy(fan.user).found["messages/conversations"]
    (theirs,) = Copy(creator.user).found["messages/conversations"]
    assert (mine["request"], mine["free_for_the_other_by"]) == ("declined", "")
    assert (theirs["request"], theirs["free_for_the_other_by"]) == ("", "wrote_first")
