"""Collecting scripts, styles and pictures under hashed names, when they have changed.

`python -m pairly.up.static_files` does it for the settings that DJANGO_SETTINGS_MODULE names.
"""

from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect() -> bool:
    """Bring STATIC_ROOT up to date with the sources; whether anything had to be done. One process at a time."""
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    # Beside the folder: what lies in it is cleared, and served.
    with root.with_suffix(".sources").open("a+") as stamp:
        fcntl.flock(stamp, fcntl.LOCK_EX)
        stamp.seek(0)
        now = _fingerprint()
        if stamp.read() == now:
            return False
        stamp.truncate(0)
        # Django's own command reads and hashes everything anew: seconds that a second start need not spend.
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write(now)
    return True


def _fingerprint() -> str:
    """Of every source file's name, size and time."""
    facts = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            state = Path(storage.path(name)).stat()
            facts.append(f"{name}|{state.st_size}|{state.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(facts)).encode()).hexdigest()


if __name__ == "__main__":
    django.setup()
    collect()
