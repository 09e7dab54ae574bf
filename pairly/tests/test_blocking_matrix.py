"""Blocks are enforced everywhere: each place, for who blocks and for who is blocked, and that it works without one.

Both people are creators, so that each can do to the other whatever there is. `works` is what `me` does to `other`, or
gets of them; it must succeed with one pair and fail with another between whom a block stands. What needs open sockets
stands in `test_blocking_sockets`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from messaging.errors import MessageRejected
from messaging.services import conversations
from pairly.common.sightings import Sightings
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import make_user, sign_in_as
from profiles.models import ListEntry, Visit
from profiles.services import connections, follows, lists, presence, update_profile, visits
from profiles.types import Whereabouts
from users.models import Notification, User
from users.services import blocks
from users.services.notifications import notify

pytestmark = pytest.mark.django_db
JSON: dict[str, Any] = {"content_type": "application/json"}


class Pair:
    """Two creators, one of whom is `me`; `name` of the other is no one else's."""

    n = 0

    def __init__(self, *, has_keys: bool) -> None:
        Pair.n += 1
        self.name = f"Theirs{Pair.n}x"
        if has_keys:
            self.my_friend = PenFriend("creator", name=f"Mine{Pair.n}x")
            self.their_friend = PenFriend("creator", name=self.name)
            self.me, self.other = self.my_friend.user, self.their_friend.user
        else:
            self.me, self.other = make_user("creator", name=f"Mine{Pair.n}x"), make_user("creator", name=self.name)
        self.browser, self.their_browser = sign_in_as(self.me), sign_in_as(self.other)
        self.kept: dict[str, Any] = {}

    def post(self, path: str, **body: Any) -> int:
        return int(self.browser.post(f"/api/v1/{path}", body, **JSON).status_code)

    def get(self, path: str) -> Any:
        return self.browser.get(f"/api/v1/{path}")

    def write(self) -> None:
        """They have a conversation with a message of the other one's."""
        self.letters = Letters(fan=self.my_friend, creator=self.their_friend)
        self.letters.write(self.their_friend, "Hello")

    def be_asked(self) -> None:
        """First words of the other one's, whom one does not know."""
        self.letters = Letters(fan=self.my_friend, creator=self.their_friend, are_strangers=True)
        self.letters.write(self.their_friend, "Hello")


Act = Callable[[Pair], Any]


@dataclass(frozen=True, kw_only=True)
class Place:
    """`before` happens before the block."""

    name: str
    works: Act
    before: Act = lambda _: None

    @property
    def has_keys(self) -> bool:
        return self.before in (Pair.write, online, Pair.be_asked) or "keys" in self.name


def ok(status: int) -> bool:
    assert status in (200, 201, 204, 403, 404), status
    return status < 300


def see(user: User) -> None:
    about = Sightings()
    about.note(user_id=user.pk)
    about.flush()


def starts_on_the_page(pair: Pair) -> bool:
    answer = pair.browser.post("/conversations/start/", {"user_id": str(pair.other.uid)})
    return "/conversations/" in answer["Location"]


def sends(pair: Pair) -> bool:
    try:
        pair.letters.write(pair.my_friend, "And you?")
    except MessageRejected as problem:
        return problem.code != "blocked"
    return True


def shows_online_in_the_chat(pair: Pair) -> bool:
    page = pair.browser.get(pair.letters.path)
    assert page.status_code == 200  # what was written stays readable
    return "is-online" in page.content.decode()


def names(pair: Pair, path: str) -> bool:
    """Whether a list of the API has the other one."""
    answer = pair.get(path)
    assert answer.status_code == 200
    return str(pair.other.uid) in answer.content.decode()


def marks(pair: Pair) -> bool:
    """Whether the other one learns that `me` read."""
    conversations.mark(user=pair.me, conversation_uid=pair.letters.uid, what="read", n=1)
    (row,) = pair.their_browser.get(f"/api/v1/messages/history/{pair.me.uid}").json()["results"]
    return row["read_at"] is not None


def looks_back(pair: Pair) -> bool:
    """Whether a look of the other one's, which waited when the block came, becomes a visit."""
    visits.flush()
    return Visit.objects.filter(visitor=pair.other, profile__user=pair.me).exists()


def look(pair: Pair) -> None:
    assert pair.their_browser.get(f"/creators/{pair.me.uid}/").status_code == 200


