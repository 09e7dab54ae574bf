"""A browser profile on disk whose person is signed in and has opened the keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from pairly.embedded import processes
from pairly.testing import demo
from pairly.testing.browser import launch_arguments
from pairly.testing.chromium import find_chromium
from pairly.testing.ports import free_port

ALONE = ("--headless=new", "--no-default-browser-check", "--password-store=basic", "--use-mock-keychain")


def enter(folder: Path, *, url: str, login: demo.Login) -> str:
    """Sign in and unlock in the profile `folder`; gives the path of the first conversation."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder, executable_path=find_chromium(), args=launch_arguments(), base_url=url
        )
        try:
            page = context.new_page()
            demo.sign_in(page, login=login)
            demo.unlock(page, login=login)
            return demo.first_link(page, within="/inbox/", to="/conversations/")
        finally:
            context.close()


@contextmanager
def running_chromium(folder: Path, *, log_path: Path) -> Iterator[int]:
    """Chromium with the profile `folder` and nobody at its controls; gives its debugging port."""
    port = free_port()
    place = [f"--user-data-dir={folder}", f"--remote-debugging-port={port}"]
    child = processes.start(
        command=[
            *processes.wrap(death_signal="KILL"),
            find_chromium(),
            *launch_arguments(),
            *ALONE,
            *place,
            "about:blank",
        ],
        log_path=log_path,
    )
    try:
        processes.wait_until(ready=lambda: _listens(port), child=child, name="Chromium", log_path=log_path)
        yield port
    finally:
        processes.stop(child)


def _listens(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/json/version", timeout=2).is_success
    except httpx.HTTPError:
        return False
