from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis import RedisError

from pairly.common import redis_health, sightings
from pairly.common.redis import get_client
from pairly.common.sightings import ONLINE_SECONDS, Sightings
from pairly.testing.people import make_user, sign_in_as
from profiles import presence_selectors, selectors
from profiles.models import Listing, Presence, Profile
from profiles.services import presence, privacy
from profiles.services.visibility import change_visibility
from profiles.types import NOT_SEEN, Seen
from users.models import Restriction, Session, User

pytestmark = pytest.mark.django_db


def see(*people: User) -> None:
    """Each of them asked for something just now, and Redis knows."""
    about = Sightings()
    for person in people:
        about.note(user_id=person.pk)
    about.flush()


def seen_by(viewer: User | None, person: User) -> Seen:
    profile = Profile.objects.get(user=person)
    presence_selectors.attach(user=viewer, profiles=[profile])
    return profile.seen


def listing(person: User) -> Listing:
    return Listing.objects.get(user_id=person.pk)


def later(seconds: float) -> float:
    return time.time() + seconds


class Counting:
    """Redis, with a count of the round trips."""

    def __init__(self) -> None:
        self.n = 0

    def pipeline(self, **how: Any) -> Any:
        self.n += 1
        return get_client().pipeline(**how)


# -- noting -------------------------------------------------------------------------------------------------
def test_many_requests_are_one_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    about, redis = Sightings(), Counting()
    monkeypatch.setattr(sightings, "get_client", lambda: redis)
    for n in range(500):
        about.note(user_id=n % 7)
    assert redis.n == 0
    assert about.flush() == 7
    assert redis.n == 1
    assert about.flush() == 0  # nothing new: nothing asked
    assert redis.n == 1


def test_a_request_notes_who_asks_and_asks_redis_nothing_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    about = Sightings()
    monkeypatch.setattr("users.middleware.sightings", about)
    fan = make_user("fan")
    browser = sign_in_as(fan)
    assert browser.get("/account/sessions/").status_code == 200
    assert Client().get("/discover/").status_code == 200
    assert list(about._until) == [fan.pk]
    assert sightings.online_until(user_ids=[fan.pk]) == {}  # not before the flush
    about.flush()
    assert sightings.online_until(user_ids=[fan.pk])[fan.pk] > time.time()


def test_a_sign_in_that_is_kept_to_privacy_is_not_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    about, fan = Sightings(), make_user("fan")
    monkeypatch.setattr("users.middleware.sightings", about)
    browser = sign_in_as(fan)
    Session.objects.filter(user=fan).update(limit="closing")
    assert browser.get("/account/privacy/").status_code == 200
    assert about._until == {}


def test_several_sockets_hold_until_the_last_one_goes() -> None:
    about, fan = Sightings(), make_user("fan")
    about.enter(user_id=fan.pk)
    about.enter(user_id=fan.pk)
    about.leave(user_id=fan.pk)
    assert about.flush() == 1
    about.leave(user_id=fan.pk)
    assert about.flush() == 0


def test_the_latest_end_counts_whoever_tells_it() -> None:
    fan = make_user("fan")
    see(fan)
    until = sightings.online_until(user_ids=[fan.pk])[fan.pk]
    other = Sightings()
    other.enter(user_id=fan.pk)  # another process, whose socket holds less long
    other.flush()
    assert sightings.online_until(user_ids=[fan.pk])[fan.pk] == until


def test_redis_away_costs_a_request_nothing_and_what_it_missed_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def pipeline(self, **_: Any) -> Any:
            raise RedisError("away")

    about, fan = Sightings(), make_user("fan")
    about.note(user_id=fan.pk)
    monkeypatch.setattr(sightings, "get_client", Away)
    assert about.flush() == 0
    assert about._until == {}
    assert redis_health.is_away()
    redis_health.forget_failure()


def test_the_thread_tells_and_ends_when_nobody_is_about(settings: Any) -> None:
    settings.PRESENCE_FLUSH_SECONDS = 0.01
    about, fan = Sightings(), make_user("fan")
    about.note(user_id=fan.pk)
    thread = about._thread
    assert thread is not None
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert about._thread is None
    assert sightings.online_until(user_ids=[fan.pk])


# -- reading ------------------------------------------------------------------------------------------------
def test_who_was_seen_is_online_for_two_minutes() -> None:
    fan, creator = make_user("fan"), make_user("creator")
    assert seen_by(fan, creator) == NOT_SEEN
    see(creator)
    assert seen_by(fan, creator) == Seen(is_online=True)
    assert seen_by(None, creator) == Seen(is_online=True)
    assert 0 < sightings.online_until(user_ids=[creator.pk])[creator.pk] - time.time() <= ONLINE_SECONDS


def gone(person: User, **ago: float) -> None:
    """Last seen that long ago, as the job wrote it down."""
    at = datetime.now(UTC) - timedelta(**ago)
    Presence.objects.update_or_create(user=person, defaults={"is_online": False, "last_seen_at": at})


