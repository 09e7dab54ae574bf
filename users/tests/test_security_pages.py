"""Where one is signed in and the sign-in history: the pages and the API's twins."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from security.models import LoginAttempt
from security.services import attempts
from security.types import Client as Visitor
from security.types import Door
from users import selectors
from users.constants import SIGN_INS_PAGE
from users.models import Session, User
from users.services import sessions

from .helpers import PASSWORD, bearer, make_person, post, start_api

SESSIONS, SIGN_INS = "/account/sessions/", "/account/sign-ins/"
HISTORY = "/api/v1/auth/login-history"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
Outcome = LoginAttempt.Outcome


def browser_of(user: User, **extra: Any) -> Client:
    """A browser that signed in on the page."""
    client = Client(headers={"User-Agent": FIREFOX}, **extra)
    assert client.post("/sign-in/", {"email": user.email, "password": PASSWORD}).status_code == 302
    return client


def current_of(client: Client) -> Session:
    return Session.objects.get(pk=client.session["sign_in"])


def write_attempts(user: User, n: int, **fields: Any) -> list[LoginAttempt]:
    """Settled attempts on the account, the oldest first; wrong passwords unless told."""
    values = {"outcome": Outcome.FAILED, "failure_reason": "wrong_password", "ip": "192.0.2.9", **fields}
    rows = [LoginAttempt(identifier_hash=b"x", user_uid=user.uid, door=Door.PAGE, **values) for _ in range(n)]
    return LoginAttempt.objects.bulk_create(rows)


def page_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def history(client: Client, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"{HISTORY}{query}")
    assert answer.status_code == 200
    rows: list[dict[str, Any]] = answer.json()["results"]
    return rows


# -- where one is signed in -----------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_page_names_every_sign_in_and_which_is_this_one() -> None:
    fan = make_person()
    client = browser_of(fan)
    start_api(fan)
    sessions.start_session(
        user=fan, kind=Session.Kind.WEB, client=Visitor(ip="2001:db8:1:2:3:4:5:6", user_agent="<b>odd</b>")
    )
    page = page_of(client, SESSIONS)
    assert "Firefox on Linux" in page
    assert page.count("This device") == 1
    assert page.index("This device") < page.index("192.0.2.7")  # first, whichever was seen last
    assert "2001:db8:1:2::/64" in page
    assert "2001:db8:1:2:3" not in page
    assert "<b>odd</b>" not in page
    assert page.count("/end/") == 3


@pytest.mark.django_db
def test_a_name_that_the_app_gave_is_shown_escaped() -> None:
    fan = make_person()
    client = browser_of(fan)
    device = {"name": "<i>Pixel</i>"}
    post("/api/v1/auth/login", {"email": fan.email, "password": PASSWORD, "device": device})
    page = page_of(client, SESSIONS)
    assert "&lt;i&gt;Pixel&lt;/i&gt;" in page
    assert "<i>Pixel" not in page


@pytest.mark.django_db
def test_ended_expired_and_foreign_sign_ins_are_not_listed() -> None:
    fan, stranger = make_person(), make_person("eve@example.org")
    client = browser_of(fan)
    ended, expired, foreign = start_api(fan).session, start_api(fan).session, start_api(stranger).session
    sessions.end_family(family=ended.pk, reason="test")
    Session.objects.filter(pk=expired.pk).update(expires_at=expired.created_at)
    page = page_of(client, SESSIONS)
    assert str(current_of(client).pk) in page
    assert not [row for row in (ended, expired, foreign) if str(row.pk) in page]
    assert "nowhere else" in page
    assert "end-others" not in page


@pytest.mark.django_db
def test_ending_another_browser_shuts_its_cookie_out_at_once() -> None:
    fan = make_person()
    here, there = browser_of(fan), browser_of(fan)
    other = current_of(there)
    answer = here.post(f"{SESSIONS}{other.pk}/end/")
    assert (answer.status_code, answer.headers["Location"]) == (302, SESSIONS)
    assert there.get(SESSIONS).headers["Location"] == f"/sign-in/?next={SESSIONS}"
    assert there.get("/api/v1/auth/sessions").status_code == 401
    assert here.get(SESSIONS).status_code == 200
    other.refresh_from_db()
    assert other.end_reason == "signed_out_elsewhere"


@pytest.mark.django_db
def test_ending_an_app_revokes_its_refresh_and_access_tokens_at_once() -> None:
    fan = make_person()
    client = browser_of(fan)
    app = post("/api/v1/auth/login", {"email": fan.email, "password": PASSWORD}).json()
    assert Client().get("/api/v1/auth/sessions", **bearer(app["access_token"])).status_code == 200
    family = Session.objects.get(kind="api").pk
    client.post(f"{SESSIONS}{family}/end/")
    refused = post("/api/v1/auth/refresh", {"refresh_token": app["refresh_token"]})
    assert (refused.status_code, refused.json()["code"]) == (401, "token_revoked")
    assert Client().get("/api/v1/auth/sessions", **bearer(app["access_token"])).json()["code"] == "token_revoked"


@pytest.mark.django_db
def test_ending_this_browsers_own_is_signing_out() -> None:
    client = browser_of(make_person())
    answer = client.post(f"{SESSIONS}{current_of(client).pk}/end/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/")
    assert not client.session.keys()
    assert Session.objects.get().end_reason == "signed_out"


@pytest.mark.django_db
def test_all_others_end_and_this_one_and_a_strangers_stay() -> None:
    fan, stranger = make_person(), make_person("eve@example.org")
    here, there, elsewhere = browser_of(fan), browser_of(fan), browser_of(stranger)
    app = start_api(fan)
    assert here.post(f"{SESSIONS}end-others/").headers["Location"] == SESSIONS
    assert there.get(SESSIONS).status_code == 302
    assert post("/api/v1/auth/refresh", {"refresh_token": app.refresh_token}).status_code == 401
    assert here.get(SESSIONS).status_code == elsewhere.get(SESSIONS).status_code == 200


@pytest.mark.django_db
def test_a_stranger_gets_404_for_anothers_sign_in_and_nothing_changes() -> None:
    fan, stranger = make_person(), make_person("eve@example.org")
    theirs = current_of(browser_of(fan))
    client = browser_of(stranger)
    for session_id in (theirs.pk, uuid.uuid4()):
        assert client.post(f"{SESSIONS}{session_id}/end/").status_code == 404
    assert selectors.find_live_session(family=theirs.pk) is not None
    assert client.get(SESSIONS).status_code == 200


@pytest.mark.django_db
def test_who_is_not_signed_in_is_asked_to() -> None:
    live = start_api(make_person()).session
    for path in (SESSIONS, SIGN_INS):
        answer = Client().get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in/?next={path}")
    for path in (f"{SESSIONS}{live.pk}/end/", f"{SESSIONS}end-others/"):
        assert Client().post(path).status_code == 302
    assert Client().get(HISTORY).status_code == 401
    assert selectors.find_live_session(family=live.pk) is not None


@pytest.mark.django_db
def test_ending_needs_a_post_with_a_csrf_token() -> None:
    fan = make_person()
    other = start_api(fan).session
    client = browser_of(fan)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    for path in (f"{SESSIONS}{other.pk}/end/", f"{SESSIONS}end-others/"):
        assert client.get(path).status_code == 405
        assert strict.post(path).status_code == 403
    assert selectors.find_live_session(family=other.pk) is not None


@pytest.mark.django_db
def test_the_api_names_the_device_too() -> None:
    client = browser_of(make_person())
    row = client.get("/api/v1/auth/sessions").json()[0]
    assert (row["id"], row["current"], row["device"]) == (str(current_of(client).pk), True, "Firefox on Linux")


# -- the sign-in history --------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_history_tells_result_reason_device_and_address() -> None:
    fan = make_person()
    Client().post("/sign-in/", {"email": fan.email, "password": "wrong"})
    client = browser_of(fan)
    page = page_of(client, SIGN_INS)
    assert page.index("Firefox on Linux") < page.index("Wrong password")  # the newest first
    newest, oldest = history(client)
    assert (newest["outcome"], newest["result"], newest["device"]) == ("succeeded", "Signed in", "Firefox on Linux")
    assert (oldest["failure_reason"], oldest["reason"], oldest["ip"]) == (
        "wrong_password",
        "Wrong password",
        "127.0.0.1",
    )
    assert "id" not in newest


@pytest.mark.django_db
def test_attempts_from_before_the_account_and_on_others_are_nobodys() -> None:
    email = "ada@example.org"
    attempts.reserve(identifier=email, client=Visitor(ip="203.0.113.5"), door=Door.API)
    fan, stranger = make_person(email), make_person("eve@example.org")
    write_attempts(stranger, 2, ip="203.0.113.6")
    client = browser_of(fan)
    assert [row["ip"] for row in history(client)] == ["127.0.0.1"]
    assert "203.0.113" not in page_of(client, SIGN_INS)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "n"),
    [
        ("", 4),
        ("?outcome=succeeded", 1),
        ("?outcome=failed", 2),
        ("?outcome=refused", 1),
        ("?outcome=pending", 0),
        ("?since=2026-03-02", 3),
        ("?until=2026-03-01", 1),
        ("?since=2026-03-01&until=2026-03-02", 3),
        ("?since=2026-03-02&until=2026-03-01", 0),
        ("?outcome=failed&since=2026-03-02&until=9999-12-31", 1),
        ("?since=0001-01-01", 4),
    ],
)
def test_the_filters_are_in_the_url_and_days_are_whole(query: str, n: int) -> None:
    fan = make_person()
    client = browser_of(fan)
    LoginAttempt.objects.update(created_at=datetime(2026, 3, 5, tzinfo=UTC))
    write_attempts(fan, 1, created_at=datetime(2026, 3, 1, 23, 59, 59, 999_999, tzinfo=UTC))
    write_attempts(fan, 1, created_at=datetime(2026, 3, 2, tzinfo=UTC))
    write_attempts(
        fan, 1, created_at=datetime(2026, 3, 2, 12, tzinfo=UTC), outcome=Outcome.REFUSED, failure_reason="locked"
    )
    assert len(history(client, query)) == n
    assert page_of(client, f"{SIGN_INS}{query}").count('<li class="line">') == n


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["outcome=gone", "since=soon", "until=2026-02-30", "before=x", "before=0"])
def test_a_filter_that_cannot_be_read_is_refused_by_the_api_and_left_out_by_the_page(query: str) -> None:
    client = browser_of(make_person())
    answer = client.get(f"{HISTORY}?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{query.partition('=')[0]}")
    assert page_of(client, f"{SIGN_INS}?{query}").count('<li class="line">') == 1


@pytest.mark.django_db
def test_an_empty_history_says_so() -> None:
    fan = make_person()
    client = browser_of(fan)
    LoginAttempt.objects.all().delete()
    assert "No sign-ins yet" in page_of(client, SIGN_INS)
    assert "No sign-in fits this choice" in page_of(client, f"{SIGN_INS}?outcome=failed")


@pytest.mark.django_db
def test_the_cursor_walks_through_all_pages_and_keeps_the_filter() -> None:
    fan = make_person()
    client = browser_of(fan)
    ids = [row.pk for row in write_attempts(fan, 2 * SIGN_INS_PAGE + 5)]
    seen, url = [], f"{HISTORY}?outcome=failed"
    while url:
        answer = client.get(url).json()
        seen.append(len(answer["results"]))
        parts = urlsplit(answer["next"] or "")
        assert not answer["next"] or "outcome=failed" in parts.query
        write_attempts(fan, 1)  # what comes meanwhile moves nothing
        url = f"{parts.path}?{parts.query}" if answer["next"] else ""
    assert seen == [SIGN_INS_PAGE, SIGN_INS_PAGE, 5]
    page = page_of(client, f"{SIGN_INS}?outcome=failed&before={ids[SIGN_INS_PAGE]}")
    assert page.count('<li class="line">') == SIGN_INS_PAGE
    assert 'rel="next"' not in page
    last = page_of(client, f"{SIGN_INS}?outcome=failed&before={ids[SIGN_INS_PAGE] + 1}")
    assert f"?outcome=failed&amp;before={ids[1]}" in last


@pytest.mark.django_db
def test_the_pages_cost_the_same_queries_for_n_and_2n_rows() -> None:
    fan = make_person()
    client = browser_of(fan)

    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    paths = (SESSIONS, SIGN_INS, HISTORY, "/api/v1/auth/sessions")

    def double() -> list[int]:
        for _ in range(5):
            start_api(fan)
        write_attempts(fan, 5)
        return [count(path) for path in paths]

    once, twice = double(), double()
    # Who asks and the rows, for the history also how they were judged; a page's header adds the two of the balance and
    # the one of the bell.
    assert once == twice == [5, 6, 3, 2]


@pytest.mark.django_db
def test_the_history_is_read_from_its_index() -> None:
    fan = make_person()
    day = datetime(2026, 3, 1, tzinfo=UTC)
    others = [
        LoginAttempt(identifier_hash=b"x", user_uid=uuid.uuid4(), door=Door.PAGE, created_at=day + timedelta(hours=n))
        for n in range(3_000)
    ]
    LoginAttempt.objects.bulk_create(others)
    write_attempts(fan, 40)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE security_loginattempt")
    plan = LoginAttempt.objects.filter(user_uid=fan.uid, pk__lt=10**9).order_by("-pk")[:31].explain()
    assert "attempt_user_idx" in plan
