"""The embedded servers for the time of one process.

Who starts them owns them: `up` and `make test` for long, any other command for its own time. A command that
finds them running uses them. The lock file makes two commands that start at once agree on one owner.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .postgres import Postgres
from .redis import Redis


@contextmanager
def running(*, var_dir: Path, database: bool = True, redis: bool = True, durable: bool = True) -> Iterator[None]:
    """Servers of `var_dir` are up inside the block; those started here are stopped at its end."""
    (var_dir / "run").mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        with (var_dir / "run" / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            servers: list[Postgres | Redis] = []
            if database:
                servers.append(Postgres(var_dir=var_dir, durable=durable))
            if redis:
                servers.append(Redis(var_dir=var_dir))
            for server in servers:
                if not server.is_up():
                    stack.callback(server.stop)
                    server.start()
        yield


def wanted() -> tuple[bool, bool]:
    """(database, redis): which of the two the environment leaves to us."""
    return not os.environ.get("DATABASE_URL"), not os.environ.get("REDIS_URL")


def var_dir() -> Path:
    """PAIRLY_VAR_DIR, or `var` beside manage.py."""
    return Path(os.environ.get("PAIRLY_VAR_DIR") or Path(__file__).resolve().parents[2] / "var").resolve()
