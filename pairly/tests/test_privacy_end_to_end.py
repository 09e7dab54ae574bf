"""A person's own data, as they get at it: a copy in the browser; and what a suspension leaves open."""

from __future__ import annotations

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from pairly.common import redis as common_redis
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import PASSWORD
from profiles.models import Profile
from users.models import DataExport, Restriction, Session
from users.services import suspensions
from users.tasks import make_export

from .test_chat_page import Desk

WITHIN_MS = 60_000
HOME = "**/account/privacy/"
BIO = "I collect glazes, and letters about them."


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker, tmp_path_factory):
    """The real server on a database of its own."""
    folder = tmp_path_factory.mktemp("privacy")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as running:
        yield running


@pytest.fixture
def chatting(server, chromium):
    """A fan whose browser shows a conversation, its socket open."""
    common_redis.get_client().flushdb()
    fan = PenFriend("fan", name="Robin Fan", credits_centi=100_000)
    Profile.objects.filter(user=fan.user).update(bio=BIO)
    desk = Desk(chromium, server.url, fan)
    desk.open(Letters(fan=fan, creator=PenFriend("creator", name="Cleo", price_centi=10_000)))
    desk.page.wait_for_function("document.querySelector('[data-part=send]').disabled === false")
    yield desk
    desk.context.close()


def in_a_worker(job):
    """In a thread, as in the worker: Playwright runs an event loop in this one."""

    def run():
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as worker:
        return worker.submit(run).result()


def fetch_copy(page):
    """Ask for a copy, let the job run, save the file; gives its JSON members."""
    page.goto("/account/privacy/")
    page.click("text=Make a copy of my data")
    page.wait_for_selector("progress")
    assert page.locator("text=Make a copy of my data").count() == 0
    export = DataExport.objects.get(state="pending")
    assert in_a_worker(lambda: make_export(str(export.pk)))
    page.click("text=Look again")
    with page.expect_download() as saved:
        page.click("text=Download")
    assert saved.value.suggested_filename.endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(saved.value.path().read_bytes())) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")}


def sign_in(page, email):
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")


def test_a_person_takes_their_data_along(chatting):
    files = fetch_copy(chatting.page)
    assert files["profile/profile.json"]["bio"] == BIO
    assert files["account/account.json"]["email"] == chatting.friend.user.email
    assert chatting.errors == []


def test_a_suspension_closes_the_chat_and_leaves_ones_own_data_open(chatting):
    user, page = chatting.friend.user, chatting.page
    in_a_worker(lambda: suspensions.suspend(user=user, until=timezone.now() + timedelta(days=1), reasons=["spam"]))
    page.wait_for_url("**/sign-in/?next=%2Fconversations**", timeout=WITHIN_MS)
    sign_in(page, user.email)
    page.wait_for_url(HOME)
    assert "Your account is suspended" in page.text_content("main")
    assert "advertising" in page.text_content("main")
    for path in ("/inbox/", "/wallet/", "/keys/", "/discover/"):
        page.goto(path)
        page.wait_for_url(HOME)
    assert fetch_copy(page)["account/restrictions.json"][0]["kind"] == "suspension"
    page.click("text=Sign out")
    page.wait_for_url("**/sign-in/")
    assert chatting.errors == []


def test_the_chat_closes_too_when_no_push_comes(chatting):
    """Redis away: only the rows tell, and every process looks at them."""
    user = chatting.friend.user
    Restriction.objects.create(user=user, kind="suspension", reasons=["spam"])
    Session.objects.filter(user=user).update(ended_at=timezone.now(), end_reason="suspended")
    chatting.page.wait_for_url("**/sign-in/?next=%2Fconversations**", timeout=WITHIN_MS)


def test_a_person_rests_and_comes_back(chatting):
    user, page = chatting.friend.user, chatting.page
    page.goto("/account/privacy/")
    page.click("text=Let my account rest")
    page.wait_for_url("**/sign-in/")
    assert "Your account rests now" in page.text_content("main")
    sign_in(page, user.email)
    page.wait_for_url(HOME)
    page.click("text=Come back")
    page.wait_for_url("**/sign-in/")
    assert "Welcome back" in page.text_content("main")
    sign_in(page, user.email)
    page.goto("/inbox/")
    assert page.url.endswith("/inbox/")
    assert chatting.errors == []
