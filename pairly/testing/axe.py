"""axe-core over the page that a tab shows."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path

from .browser import Beside

SOURCE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# What looks different in another theme.
OF_COLOURS = ("color-contrast", "link-in-text-block")
# One line a violated rule and element. `preload` would fetch files of other origins; there are none.
RUN = """
axe.run(document, {runOnly: %s, resultTypes: ["violations"], preload: false}).then(
  (found) => found.violations.flatMap((rule) => rule.nodes.map((node) => {
    const why = [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; ");
    return `${rule.id} at ${node.target.flat().join(" ")}: ${why.slice(0, 200)}`;
  })))
"""


@functools.cache
def _source() -> str:
    # Its value would be the whole library, by value.
    return f"{SOURCE.read_text(encoding='utf-8')}\n;undefined"


def load(beside: Beside) -> None:
    """Make axe known beside the page; once a document."""
    beside.load(_source())


def list_violations(beside: Beside, *, rules: Sequence[str] = ()) -> list[str]:
    """Each violated rule with its element, as the page looks now; `rules` are all of TAGS. `load` must have run."""
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    found: list[str] = beside.run(RUN % json.dumps(only))
    return found
