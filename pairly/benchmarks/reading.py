"""Reading far back while one writes: a conversation in Chromium, opened, searched to its beginning, typed into; then a
large file is sealed and sent, and opened again.

What counts is the longest piece of work on the page's main thread (a trace of the browser's tasks, so that those below
50 ms are counted too) and how long a key waits until its letter is painted. `cpu` is the processor's time of the same
tasks: on a machine that does other things the difference is theirs.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from pairly.common.clock import now_ms
from pairly.testing.browser import launch_arguments
from pairly.testing.chromium import find_chromium
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import PASSWORD

from . import daphne

Say = Callable[[str], None]
N_MESSAGES = 1_000
PRICE_CENTI = 5_000
NEEDLE = "quince"
FILE_BYTES = 24 * 1024 * 1024
AIM_MS = 50
KEY_EVERY_MS = 80
TASKS = ("disabled-by-default-devtools.timeline", "devtools.timeline", "v8", "__metadata")
N_LONGEST = 3
N_CAUSES = 5
_TEXT = (
    "the light in the harbour was better than we had hoped and nobody wanted to go home before it was gone, "
    "so we stayed until the last boat had left and the cafe put its chairs away"
)

# Each key: from the moment the system has it to the frame that shows it.
_LISTEN = """
window.keys = [];
addEventListener("keydown", (event) => {
  const began = event.timeStamp;
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => window.keys.push(performance.now() - began);
    port2.postMessage(null);
  });
}, true);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A piece of work on the main thread; `causes` is what it did, the most expensive first."""

    wall_ms: float
    cpu_ms: float
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a run found; times in milliseconds."""

    opening: list[Task]
    going_back: list[Task]
    sealing: list[Task]
    unsealing: list[Task]
    n_messages: int
    seconds: float
    keys: list[float]


def measure(*, var_dir: Path, say: Say, n_messages: int = N_MESSAGES) -> Reading:
    """Write the conversation into the database of the environment, and read it. Playwright's loop runs in this thread:
    the database is used before it only."""
    letters = _write(n_messages, say)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # connections are closed under its loop
    with (
        daphne.running(application="pairly.asgi:application", var_dir=var_dir) as port,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=launch_arguments())
        try:
            return _read(browser, f"http://127.0.0.1:{port}", letters, n_messages)
        finally:
            browser.close()


def table(found: Reading) -> list[str]:
    """One figure a line; the aim is on the longest task of all."""
    keys = sorted(found.keys)
    parts = {
        "opening": found.opening,
        "going_back": found.going_back,
        "sealing": found.sealing,
        "unsealing": found.unsealing,
    }
    tasks = [task for part in parts.values() for task in part]
    return [
        *(line for name, part in parts.items() for line in _part(name, part)),
        f"reading_messages_per_second {found.n_messages / found.seconds:.0f}",
        f"reading_keys {len(keys)}",
        f"reading_key_to_paint_p50_ms {keys[len(keys) // 2]:.0f}",
        f"reading_key_to_paint_p95_ms {keys[int(len(keys) * 0.95)]:.0f}",
        f"longest_task_cpu_ms {max(task.cpu_ms for task in tasks):.0f}",
        f"longest_task_ms {_longest(tasks):.0f} (aim {AIM_MS})",
    ]


def _part(name: str, tasks: list[Task]) -> list[str]:
    longest = sorted(tasks, key=lambda task: task.cpu_ms, reverse=True)[:N_LONGEST]
    return [
        f"reading_{name}_longest_task_cpu_ms {longest[0].cpu_ms:.0f}",
        *(f"  {task.cpu_ms:.0f} ms: {', '.join(task.causes)}" for task in longest),
    ]


def _longest(tasks: list[Task]) -> float:
    return max(task.wall_ms for task in tasks)


def _write(n_messages: int, say: Say) -> Letters:
    say(f"writing {n_messages} messages")
    fan = PenFriend("fan", name="Reader", credits_centi=10_000_000)
    letters = Letters(fan=fan, creator=PenFriend("creator", name="Writer", price_centi=PRICE_CENTI))
    words = _TEXT.split()
    start = now_ms() - int(timedelta(days=60) / timedelta(milliseconds=1))
    for number in range(n_messages):
        text = " ".join(words[(number * 7 + i) % len(words)] for i in range(6 + number % 40))
        if number % 100 == 5:
            text += f" {NEEDLE} {number}"
        writer = letters.fan if number % 25 == 0 else letters.creator
        letters.write(writer, text, at_ms=start + number * 80 * 60_000)
    return letters


