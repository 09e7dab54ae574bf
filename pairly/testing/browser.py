"""Chromium as the checks use it: how it is started, what a tab complained of, questions asked beside the page."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

# A test reaches nothing but loopback, and Chromium's own services would try.
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)

# What Playwright says where a context is made with service_workers="block".
BLOCKED = "Service Worker registration blocked by Playwright"


def launch_arguments() -> list[str]:
    """Chromium's command line; root has no sandbox to use."""
    return [*ARGUMENTS, *(["--no-sandbox"] if os.getuid() == 0 else [])]


def is_complaint(message: ConsoleMessage) -> bool:
    """Whether the console warns of something that is not the tests' own doing."""
    return message.type in ("error", "warning") and message.text != BLOCKED


class Watch:
    """What went on in a tab since it was opened: `files` of the document it shows, and what it complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.files: list[Response] = []
        self._messages: list[ConsoleMessage] = []
        self._failures: list[str] = []
        self._documents: list[Response] = []
        self._listeners: dict[str, Callable[[Any], None]] = {
            "console": self._on_console,
            "pageerror": lambda error: self._failures.append(f"uncaught: {error}"),
            "requestfailed": self._on_failed,
            "response": self._on_response,
        }
        for event, listener in self._listeners.items():
            page.on(event, listener)  # type: ignore[call-overload]

    def stop(self) -> None:
        """Nothing that happens from now on is noted."""
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)

    def _on_console(self, message: ConsoleMessage) -> None:
        if is_complaint(message):
            self._messages.append(message)

    def _on_failed(self, request: Request) -> None:
        # The browser itself lets go of a picture, an icon or a question of a script when it goes on to another page,
        # or to another source of a srcset; a server that refuses or breaks off gives another error.
        if request.resource_type in ("image", "other", "fetch") and request.failure == "net::ERR_ABORTED":
            return
        self._failures.append(f"no answer: {request.method} {request.url} ({request.failure})")

    def _on_response(self, response: Response) -> None:
        request = response.request
        if request.is_navigation_request() and request.frame == self.page.main_frame:
            self._documents.append(response)
            self.files = []
            return
        self.files.append(response)
        if response.status >= 400:
            self._failures.append(f"{response.status}: {request.method} {request.url}")

    @property
    def document(self) -> Response:
        """The answer that is shown now."""
        return self._documents[-1]

    def list_complaints(self) -> list[str]:
        """Console errors and warnings, uncaught exceptions, refused and failed requests.

        The document's own status is its page's business: Chromium reports one of 400 and more as an error.
        """
        shown = [f"console: {m.text}" for m in self._messages if not self._is_about_a_document(m)]
        return [*shown, *self._failures]

    def _is_about_a_document(self, message: ConsoleMessage) -> bool:
        is_of_network = message.text.startswith("Failed to load resource")
        return is_of_network and any(message.location["url"] == document.url for document in self._documents)


class Beside:
    """Scripts run beside the page: they see its document, not its scripts, and its content policy binds them not.

    Playwright's own `evaluate` goes through `eval` in the page's world, which strict policies refuse to what
    waits; and a checker's globals must not change the page that it checks.
    """

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Runtime.enable")
        self._compiled: dict[str, str] = {}
        self._enter()

    def _enter(self) -> None:
        frame = self._session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        made = self._session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "checks"})
        self._world = made["executionContextId"]

    def run(self, script: str) -> Any:
        """The value of `script`, awaited and by value (JSON). Raises RuntimeError with its exception."""
        try:
            answer = self._evaluate(script)
        except Error as failure:
            if "Cannot find context" not in failure.message:
                raise
            self._enter()  # another document is shown since
            answer = self._evaluate(script)
        if problem := answer.get("exceptionDetails"):
            raise RuntimeError(problem.get("exception", {}).get("description") or problem["text"])
        return answer["result"].get("value")

    def load(self, library: str) -> None:
        """Run a large script; while the tab stays in one process of the browser, it is sent and compiled once."""
        try:
            self._run_compiled(library)
        except Error:  # another document is shown since, or another process shows it
            self._compiled.clear()
            self._enter()
            self._run_compiled(library)

    def _run_compiled(self, library: str) -> None:
        where = {"executionContextId": self._world}
        if library not in self._compiled:
            what = {"expression": library, "sourceURL": "", "persistScript": True}
            self._compiled[library] = self._session.send("Runtime.compileScript", {**what, **where})["scriptId"]
        self._session.send("Runtime.runScript", {"scriptId": self._compiled[library], **where})

    def _evaluate(self, script: str) -> dict[str, Any]:
        asked = {"expression": script, "contextId": self._world, "awaitPromise": True, "returnByValue": True}
        answer: dict[str, Any] = self._session.send("Runtime.evaluate", asked)
        return answer