def look_and_count(pair: Pair) -> None:
    look(pair)
    visits.flush()


def is_told(pair: Pair) -> bool:
    notify(user=pair.me, kind="follow", actor=pair.other, payload={"user_id": str(pair.other.uid)})
    return Notification.objects.filter(user=pair.me, actor=pair.other).exists()


def be_told(pair: Pair) -> None:
    assert is_told(pair)


def counts_as_unread(pair: Pair) -> bool:
    return bool(pair.get("notifications").json()["n_unread"])


def make_list(pair: Pair) -> None:
    pair.kept["list"] = lists.create_list(user=pair.me, name="Friends")


def put_in_list(pair: Pair) -> None:
    make_list(pair)
    lists.add(user=pair.me, list_uid=pair.kept["list"].uid, uid=pair.other.uid)


def online(pair: Pair) -> None:
    pair.write()
    see(pair.other)


def found(pair: Pair) -> None:
    """`me` has an organisation."""
    made = pair.browser.post("/api/v1/organisations", {"name": "Agency"}, **JSON)
    pair.kept["organisation"] = made.json()["id"]


def asks_for_an_organisation(pair: Pair, what: str) -> bool:
    return ok(pair.post(f"organisations/{pair.kept['organisation']}/{what}", user_id=str(pair.other.uid)))


PLACES = [
    Place(
        name="inviting to an organisation",
        before=found,
        works=lambda pair: asks_for_an_organisation(pair, "members"),
    ),
    Place(
        name="asking a creator for an organisation",
        before=found,
        works=lambda pair: asks_for_an_organisation(pair, "creators"),
    ),
    Place(name="starting a conversation on the page", works=starts_on_the_page),
    Place(
        name="starting a conversation by API",
        works=lambda pair: ok(pair.post("messages/conversations", user_id=str(pair.other.uid))),
    ),
    Place(name="writing in a conversation", before=Pair.write, works=sends),
    Place(name="that a message was read", before=Pair.write, works=marks),
    Place(name="being online, in the chat", before=online, works=shows_online_in_the_chat),
    Place(
        name="being online, in the API",
        before=online,
        works=lambda pair: pair.get(f"profiles/{pair.other.uid}").json().get("is_online", False),
    ),
    Place(name="asking to connect", works=lambda pair: ok(pair.post("connections", user_id=str(pair.other.uid)))),
    Place(
        name="accepting to connect",
        before=lambda pair: connections.ask(user=pair.other, uid=pair.me.uid),
        works=lambda pair: ok(pair.post(f"connections/{pair.other.uid}/accept")),
    ),
    Place(
        name="a request that waits",
        before=lambda pair: connections.ask(user=pair.other, uid=pair.me.uid),
        works=lambda pair: names(pair, "connections"),
    ),
    Place(name="following", works=lambda pair: ok(pair.post("follows", user_id=str(pair.other.uid)))),
    Place(
        name="whom one follows",
        before=lambda pair: follows.follow(user=pair.me, uid=pair.other.uid),
        works=lambda pair: names(pair, "follows"),
    ),
    Place(
        name="putting into a list",
        before=make_list,
        works=lambda pair: ok(pair.post(f"lists/{pair.kept['list'].uid}/people", user_id=str(pair.other.uid))),
    ),
    Place(
        name="being in a list",
        before=put_in_list,
        works=lambda pair: ListEntry.objects.filter(people_list=pair.kept["list"], user=pair.other).exists(),
    ),
    Place(
        name="the page of a profile",
        works=lambda pair: ok(pair.browser.get(f"/creators/{pair.other.uid}/").status_code),
    ),
    Place(name="a profile in the API", works=lambda pair: ok(pair.get(f"profiles/{pair.other.uid}").status_code)),
    Place(name="discovery", works=lambda pair: names(pair, "discover?limit=100")),
    Place(name="the search for a name, in the API", works=lambda pair: names(pair, f"discover?q={pair.name}")),
    Place(
        name="the search for a name, on the page",
        works=lambda pair: str(pair.other.uid) in pair.browser.get(f"/discover/?q={pair.name}").content.decode(),
    ),
    Place(
        name="nearby",
        before=lambda pair: update_profile(user=pair.other, location=Whereabouts(lat=55.6, lon=13.0, cell_km=5)),
        works=lambda pair: names(pair, "discover/nearby?lat=55.6&lon=13.0&radius_km=25"),
    ),
    Place(name="pictures", works=lambda pair: ok(pair.get(f"profiles/{pair.other.uid}/pictures").status_code)),
    Place(name="visitors", before=look_and_count, works=lambda pair: names(pair, "visitors")),
    Place(name="a look that waits to be counted", before=look, works=looks_back),
    Place(name="being told of what they do", works=is_told),
    Place(name="what one was told of them", before=be_told, works=lambda pair: names(pair, "notifications")),
    Place(name="the count of what one was told", before=be_told, works=counts_as_unread),
    Place(
        name="a request",
        before=Pair.be_asked,
        works=lambda pair: names(pair, "messages/conversations?box=requests"),
    ),
    Place(name="keys", works=lambda pair: ok(pair.get(f"keys/{pair.other.uid}/bundle").status_code)),
    Place(name="the log of keys", works=lambda pair: bool(pair.get(f"keys/{pair.other.uid}/log").json()["entries"])),
]

