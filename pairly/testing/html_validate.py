"""html-validate over saved pages, in one run of Node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
CONFIG = ROOT / "frontend" / "audit" / "htmlvalidate.mjs"


def list_errors(folder: Path) -> list[str]:
    """One line an error in the *.html files of `folder`: file, line, rule, what is wrong."""
    report = folder / "report.json"  # a pipe would lose the end of a long one: the program exits while it writes
    command = ["node", str(PROGRAM), "--config", str(CONFIG), "--formatter", f"json={report}", str(folder / "*.html")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not report.exists():
        raise RuntimeError(f"html-validate failed:\n{done.stdout}{done.stderr}")
    return [
        f"{Path(page['filePath']).name}:{error['line']}: {error['ruleId']}: {error['message']}"
        for page in json.loads(report.read_text(encoding="utf-8"))
        for error in page["messages"]
    ]
