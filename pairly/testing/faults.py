"""Servers of one test's own that it may stop, continue and kill, and the product on them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

from pairly.common.sql import close_connections
from pairly.embedded import paths, processes
from pairly.embedded.postgres import Postgres
from pairly.embedded.redis import Redis

from . import databases
from .fixtures import RunningServer, running_daphne
from .ports import free_port


def family_of(pid: int) -> list[int]:
    """A process and all that descend from it, parents first. PostgreSQL's sessions lead groups of their own."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue  # it ended meanwhile
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for member in found:
        found += children.get(member, [])
    return found


def _signal(pid: int, number: signal.Signals) -> None:
    for member in family_of(pid):
        with suppress(ProcessLookupError):
            os.kill(member, number)


@contextmanager
def stopped(child: subprocess.Popen[bytes] | None) -> Iterator[None]:
    """The process and its children stand still inside the block: connections open, nothing answers."""
    assert child is not None
    _signal(child.pid, signal.SIGSTOP)
    _signal(child.pid, signal.SIGSTOP)  # who was born between look and stop
    try:
        yield
    finally:
        _signal(child.pid, signal.SIGCONT)


def _kill(child: subprocess.Popen[bytes] | None) -> None:
    assert child is not None
    _signal(child.pid, signal.SIGKILL)
    child.wait()


def daphne_command(port: int) -> list[str]:
    """The product's server at a port of loopback, as `running_daphne` starts it."""
    return [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "pairly.asgi:application"]


def count_threads(pid: int) -> int:
    """How many threads a process has (proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("Threads:")))


@dataclass
class FaultyWorld:
    """PostgreSQL, Redis and a mail server of our own, and the product's server on them."""

    folder: Path
    postgres: Postgres
    redis: Redis
    mail: subprocess.Popen[bytes]
    server: RunningServer
    closing: ExitStack
    """What is closed with the world."""

    @property
    def url(self) -> str:
        return self.server.url

    def kill_postgres(self) -> None:
        """kill -9 of all its processes."""
        _kill(self.postgres.child)

    def kill_redis(self) -> None:
        """kill -9; it comes back empty."""
        _kill(self.redis.child)

    def kill_server(self) -> None:
        """kill -9 of the web process."""
        _kill(self.server.child)

    def start_server(self) -> None:
        """The web process again, at its address."""
        child = processes.start(
            command=[*processes.wrap(death_signal="KILL"), *daphne_command(int(self.server.env["PORT"]))],
            log_path=self.server.log_path,
            env=self.server.env,
        )
        self.closing.callback(processes.stop, child)
        self.server = replace(self.server, child=child)

    def start_worker(self) -> subprocess.Popen[bytes]:
        """A Celery worker as `up` starts it."""
        arguments = ["worker", "--loglevel", "INFO", "--pool", "threads", "--concurrency", "2"]
        child = processes.start(
            command=[
                *processes.wrap(death_signal="KILL"),
                sys.executable,
                "-m",
                "celery",
                "-A",
                "pairly.celery",
                *arguments,
            ],
            log_path=self.folder / "log" / "worker.log",
            env=self.server.env,
            cwd=databases.ROOT,
        )
        self.closing.callback(processes.stop, child)
        return child


@contextmanager
def faulty_world(
    folder: Path, *, blocker: DjangoDbBlocker, durable: bool = False, **extra_env: str
) -> Iterator[FaultyWorld]:
    """All of them up inside the block; Django in this process works on that PostgreSQL meanwhile.

    `durable`: what PostgreSQL committed outlives a kill.
    """
    postgres, redis = Postgres(var_dir=folder, durable=durable), Redis(var_dir=folder)
    mail_port = free_port()
    mail = processes.start(
        command=[sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{mail_port}"],
        log_path=folder / "log" / "mail.log",
    )
    try:
        postgres.start()
        redis.start()
        _copy_schema(folder)
        url = paths.database_url(folder, name=paths.DATABASE)
        env = {
            "DATABASE_URL": url,
            "DATABASE_OWNER_URL": url,
            "REDIS_URL": paths.redis_url(folder),
            "REDIS_TIMEOUT_SECONDS": "1",
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
            **extra_env,
        }
        with (
            blocker.unblock(),
            django_on(folder),
            running_daphne(database=paths.DATABASE, log_folder=folder / "log", port=0, **env) as server,
            ExitStack() as closing,
        ):
            yield FaultyWorld(folder, postgres, redis, mail, server, closing)
    finally:
        processes.stop(mail)
        redis.stop()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _copy_schema(folder: Path) -> None:
    """The migrated template of the test run, copied to the server in `folder`."""
    source = paths.database_url(settings.VAR_DIR, role="admin", name=os.environ[databases.TEMPLATE_VARIABLE])
    target = paths.database_url(folder, role="admin", name=paths.DATABASE)
    dump = subprocess.Popen([str(paths.postgres_binary("pg_dump")), source], stdout=subprocess.PIPE)
    load = [str(paths.postgres_binary("psql")), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", target]
    done = subprocess.run(load, stdin=dump.stdout, capture_output=True, text=True, check=False)
    assert dump.stdout is not None
    dump.stdout.close()
    if dump.wait() or done.returncode:
        raise RuntimeError(f"the schema could not be copied:\n{done.stderr}")


@contextmanager
def django_on(folder: Path) -> Iterator[None]:
    before = {name: connection.settings_dict[name] for name in ("HOST", "NAME")}
    close_connections()
    connection.settings_dict |= {"HOST": str(paths.socket_dir(folder)), "NAME": paths.DATABASE}
    try:
        yield
    finally:
        close_connections()
        connection.settings_dict |= before
