"""Finding nginx and PgBouncer, and installing them: `python -m pairly.testing.proxies`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAMS = ("nginx", "pgbouncer")
# Debian starts a server as soon as its package is installed, unless this program forbids it (invoke-rc.d(8)).
_POLICY = Path("/usr/sbin/policy-rc.d")


class NoProgram(RuntimeError):
    """A test of the deployment cannot run; the message says what to do."""


def find_program(name: str) -> str:
    """Path of nginx or pgbouncer, which ordinary users often have not on their PATH. Raises NoProgram."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    if found := shutil.which(name, path=path):
        return found
    raise NoProgram(f"no {name} found: run `make proxies` as root on Debian, or install the package {name}")


def require_program(name: str) -> str:
    """`find_program` for a test: without the program it is skipped, and fails where CI is set."""
    try:
        return find_program(name)
    except NoProgram as missing:
        if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


def install() -> None:
    """Debian's packages as root; nothing when both are there, and elsewhere a word about what will be skipped."""
    missing = [name for name in PROGRAMS if not _is_there(name)]
    if missing and os.getuid() == 0 and shutil.which("apt-get"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        with _nothing_is_started():
            subprocess.run(["apt-get", "update", "-qq"], check=True, env=env)
            subprocess.run(
                ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], check=True, env=env
            )
    for name in PROGRAMS:
        try:
            print(f"{name}: {find_program(name)}")
        except NoProgram as failure:
            print(f"{failure}; its tests are skipped (under CI=true they fail)")


def _is_there(name: str) -> bool:
    try:
        return bool(find_program(name))
    except NoProgram:
        return False


@contextmanager
def _nothing_is_started() -> Iterator[None]:
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()


if __name__ == "__main__":
    install()
