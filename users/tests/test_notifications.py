from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection

from pairly.outbox.models import OutboxRow
from pairly.testing.people import make_user
from users.models import Block, Digest, Notification, NotificationChoice, PushDevice, User
from users.notification_kinds import KINDS
from users.notification_selectors import get_settings
from users.services.notification_choices import Choice, save_choices
from users.services.notifications import Telling, notify, notify_each

from .helpers import at_once


def choose(user: User, kind: str, *, in_app: bool = True, mail: str = "off", push: bool = False) -> None:
    NotificationChoice.objects.update_or_create(
        user=user, kind=kind, defaults={"in_app": in_app, "mail": mail, "push": push}
    )


def register_device(user: User) -> PushDevice:
    hashed = user.uid.bytes * 2
    return PushDevice.objects.create(
        user=user, family=user.uid, endpoint="https://push.example/1", endpoint_sha256=hashed
    )


@pytest.mark.django_db
class TestWriting:
    def test_is_told_once_by_key(self):
        user, actor = make_user("creator"), make_user()
        first = notify(user=user, kind="follow", actor=actor, key="follow:1")
        assert first is not None
        assert Notification.objects.get() == first
        assert Notification.objects.get().key == first.key
        assert notify(user=user, kind="follow", actor=actor, key="follow:1") is None
        assert notify(user=make_user(), kind="follow", actor=actor, key="follow:1") is not None

    def test_without_a_key_is_told_each_time(self):
        user = make_user()
        assert notify(user=user, kind="announcement") != notify(user=user, kind="announcement")
        assert Notification.objects.count() == 2

    def test_a_kind_that_returns_is_told_again_at_the_top_once_it_was_read(self):
        user, actor = make_user(), make_user()
        old = notify(user=user, kind="message", actor=actor, payload={"conversation": str(user.uid)}, key="m:1")
        between = notify(user=user, kind="announcement")
        assert notify(user=user, kind="message", actor=actor, key="m:1") is None
        Notification.objects.filter(pk=old.pk).update(read_at="2026-01-01T00:00Z", mailed_at="2026-01-01T00:00Z")
        new = notify(user=user, kind="message", actor=actor, key="m:1")
        assert new is not None
        assert (new.uid, new.pk > between.pk) != (old.uid, False)
        row = Notification.objects.get(key="m:1")
        assert (row.read_at, row.mailed_at, row.payload) == (None, None, {})

    def test_a_kind_that_does_not_return_stays_told_when_it_was_read(self):
        user, actor = make_user("creator"), make_user()
        notify(user=user, kind="follow", actor=actor, key="follow:1")
        Notification.objects.update(read_at="2026-01-01T00:00Z")
        assert notify(user=user, kind="follow", actor=actor, key="follow:1") is None

    @pytest.mark.parametrize("direction", ["user blocks actor", "actor blocks user"])
    def test_nobody_hears_of_whom_a_block_keeps_away(self, direction):
        user, actor = make_user(), make_user()
        pair = (user, actor) if direction == "user blocks actor" else (actor, user)
        Block.objects.create(blocker=pair[0], blocked=pair[1])
        assert notify(user=user, kind="message", actor=actor) is None
        assert not Notification.objects.exists()

    def test_nobody_hears_of_themselves(self):
        user = make_user()
        assert notify(user=user, kind="message", actor=user) is None

    def test_an_unknown_kind_is_a_mistake_of_ours(self):
        with pytest.raises(KeyError):
            notify(user=make_user(), kind="nonsense")

    def test_many_take_as_many_statements_as_one(self, django_assert_num_queries):
        for n in (1, 10):
            people = [make_user() for _ in range(n)]
            for user in people:
                register_device(user)
                choose(user, "announcement", mail="now", push=True)
            with django_assert_num_queries(4):
                told = notify_each(
                    kind="announcement",
                    tellings=[Telling(user.pk, None, {"announcement": "1"}, "announcement:1") for user in people],
                )
            assert {one.user_id for one in told} == {user.pk for user in people}