def _read(browser: Browser, url: str, letters: Letters, n_messages: int) -> Reading:
    page = browser.new_page(base_url=url, viewport={"width": 420, "height": 800})
    page.set_default_timeout(120_000)
    page.add_init_script(_LISTEN)
    _enter(page, letters)
    opening = _trace(browser, page, lambda: _open(page, letters))
    began = time.perf_counter()
    going_back = _trace(browser, page, lambda: _go_back(page))
    seconds = time.perf_counter() - began
    there = page.locator(".chat-rows > .bubble").count()
    if there != n_messages:
        raise RuntimeError(f"{there} messages are on the page, {n_messages} were written")
    keys = page.evaluate("window.keys")
    sealing = _trace(browser, page, lambda: _seal(page))
    page.reload()  # it has not got the file any more: this is from the server
    page.wait_for_selector("pairly-conversation[data-ready]")
    unsealing = _trace(browser, page, lambda: _unseal(page))
    return Reading(
        opening=opening,
        going_back=going_back,
        sealing=sealing,
        unsealing=unsealing,
        n_messages=n_messages,
        seconds=seconds,
        keys=keys,
    )


def _enter(page: Page, letters: Letters) -> None:
    page.goto("/sign-in/")
    page.fill("input[name=email]", letters.fan.user.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_selector(".balance")
    page.goto("/keys/")
    page.fill("[data-part=recovery-input]", letters.fan.recovery)
    page.click("[data-part=unlock]")
    page.wait_for_selector("[data-step=done]:not([hidden])")


def _open(page: Page, letters: Letters) -> None:
    page.goto(letters.path)
    page.wait_for_selector("pairly-conversation[data-ready]")


def _go_back(page: Page) -> None:
    """Search to the beginning, and write meanwhile."""
    page.click("[data-part=search-open]")
    page.keyboard.type(NEEDLE)
    page.click("[data-part=search-back]")
    page.click("[data-part=text-input]")
    while page.is_visible("[data-part=search-back]"):
        page.keyboard.type("and so on ", delay=KEY_EVERY_MS)
    page.wait_for_selector("[data-part=looking]", state="hidden")


def _seal(page: Page) -> None:
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(os.urandom(FILE_BYTES))
        file.flush()
        page.set_input_files("[data-part=attach-input]", file.name)
        page.wait_for_selector(".tray-item[data-stage=ready]")
    page.click("[data-part=send]")
    page.wait_for_selector(".bubble[data-status=sent] .shown-file")


def _unseal(page: Page) -> None:
    with page.expect_download():
        page.click(".shown-file [data-part=download]")


def _trace(browser: Browser, page: Page, work: Callable[[], None]) -> list[Task]:
    """The tasks of the page's main thread while `work` is done."""
    browser.start_tracing(page=page, categories=list(TASKS))
    try:
        work()
    finally:
        trace = json.loads(browser.stop_tracing())
    events: list[dict[str, Any]] = trace["traceEvents"]
    mains = {
        (e["pid"], e["tid"]) for e in events if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"
    }
    timed = [e for e in events if (e["pid"], e["tid"]) in mains and e["ph"] == "X" and "dur" in e]
    tasks = [e for e in timed if e["name"] == "RunTask"]
    longest = sorted(tasks, key=_cpu_ms, reverse=True)[:N_LONGEST]
    return [
        Task(wall_ms=e["dur"] / 1000, cpu_ms=_cpu_ms(e), causes=_causes(e, timed) if e in longest else ())
        for e in tasks
    ]


def _cpu_ms(event: dict[str, Any]) -> float:
    return float(event.get("tdur", 0) / 1000)


def _causes(task: dict[str, Any], timed: list[dict[str, Any]]) -> tuple[str, ...]:
    """What the browser did within a task, each without what it called."""
    end = task["ts"] + task["dur"]
    thread = (task["pid"], task["tid"])
    within = [
        e for e in timed if (e["pid"], e["tid"]) == thread and task["ts"] <= e["ts"] and e["ts"] + e["dur"] <= end
    ]
    own = {id(e): _cpu_ms(e) for e in within}
    around: list[dict[str, Any]] = []
    for event in sorted(within, key=lambda e: (e["ts"], -e["dur"])):
        while around and around[-1]["ts"] + around[-1]["dur"] < event["ts"] + event["dur"]:
            around.pop()
        if around:
            own[id(around[-1])] -= _cpu_ms(event)
        around.append(event)
    longest = sorted(within, key=lambda e: own[id(e)], reverse=True)[:N_CAUSES]
    return tuple(_name(e, own[id(e)]) for e in longest)


def _name(event: dict[str, Any], ms: float) -> str:
    """The event with its time and how many elements or objects it was about."""
    args = event.get("args", {})
    layout = args.get("beginData", {})
    data = args.get("data", {})
    about = [
        f"{args['elementCount']} elements" if "elementCount" in args else "",
        f"{layout['dirtyObjects']} of {layout['totalObjects']} objects" if "totalObjects" in layout else "",
        *(str(data[key]) for key in ("type", "functionName", "url") if key in data),
    ]
    return " ".join([event["name"], f"{ms:.0f} ms", *filter(None, about)])
