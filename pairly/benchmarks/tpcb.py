"""pgbench's TPC-B on the same server: the yardstick of every figure (postgresql.org/docs/18/pgbench.html)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import psycopg

from pairly.embedded import paths

from .load import CLIENTS

SCALE = 20
DATABASE = "pairly_tpcb"


def prepare(*, var_dir: Path) -> None:
    """A fresh database with pgbench's tables at SCALE."""
    with _admin(var_dir) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    _pgbench(var_dir, "--initialize", f"--scale={SCALE}", "--quiet")


def per_second(*, var_dir: Path, seconds: int) -> float:
    """Transactions a second of CLIENTS clients, prepared statements, two threads."""
    clients = ["--client", str(CLIENTS), "--jobs", "2", "--time", str(seconds)]
    output = _pgbench(var_dir, *clients, "--protocol=prepared", "--no-vacuum", "--builtin=tpcb-like")
    match = re.search(r"^tps = ([0-9.]+)", output, re.MULTILINE)
    if match is None:
        raise RuntimeError(f"pgbench printed no tps:\n{output}")
    return float(match[1])


def checkpoint(*, var_dir: Path) -> None:
    """Write out what earlier phases dirtied, so that none pays for another."""
    with _admin(var_dir) as connection:
        connection.execute("CHECKPOINT")


def vacuum(*, var_dir: Path, product: str) -> None:
    """Clean up after earlier rounds in both databases, or autovacuum would do it in the midst of a figure."""
    for name in (DATABASE, product):
        url = paths.database_url(var_dir, role="admin", name=name)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


def _admin(var_dir: Path) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(paths.database_url(var_dir, role="admin", name="postgres"), autocommit=True)


def _pgbench(var_dir: Path, *arguments: str) -> str:
    url = paths.database_url(var_dir, role="admin", name=DATABASE)
    command = [str(paths.postgres_binary("pgbench")), *arguments, url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"pgbench failed:\n{done.stdout}{done.stderr}")
    return done.stdout
