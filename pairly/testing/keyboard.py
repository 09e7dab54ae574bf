"""A person without a mouse: goes through a page by its tab stops, and notes where the focus cannot be seen."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page

from .browser import Beside

MOST_STOPS = 80
# The focus is seen by an outline of the element, of what is drawn for it (a card around a link, a label around
# a radio button) or of its own ::before and ::after; or by a shadow of the element itself. A heading that a
# script moves the focus to is announced and is no control.
FOCUSED = """(() => {
  const at = document.activeElement;
  if (!at || at === document.body) return {body: true, matches: false, seen: false, name: "body"};
  const outlined = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  const drawn = [at, ...(at.labels ?? [])];
  for (let up = at.parentElement; up && up !== document.body; up = up.parentElement) drawn.push(up);
  const box = at.getBoundingClientRect();
  const again = globalThis.stop === at;
  globalThis.stop = at;
  return {
    body: false,
    again,
    matches: at.matches(%s),
    seen: drawn.some((one) => outlined(getComputedStyle(one)))
      || ["::before", "::after"].some((part) => outlined(getComputedStyle(at, part)))
      || getComputedStyle(at).boxShadow !== "none"
      || (at.tabIndex < 0 && /^(H[1-6]|MAIN|SECTION|DIV)$/.test(at.tagName)),
    onScreen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    name: at.outerHTML.slice(0, 120).replace(/\\s+/g, " "),
  };
})()"""


# What a mouse could use on the page as it stands; of radio buttons of one name the arrows reach the others.
CONTROLS = """(() => {
  const all = document.querySelectorAll("a[href], button, input, select, textarea, summary");
  globalThis.unreached = new Map([...all]
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled && one.type !== "hidden")
    .filter((one) => one.tabIndex >= 0)
    .map((one) => [one, one.type === "radio" ? `radio ${one.name}` : one.outerHTML.slice(0, 120)]));
  return globalThis.unreached.size;
})()"""
REACHED = """(() => {
  const at = document.activeElement, name = globalThis.unreached.get(at);
  for (const [one, its] of globalThis.unreached)
    if (one === at || (at.type === "radio" && its === name)) globalThis.unreached.delete(one);
})()"""
UNREACHED = "[...new Set(globalThis.unreached.values())]"


class Keyboard:
    """The keys pressed in one tab. `problems` collects stops whose focus is not visible or lost."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        self.stops = 0
        self._beside = Beside(page)

    def focused(self, selector: str = "*") -> dict[str, Any]:
        """Where the focus is, whether one sees it, and whether that matches `selector`."""
        found: dict[str, Any] = self._beside.run(FOCUSED % json.dumps(selector))
        return found

    def tab_to(self, selector: str, *, key: str = "Tab") -> None:
        """Press Tab until the focus is on `selector`; look at every stop on the way.

        Raises AssertionError when no stop matches: the element cannot be reached from here.
        """
        passed = []
        for _ in range(MOST_STOPS):
            self.page.keyboard.press(key)
            at = self.focused(selector)
            if at["body"]:
                break  # the end of the page
            # The parts of one field, as a date's calendar button, are the browser's own to draw.
            if not at["again"]:
                self._note(at)
            if at["matches"]:
                return
            passed.append(at["name"])
        raise AssertionError(f"{selector} is no tab stop of {self.page.url}; passed:\n" + "\n".join(passed))

    def walk(self) -> list[str]:
        """Press Tab from the start of the page to its end; gives the controls that were no stop on the way."""
        n_controls: int = self._beside.run(CONTROLS)
        for _ in range(n_controls + MOST_STOPS):
            self.page.keyboard.press("Tab")
            at = self.focused()
            if at["body"]:
                break
            self._beside.run(REACHED)
            if not at["again"]:
                self._note(at)
        unreached: list[str] = self._beside.run(UNREACHED)
        return unreached

    def back_to(self, selector: str) -> None:
        """The same with Shift+Tab."""
        self.tab_to(selector, key="Shift+Tab")

    def press(self, key: str) -> None:
        """One key at the focused element."""
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Write at the focused element."""
        self.page.keyboard.type(text)

    def press_to(self, key: str, *, url: str) -> None:
        """A key that leads to another page; waits for `url` (Playwright's pattern)."""
        self.page.keyboard.press(key)
        self.page.wait_for_url(url)

    def note_where(self, after: str) -> None:
        """After something that happened on the page itself: the focus is still somewhere, and seen."""
        at = self.focused()
        if at["body"]:
            self.problems.append(f"the focus is lost after {after} at {self.page.url}")
        else:
            self._note(at)

    def _note(self, at: dict[str, Any]) -> None:
        self.stops += 1
        if not at["seen"]:
            self.problems.append(f"the focus is not visible at {self.page.url}: {at['name']}")
        elif not at["onScreen"]:
            self.problems.append(f"the focus is off the screen at {self.page.url}: {at['name']}")