def test_last_seen_is_coarse() -> None:
    now = datetime(2026, 5, 17, 12, 34, 56, 789, tzinfo=UTC)
    for ago, shown in (
        (timedelta(seconds=40), datetime(2026, 5, 17, 12, 34, tzinfo=UTC)),
        (timedelta(minutes=59), datetime(2026, 5, 17, 11, 35, tzinfo=UTC)),
        (timedelta(minutes=90), datetime(2026, 5, 17, 11, 0, tzinfo=UTC)),
        (timedelta(hours=23), datetime(2026, 5, 16, 13, 0, tzinfo=UTC)),
        (timedelta(days=3), datetime(2026, 5, 14, 0, 0, tzinfo=UTC)),
    ):
        assert presence_selectors.coarse(now - ago, now=now) == shown


def test_last_seen_is_told_by_who_shares_it_to_who_shares_it() -> None:
    fan, creator = make_user("fan"), make_user("creator")
    gone(creator, minutes=5)
    assert seen_by(fan, creator).last_seen_at is not None
    assert seen_by(None, creator) == NOT_SEEN
    for hider in (fan, creator):
        for switch in ("shows_last_seen", "shows_online"):
            change_visibility(user=hider, **{switch: False})
            assert seen_by(fan, creator) == NOT_SEEN
            change_visibility(user=hider, **{switch: True})
    assert seen_by(fan, creator).last_seen_at is not None
    see(creator)
    change_visibility(user=fan, shows_online=False)
    assert seen_by(fan, creator) == Seen(is_online=True)  # that is public


def test_switching_off_holds_at_once_in_the_page_the_api_and_the_listing() -> None:
    fan, creator = make_user("fan"), make_user("creator")
    see(creator)
    presence.move()
    page, api = f"/creators/{creator.uid}/", f"/api/v1/profiles/{creator.uid}"
    browser = sign_in_as(fan)
    assert "Online" in browser.get(page).content.decode()
    assert browser.get(api).json()["is_online"] is True
    assert listing(creator).is_online
    change_visibility(user=creator, shows_online=False)
    assert "Online" not in browser.get(page).content.decode()
    assert browser.get(api).json()["is_online"] is False
    assert not listing(creator).is_online
    presence.move()
    assert not listing(creator).is_online
    change_visibility(user=creator, shows_online=True)
    presence.move()
    assert listing(creator).is_online


