"""The real PgBouncer on loopback with the configuration of `deploy/pgbouncer`, in front of the test server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from pairly.embedded import identity, paths, processes

from .databases import ROOT
from .ports import free_port
from .proxies import require_program

# Every character that a file or a shell could misread.
PASSWORD = 'it\'s "quoted" $HOME & \\n'  # noqa: S105 - of a test
# Older ones do not know the line, and end at it.
_KNOWS_PREPARED = (1, 21)


@dataclass(frozen=True)
class RunningPgBouncer:
    """A PgBouncer of ours. `url` is that of the application's role; `knows_prepared` whether it is new enough."""

    port: int
    knows_prepared: bool
    log_path: Path

    def connect(self, password: str = PASSWORD) -> psycopg.Connection[tuple[object, ...]]:
        """A connection through it."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="pairly_web", password=password, dbname="pairly", connect_timeout=30
        )


@contextmanager
def running_pgbouncer(*, var_dir: Path, database: str, pool_size: int) -> Iterator[RunningPgBouncer]:
    """PgBouncer in front of one database of the embedded server; `pool_size` connections for all clients."""
    program = require_program("pgbouncer")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"PgBouncer (\d+)\.(\d+)", version)
    knows_prepared = bool(found and (int(found[1]), int(found[2])) >= _KNOWS_PREPARED)
    folder = Path(tempfile.mkdtemp(prefix="pairly-pgbouncer-"))
    shutil.copytree(ROOT / "deploy" / "pgbouncer", folder / "etc")
    ini = folder / "etc" / "pgbouncer.ini"
    text = ini.read_text().replace("default_pool_size = 50", f"default_pool_size = {pool_size}")
    ini.write_text(text if knows_prepared else re.sub(r"(?m)^max_prepared_statements.*\n", "", text))
    # It refuses to run as root, and the server's socket belongs to the server's user.
    uid = identity.server_uid(var_dir / "postgres")
    if uid is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, uid, uid)
    port = free_port()
    env = {
        "PATH": f"{Path(program).parent}:{os.environ['PATH']}",
        "DATABASE_HOST": str(paths.socket_dir(var_dir)),
        "DATABASE_PORT": str(paths.PORT),
        "DATABASE_NAME": database,
        "DATABASE_WEB_PASSWORD": PASSWORD,
        "LISTEN_ADDR": "127.0.0.1",
        "LISTEN_PORT": str(port),
        "RUN": str(folder),
    }
    log_path = folder / "log"
    prefix = identity.prefix(death_signal="TERM", uid=uid, reach=var_dir)
    child = processes.start(command=[*prefix, str(folder / "etc" / "entrypoint.sh")], log_path=log_path, only_env=env)
    made = RunningPgBouncer(port, knows_prepared, log_path)
    try:
        processes.wait_until(ready=lambda: _answers(made), child=child, name="PgBouncer", log_path=log_path)
        yield made
    finally:
        processes.stop(child)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(pgbouncer: RunningPgBouncer) -> bool:
    try:
        pgbouncer.connect().close()
    except psycopg.OperationalError:
        return False
    return True
