"""Runs the protocol's vectors in real Chromium, under the strict policy of the chat pages."""

from __future__ import annotations

import http.server
import json
import os
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from pairly.testing.chromium import find_chromium

DIST = Path(__file__).resolve().parents[2] / "frontend" / "dist"
SCRIPT = b'<script type="module" src="/vectors.js"></script>'
PAGE = b'<!doctype html><meta charset="utf-8"><title>vectors</title><body>' + SCRIPT
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; require-trusted-types-for 'script'"
)


@dataclass(frozen=True)
class Result:
    passed: int
    failed: list[str]


class _Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, vectors: bytes, **kwargs: Any) -> None:
        self.vectors = vectors
        super().__init__(*args, directory=str(DIST), **kwargs)

    def do_GET(self) -> None:
        fixed = {"/": (PAGE, "text/html"), "/vectors.json": (self.vectors, "application/json")}.get(self.path)
        if fixed is None:
            super().do_GET()
            return
        body, kind = fixed
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def run_in(browser: Browser, path: Path) -> Result:
    """Serve the bundle on loopback, load it, read the counts."""
    handler = partial(_Handler, vectors=path.read_bytes())
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            text = page.wait_for_selector("#result", timeout=60_000)
            assert text is not None
            data = json.loads(text.text_content() or "{}")
            page.close()
        finally:
            server.shutdown()
            thread.join()
    return Result(**data)


def run(path: Path) -> Result:
    """The same with a browser of its own, for `make vectors`."""
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
        try:
            return run_in(browser, path)
        finally:
            browser.close()
