"""One page, looked at as a person would in each theme and width, and as machines do: what is wrong with it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import BrowserContext, Page, Response

from . import axe
from .browser import Beside, Watch

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
WIDTHS = (360, 768, 1280)
HEIGHT = 900
KB = 1024
HTML_KB, STYLE_KB, SCRIPT_KB, CHAT_SCRIPT_KB = 14, 20, 40, 80
FACTS = """({
  title: document.title,
  lang: document.documentElement.lang,
  dir: document.documentElement.dir,
  headings: [...document.querySelectorAll("h1")].filter((h) => h.checkVisibility()).length,
  mains: document.querySelectorAll("main").length,
  banners: document.querySelectorAll("body > header, [role=banner]").length,
})"""
WIDE = "document.documentElement.scrollWidth"
TURN = "document.documentElement.dir = document.documentElement.dir === 'rtl' ? 'ltr' : 'rtl'"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """How to come to a page: `open` leads a tab to it, `ready` is a selector of the finished page.

    `is_brief`: look at it in one width a theme, for the state of a page that is looked at in all of them.
    """

    name: str
    open: Callable[[Page], object]
    ready: str = "main"
    status: int = 200
    script_kb: int = SCRIPT_KB
    is_brief: bool = False

    def list_widths(self, theme: Theme) -> tuple[int, ...]:
        """The widths to look at it in."""
        if self.is_brief:
            return (WIDTHS[-1],) if theme == THEMES[0] else (WIDTHS[0],)
        return WIDTHS


@dataclass(kw_only=True)
class Survey:
    """What was found on one page."""

    name: str
    title: str = ""
    html: str = ""
    weights: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)


def survey(context: BrowserContext, *, visit: Visit, screens: Path) -> Survey:
    """Look at one page in both themes, changed while it is shown as people do; screenshots go to `screens`."""
    found = Survey(name=visit.name)
    page = context.new_page()
    try:
        watch = Watch(page)
        page.emulate_media(color_scheme=THEMES[0], reduced_motion="reduce")
        page.set_viewport_size({"width": WIDTHS[-1], "height": HEIGHT})
        visit.open(page)
        page.wait_for_selector(visit.ready)
        page.wait_for_load_state("load")
        beside = Beside(page)
        _read(watch, beside, visit=visit, found=found)
        axe.load(beside)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            widths = visit.list_widths(theme)
            found.findings += _list_misfits(page, beside, theme=theme, widths=widths, path=screens / visit.name)
            found.findings += [f"axe, {theme}: {line}" for line in axe.list_violations(beside)]
        if not visit.is_brief:
            found.findings += _list_turned(page, beside)
        found.findings += watch.list_complaints()
    finally:
        page.close()
    return found


def _list_turned(page: Page, beside: Beside) -> list[str]:
    """The narrowest width, and the other direction of writing."""
    _resize(page, width=WIDTHS[0])
    found = [f"axe, {WIDTHS[0]} px: {line}" for line in axe.list_violations(beside)]
    _resize(page, width=WIDTHS[-1])
    beside.run(TURN)
    found += [f"axe, other direction: {line}" for line in axe.list_violations(beside)]
    return found + _list_overflow(beside, width=WIDTHS[-1], theme="other direction")


def _resize(page: Page, *, width: int) -> None:
    page.set_viewport_size({"width": width, "height": HEIGHT})


# -- what the server sent ---------------------------------------------------------------------------------
def _read(watch: Watch, beside: Beside, *, visit: Visit, found: Survey) -> None:
    document = watch.document
    found.html = document.text()
    if document.status != visit.status:
        found.findings.append(f"status {document.status} instead of {visit.status} at {document.url}")
    facts = beside.run(FACTS)
    found.title = facts["title"]
    found.findings += _list_missing(facts)
    found.weights = {
        "html": _gzipped(document),
        "style": sum(_gzipped(file) for file in watch.files if _is(file, "stylesheet")),
        "script": sum(_gzipped(file) for file in watch.files if _is(file, "script")),
    }
    budgets = {"html": HTML_KB, "style": STYLE_KB, "script": visit.script_kb}
    for kind, weight in found.weights.items():
        if weight > budgets[kind] * KB:
            found.findings.append(f"weight: {kind} {weight / KB:.1f} KB of {budgets[kind]} KB (gzip)")


def _is(file: Response, kind: str) -> bool:
    return file.request.resource_type == kind and file.ok


def _gzipped(file: Response) -> int:
    return len(gzip.compress(file.body(), mtime=0))


def _list_missing(facts: dict[str, Any]) -> list[str]:
    wanted = {
        "a title": bool(facts["title"].strip()),
        "a language": bool(facts["lang"]),
        "a direction": facts["dir"] in ("ltr", "rtl"),
        "exactly one h1": facts["headings"] == 1,
        "exactly one main": facts["mains"] == 1,
        "a banner": facts["banners"] == 1,
    }
    return [f"structure: {name} is missing ({facts})" for name, is_there in wanted.items() if not is_there]


# -- how it looks -----------------------------------------------------------------------------------------
def _list_misfits(page: Page, beside: Beside, *, theme: Theme, widths: tuple[int, ...], path: Path) -> list[str]:
    """Each width with a screenshot; ends at the last of `widths`."""
    found = []
    for width in widths:
        _resize(page, width=width)
        found += _list_overflow(beside, width=width, theme=theme)
        shot = path.with_name(f"{path.name}-{width}-{theme}.png")
        # Neither the caret is hidden nor are animations stopped: both would add a style that the policy refuses.
        page.screenshot(path=shot, full_page=True, caret="initial", animations="allow")
    return found


def _list_overflow(beside: Beside, *, width: int, theme: str) -> list[str]:
    wide = beside.run(WIDE)
    return [f"sideways scroll: {wide} px wide at {width} px, {theme}"] if wide > width else []
