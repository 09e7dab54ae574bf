"""The collected scripts and styles, for the servers of the tests: those run with the product's own settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .databases import ROOT, server_environment


def collect(var_dir: Path) -> None:
    """Bring `var_dir`/static up to date, as `up` does. A child: this process' own settings take the plain files."""
    env = server_environment(var_dir, name="postgres")
    done = subprocess.run(
        [sys.executable, "-m", "pairly.up.static_files"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the static files could not be collected:\n{done.stdout}\n{done.stderr}")
