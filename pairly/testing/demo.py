"""The demo's people in a browser: signing in, opening their keys."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

FAN = "fan@demo.pairly.example"
CREATOR = "creator@demo.pairly.example"


@dataclass(frozen=True, kw_only=True)
class Login:
    """How one of the demo's people gets in."""

    email: str
    password: str
    recovery: str = ""
    totp: str = ""


def read_logins(path: Path) -> dict[str, Login]:
    """The logins that `seed_demo` left in `path`, by e-mail address."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    keys = ("email", "password", "recovery", "totp")
    return {row["email"]: Login(**{key: row.get(key, "") for key in keys}) for row in rows}


def sign_in(page: Page, *, login: Login) -> None:
    """Through the page, as everybody."""
    page.goto("/sign-in/")
    page.fill("[name=email]", login.email)
    page.fill("[name=password]", login.password)
    page.locator("main form").filter(has=page.locator("[name=password]")).locator("[type=submit]").click()
    page.wait_for_url(re.compile(r"^(?!.*/sign-in/)"))


def unlock(page: Page, *, login: Login) -> None:
    """Make this browser a device of a person whose keys exist."""
    page.goto("/keys/")
    page.wait_for_selector("[data-step=unlock]:not([hidden])")
    page.fill("[data-part=recovery-input]", login.recovery)
    page.click("[data-part=unlock]")
    page.wait_for_selector("[data-step=done]:not([hidden])")


def first_link(page: Page, *, within: str, to: str, text: str = "") -> str:
    """The path of the first link on page `within` that begins with `to` and contains `text`."""
    page.goto(within)
    return page.locator(f'main a[href^="{to}"]', has_text=text).first.get_attribute("href") or ""