def test_last_seen_off_takes_the_hour_out_of_the_listing_at_once() -> None:
    creator = make_user("creator")
    Profile.objects.filter(user=creator).update(created_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    see(creator)
    presence.move()
    now = datetime.now(UTC)
    assert listing(creator).active_at == now.replace(minute=0, second=0, microsecond=0)
    change_visibility(user=creator, shows_last_seen=False)
    assert listing(creator).active_at == datetime(2026, 1, 2, tzinfo=UTC)
    presence.move(at=later(3_600))
    assert listing(creator).active_at == datetime(2026, 1, 2, tzinfo=UTC)


def test_reading_costs_the_same_for_twice_as_many() -> None:
    fan, counts = make_user("fan"), []
    for n in (4, 8):
        people = [make_user("creator") for _ in range(n)]
        for person in people[::2]:
            gone(person, minutes=3)
        see(*people[1::2])
        profiles = list(Profile.objects.filter(user__in=people).select_related("user"))
        with CaptureQueriesContext(connection) as queries:
            presence_selectors.attach(user=fan, profiles=profiles)
        assert sum(profile.seen.is_online for profile in profiles) == n // 2
        counts.append(len(queries))
    assert counts == [1, 1]


def test_while_redis_is_away_the_database_says_who_was_online(monkeypatch: pytest.MonkeyPatch) -> None:
    fan, creator = make_user("fan"), make_user("creator")
    see(creator)
    presence.move()
    monkeypatch.setattr(redis_health, "is_away", lambda: True)
    assert seen_by(fan, creator) == Seen(is_online=True)
    assert seen_by(None, creator) == Seen(is_online=True)
    assert presence.move(at=later(3_600)).went == []  # nobody is thought gone for a Redis that is away
    assert Presence.objects.get(user=creator).is_online


# -- writing down -------------------------------------------------------------------------------------------
def test_coming_and_going_is_written_once_and_answered_once() -> None:
    creator, fan = make_user("creator"), make_user("fan")
    see(creator, fan)
    assert sorted(presence.move().came) == sorted([creator.pk, fan.pk])
    assert presence.move() == presence.Moved()
    until = sightings.online_until(user_ids=[creator.pk])[creator.pk]
    moved = presence.move(at=until + 1)
    assert sorted(moved.went) == sorted([creator.pk, fan.pk])
    row = Presence.objects.get(user=creator)
    assert (row.is_online, abs(row.last_seen_at.timestamp() - (until - ONLINE_SECONDS)) < 1) == (False, True)
    assert not listing(creator).is_online
    assert presence.move(at=until + 1) == presence.Moved()


def test_who_redis_knows_nothing_of_has_gone() -> None:
    creator = make_user("creator")
    see(creator)
    presence.move()
    get_client().flushdb()
    assert presence.move().went == [creator.pk]


def test_the_hour_moves_on_while_somebody_stays() -> None:
    creator = make_user("creator")
    see(creator)
    presence.move()
    Listing.objects.filter(user_id=creator.pk).update(active_at=datetime(2026, 1, 1, tzinfo=UTC))
    presence.move()
    assert listing(creator).active_at == datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def test_only_rows_that_change_are_written() -> None:
    creators = [make_user("creator") for _ in range(3)]
    see(*creators)
    presence.move()

    def versions() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT xmin, ctid FROM profiles_listing UNION ALL SELECT xmin, ctid FROM profiles_presence")
            return sorted(map(str, cursor.fetchall()))

    before = versions()
    see(*creators)
    presence.move()
    assert versions() == before


def test_what_was_hidden_by_staff_or_left_shows_nothing() -> None:
    creator, fan = make_user("creator"), make_user("fan")
    see(creator, fan)
    User.objects.filter(pk=fan.pk).update(is_active=False)
    assert presence.move().came == [creator.pk]
    Restriction.objects.create(user=creator, kind="hide")
    (shown,) = presence_selectors.list_shown(user_ids=[creator.pk])
    assert (shown.shows_online, shown.seen) == (False, NOT_SEEN)


# -- the switches -------------------------------------------------------------------------------------------
def test_the_page_turns_switches_and_says_what_they_do() -> None:
    creator, fan = make_user("creator"), make_user("fan")
    browser = sign_in_as(creator)
    page = browser.get("/profile/visibility/").content.decode()
    assert page.count(" checked") == 6
    saved = browser.post("/profile/visibility/", {"shows_online": "on", "is_listed": "on"}, follow=True)
    assert "Saved." in saved.content.decode()
    profile = Profile.objects.get(user=creator)
    switches = (profile.shows_online, profile.is_listed, profile.shows_last_seen, profile.shows_typing)
    assert (*switches, profile.leaves_visits, profile.shows_read) == (True, True, False, False, False, False)
    assert not listing(creator).is_online
    other = sign_in_as(fan)
    assert "Discover and Nearby" not in other.get("/profile/visibility/").content.decode()
    other.post("/profile/visibility/", {})
    assert Profile.objects.get(user=fan).is_listed  # not offered, so not turned


def test_the_api_turns_what_is_sent_and_refuses_an_old_version() -> None:
    creator = make_user("creator")
    browser, path = sign_in_as(creator), "/api/v1/profiles/visibility"
    first = browser.get(path)
    assert first.json() == dict.fromkeys(
        ("is_listed", "shows_online", "shows_last_seen", "shows_typing", "shows_read", "leaves_visits"), True
    )
    json: dict[str, Any] = {"content_type": "application/json"}
    changed = browser.put(path, {"shows_typing": False}, **json, headers={"If-Match": first["ETag"]})
    assert changed.json() == {**first.json(), "shows_typing": False}
    stale = browser.put(path, {"shows_typing": True}, **json, headers={"If-Match": first["ETag"]})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")
    assert browser.put(path, {"shows_typing": "perhaps"}, **json).status_code == 422
    same = selectors.version_of(profile=Profile.objects.get(user=creator))
    browser.put(path, {"shows_typing": False}, **json)
    assert selectors.version_of(profile=Profile.objects.get(user=creator)) == same  # nothing to change


def test_who_removed_their_profile_makes_one_first() -> None:
    fan = make_user("fan")
    Profile.objects.filter(user=fan).delete()
    browser = sign_in_as(fan)
    assert browser.get("/profile/visibility/")["Location"] == "/profile/create/"
    assert browser.get("/api/v1/profiles/visibility").status_code == 404


# -- the copy of one's data, and the end --------------------------------------------------------------------
class Copy:
    def __init__(self) -> None:
        self.parts: dict[str, Any] = {}

    def document(self, name: str, content: Any) -> None:
        self.parts[name] = content

    def rows(self, name: str, rows: Any) -> None:
        self.parts[name] = list(rows)


def test_last_seen_and_the_switches_are_in_the_copy_and_go_with_the_account(
    django_capture_on_commit_callbacks: Any,
) -> None:
    fan, copy = make_user("fan"), Copy()
    see(fan)
    presence.move()
    privacy.export(user=fan, out=copy)  # type: ignore[arg-type]
    assert copy.parts["profile/presence"][0]["is_online"] is True
    assert copy.parts["profile/profile"]["shows_last_seen"] is True
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase(user=fan)
    assert not Presence.objects.exists()
    assert sightings.online_until(user_ids=[fan.pk]) == {}
