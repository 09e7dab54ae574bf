from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from pairly.testing.people import make_user, sign_in_as
from users.models import Block, Notification, NotificationChoice
from users.notification_kinds import KINDS
from users.services.notification_choices import stop_token
from users.services.notifications import notify

LIST, SETTINGS, READ_ALL = "/notifications/", "/notifications/settings/", "/notifications/read-all/"


def words_of(client: Client, path: str = LIST) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode().replace("\u2068", "").replace("\u2069", "")


def payload_of(kind: str) -> dict[str, object]:
    return {"conversation": str(uuid.uuid4()), "amount_centi": 12550} if kind in ("message", "hold_refunded") else {}


@pytest.mark.django_db
class TestList:
    @pytest.mark.parametrize("kind", KINDS)
    def test_says_each_kind_and_leads_to_its_page(self, kind):
        user, actor = make_user("creator"), make_user(name="Ana <Lee>")
        row = notify(user=user, kind=kind, actor=actor, payload=payload_of(kind))
        client = sign_in_as(user)
        words = words_of(client)
        expected = KINDS[kind].words("Ana &lt;Lee&gt;", row.payload)
        assert expected in words
        assert f"#{KINDS[kind].icon}" in words
        answer = client.post(f"/notifications/{row.uid}/open/")
        assert (answer.status_code, answer.url) == (302, KINDS[kind].page(row.payload, actor.uid))
        row.refresh_from_db()
        assert row.read_at is not None

    def test_names_people_as_they_are_called_now(self):
        user, actor = make_user("creator"), make_user("creator", name="Old Name")
        notify(user=user, kind="follow", actor=actor)
        actor.profile.display_name = "New Name"
        actor.profile.save()
        assert "New Name follows you now" in words_of(sign_in_as(user))

    @pytest.mark.parametrize("direction", ["user blocks actor", "actor blocks user"])
    def test_leaves_out_who_is_blocked_since(self, direction):
        user, actor = make_user("creator"), make_user(name="Ana")
        row = notify(user=user, kind="follow", actor=actor)
        client = sign_in_as(user)
        assert "Ana" in words_of(client)
        pair = (user, actor) if direction == "user blocks actor" else (actor, user)
        Block.objects.create(blocker=pair[0], blocked=pair[1])
        words = words_of(client)
        assert "Ana" not in words
        assert 'data-part="bell-count" hidden' in words
        assert client.post(f"/notifications/{row.uid}/open/").status_code == 404

    def test_leaves_out_what_is_off_in_the_app(self):
        user = make_user("creator")
        NotificationChoice.objects.create(user=user, kind="follow", in_app=False)
        notify(user=user, kind="follow", actor=make_user(name="Ana"))
        words = words_of(sign_in_as(user))
        assert ("Ana" in words, 'data-part="bell-count" hidden' in words) == (False, True)

    def test_of_somebody_else_opens_for_nobody(self):
        row = notify(user=make_user(), kind="announcement")
        client = sign_in_as(make_user())
        assert client.post(f"/notifications/{row.uid}/open/").status_code == 404
        row.refresh_from_db()
        assert row.read_at is None

    def test_takes_as_many_queries_for_more_rows(self, django_assert_num_queries):
        user = make_user("creator")
        client = sign_in_as(user)
        counts = []
        for _ in range(2):
            for _ in range(5):
                notify(user=user, kind="follow", actor=make_user())
            from django.db import connection
            from django.test.utils import CaptureQueriesContext

            with CaptureQueriesContext(connection) as queries:
                client.get(LIST)
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_goes_on_with_earlier_ones(self):
        user = make_user()
        for _ in range(31):
            notify(user=user, kind="announcement")
        client = sign_in_as(user)
        words = words_of(client)
        assert words.count('<li class="line') == 30
        before = words.split("?before=")[1].split('"')[0]
        assert words_of(client, f"{LIST}?before={before}").count('<li class="line') == 1
        assert words_of(client, f"{LIST}?before=nonsense").count('<li class="line') == 30
        assert words_of(client, f"{LIST}?before=12").count('<li class="line') == 30

    def test_is_in_the_order_in_which_things_happened_each_day_once(self):
        user, now = make_user(), timezone.now().replace(hour=12)
        told = [notify(user=user, kind="announcement") for _ in range(40)]
        # Told in one order, happened in another: five a day, and two at the very same moment.
        for number, row in enumerate(told):
            at = now - timedelta(days=1 + 7 * number % 8, minutes=number // 2)
            Notification.objects.filter(pk=row.pk).update(created_at=at)
        client, shown, path = sign_in_as(user), [], LIST
        while path:
            words = words_of(client, path)
            days = re.findall(r'id="day-([0-9-]+)"', words)
            assert len(set(days)) == len(days) > 0
            shown += re.findall(r"/notifications/([0-9a-f-]{36})/open/", words)
            rest = words.split("?before=")[1:]
            path = f"{LIST}?before={rest[0].split(chr(34))[0]}" if rest else ""
        happened = Notification.objects.filter(user=user).order_by("-created_at", "-id")
        assert shown == [str(row.uid) for row in happened]


@pytest.mark.django_db
class TestReadingAll:
    def test_ends_with_what_the_page_showed(self):
        user = make_user()
        client = sign_in_as(user)
        seen = [notify(user=user, kind="announcement") for _ in range(2)]
        up_to = words_of(client).split('name="up_to" value="')[1].split('"')[0]
        late = notify(user=user, kind="announcement")
        other = notify(user=make_user(), kind="announcement")
        assert client.post(READ_ALL, {"up_to": up_to}).status_code == 302
        unread = set(Notification.objects.filter(read_at__isnull=True))
        assert unread == {late, other}
        assert up_to == str(seen[1].uid)

    @pytest.mark.parametrize("up_to", ["", "nonsense"])
    def test_needs_to_know_how_far(self, up_to):
        assert sign_in_as(make_user()).post(READ_ALL, {"up_to": up_to}).status_code == 404


@pytest.mark.django_db
class TestSettings:
    def form_of(self, client: Client) -> dict[str, str]:
        response = client.get(SETTINGS)
        form = response.context["form"]
        data = {"version": form.initial["version"]}
        for field in form:
            value = field.value()
            if value is True:
                data[field.html_name] = "on"
            elif value:
                data[field.html_name] = value
        return data

    def test_offer_the_kinds_one_gets(self):
        assert "New followers" in words_of(sign_in_as(make_user("creator")), SETTINGS)
        assert "New followers" not in words_of(sign_in_as(make_user()), SETTINGS)

    def test_are_kept(self):
        user = make_user()
        client = sign_in_as(user)
        data = self.form_of(client) | {"message-mail": "weekly"}
        del data["message-push"]
        assert client.post(SETTINGS, data).status_code == 302
        row = NotificationChoice.objects.get(user=user, kind="message")
        assert (row.in_app, row.mail, row.push) == (True, "weekly", False)
        assert "Your choices are kept." in words_of(client, SETTINGS)

    def test_of_an_old_page_are_refused(self):
        user = make_user()
        client = sign_in_as(user)
        data = self.form_of(client) | {"message-mail": "weekly"}
        assert client.post(SETTINGS, data).status_code == 302
        answer = client.post(SETTINGS, data | {"message-mail": "off"})
        assert answer.status_code == 412
        assert "changed elsewhere" in answer.content.decode()
        assert NotificationChoice.objects.get(user=user, kind="message").mail == "weekly"

    def test_refuse_a_frequency_that_there_is_not(self):
        client = sign_in_as(make_user())
        assert client.post(SETTINGS, self.form_of(client) | {"message-mail": "hourly"}).status_code == 422
        assert not NotificationChoice.objects.exists()


@pytest.mark.django_db
class TestStoppingMails:
    def test_takes_one_press_in_a_mail_program_and_no_cookie(self):
        user = make_user("creator")
        NotificationChoice.objects.create(user=user, kind="follow", in_app=False, mail="now", push=True)
        client = Client(enforce_csrf_checks=True)
        path = f"/notifications/mails/{stop_token(user=user)}/stop/"
        assert "Stop these mails?" in words_of(client, path)
        assert NotificationChoice.objects.count() == 1
        answer = client.post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 200
        assert "No more of these mails" in answer.content.decode()
        rows = {row.kind: row for row in NotificationChoice.objects.filter(user=user)}
        assert set(rows) == set(KINDS)
        assert {row.mail for row in rows.values()} == {"off"}
        assert (rows["follow"].in_app, rows["follow"].push) == (False, True)
        assert (rows["message"].in_app, rows["message"].push) == (True, True)

    def test_signs_nobody_in(self):
        client, user = Client(), make_user()
        client.post(f"/notifications/mails/{stop_token(user=user)}/stop/")
        assert not client.session.items()
        assert client.get(SETTINGS).status_code == 302

    def test_needs_the_very_token(self):
        user, other = make_user(), make_user()
        token = stop_token(user=user)
        from django.core import signing

        forged = (
            user.uid.hex,
            token.replace(user.uid.hex, other.uid.hex),
            signing.Signer(salt="another purpose").sign(user.uid.hex),
            token[:-1],
        )
        for one in forged:
            path = f"/notifications/mails/{one}/stop/"
            assert [Client().get(path).status_code, Client().post(path).status_code] == [404, 404]
        assert not NotificationChoice.objects.exists()

    def test_ends_the_mails_of_whom_the_token_names_whoever_is_signed_in(self):
        user, other = make_user(), make_user()
        sign_in_as(other).post(f"/notifications/mails/{stop_token(user=user)}/stop/")
        assert set(NotificationChoice.objects.values_list("user", flat=True)) == {user.pk}


@pytest.mark.django_db
def test_a_page_shows_how_much_is_unread():
    user = make_user()
    client = sign_in_as(user)
    for _ in range(3):
        notify(user=user, kind="announcement")
    Notification.objects.filter(pk=Notification.objects.first().pk).update(read_at=timezone.now())
    assert '<span data-part="bell-number">2</span>' in words_of(client, "/discover/")
