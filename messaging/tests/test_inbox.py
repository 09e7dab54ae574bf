from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from credits.services import purchases
from messaging import inbox_selectors, server_keys
from messaging.inbox_selectors import list_inbox
from messaging.models import Conversation
from messaging.services import conversations
from messaging.tests.vector_world import VECTORS, make_world
from pairly.common.ids import uuid7
from pairly.testing.people import make_user, sign_in_as
from profiles.services import add_picture, update_profile
from users.models import User

pytestmark = pytest.mark.django_db

AT = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.fixture
def world(monkeypatch):
    made = make_world(with_history=False)
    monkeypatch.setattr(server_keys, "list_server_keys", lambda: [made.server_key])
    return made


def opened(creator, days):
    """A conversation whose last message came `days` days after AT."""
    place, is_new = conversations.open_conversation(user=make_user("fan"), peer_uid=creator.uid, at=AT)
    assert is_new
    recv_ms = int((AT + timedelta(days=days)).timestamp() * 1000)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messaging_conversation SET n = 1, recv_ms = %s, recent_ms = %s WHERE id = %s",
            [recv_ms, recv_ms, place.pk],
        )
    return place.pk


def test_a_creators_inbox_without_deadlines_has_the_most_recent_first():
    creator = make_user("creator")
    middle, newest, oldest = opened(creator, 2), opened(creator, 3), opened(creator, 1)
    rows = list_inbox(user=creator).rows
    assert [row.conversation.pk for row in rows] == [newest, middle, oldest]
    assert {row.conversation.created_at for row in rows} == {AT}


