"""Finding Chromium, and installing it: `python -m pairly.testing.chromium`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Beside the packages, not in a home folder: HOME may be empty, and `make clean` removes it.
PLAYWRIGHT_FOLDER = Path(sys.prefix) / "browsers"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class NoChromium(RuntimeError):
    """The browser tests cannot run; the message says what to do."""


def find_chromium() -> str:
    """Path of a Chromium: the system's, else Playwright's own. Raises NoChromium."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    for path in sorted(PLAYWRIGHT_FOLDER.glob("chromium-*/chrome-*/chrome"), reverse=True):
        return str(path)
    raise NoChromium("no Chromium found: run `make chromium`, or install the package chromium")


def install() -> None:
    """Debian's package as root, else Playwright's build; nothing when one is there."""
    try:
        print(f"Chromium: {find_chromium()}")
        return
    except NoChromium:
        pass
    if os.getuid() == 0 and shutil.which("apt-get"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=env)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=True, env=env)
    else:
        env = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(PLAYWRIGHT_FOLDER)}
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True, env=env)
    print(f"Chromium: {find_chromium()}")


if __name__ == "__main__":
    install()
