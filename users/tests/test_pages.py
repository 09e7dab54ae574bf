from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from users.models import Session, User
from users.services import sessions

from .helpers import PASSWORD, SIGN_UP, make_person

COOKIE = "pairly_session"


def _sign_in(client: Client, **extra: Any) -> Any:
    return client.post("/sign-in/", {"email": "ada@example.org", "password": PASSWORD, **extra})


def _csrf(client: Client, path: str) -> str:
    client.get(path)
    return client.cookies["pairly_csrf"].value


@pytest.mark.django_db
def test_the_sign_up_page_makes_an_account_and_signs_the_browser_in() -> None:
    client = Client(enforce_csrf_checks=True)
    token = _csrf(client, "/sign-up/?role=creator")
    answer = client.post("/sign-up/", {**SIGN_UP, "role": "creator", "csrfmiddlewaretoken": token})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert User.objects.get().role == "creator"
    assert Session.objects.get().kind == "web"
    assert client.get("/api/v1/auth/sessions").json()[0]["current"] is True


@pytest.mark.django_db
def test_a_refused_form_keeps_what_was_typed_and_names_the_field() -> None:
    answer = Client().post("/sign-up/", {**SIGN_UP, "role": "creator", "birth_date": "2020-01-01"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="Ada@Example.org"' in page
    assert 'value="2020-01-01"' in page
    assert 'value="creator" required id="id_role_1" checked' in page or "checked" in page
    assert "18 years" in page
    assert PASSWORD not in page
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_known_address_is_named_at_the_field() -> None:
    make_person()
    answer = Client().post("/sign-up/", SIGN_UP)
    assert answer.status_code == 409
    assert "id_email_error" in answer.content.decode()


@pytest.mark.django_db
def test_a_wrong_password_says_how_many_tries_are_left_and_then_locks() -> None:
    make_person()
    pages = []
    for _ in range(6):
        answer = Client().post("/sign-in/", {"email": "ada@example.org", "password": "wrong"})
        pages.append((answer.status_code, answer.content.decode()))
    assert [status for status, _page in pages] == [401] * 5 + [423]
    assert "4 tries left" in pages[0][1]
    assert "1 try left" in pages[3][1]
    assert "the last try for an hour" in pages[4][1]
    assert "Too many wrong passwords" in pages[5][1]


@pytest.mark.django_db
def test_a_page_does_not_post_without_a_csrf_token() -> None:
    """Also at sign-in: nobody else's page can sign a visitor in as someone else (login CSRF)."""
    make_person()
    client = Client(enforce_csrf_checks=True)
    for path in ("/sign-in/", "/sign-up/", "/sign-out/"):
        assert client.post(path, {**SIGN_UP, "email": "ada@example.org"}).status_code == 403
    assert not Session.objects.exists()


@pytest.mark.django_db
def test_the_api_refuses_a_session_cookie_on_writes_without_a_csrf_token() -> None:
    make_person()
    client = Client(enforce_csrf_checks=True)
    _sign_in(client, csrfmiddlewaretoken=_csrf(client, "/sign-in/"))
    current = Session.objects.get()
    assert client.get("/api/v1/auth/sessions").status_code == 200
    for path in (f"/api/v1/auth/sessions/{current.id}", "/api/v1/auth/sessions"):
        answer = client.delete(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert client.post("/api/v1/auth/logout", {}, content_type="application/json").status_code == 403
    current.refresh_from_db()
    assert current.ended_at is None
    token = client.cookies["pairly_csrf"].value
    answer = client.delete(f"/api/v1/auth/sessions/{current.id}", HTTP_X_CSRFTOKEN=token)
    assert answer.status_code == 204


@pytest.mark.django_db
def test_the_session_key_changes_at_sign_in_and_sign_out() -> None:
    """Fixation: a key that someone planted before is worth nothing afterwards."""
    make_person()
    client, attacker = Client(), Client()
    session = client.session
    session["planted"] = True
    session.save()
    planted = client.cookies[COOKIE].value
    _sign_in(client)
    signed_in = client.cookies[COOKIE].value
    assert signed_in != planted
    attacker.cookies[COOKIE] = planted
    assert attacker.get("/api/v1/auth/sessions").status_code == 401
    client.post("/sign-out/")
    attacker.cookies[COOKIE] = signed_in
    assert attacker.get("/api/v1/auth/sessions").status_code == 401


@pytest.mark.django_db
def test_signing_out_needs_a_post_and_ends_the_sign_in() -> None:
    make_person()
    client = Client()
    _sign_in(client)
    assert client.get("/sign-out/").status_code == 405
    answer = client.post("/sign-out/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/")
    assert Session.objects.get().end_reason == "signed_out"
    assert client.get("/api/v1/auth/sessions").status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["ended", "expired", "closed", "password"])
def test_a_browser_is_signed_out_when_its_sign_in_is_over(how: str) -> None:
    user = make_person()
    client = Client()
    _sign_in(client)
    match how:
        case "ended":
            sessions.end_sessions(user=user, reason="test")
        case "expired":
            session = Session.objects.get()
            Session.objects.update(expires_at=session.created_at)
        case "closed":
            User.objects.update(is_active=False)
        case "password":
            user.set_password("another passphrase 3")
            user.save()
    assert client.get("/api/v1/auth/sessions").status_code == 401
    assert not client.session.keys()


@pytest.mark.django_db
def test_a_django_session_without_a_sign_in_is_nobodys() -> None:
    """`django.contrib.auth.login` alone, past the pipeline, opens nothing."""
    client = Client()
    client.force_login(make_person())
    assert client.get("/api/v1/auth/sessions").status_code == 401


@pytest.mark.django_db
def test_who_is_signed_in_is_sent_on_from_the_entry_pages() -> None:
    make_person()
    client = Client()
    _sign_in(client)
    for path in ("/sign-in/", "/sign-up/"):
        assert client.get(path).headers["Location"] == "/"
        assert client.get(f"{path}?next=/inbox/").headers["Location"] == "/inbox/"
        assert client.post(path, SIGN_UP).headers["Location"] == "/"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "sent_to"),
    [
        ("/inbox/?a=b", "/inbox/?a=b"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("http:///evil.example", "/"),
        ("inbox", "/"),
        ("", "/"),
    ],
)
def test_next_leads_only_to_paths_of_ours(given: str, sent_to: str) -> None:
    make_person()
    assert _sign_in(Client(), next=given).headers["Location"] == sent_to


@pytest.mark.django_db
def test_pages_are_not_cached_and_keep_next() -> None:
    answer = Client().get("/sign-in/?next=/inbox/")
    assert "no-store" in answer.headers["Cache-Control"]
    assert '<input type="hidden" name="next" value="/inbox/">' in answer.content.decode()


@pytest.mark.django_db
def test_a_visitor_without_cookie_costs_no_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/sign-in/").status_code == 200


@pytest.mark.django_db
def test_a_signed_in_browser_costs_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_person()
    client = Client()
    _sign_in(client)
    with django_assert_num_queries(1):  # the Django session itself comes from the cache
        assert client.get("/sign-in/").status_code == 302