def test_the_inbox_costs_the_same_queries_for_n_and_2n_with_pictures(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    fan, sheet = make_user("fan"), io.BytesIO()
    Image.new("RGB", (100, 100)).save(sheet, "PNG")

    def add(n):
        for _ in range(n):
            creator = make_user("creator")
            add_picture(user=creator, kind="portrait", data=sheet.getvalue())
            conversations.open_conversation(user=fan, peer_uid=creator.uid)

    def count():
        with CaptureQueriesContext(connection) as queries:
            rows = list_inbox(user=fan).rows
            assert all(row.peer.profile.portrait.url(96) for row in rows)
        return len(queries)

    add(2)
    at_n = count()
    add(2)
    assert count() == at_n


def test_what_came_in_earlier_does_not_count_against_the_limit_of_now(world, settings):
    settings.SOCKET_FRAMES = 1
    world.replay_history()
    assert Conversation.objects.get(uid=world.conversation).n == len(VECTORS["messages"])


def test_a_mark_has_the_time_it_was_set(world):
    world.replay_history()
    conversations.mark(user=world.bob, conversation_uid=world.conversation, what="read", n=2, at=AT)
    conversations.mark(user=world.alice, conversation_uid=world.conversation, what="read", n=2)
    conversations.mark(user=world.bob, conversation_uid=world.conversation, what="delivered", n=3, at=AT)
    place = Conversation.objects.get(uid=world.conversation)
    assert (place.high_read_n, place.high_read_at, place.high_delivered_n) == (2, AT, 3)
    assert abs(place.low_read_at - timezone.now()) < timedelta(minutes=5)


# -- pages, order, filters
HOLD = "SELECT credits_hold(gen_random_uuid(), %s, %s, {}, %s, %s, 2000, now(), now() + make_interval(secs => {}))"


def rich_fan():
    fan = make_user("fan")
    purchases.record_purchase(
        user_id=fan.pk, op_id=uuid7(), credits_centi=1_000_000, currency="USD", amount_minor=10_000, payment_uid=uuid7()
    )
    return fan


def due(creator, *, hours, credits, scope=None, position=1):
    """A conversation in which an answer is due."""
    pk = scope or opened(creator, 1)
    with connection.cursor() as cursor:
        cursor.execute(HOLD.format(pk, hours * 3600), [rich_fan().pk, creator.pk, position, credits * 100])
    return pk


def walk(user, **filters):
    """All pages of two."""
    found, cursor = [], ""
    while True:
        page = list_inbox(user=user, size=2, cursor=cursor, **filters)
        found += [row.conversation.pk for row in page.rows]
        cursor = page.cursor
        if not cursor:
            return found


def test_the_pages_of_each_order_hold_every_conversation_once():
    creator = make_user("creator")
    late, soon = due(creator, hours=9, credits=5), due(creator, hours=1, credits=6)
    dear = due(creator, hours=5, credits=7)
    quiet = [opened(creator, days) for days in (5, 4, 3)]
    assert walk(creator) == walk(creator, sort="deadline") == [soon, dear, late, *quiet]
    assert walk(creator, sort="value") == [dear, soon, late, *quiet]
    assert walk(creator, sort="recent") == [*quiet, dear, soon, late]
    assert walk(creator, only="due") == [soon, dear, late]


def test_a_scope_with_two_holds_is_one_line_with_their_sum():
    creator = make_user("creator")
    pk = due(creator, hours=5, credits=5)
    due(creator, hours=4, credits=3, scope=pk, position=2)
    assert walk(creator) == walk(creator, sort="value") == [pk]
    assert list_inbox(user=creator).rows[0].hold_centi == 800


def test_a_name_and_what_is_unread_are_found(world):
    world.replay_history()
    update_profile(user=world.bob, display_name="Béla Bartók")
    assert len(list_inbox(user=world.alice, words="bartok").rows) == 1
    assert list_inbox(user=world.alice, words="bach").rows == []
    assert [row.n_unread for row in list_inbox(user=world.alice, only="unread").rows] == [2]
    conversations.mark(user=world.alice, conversation_uid=world.conversation, what="read", n=7)
    assert list_inbox(user=world.alice, only="unread").rows == []


@pytest.mark.parametrize("cursor", ["x", "r", "r1", "d1-1", "v1-1", "r1-" + "9" * 30])
def test_a_cursor_of_another_list_is_not_found(cursor):
    browser = sign_in_as(make_user("fan"))
    assert browser.get(f"/api/v1/messages/conversations?cursor={cursor}").status_code == 404
    assert browser.get(f"/inbox/?cursor={cursor}").status_code == 404


def test_before_the_first_message_only_who_opened_it_sees_a_conversation():
    fan, creator = make_user("fan"), make_user("creator")
    conversations.open_conversation(user=fan, peer_uid=creator.uid)
    assert (len(list_inbox(user=fan).rows), list_inbox(user=creator).rows) == (1, [])


def test_the_page_leads_on():
    creator = make_user("creator")
    for days in range(31):
        opened(creator, days)
    browser = sign_in_as(creator)
    first = browser.get("/inbox/?sort=recent").content.decode()
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = browser.get(f"/inbox/{following}").content.decode()
    assert (first.count("card-link"), second.count("card-link")) == (30, 1)


def read_pages(asked):
    """How many pages of the database a page of the inbox reads, row by row along the indexes: what else the planner
    would choose hangs on when these tables, which other tests fill and empty, were analysed last."""
    pages = []
    with connection.cursor() as cursor:
        for way in ("seqscan", "hashjoin", "mergejoin", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    for sql, params in asked:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + sql, params)
            (plan,) = cursor.fetchone()
            pages.append(plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"])
    return sum(pages)


@pytest.mark.parametrize("sort", ["recent", "deadline"])
def test_a_page_reads_as_much_among_many_conversations_as_among_few(sort, monkeypatch):
    creator = make_user("creator")

    def cost():
        asked = []
        fetch = inbox_selectors._Reader._fetch

        def spy(self, sql, **values):
            asked.append((sql, {"me": self.user.pk, "words": self.words, "size": self.size, **values}))
            return fetch(self, sql, **values)

        with monkeypatch.context() as patch:
            patch.setattr(inbox_selectors._Reader, "_fetch", spy)
            assert len(list_inbox(user=creator, sort=sort).rows) == 30
        return read_pages(asked)

    fill(creator, 100)
    at_n = cost()
    fill(creator, 900)
    assert cost() < at_n * 2


def fill(creator, n):
    """`n` conversations, each with an answer due."""
    fans = User.objects.bulk_create(
        User(uid=uuid7(), email=f"{uuid7()}@example.org", name="Fan", role="fan", birth_date=date(1990, 1, 1))
        for _ in range(n)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO messaging_conversation (uid, low, high, low_uid, high_uid, low_pays, high_pays, "
            "head, h0, n, recv_ms, recent_ms) SELECT gen_random_uuid(), %s, u.id, %s, u.uid, false, true, "
            "sha256(''), sha256(''), 1, u.id, u.id FROM users_user u WHERE u.id = ANY (%s)",
            [creator.pk, creator.uid, [fan.pk for fan in fans]],
        )
        hold = HOLD.format("c.id", "c.id + 3600")
        cursor.execute(
            f"{hold} FROM messaging_conversation c WHERE c.high = ANY (%s)",
            [rich_fan().pk, creator.pk, 1, 100, [fan.pk for fan in fans]],
        )