# What a block does not touch.
STAYING = [
    Place(
        name="what was written",
        before=Pair.write,
        works=lambda pair: len(pair.get(f"messages/history/{pair.other.uid}").json()["results"]) == 1,
    ),
    Place(name="the inbox", before=Pair.write, works=lambda pair: names(pair, "messages/conversations")),
    Place(
        name="the keys that what was written is checked against",
        before=Pair.write,
        works=lambda pair: bool(
            pair.get(f"keys/{pair.other.uid}/log").json()["entries"]
            and pair.get(f"keys/{pair.other.uid}/bundle").json()["identity"]
        ),
    ),
]


def block(pair: Pair, side: str) -> tuple[User, User]:
    """Whether `me` is who blocks or who is blocked; gives both, who blocks first."""
    by, whom = (pair.me, pair.other) if side == "blocker" else (pair.other, pair.me)
    blocks.block(user=by, uid=whom.uid)
    return by, whom


@pytest.mark.parametrize("side", ["blocker", "blocked"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_block_closes(place: Place, side: str) -> None:
    control = Pair(has_keys=place.has_keys)
    place.before(control)
    assert place.works(control), "it does not even work without a block"
    pair = Pair(has_keys=place.has_keys)
    place.before(pair)
    block(pair, side)
    assert not place.works(pair)


@pytest.mark.parametrize("side", ["blocker", "blocked"])
@pytest.mark.parametrize("place", STAYING, ids=lambda place: place.name)
def test_a_block_leaves(place: Place, side: str) -> None:
    pair = Pair(has_keys=place.has_keys)
    place.before(pair)
    block(pair, side)
    assert place.works(pair)


@pytest.mark.parametrize("side", ["blocker", "blocked"])
def test_reading_behind_a_block_is_told_neither_then_nor_when_it_ends(side: str) -> None:
    pair = Pair(has_keys=True)
    pair.write()
    by, whom = block(pair, side)
    assert not marks(pair)
    assert pair.get("messages/conversations").json()["results"][0]["unread"] == 0
    blocks.unblock(user=by, uid=whom.uid)
    (row,) = pair.their_browser.get(f"/api/v1/messages/history/{pair.me.uid}").json()["results"]
    assert row["read_at"] is None
    assert marks(pair)


def test_a_request_declines_itself_and_the_asker_is_not_told() -> None:
    pair = Pair(has_keys=False)
    connections.ask(user=pair.other, uid=pair.me.uid)
    before = Notification.objects.filter(user=pair.other).count()
    blocks.block(user=pair.me, uid=pair.other.uid)
    assert Notification.objects.filter(user=pair.other).count() == before
    assert not names(pair, "connections")


def test_a_stranger_sees_both_as_before() -> None:
    pair, stranger = Pair(has_keys=False), Client()
    blocks.block(user=pair.me, uid=pair.other.uid)
    for person in (pair.me, pair.other):
        assert stranger.get(f"/creators/{person.uid}/").status_code == 200


def test_whom_one_blocks_is_online_for_others() -> None:
    pair = Pair(has_keys=False)
    see(pair.other)
    blocks.block(user=pair.me, uid=pair.other.uid)
    presence.move()
    third = sign_in_as(make_user("fan"))
    assert third.get(f"/api/v1/profiles/{pair.other.uid}").json()["is_online"] is True