@pytest.mark.django_db
class TestChoices:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("mail", ["off", "now", "daily", "weekly"])
    @pytest.mark.parametrize("push", [False, True])
    @pytest.mark.parametrize("in_app", [False, True])
    def test_decide_where_each_kind_arrives(self, kind, mail, push, in_app):
        user = make_user("creator")
        register_device(user)
        choose(user, kind, in_app=in_app, mail=mail, push=push)
        told = notify(user=user, kind=kind, actor=make_user())
        assert (told is not None) == (in_app or push or mail != "off")
        rows = dict(OutboxRow.objects.filter(user_uid=user.uid).values_list("kind", "payload"))
        expected = {}
        if mail == "now":
            expected["users.digest"] = {"how": "now"}
        if push:
            expected["users.push"] = {"user": str(user.uid)}
        assert rows == expected

    @pytest.mark.parametrize("kind", KINDS)
    def test_that_nobody_made_are_those_of_the_kind(self, kind):
        user = make_user("creator")
        register_device(user)
        assert notify(user=user, kind=kind, actor=make_user()) is not None
        rows = set(OutboxRow.objects.filter(user_uid=user.uid).values_list("kind", flat=True))
        assert ("users.push" in rows, "users.digest" in rows) == (KINDS[kind].push, KINDS[kind].mail == "now")


@pytest.mark.django_db
class TestWaking:
    def test_happens_once_a_minute_a_person(self):
        user, other = make_user(), make_user()
        for one in (user, other):
            register_device(one)
            choose(one, "message", push=True)
        for n in range(3):
            notify(user=user, kind="message", actor=other, key=f"m:{n}")
        assert OutboxRow.objects.filter(kind="users.push").count() == 1
        notify(user=other, kind="message", actor=user)
        assert OutboxRow.objects.filter(kind="users.push").count() == 2
        Digest.objects.filter(user=user).update(pushed_at="2026-01-01T00:00Z")
        notify(user=user, kind="message", actor=other, key="m:9")
        assert OutboxRow.objects.filter(kind="users.push", user_uid=user.uid).count() == 2

    def test_needs_a_device(self):
        user = make_user()
        choose(user, "message", push=True)
        notify(user=user, kind="message", actor=make_user())
        assert not OutboxRow.objects.exists()


class TestAtOnce:
    def test_thirty_tell_of_the_same_once_and_wake_once(self, committed_db):
        user, actor = make_user(), make_user()
        register_device(user)
        told = at_once(30, lambda _: notify(user=user, kind="message", actor=actor, key="m:1"))
        assert len([one for one in told if one]) == Notification.objects.count() == 1
        at_once(30, lambda n: notify(user=user, kind="announcement", key=f"n:{n}"))
        choose(user, "announcement", push=True)
        Digest.objects.update(pushed_at="2026-01-01T00:00Z")
        at_once(30, lambda n: notify(user=user, kind="announcement", key=f"a:{n}"))
        assert OutboxRow.objects.filter(kind="users.push").count() == 2

    def test_looking_first_and_writing_then_would_lose_the_callers_transaction(self, committed_db):
        user = make_user()
        all_looked = threading.Barrier(30)

        def look_and_write(_: int) -> bool:
            found = Notification.objects.filter(user=user, key="m:1").exists()
            connection.close()  # the pool is smaller than the crowd
            all_looked.wait(timeout=30)
            if found:
                return True
            try:
                Notification.objects.create(user=user, kind="message", key="m:1")
            except IntegrityError:
                return False
            return True

        assert at_once(30, look_and_write).count(False) == 29


class TestSavingAtOnce:
    def save_with(self, *, is_guarded: bool) -> int:
        """Thirty tabs save what they changed of the same version; how many are told that theirs is kept."""
        user = make_user()
        version = get_settings(user=user).version

        def save(number: int) -> bool:
            choice = Choice("message", True, "weekly", bool(number % 2))
            try:
                save_choices(user=user, choices=[choice], versions=[version] if is_guarded else None)
            except Exception as problem:
                assert getattr(problem, "code", "") == "version_conflict"  # noqa: PT017 - counted below
                return False
            return True

        return sum(at_once(30, save))

    def test_one_of_thirty_tabs_is_kept_and_the_others_are_told(self, committed_db):
        assert self.save_with(is_guarded=True) == 1
        assert self.save_with(is_guarded=False) == 30  # the control: without a version the last one wins unseen
