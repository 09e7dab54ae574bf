"""Lighthouse over the main pages, in both of its forms: a table, and what stops us."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from pairly.testing import demo

from .errors import AuditFailed
from .product import ROOT, Product
from .profile import enter, running_chromium

FOLDER = ROOT / "frontend" / "audit"
# Seen by a stranger, and by a fan whose keys are open.
OUTSIDE = ("home", "discover", "profile")
INSIDE = ("wallet", "chat")
FORMS = ("mobile", "desktop")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
MUST = {"accessibility": 100}
RUN_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Target:
    """A page to measure, and where it is."""

    name: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """What Lighthouse said of one page in one form."""

    target: Target
    form: str
    scores: dict[str, int]
    ended_at: str
    failed: list[str]

    def list_problems(self) -> list[str]:
        """Why this result is not good enough; empty when it is."""
        found = []
        if self.ended_at != self.target.path:
            found.append(f"{self.target.name}, {self.form}: ended at {self.ended_at} instead of {self.target.path}")
        for name, least in MUST.items():
            if self.scores.get(name, 0) < least:
                found.append(f"{self.target.name}, {self.form}: {name} is {self.scores.get(name)}, not {least}")
        return found


def measure(
    *, product: Product, folder: Path, reports: Path, only: str = "", say: Callable[[str], None]
) -> list[Result]:
    """Measure the pages whose name holds `only`; JSON reports go to `reports`. Raises AuditFailed."""
    reports.mkdir(parents=True, exist_ok=True)
    log_path = folder / "log" / "chromium.log"
    results = []
    for names, find_paths in ((OUTSIDE, _paths_outside), (INSIDE, _paths_inside)):
        wanted = [name for name in names if only in name]
        if not wanted:
            continue
        profile = folder / "profile"
        shutil.rmtree(profile, ignore_errors=True)
        paths = find_paths(product, profile)
        with running_chromium(profile, log_path=log_path) as port:
            for name, form in itertools.product(wanted, FORMS):
                say(f"{name}, {form} ...")
                target = Target(name=name, path=paths[name])
                results.append(_run(product, target, form=form, port=port, reports=reports))
    return results


def _paths_outside(product: Product, profile: Path) -> dict[str, str]:
    page = httpx.get(f"{product.url}/discover/").text
    found = re.search(r'href="(/creators/[^"]+)"', page)
    if found is None:
        raise AuditFailed("the demo shows no creator on /discover/")
    return {"home": "/", "discover": "/discover/", "profile": found[1]}


def _paths_inside(product: Product, profile: Path) -> dict[str, str]:
    chat = enter(profile, url=product.url, login=product.logins[demo.FAN])
    return {"wallet": "/wallet/", "chat": chat}


def _run(product: Product, target: Target, *, form: str, port: int, reports: Path) -> Result:
    report = reports / f"{target.name}-{form}.json"
    report.unlink(missing_ok=True)
    command = ["node", str(FOLDER / "lighthouse.mjs"), product.url + target.path, form, str(port), str(report)]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False, timeout=RUN_SECONDS)
    if done.returncode or not report.exists():
        raise AuditFailed(f"Lighthouse failed on {target.name}, {form}:\n{done.stdout}{done.stderr}")
    return _read(json.loads(report.read_text(encoding="utf-8")), product=product, target=target, form=form)


def _read(report: dict[str, Any], *, product: Product, target: Target, form: str) -> Result:
    if problem := report.get("runtimeError"):
        raise AuditFailed(f"Lighthouse could not load {target.name}, {form}: {problem['message']}")
    categories = report["categories"]
    return Result(
        target=target,
        form=form,
        scores={name: round(100 * (categories[name]["score"] or 0)) for name in CATEGORIES},
        ended_at=report["finalDisplayedUrl"].removeprefix(product.url),
        failed=sorted(_failed(report)),
    )


def _failed(report: dict[str, Any]) -> Iterator[str]:
    """What cost points, outside performance (whose figures depend on the machine)."""
    for name in CATEGORIES[1:]:
        for row in report["categories"][name]["auditRefs"]:
            audit = report["audits"][row["id"]]
            if row["weight"] and audit["score"] is not None and audit["score"] < 1:
                yield f"{name}: {audit['id']}: {audit['title']}"


def table(results: list[Result]) -> list[str]:
    """Page and form against category, then what cost points."""
    head = f"{'page':<10} {'form':<8} " + " ".join(f"{name:>14}" for name in CATEGORIES)
    rows = [
        f"{one.target.name:<10} {one.form:<8} " + " ".join(f"{one.scores[name]:>14}" for name in CATEGORIES)
        for one in results
    ]
    notes = [f"{one.target.name}, {one.form}: {line}" for one in results for line in one.failed]
    return [head, *rows, *notes]
