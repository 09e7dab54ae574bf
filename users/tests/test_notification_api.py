from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pairly.testing.people import make_user, sign_in_as
from users import tasks
from users.constants import NOTIFICATIONS_KEPT
from users.models import Block, Notification, NotificationChoice, User
from users.notification_kinds import KINDS, list_kinds
from users.notification_selectors import count_unread, frame_of, list_actors
from users.services import erasure
from users.services.notifications import notify
from users.services.own_data import export_account
from users.tests.test_notification_pages import payload_of

LIST, READ_ALL, SETTINGS = "/api/v1/notifications", "/api/v1/notifications/read-all", "/api/v1/notifications/settings"
JSON = "application/json"

pytestmark = pytest.mark.django_db


def tell(user: User, name: str = "Ana", kind: str = "follow") -> Notification:
    row = notify(user=user, kind=kind, actor=make_user(name=name))
    assert row is not None
    return row


class TestList:
    def test_gives_what_one_was_told_in_pages_and_counts(self):
        user = make_user("creator")
        rows = [tell(user, name) for name in ("Ana", "Ben", "Cleo")]
        tell(make_user("creator"))
        client = sign_in_as(user)
        page = client.get(f"{LIST}?limit=2").json()
        assert page["n_unread"] == 3
        assert [one["title"] for one in page["results"]] == [
            "\u2068Cleo\u2069 follows you now",
            "\u2068Ben\u2069 follows you now",
        ]
        (last,) = client.get(page["next"]).json()["results"]
        assert last == {
            "id": str(rows[0].uid),
            "kind": "follow",
            "title": "\u2068Ana\u2069 follows you now",
            "url": KINDS["follow"].page({}, None),
            "actor": {"id": str(rows[0].actor.uid), "name": "Ana"},
            "created_at": last["created_at"],
            "is_read": False,
        }

    def test_speaks_the_readers_language(self):
        user = make_user("creator")
        tell(user)
        assert sign_in_as(user).get(LIST, headers={"Accept-Language": "en"}).status_code == 200

    def test_refuses_a_cursor_that_is_none(self):
        assert sign_in_as(make_user()).get(f"{LIST}?cursor=nonsense").status_code == 404

    def test_takes_as_many_queries_for_more_rows(self):
        user = make_user("creator")
        client = sign_in_as(user)
        counts = []
        for _ in range(2):
            for _ in range(5):
                tell(user)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(LIST).status_code == 200
            counts.append(len(queries))
        assert counts[0] == counts[1]


class TestReading:
    def test_one_gives_what_is_left_and_a_second_time_changes_nothing(self):
        user = make_user("creator")
        row, _ = tell(user), tell(user)
        client = sign_in_as(user)
        for _ in range(2):
            answer = client.post(f"{LIST}/{row.uid}/read")
            assert (answer.status_code, answer.json()) == (200, {"n_unread": 1})
        assert Notification.objects.filter(read_at__isnull=False).get() == row

    def test_of_somebody_elses_is_404_and_changes_nothing(self):
        row = tell(make_user("creator"))
        client = sign_in_as(make_user())
        assert client.post(f"{LIST}/{row.uid}/read").status_code == 404
        assert client.post(f"{LIST}/{uuid.uuid4()}/read").status_code == 404
        row.refresh_from_db()
        assert row.read_at is None

    def test_all_ends_with_the_newest_seen(self):
        user = make_user("creator")
        rows = [tell(user) for _ in range(3)]
        client = sign_in_as(user)
        answer = client.post(READ_ALL, {"up_to": str(rows[1].uid)}, content_type=JSON)
        assert answer.json() == {"n_unread": 1}
        assert Notification.objects.get(read_at__isnull=True) == rows[2]
        assert client.post(READ_ALL, {}, content_type=JSON).json() == {"n_unread": 0}

    def test_all_touches_nobody_elses(self):
        row = tell(make_user("creator"))
        sign_in_as(make_user()).post(READ_ALL, {}, content_type=JSON)
        row.refresh_from_db()
        assert row.read_at is None


