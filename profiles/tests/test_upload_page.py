"""The page of one's own pictures as people use it: a real browser, the real server, a slow line."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image
from playwright.sync_api import expect

from pairly.testing.browser import Watch
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.people import make_user, sign_in_as
from profiles.models import Picture
from profiles.selectors import get_own_profile

PAGE = "/profile/pictures/"
BYTES_PER_SECOND = 60_000


def file(name: str = "harbour.jpg", *, side: int = 700) -> dict:
    """A picture that does not compress: some 500 KB at 700 pixels."""
    chance = random.Random(name)
    sheet = io.BytesIO()
    Image.frombytes("RGB", (side, side), chance.randbytes(3 * side * side)).save(sheet, "JPEG", quality=90)
    return {"name": name, "mimeType": "image/jpeg", "buffer": sheet.getvalue()}


def small(name: str) -> dict:
    return file(name, side=80)


TEXT = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}


class Desk:
    """A creator at the page."""

    def __init__(self, browser, server, **options) -> None:
        self.user = make_user("creator")
        self.context = browser.new_context(base_url=server.url, **options)
        cookie = sign_in_as(self.user).cookies[settings.SESSION_COOKIE_NAME].value
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": server.url}])
        self.page = self.context.new_page()
        self.watch = Watch(self.page)
        self.page.goto(PAGE)
        self.gallery = self.page.locator("[data-kind=gallery]")

    def choose(self, *files) -> None:
        self.gallery.locator("input[type=file]").set_input_files(list(files))

    def slow_down(self) -> None:
        line = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": BYTES_PER_SECOND}
        cdp = self.context.new_cdp_session(self.page)
        cdp.send("Network.enable")
        cdp.send("Network.emulateNetworkConditions", line)

    def rows(self, state: str):
        return self.gallery.locator(f".upload-row[data-state={state}]")

    @property
    def tiles(self):
        return self.page.locator(".tiles > .tile")

    @property
    def files(self) -> list[Path]:
        folder = Path(settings.VAR_DIR) / "media" / "profiles" / str(self.user.uid)
        return list(folder.rglob("*.webp"))

    @property
    def pictures(self) -> list[Picture]:
        return get_own_profile(user=self.user).whole_gallery


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker, tmp_path_factory):
    """One for all: everybody is somebody else."""
    folder = tmp_path_factory.mktemp("upload-page")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as running:
        yield running


@pytest.fixture
def desk(server, chromium):
    made = Desk(chromium, server)
    yield made
    made.context.close()


def test_an_upload_shows_how_far_it_is_and_then_its_picture(desk):
    desk.slow_down()
    desk.choose(file())
    desk.page.wait_for_selector("[data-part=state]:text-matches('^[1-9][0-9]? % sent')")
    seen = int(desk.gallery.locator("progress").get_attribute("value"))
    assert 0 < seen < 100
    assert desk.gallery.locator("progress").get_attribute("aria-label") == "harbour.jpg"
    expect(desk.rows("done")).to_have_count(1)
    expect(desk.gallery.get_by_role("status")).to_have_text("harbour.jpg is added.")
    expect(desk.tiles).to_have_count(1)
    [picture] = desk.pictures
    assert desk.tiles.locator("img").get_attribute("src") == picture.url(960)
    desk.tiles.locator("summary").click()
    desk.tiles.locator("[name=alt]").fill("The harbour")
    desk.tiles.get_by_role("button", name="Save").click()
    expect(desk.page.locator(".notice")).to_have_text("Your picture is changed.")
    assert [one.alt for one in desk.pictures] == ["The harbour"]
    assert desk.watch.list_complaints() == []


def test_an_upload_that_is_cancelled_leaves_nothing_behind(desk):
    desk.slow_down()
    desk.choose(file())
    desk.page.wait_for_selector("[data-part=state]:text-matches('^[1-9][0-9]? % sent')")
    desk.gallery.get_by_role("button", name="Cancel").click()
    expect(desk.rows("cancelled")).to_have_count(1)
    expect(desk.gallery.get_by_role("status")).to_have_text("Called off. Nothing of it was kept.")
    assert desk.pictures == []
    assert desk.files == []
    expect(desk.tiles).to_have_count(0)
    desk.gallery.get_by_role("button", name="Clear").click()
    expect(desk.gallery.locator(".upload-row")).to_have_count(0)
    desk.choose(small("again.jpg"))
    expect(desk.rows("done")).to_have_count(1)
    assert len(desk.pictures) == 1


def test_a_file_that_is_refused_keeps_the_others_and_says_why(desk):
    desk.choose(small("first.jpg"), TEXT, small("second.jpg"))
    expect(desk.rows("done")).to_have_count(2)
    expect(desk.rows("refused")).to_have_count(1)
    expect(desk.rows("refused").locator("[data-part=state]")).to_have_text(
        "This is not a JPEG, PNG or WebP picture, or it is damaged."
    )
    expect(desk.rows("refused").locator("[data-part=name]")).to_have_text("notes.txt")
    expect(desk.tiles).to_have_count(2)
    assert len(desk.pictures) == 2
    assert len(desk.files) == 2
    shown = [desk.tiles.nth(n).locator("img").get_attribute("src") for n in range(2)]
    assert shown == [one.url(960) for one in desk.pictures]  # in the order in which they were chosen


def test_an_upload_whose_line_breaks_is_tried_again_and_added_once(desk):
    desk.page.route("**/media/upload-gallery", lambda route: route.abort(), times=1)
    desk.choose(small("tower.jpg"))
    expect(desk.rows("failed")).to_have_count(1)
    assert desk.pictures == []
    desk.gallery.get_by_role("button", name="Try again").click()
    expect(desk.rows("done")).to_have_count(1)
    expect(desk.tiles).to_have_count(1)
    assert len(desk.pictures) == 1


def test_pictures_are_dropped_on_the_form_and_go_to_whom_it_says(desk):
    desk.gallery.locator("[name=audience]").select_option("connections")
    picture = small("drop.jpg")["buffer"]
    desk.gallery.locator("form").evaluate(
        """(form, bytes) => {
          const files = new DataTransfer();
          files.items.add(new File([new Uint8Array(bytes)], "drop.jpg", { type: "image/jpeg" }));
          for (const type of ["dragenter", "dragover", "drop"])
            form.dispatchEvent(new DragEvent(type, { dataTransfer: files, bubbles: true, cancelable: true }));
        }""",
        list(picture),
    )
    expect(desk.rows("done")).to_have_count(1)
    expect(desk.tiles.locator("[data-part=tile-private]")).to_be_visible()
    assert [one.audience for one in desk.pictures] == ["connections"]
    desk.page.reload()  # a page has no signature: the picture is shown by the session
    image = desk.tiles.locator("img")
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("(image) => image.naturalWidth") > 0
    assert desk.watch.list_complaints() == []


def test_a_portrait_is_shown_once_it_is_there(desk):
    desk.page.locator("[data-kind=portrait] input[type=file]").set_input_files([small("me.jpg")])
    expect(desk.page.locator(".arch img")).to_be_visible()
    assert get_own_profile(user=desk.user).portrait


def test_without_a_script_a_form_sends_one_at_a_time(server, chromium):
    desk = Desk(chromium, server, java_script_enabled=False)
    page = desk.page
    form = page.locator("[data-kind=gallery] form")
    form.locator("input[type=file]").set_input_files([TEXT])
    form.get_by_role("button", name="Add to the gallery").click()
    expect(page.locator("#gallery-file_error")).to_contain_text("This is not a JPEG")
    for name in ("first.jpg", "second.jpg"):
        form.locator("input[type=file]").set_input_files([small(name)])
        form.locator("[name=alt]").fill(name)
        form.get_by_role("button", name="Add to the gallery").click()
        expect(page.locator(".notice")).to_have_text("Your picture is added.")
    desk.tiles.first.get_by_role("button", name="Move towards the end").click()
    assert [one.alt for one in desk.pictures] == ["second.jpg", "first.jpg"]
    page.goto(PAGE)
    desk.tiles.first.locator("summary").click()
    desk.tiles.first.get_by_role("button", name="Remove this picture").click()
    expect(desk.tiles).to_have_count(1)
    assert [one.alt for one in desk.pictures] == ["first.jpg"]
    assert len(desk.files) == 1
    desk.context.close()
