"""One page, looked at as a person would in each theme and width, and as machines do: what is wrong with it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import BrowserContext, Page, Response, ViewportSize

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
    `is_thorough`: with a picture of each width in each theme, and axe in the other direction of writing as well.
    """

    name: str
    open: Callable[[Page], object]
    ready: str = "main"
    status: int = 200
    script_kb: int = SCRIPT_KB
    is_brief: bool = False
    is_thorough: bool = False

    def list_widths(self, theme: Theme) -> tuple[int, ...]:
        """The widths to look at it in, the first of them with axe: the light one wide, the dark one narrow."""
        if theme == THEMES[0]:
            return WIDTHS[-1:] if self.is_brief and not self.is_thorough else WIDTHS[::-1]
        return WIDTHS if self.is_thorough else WIDTHS[:1]


@dataclass(kw_only=True)
class Survey:
    """What was found on one page."""

    name: str
    title: str = ""
    html: str = ""
    weights: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)


class Tab:
    """A tab that goes from page to page: opening one for each costs more than looking at it."""

    def __init__(self, context: BrowserContext) -> None:
        self.page = context.new_page()
        self.page.emulate_media(color_scheme=THEMES[0], reduced_motion="reduce")
        self.beside = Beside(self.page)

    def resize(self, width: int) -> None:
        """Where it is not so wide already."""
        if (self.page.viewport_size or {}) != (size := ViewportSize(width=width, height=HEIGHT)):
            self.page.set_viewport_size(size)


def survey(tab: Tab, *, visit: Visit, screens: Path | None = None) -> Survey:
    """Look at one page in both themes, changed while it is shown as people do; screenshots go to `screens`.

    The tab is as it was before, but that it shows the page; where something raises it is closed.
    """
    found = Survey(name=visit.name)
    watch = Watch(tab.page)
    try:
        tab.resize(WIDTHS[-1])
        visit.open(tab.page)
        tab.page.wait_for_selector(visit.ready)
        tab.page.wait_for_load_state("load")
        _read(watch, tab.beside, visit=visit, found=found)
        axe.load(tab.beside)
        path = screens / visit.name if screens else None
        for theme in THEMES:
            if theme != THEMES[0]:
                tab.page.emulate_media(color_scheme=theme)
            found.findings += _list_misfits(tab, visit=visit, theme=theme, path=path)
        if visit.is_thorough or not visit.is_brief:
            found.findings += _list_turned(tab, is_thorough=visit.is_thorough)
        found.findings += watch.list_complaints()
        tab.page.emulate_media(color_scheme=THEMES[0])
        tab.page.unroute_all()
    except BaseException:
        tab.page.close()
        raise
    watch.stop()
    return found


def _list_turned(tab: Tab, *, is_thorough: bool) -> list[str]:
    """The other direction of writing, at the narrowest width and the widest."""
    tab.resize(WIDTHS[0])
    tab.beside.run(TURN)
    found = _list_overflow(tab.beside, width=WIDTHS[0], theme="other direction")
    tab.resize(WIDTHS[-1])
    if is_thorough:
        found += [f"axe, other direction: {line}" for line in axe.list_violations(tab.beside)]
    return found + _list_overflow(tab.beside, width=WIDTHS[-1], theme="other direction")


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
def _list_misfits(tab: Tab, *, visit: Visit, theme: Theme, path: Path | None) -> list[str]:
    """Each width of the visit: the first with axe and a screenshot, of a thorough one the narrowest and all."""
    found = []
    widths = visit.list_widths(theme)
    for width in widths:
        tab.resize(width)
        found += _list_overflow(tab.beside, width=width, theme=theme)
        if path and (visit.is_thorough or width == widths[0]):
            shot = path.with_name(f"{path.name}-{width}-{theme}.png")
            # Neither the caret is hidden nor are animations stopped: both would add a style that the policy refuses.
            tab.page.screenshot(path=shot, full_page=True, caret="initial", animations="allow")
        if width == widths[0] or (visit.is_thorough and width == WIDTHS[0]):
            of_colours = visit.is_brief and not visit.is_thorough and theme != THEMES[0]
            lines = axe.list_violations(tab.beside, rules=axe.OF_COLOURS if of_colours else ())
            found += [f"axe, {theme}, {width} px: {line}" for line in lines]
    return found


def _list_overflow(beside: Beside, *, width: int, theme: str) -> list[str]:
    wide = beside.run(WIDE)
    return [f"sideways scroll: {wide} px wide at {width} px, {theme}"] if wide > width else []
