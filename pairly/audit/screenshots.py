"""Pictures of the product for the README, taken through the product itself."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from pairly.demo.cast import CREATORS
from pairly.testing import demo
from pairly.testing.browser import launch_arguments
from pairly.testing.chromium import find_chromium

from .errors import AuditFailed

MOST_BYTES = 200_000
QUALITIES = (92, 85, 78, 70, 60)
WIDE, NARROW = (1280, 800), (360, 740)
GAP = 40
CHAT_READY = "pairly-conversation[data-ready] [data-part=list] > *"


def take(*, url: str, fan: demo.Login, creator: demo.Login, folder: Path, say: Callable[[str], None]) -> None:
    """Write home, discover, profile, chat, wallet and inbox (wide, light) and narrow (two, dark) to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=launch_arguments())
        try:
            for name, picture in _list_pictures(browser, url=url, fan=fan, creator=creator):
                path = folder / f"{name}.webp"
                path.write_bytes(packed(picture))
                say(f"{path} {path.stat().st_size / 1000:.0f} kB")
        finally:
            browser.close()


def packed(picture: Image.Image) -> bytes:
    """The best WebP of at most MOST_BYTES. Raises AuditFailed when there is none."""
    for quality in QUALITIES:
        file = io.BytesIO()
        picture.save(file, "WEBP", quality=quality, method=6)
        if file.tell() <= MOST_BYTES:
            return file.getvalue()
    raise AuditFailed(f"a picture of {picture.size} does not fit into {MOST_BYTES} bytes")


def _list_pictures(
    browser: Browser, *, url: str, fan: demo.Login, creator: demo.Login
) -> Iterator[tuple[str, Image.Image]]:
    with _visitor(browser, url=url) as page:
        home = _shot(page, "/", theme="dark", size=NARROW)
        yield "home", _shot(page, "/")
        yield "discover", _shot(page, "/discover/")
        yield "profile", _shot(page, demo.first_link(page, within="/discover/", to="/creators/"))
    with _visitor(browser, url=url, login=fan) as page:
        chat = demo.first_link(page, within="/inbox/", to="/conversations/", text=CREATORS[0].name)
        yield "chat", _shot(page, chat, ready=CHAT_READY)
        yield "wallet", _shot(page, "/wallet/")
        yield "narrow", _beside(home, _shot(page, chat, ready=CHAT_READY, theme="dark", size=NARROW))
    with _visitor(browser, url=url, login=creator) as page:
        yield "inbox", _shot(page, "/inbox/")


@contextmanager
def _visitor(browser: Browser, *, url: str, login: demo.Login | None = None) -> Iterator[Page]:
    """A tab of somebody: a stranger, or `login` with the keys open."""
    context: BrowserContext = browser.new_context(base_url=url, reduced_motion="reduce")
    try:
        page = context.new_page()
        if login is not None:
            demo.sign_in(page, login=login)
            demo.unlock(page, login=login)
        yield page
    finally:
        context.close()


def _shot(
    page: Page,
    path: str,
    *,
    ready: str = "main",
    theme: Literal["light", "dark"] = "light",
    size: tuple[int, int] = WIDE,
) -> Image.Image:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=theme)
    page.goto(path, wait_until="load")
    page.wait_for_selector(ready)
    # Neither the caret is hidden nor are animations stopped: both would add a style that the policy refuses.
    taken = page.screenshot(caret="initial", animations="allow")
    return Image.open(io.BytesIO(taken)).convert("RGB")


def _beside(*pictures: Image.Image) -> Image.Image:
    """The pictures in a row on nothing."""
    size = (sum(one.width for one in pictures) + GAP * (len(pictures) - 1), max(one.height for one in pictures))
    row = Image.new("RGBA", size, (0, 0, 0, 0))
    at = 0
    for one in pictures:
        row.paste(one, (at, 0))
        at += one.width + GAP
    return row
