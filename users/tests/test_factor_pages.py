"""The pages of the second step, the fresh proof and the second factors, without and with a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import DjangoDbBlocker

from pairly.common import redis as common_redis
from pairly.outbox import services as outbox
from pairly.testing.browser import Watch
from pairly.testing.fixtures import RunningServer, own_database, running_daphne
from security import risk_rules
from users import selectors
from users.models import Session, SignInChallenge, TotpDevice, User
from users.services import approvals, totp

from .factor_helpers import (
    age,
    browser_of,
    code_at,
    code_of,
    give_backup_codes,
    give_email_factor,
    give_passkey,
    give_totp,
    key_of,
    mailed_code,
    present_step,
    wrong_code_of,
)
from .helpers import PASSWORD, VISITOR, make_person

ADA = "ada@example.org"
STEP, TWO_FACTOR, CODES = "/sign-in/second-step/", "/account/two-factor/", "/account/backup-codes/"
CONFIRM, SECURITY = "/step-up/", "/account/security/"
BACKUP_CODE = re.compile(r"\b[A-Z2-9]{5}-[A-Z2-9]{5}\b")


def _wait(following: str = "") -> Client:
    """A browser that gave the right password."""
    browser = Client()
    query = f"?next={following}" if following else ""
    common_redis.get_client().flushdb()
    answer = browser.post("/sign-in/", {"email": ADA, "password": PASSWORD, "next": following})
    expected = f"{STEP}?next=%2Finbox%2F" if query else STEP
    assert answer.headers["Location"] == expected
    return browser


def _post(browser: Client, path: str, fields: dict[str, str] | None = None, **extra: Any) -> Any:
    common_redis.get_client().flushdb()
    return browser.post(path, fields or {}, **extra)


def _text(answer: Any) -> str:
    text: str = answer.content.decode()
    return text


# -- the second step ------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_code_of_the_app_signs_the_browser_in_and_leads_on() -> None:
    user = make_person()
    give_totp(user)
    browser = _wait("/inbox/")
    page = _text(browser.get(f"{STEP}?next=/inbox/"))
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    assert '<input type="hidden" name="next" value="/inbox/">' in page
    planted = browser.cookies["pairly_session"].value
    answer = _post(browser, STEP, {"method": "totp", "code": code_of(user), "next": "/inbox/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/inbox/")
    assert browser.cookies["pairly_session"].value != planted
    assert "second_step" not in browser.session
    assert Session.objects.get().factor == "totp"
    assert browser.get(STEP).headers["Location"] == "/"


@pytest.mark.django_db
def test_both_steps_stand_in_the_sign_in_history() -> None:
    user = make_person()
    give_totp(user)
    browser = _wait()
    _post(browser, STEP, {"method": "totp", "code": wrong_code_of(user)})
    _post(browser, STEP, {"method": "totp", "code": code_of(user)})
    page = _text(browser.get("/account/sign-ins/"))
    for words in ("Asked for more proof", "Wrong code", "Signed in"):
        assert words in page


@pytest.mark.django_db
def test_the_password_alone_opens_no_page() -> None:
    give_totp(make_person())
    browser = _wait()
    assert browser.get(TWO_FACTOR).headers["Location"] == f"/sign-in/?next={TWO_FACTOR}"
    assert browser.get("/api/v1/auth/sessions").status_code == 401


@pytest.mark.django_db
def test_the_ways_are_links_and_each_shows_its_own_field() -> None:
    user = make_person()
    give_totp(user)
    codes = give_backup_codes(user)
    browser = _wait("/inbox/")
    page = _text(browser.get(f"{STEP}?next=/inbox/"))
    assert 'href="?method=backup_code&amp;next=%2Finbox%2F"' in page
    page = _text(browser.get(f"{STEP}?method=backup_code&next=/inbox/"))
    assert 'name="method" value="backup_code"' in page
    assert "Backup code" in page
    assert 'name="method" value="totp"' in _text(browser.get(f"{STEP}?method=email"))
    assert _post(browser, STEP, {"method": "backup_code", "code": codes[0]}).status_code == 302


@pytest.mark.django_db
def test_a_wrong_code_says_how_many_tries_are_left_and_then_locks() -> None:
    user = make_person()
    give_totp(user)
    browser = _wait()
    answers = [_post(browser, STEP, {"method": "totp", "code": wrong_code_of(user)}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [423]
    assert "4 tries left" in _text(answers[0])
    assert "1 try left" in _text(answers[3])
    assert "locked for an hour" in _text(answers[4])
    assert int(answers[5].headers["Retry-After"]) > 3000
    assert _post(browser, STEP, {"method": "totp", "code": ""}).status_code == 422
    assert not Session.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["none", "over", "changed"])
def test_a_browser_without_a_waiting_sign_in_begins_again(how: str) -> None:
    give_totp(make_person())
    browser = Client() if how == "none" else _wait("/inbox/")
    if how == "over":
        SignInChallenge.objects.update(expires_at=timezone.now())
    if how == "changed":
        SignInChallenge.objects.all().delete()
    for answer in (
        browser.get(f"{STEP}?next=/inbox/"),
        _post(browser, STEP, {"method": "totp", "code": "123456", "next": "/inbox/"}),
    ):
        assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/?next=%2Finbox%2F")
    assert "took too long" in _text(browser.get("/sign-in/"))
    assert "second_step" not in browser.session


@pytest.mark.django_db
def test_a_code_is_mailed_on_request() -> None:
    user = make_person()
    give_email_factor(user)
    browser = _wait("/inbox/")
    answer = _post(browser, f"{STEP}code/", {"next": "/inbox/"})
    assert answer.headers["Location"] == f"{STEP}?method=email&next=%2Finbox%2F"
    assert "on its way" in _text(browser.get(answer.headers["Location"]))
    done = _post(browser, STEP, {"method": "email", "code": mailed_code(), "next": "/inbox/"})
    assert done.headers["Location"] == "/inbox/"


@pytest.mark.django_db
def test_without_a_way_by_mail_none_is_sent() -> None:
    give_totp(make_person())
    browser = _wait()
    assert _post(browser, f"{STEP}code/").status_code == 302
    outbox.deliver_due()
    assert mail.outbox == []
    assert _post(Client(), f"{STEP}code/").headers["Location"].startswith(STEP)
    assert browser.get(f"{STEP}code/").status_code == 405


@pytest.mark.django_db
def test_an_approval_is_asked_after_with_a_button(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_person()
    other = browser_of(user)
    monkeypatch.setattr(risk_rules, "THRESHOLDS", ((101, risk_rules.Action.BLOCK), (0, risk_rules.Action.STEP_UP)))
    browser = _wait()
    page = _text(browser.get(f"{STEP}?method=approval"))
    assert "on a device where you are signed in" in page
    assert "http-equiv" not in page
    pending = _post(browser, STEP, {"method": "approval"})
    assert (pending.status_code, "Nobody has answered" in _text(pending)) == (409, True)
    approvals.answer(
        user=user,
        sign_in=selectors.sign_in_of(Session.objects.get(pk=other.session["sign_in"])),
        challenge_id=SignInChallenge.objects.get().pk,
        approve=True,
        client=VISITOR,
    )
    assert _post(browser, STEP, {"method": "approval"}).headers["Location"] == "/"


@pytest.mark.django_db
def test_next_leads_only_to_paths_of_ours() -> None:
    user = make_person()
    give_totp(user)
    browser = _wait()
    assert "evil" not in _text(browser.get(f"{STEP}?next=https://evil.example/"))
    fields = {"method": "totp", "code": code_of(user), "next": "//evil.example/"}
    assert _post(browser, STEP, fields).headers["Location"] == "/"
    age(user)
    fields = {"method": "totp", "code": code_of(user), "next": "https://evil.example/"}
    assert _post(browser, CONFIRM, fields).headers["Location"] == SECURITY


# -- the fresh proof ------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_page_that_needs_a_fresh_proof_leads_there_and_back() -> None:
    user = make_person()
    browser = browser_of(user)
    age(user)
    asked = _post(browser, f"{TWO_FACTOR}set-up/", HTTP_REFERER=f"http://testserver{TWO_FACTOR}")
    assert asked.headers["Location"] == f"{CONFIRM}?next=%2Faccount%2Ftwo-factor%2F"
    assert not TotpDevice.objects.exists()
    page = _text(browser.get(asked.headers["Location"]))
    assert 'autocomplete="current-password"' in page
    wrong = _post(browser, CONFIRM, {"method": "password", "code": "wrong", "next": TWO_FACTOR})
    assert (wrong.status_code, "4 tries left" in _text(wrong)) == (422, True)
    assert f'name="next" value="{TWO_FACTOR}"' in _text(wrong)
    right = _post(browser, CONFIRM, {"method": "password", "code": PASSWORD, "next": TWO_FACTOR})
    assert right.headers["Location"] == TWO_FACTOR
    assert _post(browser, f"{TWO_FACTOR}set-up/").headers["Location"] == TWO_FACTOR


@pytest.mark.django_db
@pytest.mark.parametrize("referer", ["https://evil.example/account/", "", "http://testserver//evil.example/"])
def test_the_way_back_is_never_somebody_elses(referer: str) -> None:
    user = make_person()
    browser = browser_of(user)
    age(user)
    answer = _post(browser, CODES, HTTP_REFERER=referer)
    assert "evil" not in answer.headers["Location"]
    assert answer.headers["Location"].startswith(f"{CONFIRM}?next=")


# -- the factors ----------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_key_is_shown_only_while_the_proof_is_fresh() -> None:
    user = make_person()
    browser = browser_of(user)
    _post(browser, f"{TWO_FACTOR}set-up/")
    setup = totp.find_setup(user=user)
    assert setup
    assert setup.secret in _text(browser.get(TWO_FACTOR))
    age(user)
    assert setup.secret not in _text(browser.get(TWO_FACTOR))
    stale = _post(browser, TWO_FACTOR, {"action": "confirm", "code": "123456"})
    assert stale.headers["Location"].startswith(CONFIRM)


@pytest.mark.django_db
def test_backup_codes_are_shown_in_one_answer_and_never_again() -> None:
    user = make_person()
    browser = browser_of(user)
    assert _text(browser.get(CODES)).count("There is nothing to stand in for yet") == 1
    _post(browser, f"{TWO_FACTOR}set-up/")
    setup = totp.find_setup(user=user)
    assert setup
    wrong = _post(browser, TWO_FACTOR, {"action": "confirm", "code": "12345"})
    assert (wrong.status_code, setup.secret in _text(wrong)) == (422, True)
    shown = _post(browser, TWO_FACTOR, {"action": "confirm", "code": code_at(key_of(setup.secret), present_step())})
    codes = BACKUP_CODE.findall(_text(shown))
    assert (shown.status_code, len(set(codes))) == (200, 10)
    assert "no-store" in shown.headers["Cache-Control"]
    assert "Sign out everywhere else" in _text(shown)
    for path in (CODES, TWO_FACTOR, SECURITY):
        page = _text(browser.get(path))
        assert not BACKUP_CODE.findall(page)
        assert setup.secret not in page
    assert not any(code in str(dict(browser.session.items())) for code in codes)
    renewed = BACKUP_CODE.findall(_text(_post(browser, CODES)))
    assert len(set(renewed)) == 10
    assert not set(renewed) & set(codes)


@pytest.mark.django_db
def test_the_app_is_turned_off_with_a_code_and_a_wrong_one_is_named_at_its_field() -> None:
    user = make_person()
    browser = browser_of(user)
    give_totp(user)
    wrong = _post(browser, TWO_FACTOR, {"action": "off", "method": "totp", "code": wrong_code_of(user)})
    assert (wrong.status_code, "4 tries left" in _text(wrong)) == (422, True)
    assert "off_code_error" in _text(wrong)
    assert _post(browser, TWO_FACTOR, {"action": "off", "method": "totp"}).status_code == 422
    assert TotpDevice.objects.exists()
    right = _post(browser, TWO_FACTOR, {"action": "off", "method": "totp", "code": code_of(user)})
    assert right.headers["Location"] == TWO_FACTOR
    assert not TotpDevice.objects.exists()
    assert "turned off" in _text(browser.get(TWO_FACTOR))


@pytest.mark.django_db
def test_codes_by_mail_are_turned_on_and_off() -> None:
    user = make_person()
    browser = browser_of(user)
    _post(browser, f"{TWO_FACTOR}email/")
    assert "Confirm your e-mail address first" in _text(browser.get(TWO_FACTOR))
    User.objects.update(email_verified_at=timezone.now())
    _post(browser, f"{TWO_FACTOR}email/")
    assert "On: codes by mail" in _text(browser.get(SECURITY))
    wrong = _post(browser, TWO_FACTOR, {"action": "email-off", "code": "wrong"})
    assert (wrong.status_code, "4 tries left" in _text(wrong)) == (422, True)
    assert _post(browser, TWO_FACTOR, {"action": "email-off", "code": PASSWORD}).status_code == 302
    user.refresh_from_db()
    assert user.email_factor_at is None


@pytest.mark.django_db
def test_an_action_that_there_is_not_is_not_found() -> None:
    assert _post(browser_of(make_person()), TWO_FACTOR, {"action": "gone"}).status_code == 404


@pytest.mark.django_db
def test_the_security_page_tells_the_state_of_everything() -> None:
    user = make_person()
    browser = browser_of(user)
    page = _text(browser.get(SECURITY))
    assert "Off. Set up an authenticator app." in page
    assert "not confirmed yet" in page
    assert "1 sign-in" in page
    assert SECURITY in page  # the menu
    give_totp(user)
    give_passkey(user)
    User.objects.update(email_verified_at=timezone.now())
    page = _text(browser.get(SECURITY))
    assert "On: codes of your authenticator app." in page
    assert "You have 0 backup codes left" in page
    give_backup_codes(user)
    page = _text(browser.get(SECURITY))
    assert "10 left" in page
    assert "You have 0" not in page
    assert SECURITY in _text(browser.get("/account/sessions/"))


@pytest.mark.django_db
@pytest.mark.parametrize("path", [SECURITY, TWO_FACTOR, CODES, CONFIRM])
def test_a_visitor_is_asked_to_sign_in_first(path: str) -> None:
    for answer in (Client().get(path), Client().post(path)):
        assert answer.status_code in (302, 405)
    assert Client().get(path).headers["Location"] == f"/sign-in/?next={path}"
    for action in (f"{TWO_FACTOR}set-up/", f"{TWO_FACTOR}email/"):
        assert Client().post(action).headers["Location"].startswith("/sign-in/")
        assert Client().get(action).status_code in (302, 405)


@pytest.mark.django_db
@pytest.mark.parametrize("path", [STEP, f"{STEP}code/", CONFIRM, TWO_FACTOR, f"{TWO_FACTOR}set-up/", CODES])
def test_no_form_is_taken_without_a_csrf_token(path: str) -> None:
    user = make_person()
    browser = browser_of(user)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    assert strict.post(path, {"code": "x"}).status_code == 403
    assert not TotpDevice.objects.exists()


# -- in a real browser ----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def server(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """The real server on a database of its own."""
    folder: Path = tmp_path_factory.mktemp("factors")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as running:
        yield running


def _sign_in(page: Page, email: str) -> None:
    common_redis.get_client().flushdb()
    page.goto("/sign-in/?next=/account/security/")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")


def _sign_out(page: Page) -> None:
    page.click(".menu-button")
    page.click("#user-menu button[type=submit]")
    page.wait_for_url("**/sign-in/**")


@pytest.mark.parametrize("has_scripts", [True, False])
def test_an_app_is_turned_on_used_and_turned_off(server: RunningServer, chromium: Browser, has_scripts: bool) -> None:
    user = make_person(email=f"ada-{has_scripts}@example.org".lower())
    context = chromium.new_context(base_url=server.url, java_script_enabled=has_scripts)
    page = context.new_page()
    watch = Watch(page)
    _sign_in(page, user.email)
    page.wait_for_selector("text=Off. Set up an authenticator app.")

    page.click("text=Turn on a second factor")
    page.click("text=Set up an app")
    picture = page.locator("img.qr")
    picture.wait_for()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("(image) => image.complete && image.naturalWidth") > 100
    secret = page.locator(".recovery-code").inner_text()
    page.fill("#id_code", code_at(key_of(secret), present_step()))
    page.click("main button:has-text('Turn on')")
    page.wait_for_selector(".backup-codes")
    codes = BACKUP_CODE.findall(page.locator(".backup-codes").inner_text())
    assert len(codes) == 10
    page.click("text=I have kept them")
    page.wait_for_selector("text=On: codes of your authenticator app.")

    _sign_out(page)
    _sign_in(page, user.email)
    page.wait_for_selector("text=One more step")
    page.fill("[name=code]", code_of(user))
    page.click("main button:has-text('Sign in')")
    page.wait_for_url("**/account/security/")

    _sign_out(page)
    _sign_in(page, user.email)
    page.click("nav a:has-text('Backup code')")
    page.wait_for_selector("[name=method][value=backup_code]", state="attached")
    page.fill("[name=code]", codes[0].lower())
    page.click("main button:has-text('Sign in')")
    page.wait_for_selector("text=9 left")

    common_redis.get_client().flushdb()
    page.goto("/account/two-factor/")
    page.select_option("#off_method", "backup_code")
    page.fill("#off_code", codes[1])
    page.click("main button:has-text('Turn off')")
    page.wait_for_selector("text=The authenticator app is turned off.")
    assert not TotpDevice.objects.filter(user=user).exists()
    assert watch.list_complaints() == []
    context.close()
