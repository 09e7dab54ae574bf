"""Trusted Types in a real browser: chat and keys work with them, and text never becomes HTML or code."""

from __future__ import annotations

import pytest

from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend

from .test_chat_page import SENT, Desk

# Each gives the name of what stopped it, or "done".
TRIES = {
    "innerHTML": "document.body.innerHTML = '<b>planted</b>'",
    "outerHTML": "document.querySelector('main').outerHTML = '<b>planted</b>'",
    "insertAdjacentHTML": "document.body.insertAdjacentHTML('beforeend', '<b>planted</b>')",
    "srcdoc": "document.createElement('iframe').srcdoc = '<b>planted</b>'",
    "DOMParser": "new DOMParser().parseFromString('<b>planted</b>', 'text/html')",
    "fragment": "document.createRange().createContextualFragment('<b>planted</b>')",
    "write": "document.write('<b>planted</b>')",
    "script text": "document.createElement('script').text = 'window.planted = 1'",
    "script address": "document.createElement('script').src = 'https://evil.example/x.js'",
    "eval": "window.eval('window.planted = 1')",
    "Function": "new Function('window.planted = 1')()",
    "timer": "setTimeout('window.planted = 1', 0)",
    "a policy": "trustedTypes.createPolicy('planted', { createHTML: (text) => text })",
}
# From a timer: inside an evaluation of the developer tools Chromium lets `eval` pass, whatever the policy says.
AS_A_SCRIPT = (
    "() => new Promise((resolve) => {{ setTimeout(() => {{"
    " try {{ {}; resolve('done') }} catch (error) {{ resolve(error.name) }} }}, 0) }})"
)
REFUSED = {"TypeError", "EvalError"}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, chromium, tmp_path_factory):
    """A server and a fan at a desk, with the keys open."""
    folder = tmp_path_factory.mktemp("types")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as server:
        fan = PenFriend("fan", name="Robin Fan", credits_centi=1_000_000)
        creator = PenFriend("creator", name="Mara Lindqvist", price_centi=10_000)
        yield server.url, Desk(chromium, server.url, fan), Letters(fan=fan, creator=creator)


def stopped(page) -> dict[str, str]:
    """What became of each try."""
    outcomes = {name: page.evaluate(AS_A_SCRIPT.format(code)) for name, code in TRIES.items()}
    assert page.evaluate("() => window.planted") is None
    assert page.get_by_text("planted").count() == 0
    return outcomes


def test_a_chat_works_and_text_does_not_become_html_or_code(world):
    _, fan, letters = world
    letters.write(letters.creator, "from the past")
    fan.open(letters)
    fan.see("from the past")
    fan.send("<img src=x onerror='stop()'> <b>words</b>")
    fan.page.locator(SENT, has_text="words").wait_for()
    assert "<b>words</b>" in fan.texts()[-1]
    assert set(stopped(fan.page).values()) <= REFUSED
    assert fan.errors == []


@pytest.mark.parametrize("path", ["/keys/", "/wallet/", "/account/passkeys/", "/account/two-factor/"])
def test_pages_of_who_is_signed_in_refuse_it_too(world, path):
    _, fan, _ = world
    fan.page.goto(path)
    assert set(stopped(fan.page).values()) <= REFUSED
    assert fan.errors == []


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/discover/", "/nowhere/"])
def test_pages_for_everybody_refuse_it_too(world, chromium, path):
    context = chromium.new_context(base_url=world[0])
    page = context.new_page()
    page.goto(path)
    assert set(stopped(page).values()) <= REFUSED
    context.close()


def test_without_the_policy_the_same_tries_would_work(world, chromium):
    """The tests above can fail: served without the policy, a page takes what they try."""
    context = chromium.new_context(base_url=world[0])
    page = context.new_page()
    page.route("**/plain/", lambda route: route.fulfill(status=200, content_type="text/html", body="<main>x</main>"))
    page.goto("/plain/")
    assert [page.evaluate(AS_A_SCRIPT.format(TRIES[name])) for name in ("eval", "innerHTML")] == ["done", "done"]
    context.close()


def test_the_browser_takes_the_permissions_policy_without_a_complaint(world, chromium):
    context = chromium.new_context(base_url=world[0])
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.goto("/prices/")
    assert said == []
    assert page.evaluate("() => document.featurePolicy.allowedFeatures().includes('camera')") is False
    context.close()
