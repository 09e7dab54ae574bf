"""PostgreSQL as a child process: initdb once, then `postgres` on a unix socket only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from . import identity, paths, processes

ROLES_SQL = Path(__file__).resolve().parents[2] / "deploy" / "postgres" / "roles.sql"
# Nothing of our environment: PGPORT, PGDATA or a secret have no business in the server.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}
# What a postmaster says while a killed predecessor's sessions are still ending.
STILL_IN_USE = "is still in use"
SETTINGS = {
    "listen_addresses": "",
    "port": str(paths.PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # The places of a frequent beginning of words fit into it: searches.
    "work_mem": "32MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Values of a statement may be personal: never in the log.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
MB = 1024 * 1024


def _shared_buffers() -> str:
    """An eighth of the machine's memory, 128 MB to 2 GB: a page that only the system holds costs far more than one that
    PostgreSQL holds itself (docs/performance.md). It is taken as it is used.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{min(max(memory // 8 // MB, 128), 2048)}MB"


NOT_DURABLE = {"shared_buffers": "256MB", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """One data folder. `durable=False` trades crash safety for speed: for tests only."""

    name = "PostgreSQL"

    def __init__(self, *, var_dir: Path, durable: bool = True) -> None:
        self.var_dir = var_dir
        self.data_dir = var_dir / "postgres"
        self.durable = durable
        self.log_path = var_dir / "log" / "postgres.log"
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Bring the server up; recovers what a kill -9 left behind. Raises StartFailed with the log's end."""
        self.var_dir.mkdir(parents=True, exist_ok=True)
        identity.prepare_socket_dir(self.var_dir, uid=identity.server_uid(self.data_dir))
        # A stale pid file is PostgreSQL's own care, unless its pid now belongs to somebody else.
        processes.stop_orphan(
            self.data_dir / "postmaster.pid",
            program="postgres",
            argument=f"-D {self.data_dir}",
            signal_number=signal.SIGINT,
        )
        for left in paths.socket_dir(self.var_dir).glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)
        if not self.data_dir.exists():
            self._init()
        self._serve()
        self._set_up_roles()

    def stop(self) -> None:
        """Fast shutdown: open sessions end, nothing committed is lost."""
        if self.child is not None:
            processes.stop(self.child, signal_number=signal.SIGINT)
            self.child = None

    def _command(self, program: str, *args: str) -> list[str]:
        uid = identity.server_uid(self.data_dir)
        prefix = identity.prefix(death_signal="INT", uid=uid, reach=self.var_dir)
        return [*prefix, str(paths.postgres_binary(program)), *args]

    def _init(self) -> None:
        """initdb beside the final place, then one rename: an interrupted initdb leaves nothing that looks done."""
        making = self.data_dir.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        if (uid := identity.server_uid(self.data_dir)) is not None:
            os.chown(making, uid, uid)
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", f"--username={paths.ROLES['admin']}"]
        if not self.durable:
            options.append("--no-sync")
        command = self._command("initdb", f"--pgdata={making}", *options)
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", env=ENVIRONMENT, check=False)
        if done.returncode:
            raise processes.StartFailed(f"initdb failed:\n{done.stdout}{done.stderr}")
        making.rename(self.data_dir)

    def _server_command(self) -> list[str]:
        settings = {"unix_socket_directories": str(paths.socket_dir(self.var_dir)), **SETTINGS}
        settings |= {"shared_buffers": _shared_buffers()} if self.durable else NOT_DURABLE
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return self._command("postgres", "-D", str(self.data_dir), *flags)

    def _serve(self, *, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while True:
            self.child = processes.start(
                command=self._server_command(), log_path=self.log_path, only_env=ENVIRONMENT, cwd=Path("/")
            )
            try:
                processes.wait_until(ready=self._answers, child=self.child, name=self.name, log_path=self.log_path)
                return
            except processes.StartFailed as failure:
                if STILL_IN_USE not in str(failure) or time.monotonic() > deadline:
                    raise
            time.sleep(processes.POLL_SECONDS)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(paths.database_url(self.var_dir, role="admin", name="postgres"), connect_timeout=2):
                return True
        except psycopg.Error:
            return False

    def _set_up_roles(self) -> None:
        admin = paths.database_url(self.var_dir, role="admin", name="postgres")
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(ROLES_SQL.read_bytes())
            exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [paths.DATABASE]).fetchone()
            if not exists:
                query = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(query.format(sql.Identifier(paths.DATABASE), sql.Identifier(paths.ROLES["owner"])))
