from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from pairly.outbox import services as outbox
from pairly.outbox.models import OutboxRow
from pairly.testing.people import make_user
from users.models import Block, Digest, Notification, NotificationChoice, User
from users.notification_kinds import KINDS, Mail
from users.services import digests
from users.services.notification_choices import find_user_of
from users.services.notifications import Telling, notify, notify_each
from users.tests.test_notification_pages import payload_of

from .helpers import at_once

# A Wednesday. The day's digest is due at nine, the week's was on Monday.
NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=3)


def make_reader(role: str = "creator", **fields: object) -> User:
    user = make_user(role)
    User.objects.filter(pk=user.pk).update(**({"email_verified_at": NOW} | fields))
    user.refresh_from_db()
    return user


def choose(user: User, kind: str, mails: str) -> None:
    NotificationChoice.objects.update_or_create(user=user, kind=kind, defaults={"mail": mails})


def tell(user: User, kind: str = "message", *, name: str = "Ana", at: datetime = EARLIER) -> Notification:
    actor = make_user(name=name)
    return notify_each(kind=kind, tellings=[Telling(user.pk, actor.pk, payload_of(kind), None, at)])[0]


def plain(text: str) -> str:
    return text.replace("\u2068", "").replace("\u2069", "")


def send(user: User, how: str = "now") -> list[str]:
    """The plain texts of what leaves."""
    mail.outbox.clear()
    digests.deliver(user.uid, {"how": how})
    return [plain(str(one.body)) for one in mail.outbox]


@pytest.mark.django_db
class TestDue:
    def due(self, now: datetime = NOW) -> list[tuple[User, str]]:
        OutboxRow.objects.all().delete()
        digests.write_due(now=now)
        people = {user.uid: user for user in User.objects.all()}
        rows = OutboxRow.objects.filter(kind="users.digest").order_by("id")
        return [(people[row.user_uid], row.payload["how"]) for row in rows]

    def test_is_who_has_not_read_something_that_they_want_mailed_daily(self):
        daily, weekly, off, now = (make_reader() for _ in range(4))
        for user, mails in ((daily, "daily"), (weekly, "weekly"), (off, "off"), (now, "now")):
            choose(user, "message", mails)
            tell(user)
        assert self.due() == [(daily, "daily")]

    def test_follows_the_defaults_of_kinds_where_nothing_was_chosen(self):
        people = {kind: make_reader() for kind in KINDS}
        for kind, user in people.items():
            tell(user, kind)
        assert {user for user, _ in self.due()} == {people[k] for k in KINDS if KINDS[k].mail == Mail.DAILY}
        # The week's of what came before Monday.
        monday = NOW + timedelta(days=5)
        of_week = {user for user, how in self.due(monday) if how == "weekly"}
        assert of_week == {people[k] for k in KINDS if KINDS[k].mail == Mail.WEEKLY}

    def test_is_nobody_twice_a_day(self):
        user = make_reader()
        tell(user)
        assert self.due() == [(user, "daily")]
        assert self.due() == []
        tell(user, at=NOW)
        assert self.due(NOW + timedelta(hours=23)) == []
        assert self.due(NOW + timedelta(hours=24)) == [(user, "daily")]

    def test_waits_for_the_hour(self):
        user = make_reader()
        tell(user, at=NOW)
        assert self.due(NOW + timedelta(hours=20)) == []

    @pytest.mark.parametrize(
        "change", [{"email_verified_at": None}, {"is_active": False}], ids=["not confirmed", "suspended"]
    )
    def test_is_nobody_whom_no_mail_reaches(self, change):
        tell(make_reader(**change))
        assert self.due() == []

    def test_is_nobody_for_what_is_read_mailed_or_old(self):
        for change in ({"read_at": NOW}, {"mailed_at": NOW}, {"created_at": NOW - timedelta(days=3)}):
            row = tell(make_reader())
            Notification.objects.filter(pk=row.pk).update(**change)
        assert self.due() == []

    def test_is_chosen_in_as_many_queries_for_more_people(self, django_assert_num_queries):
        for n in (1, 5):
            for _ in range(n):
                tell(make_reader())
            with django_assert_num_queries(7):  # two frequencies, their savepoints, the rows
                assert digests.write_due(now=NOW + timedelta(minutes=n)) == n

    def test_leaves_spread_over_minutes_so_that_codes_need_not_wait(self):
        for _ in range(10):
            tell(make_reader())
        digests.write_due(now=NOW)
        times = list(OutboxRow.objects.order_by("id").values_list("deliver_at", flat=True))
        assert times == sorted(times)
        assert times[-1] - times[0] > timedelta(minutes=4)


