"""Collecting scripts, styles and pictures under hashed names, when they have changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

_STAMP = ".sources"


def collect() -> bool:
    """Bring STATIC_ROOT up to date with the sources; whether anything had to be done."""
    stamp, now = Path(settings.STATIC_ROOT) / _STAMP, _fingerprint()
    if stamp.is_file() and stamp.read_text() == now:
        return False
    # Django's own command reads and hashes everything anew: seconds that a second start need not spend.
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(now)
    return True


def _fingerprint() -> str:
    """Of every source file's name, size and time."""
    facts = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            state = Path(storage.path(name)).stat()
            facts.append(f"{name}|{state.st_size}|{state.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(facts)).encode()).hexdigest()
