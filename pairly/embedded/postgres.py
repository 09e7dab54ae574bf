"""PostgreSQL as a child process: initdb once, then `postgres` on a unix socket only."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from . import paths, processes

NOBODY = 65534
ROLES_SQL = Path(__file__).resolve().parents[2] / "deploy" / "postgres" / "roles.sql"


class Postgres:
    """One data folder. `durable=False` trades crash safety for speed: for tests only."""

    def __init__(self, *, var_dir: Path, durable: bool = True) -> None:
        self.var_dir = var_dir
        self.data_dir = var_dir / "postgres"
        self.durable = durable
        self.log_path = var_dir / "log" / "postgres.log"
        self.child: subprocess.Popen[bytes] | None = None

    # PostgreSQL refuses to run as root; then it runs as the owner of an existing folder, or as nobody.
    @property
    def _uid(self) -> int | None:
        if os.getuid() != 0:
            return None
        owner = self.data_dir.stat().st_uid if self.data_dir.exists() else 0
        return owner or NOBODY

    def _command(self, program: str, *args: str) -> list[str]:
        return [*processes.wrap(death_signal="INT", as_uid=self._uid), str(paths.postgres_binary(program)), *args]

    def is_up(self) -> bool:
        """Whether our data folder is being served."""
        try:
            with psycopg.connect(paths.database_url(self.var_dir, role="admin", name="postgres"), connect_timeout=2):
                return True
        except psycopg.Error:
            return False

    def start(self) -> None:
        """Bring the server up; recovers what a kill -9 left behind."""
        socket_dir = paths.socket_dir(self.var_dir)
        socket_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if (uid := self._uid) is not None:
            os.chown(socket_dir, uid, uid)
        self._stop_orphan()
        if not (self.data_dir / "PG_VERSION").exists():
            self._init()
        self.child = processes.start(command=self._server_command(), log_path=self.log_path)
        processes.wait_until(ready=self.is_up, child=self.child, name="PostgreSQL", log_path=self.log_path)
        self._set_up_roles()

    def _init(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.chmod(self.data_dir, 0o700)
        if (uid := self._uid) is not None:
            os.chown(self.data_dir, uid, uid)
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", f"--username={paths.ROLES['admin']}"]
        if not self.durable:
            options.append("--no-sync")
        subprocess.run(
            self._command("initdb", f"--pgdata={self.data_dir}", *options),
            check=True,
            capture_output=True,
            cwd="/",
        )

    def _server_command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(paths.socket_dir(self.var_dir)),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "shared_buffers": "256MB",
            "max_wal_size": "2GB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_parameter_max_length": "0",
            "log_parameter_max_length_on_error": "0",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return self._command("postgres", "-D", str(self.data_dir), *flags)

    def _stop_orphan(self) -> None:
        """A server of this folder whose parent was killed is stopped; a stale pid file is PostgreSQL's own care,
        unless its pid now belongs to somebody else."""
        pid_file = self.data_dir / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        if not processes.is_running(pid, marker=str(self.data_dir)):
            pid_file.unlink(missing_ok=True)
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + 20
        while processes.is_running(pid, marker=str(self.data_dir)):
            if time.monotonic() > deadline:
                raise processes.StartFailed(f"an earlier PostgreSQL (process {pid}) does not stop")
            time.sleep(processes.POLL_SECONDS)

    def _set_up_roles(self) -> None:
        admin = paths.database_url(self.var_dir, role="admin", name="postgres")
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(ROLES_SQL.read_bytes())
            exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [paths.DATABASE]).fetchone()
            if not exists:
                query = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(
                    query.format(sql.Identifier(paths.DATABASE), sql.Identifier(paths.ROLES["owner"]))
                )

    def stop(self) -> None:
        """Fast shutdown: open sessions end, nothing committed is lost."""
        if self.child is not None:
            processes.stop(self.child, signal_number=signal.SIGINT)
            self.child = None