@pytest.mark.django_db
class TestMail:
    @pytest.mark.parametrize("kind", KINDS)
    def test_says_each_kind_and_nothing_that_was_written(self, kind):
        user = make_reader()
        choose(user, kind, "now")
        row = tell(user, kind)
        (text,) = send(user)
        words = KINDS[kind].words("Ana", row.payload)
        assert f"- {words}\n" in text
        (sent,) = mail.outbox
        assert sent.to == [user.email]
        assert plain(sent.subject) == words
        html, kind_of_html = sent.alternatives[0]
        assert (words in plain(html), kind_of_html) == (True, "text/html")

    def test_counts_what_is_more_than_one_and_names_some(self):
        user = make_reader()
        choose(user, "follow", "now")
        for name in ("Ana", "Ben", "Cleo", "Dora", "Emil"):
            tell(user, "follow", name=name)
        (text,) = send(user)
        assert "- 5 people follow you now: Emil, Dora, Cleo and 2 more\n" in text
        assert mail.outbox[0].subject == "5 things are new on Pairly"

    def test_is_told_once(self):
        user = make_reader()
        choose(user, "message", "now")
        row = tell(user)
        assert len(send(user)) == 1
        row.refresh_from_db()
        assert row.mailed_at is not None
        assert send(user) == []

    def test_holds_what_has_the_frequency_alone(self):
        user = make_reader()
        choose(user, "message", "daily")
        choose(user, "follow", "now")
        tell(user, at=timezone.now())
        tell(user, "follow", name="Ben", at=timezone.now())
        (text,) = send(user)
        assert ("Ben" in text, "Ana" in text) == (True, False)
        (text,) = send(user, "daily")
        assert ("Ben" in text, "Ana" in text) == (False, True)

    def test_does_not_leave_where_everything_was_read_meanwhile(self):
        user = make_reader()
        choose(user, "message", "now")
        Notification.objects.filter(pk=tell(user).pk).update(read_at=NOW)
        assert send(user) == []

    def test_names_nobody_who_is_blocked_since(self):
        user = make_reader()
        choose(user, "message", "now")
        row = tell(user)
        Block.objects.create(blocker=row.actor, blocked=user)
        assert send(user) == []

    def test_comes_although_the_kind_is_off_in_the_app(self):
        user = make_reader()
        NotificationChoice.objects.create(user=user, kind="message", in_app=False, mail="now")
        tell(user)
        assert len(send(user)) == 1

    @pytest.mark.parametrize(
        "change", [{"email_verified_at": None}, {"is_active": False}], ids=["not confirmed", "suspended"]
    )
    def test_goes_to_nobody_whom_it_must_not_reach(self, change):
        user = make_reader(**change)
        choose(user, "message", "now")
        tell(user)
        assert send(user) == []

    def test_ends_by_one_press(self):
        user = make_reader()
        choose(user, "message", "now")
        tell(user)
        (text,) = send(user)
        headers = mail.outbox[0].extra_headers
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        url = headers["List-Unsubscribe"].strip("<>")
        assert url in text
        assert find_user_of(token=url.split("/")[-3]) == user

    def test_keeps_a_name_on_its_line(self):
        user = make_reader(name="Eve\nBcc: all@example.org")
        choose(user, "message", "now")
        tell(user, name="Ana\r\n\r\nPay here: https://bad.example <b>")
        (text,) = send(user)
        assert "\n- Ana Pay here: https://bad.example <b> wrote to you\n" in text
        assert "Hello Eve Bcc: all@example.org,\n" in text
        assert "<b> wrote" not in mail.outbox[0].alternatives[0][0]

    def test_is_tried_again_when_it_could_not_leave(self, monkeypatch):
        user = make_reader()
        choose(user, "message", "now")
        row = tell(user)

        def fail(self, fail_silently=False):
            raise ConnectionRefusedError

        with monkeypatch.context() as broken:
            broken.setattr("django.core.mail.message.EmailMessage.send", fail)
            outbox.deliver_due()
        row.refresh_from_db()
        assert row.mailed_at is None
        OutboxRow.objects.update(deliver_at=NOW)
        mail.outbox.clear()
        outbox.deliver_due()
        assert len(mail.outbox) == 1

    def test_at_once_leaves_at_once(self):
        user = make_reader()
        choose(user, "message", "now")
        mail.outbox.clear()
        notify(user=user, kind="message", actor=make_user(name="Ana"), payload=payload_of("message"))
        outbox.deliver_due()
        assert [plain(one.subject) for one in mail.outbox] == ["Ana wrote to you"]


class TestAtOnce:
    def test_thirty_jobs_write_one_digest_a_person(self, committed_db):
        people = [make_reader() for _ in range(3)]
        for user in people:
            tell(user)
        written = at_once(30, lambda _: digests.write_due(now=NOW))
        assert sum(written) == OutboxRow.objects.filter(kind="users.digest").count() == 3

    def test_choosing_first_and_writing_then_would_write_thirty(self, committed_db):
        user = make_reader()
        all_looked = threading.Barrier(30)

        def look_and_write(_: int) -> int:
            is_due = not Digest.objects.filter(user=user, daily_at__gte=NOW).exists()
            connection.close()  # the pool is smaller than the crowd
            all_looked.wait(timeout=30)
            if is_due:
                outbox.write(kind="users.digest", payload={"how": "daily"}, user_uid=user.uid)
                Digest.objects.update_or_create(user=user, defaults={"daily_at": NOW})
            return int(is_due)

        assert sum(at_once(30, look_and_write)) == OutboxRow.objects.count() == 30

    def test_thirty_workers_send_one_mail(self, committed_db):
        user = make_reader()
        choose(user, "message", "now")
        tell(user)
        mail.outbox.clear()
        at_once(30, lambda _: digests.deliver(user.uid, {"how": "now"}))
        assert len(mail.outbox) == 1
