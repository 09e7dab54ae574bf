"""Who the embedded servers run as, and the folders they may use.

PostgreSQL refuses to run as root. Started by root, the servers run as the owner of the data folder, or as nobody.
A checkout below a private folder (0700 home) is out of that user's reach; then the servers keep one capability,
CAP_DAC_OVERRIDE, and no folder is opened to the world. Where setpriv(1) or that capability is missing the start
fails and says so.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from functools import cache
from pathlib import Path

from . import paths
from .processes import StartFailed

NOBODY = 65534
_DAC_OVERRIDE = 1 << 1  # capabilities(7)


def server_uid(data_dir: Path) -> int | None:
    """The user id the servers run as; None means: as we are."""
    if os.getuid() != 0:
        return None
    owner = data_dir.stat().st_uid if data_dir.exists() else 0
    return owner or NOBODY


def prefix(*, death_signal: str, uid: int | None, reach: Path) -> list[str]:
    """Command prefix (setpriv(1)): the kernel sends `death_signal` when the parent dies, however it dies.

    `uid` drops root to that user, with the right to reach `reach` and the servers' programs.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        if uid is not None:
            raise StartFailed("as root the embedded servers need setpriv (package util-linux): install it")
        return []
    return [setpriv, f"--pdeathsig={death_signal}", *_as_user(setpriv, uid, str(reach)), "--"]


@cache
def _as_user(setpriv: str, uid: int | None, reach: str) -> list[str]:
    if uid is None:
        return []
    plain = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    if _can_reach([setpriv, *plain], reach):
        return [*plain, "--inh-caps=-all"]
    able = [*plain, "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"]
    if not _can_reach([setpriv, *able], reach):
        raise StartFailed(
            f"the user {uid}, as whom PostgreSQL runs because it refuses root, cannot enter {reach}: "
            "set PAIRLY_VAR_DIR to a folder that other users may pass through, or do not start as root"
        )
    return able


def _can_reach(command: list[str], reach: str) -> bool:
    """Whether that user can run the servers' programs and enter the folder `reach`."""
    probes = ([str(paths.postgres_binary("postgres")), "--version"], [str(paths.redis_binary()), "--version"])
    # stat(2) rather than access(2), which leaves capabilities out of account.
    entered = ["test", "-d", f"{reach}/."]
    return all(
        subprocess.run([*command, "--", *probe], capture_output=True, cwd="/", check=False).returncode == 0
        for probe in (*probes, entered)
    )


def _has_dac_override() -> bool:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapPrm:"):
            return bool(int(line.split()[1], 16) & _DAC_OVERRIDE)
    return False


def prepare_socket_dir(var_dir: Path, *, uid: int | None) -> None:
    """Make the sockets' folder, 0700 and the servers' own; refuse one that somebody else made before us in /tmp."""
    if uid is not None and not _has_dac_override():
        raise StartFailed("root without the capability CAP_DAC_OVERRIDE cannot use the servers: start as another user")
    folder = paths.socket_dir(var_dir)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.getuid(), uid}:
            raise StartFailed(f"{folder} belongs to somebody else: remove it") from None
    folder.chmod(0o700)
    if uid is not None:
        os.chown(folder, uid, uid)
