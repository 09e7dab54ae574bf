"""The collected scripts and styles, for the servers of the tests: those run with the product's own settings."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .databases import ROOT, server_environment


@contextmanager
def collecting(var_dir: Path) -> Iterator[None]:
    """Bring `var_dir`/static up to date, as `up` does, while the block runs; it is, after the block.

    A child: this process' own settings take the plain files.
    """
    env = server_environment(var_dir, name="postgres")
    command = [sys.executable, "-m", "pairly.up.static_files"]
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen(command, cwd=ROOT, env=env, stdout=said, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            code = child.wait()
        if code:
            said.seek(0)
            raise RuntimeError(f"the static files could not be collected:\n{said.read()}")
