"""The shop in two browsers: a creator sells at a desk, a fan unlocks on a phone, a leaked copy says whose it is."""

from __future__ import annotations

import io

import pytest
from django.conf import settings
from PIL import Image

from pairly.testing import axe
from pairly.testing.browser import Beside, is_complaint
from pairly.testing.people import sign_in_as
from payments.models import Unlock
from payments.shop.services import traces
from payments.tests.selling import balance_of, draw, encoded, make_fan, make_seller
from users.models import User


class Desk:
    """A browser that is signed in, `width` pixels wide."""

    def __init__(self, chromium, url: str, user: User, width: int) -> None:
        self.context = chromium.new_context(base_url=url, viewport={"width": width, "height": 800})
        value = sign_in_as(user).cookies[settings.SESSION_COOKIE_NAME].value
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": url}])
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("console", lambda message: self.errors.append(message.text) if is_complaint(message) else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def check(self) -> None:
        """What axe finds, and no sideways scroll."""
        beside = Beside(self.page)
        axe.load(beside)
        assert axe.list_violations(beside) == []
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture
def desks(start_server, chromium):
    seller, fan = make_seller("Mara Lindqvist"), make_fan(name="Robin Fan", credits_centi=20_000)
    server = start_server()
    found = Desk(chromium, server.url, seller, 1280), Desk(chromium, server.url, fan, 360)
    yield seller, fan, *found
    for desk in found:
        desk.context.close()


def test_a_creator_sells_a_fan_unlocks_and_finds_it_in_the_library(desks):
    seller, fan, at_desk, on_phone = desks
    page = at_desk.page
    page.goto("/shop/")
    page.click("main a[href='/shop/new/'] >> nth=0")
    page.fill("main [name=title]", "Three bowls")
    page.fill("main [name=description]", "Blue, and bluer.")
    page.fill("main [name=price]", "120")
    page.click("main form button[type=submit]")
    for number in range(2):
        picture = {"name": "bowl.png", "mimeType": "image/png", "buffer": encoded(draw(20 + number), "PNG")}
        page.set_input_files("[name=file]", picture)
        page.click(".upload-form button[type=submit]")
        page.wait_for_selector(f".tile >> nth={number}")
    page.click("button[value=on_sale]")
    page.wait_for_selector(".badge-good")
    at_desk.check()

    page = on_phone.page
    page.goto(f"/creators/{seller.uid}/")
    page.click(".profile-body .tile a")
    page.wait_for_selector("text=Unlock for 120 credits")
    on_phone.check()
    page.click("text=Unlock for 120 credits")
    page.wait_for_url("**/library/*/")
    assert page.text_content("[data-part=balance]") == "80"
    page.locator(".bought img").first.evaluate("(one) => one.decode()")
    on_phone.check()
    picture = on_phone.context.request.get(page.get_attribute(".bought a", "href"))
    assert picture.headers["content-type"] == "image/webp"
    page.goto("/library/")
    page.click("text=Three bowls")
    page.wait_for_selector(".bought")
    page.goto(f"/creators/{seller.uid}/shop/")
    page.wait_for_selector("text=Yours")

    page = at_desk.page
    page.goto("/shop/sales/")
    assert "Robin Fan" in page.text_content(".table tbody tr >> nth=-1")
    at_desk.check()
    with Image.open(io.BytesIO(picture.body())) as copy:
        found = traces.trace(data=encoded(copy.convert("RGB").resize((320, 240)), quality=60))
    assert found is not None
    assert found.unlock == Unlock.objects.get()
    page.click("main .table button")
    page.wait_for_selector("text=Give 120 credits back to Robin Fan?")
    at_desk.check()
    page.click(".ask .button-danger")
    page.wait_for_selector("text=given back")
    on_phone.page.goto("/library/")
    on_phone.page.wait_for_selector(".empty")
    assert balance_of(fan) == 20_000
    assert at_desk.errors == on_phone.errors == []