class TestSettings:
    def put(self, client: Client, tag: str | None = None, **change: Any) -> Any:
        row = {"kind": "message", "in_app": True, "mail": "weekly", "push": False} | change
        headers = {"If-Match": tag} if tag else {}
        return client.put(SETTINGS, {"settings": [row]}, content_type=JSON, headers=headers)

    @pytest.mark.parametrize("role", ["fan", "creator"])
    def test_list_the_kinds_one_gets_with_what_holds_by_default(self, role):
        answer = sign_in_as(make_user(role)).get(SETTINGS)
        shown = {one["kind"]: (one["in_app"], one["mail"], one["push"]) for one in answer.json()["settings"]}
        kinds = list_kinds(is_creator=role == "creator")
        assert shown == {kind.code: (True, str(kind.mail), kind.push) for kind in kinds}

    def test_are_changed_and_have_another_tag_then(self):
        client = sign_in_as(make_user())
        before = client.get(SETTINGS)
        answer = self.put(client, before.headers["ETag"])
        assert answer.status_code == 200
        assert answer.json()["settings"][0]["mail"] == "weekly"
        assert answer.headers["ETag"] != before.headers["ETag"]
        assert client.get(SETTINGS, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
        assert self.put(client, before.headers["ETag"], mail="off").json()["code"] == "version_conflict"
        assert NotificationChoice.objects.get().mail == "weekly"

    def test_refuse_what_there_is_not(self):
        client = sign_in_as(make_user())
        for change in ({"kind": "nonsense"}, {"kind": "payout"}, {"mail": "hourly"}):
            assert self.put(client, **change).status_code == 422
        (error,) = self.put(client, kind="payout").json()["errors"]
        assert (error["pointer"], error["code"]) == ("/settings/0/kind", "unknown_kind")
        assert not NotificationChoice.objects.exists()

    def test_are_each_persons_own(self):
        user = make_user()
        self.put(sign_in_as(user))
        assert NotificationChoice.objects.get().user == user


@pytest.mark.parametrize("kind", KINDS)
def test_the_frame_of_each_kind_has_its_words_and_where_it_leads(kind):
    user, actor = make_user("creator"), make_user(name="Ana")
    row = notify(user=user, kind=kind, actor=actor, payload=payload_of(kind))
    assert row is not None
    frame = frame_of(
        kind=KINDS[kind],
        uid=row.uid,
        actor=list_actors(user_ids=[actor.pk])[actor.pk],
        payload=row.payload,
        language="en",
        n_unread=count_unread(user=user),
    )
    assert frame == {
        "type": "notification",
        "id": str(row.uid),
        "kind": kind,
        "title": KINDS[kind].words("\u2068Ana\u2069", row.payload),
        "url": KINDS[kind].page(row.payload, actor.uid),
        "n_unread": 1,
    }
    assert frame["url"].startswith("/")
    assert str(KINDS[kind].label)
    assert str(KINDS[kind].hint)


def test_the_frame_leaves_after_the_commit_for_the_recipient_alone(monkeypatch, django_capture_on_commit_callbacks):
    from users.services import notifications

    taken: list[Any] = []
    monkeypatch.setattr(notifications, "push_all", lambda *, pushes: taken.extend(pushes))
    user = make_user("creator")
    with django_capture_on_commit_callbacks(execute=True):
        row = tell(user)
        assert taken == []
    ((to, frame),) = taken
    assert (to, frame["id"], frame["n_unread"]) == (user.uid, str(row.uid), 1)
    NotificationChoice.objects.create(user=user, kind="follow", in_app=False)
    with django_capture_on_commit_callbacks(execute=True):
        tell(user)
    assert len(taken) == 1


def test_what_was_kept_long_enough_is_forgotten():
    user = make_user("creator")
    old, fresh = tell(user), tell(user)
    before = timezone.now() - NOTIFICATIONS_KEPT - timedelta(minutes=1)
    oldest = uuid.UUID(int=(int(before.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62))
    Notification.objects.filter(pk=old.pk).update(created_at=before, uid=oldest)
    assert tasks.forget_notifications() == 1
    assert list(Notification.objects.all()) == [fresh]


def test_counting_stops_at_a_hundred(django_assert_num_queries):
    user = make_user()
    for _ in range(103):
        notify(user=user, kind="announcement")
    with django_assert_num_queries(1):
        assert count_unread(user=user) == 100


class Copy:
    """A copy of someone's data, kept in memory."""

    def __init__(self) -> None:
        self.parts: dict[str, Any] = {}

    def document(self, name: str, value: Any) -> None:
        self.parts[name] = value

    def rows(self, name: str, rows: Any) -> None:
        self.parts[name] = list(rows)


def test_the_copy_of_ones_data_has_ones_notifications_and_choices():
    user = make_user("creator")
    row = tell(user)
    tell(make_user("creator"))
    NotificationChoice.objects.create(user=user, kind="follow", mail="weekly")
    copy = Copy()
    export_account(user=user, out=copy)  # type: ignore[arg-type]
    (told,) = copy.parts["account/notifications"]
    assert (told["kind"], told["actor__uid"]) == ("follow", row.actor.uid)
    (choice,) = copy.parts["account/notification-choices"]
    assert (choice["kind"], choice["mail"]) == ("follow", "weekly")


def test_an_erasure_takes_ones_notifications_and_what_others_were_told_of_one():
    user, other = make_user("creator"), make_user("creator")
    tell(user)
    notify(user=other, kind="follow", actor=user)
    kept = tell(other, "Ben")
    NotificationChoice.objects.create(user=user, kind="follow")
    erasure.erase_account(user=user)
    assert list(Notification.objects.all()) == [kept]
    assert not NotificationChoice.objects.exists()


def test_who_is_gone_is_left_out():
    user = make_user("creator")
    row = tell(user)
    User.objects.filter(pk=row.actor_id).update(is_active=False)
    assert count_unread(user=user) == 0
    Block.objects.all().delete()
    User.objects.filter(pk=row.actor_id).update(is_active=True)
    assert count_unread(user=user) == 1
