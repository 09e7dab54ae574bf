from __future__ import annotations

import os
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dj_database_url
import psycopg
import pytest
import redis

from pairly.embedded import paths, processes, secrets, servers
from pairly.embedded.processes import StartFailed

ROOT = Path(__file__).resolve().parents[2]
# A command of its own: it uses the servers, says so, and stays until its input ends.
USER = """
import sys
from pathlib import Path
from pairly.embedded import servers
with servers.running(var_dir=Path(sys.argv[1]), durable=False):
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for this module, below pytest's 0700 folder: as root the servers' user cannot pass there."""
    return tmp_path_factory.mktemp("embedded") / "var"


@pytest.fixture
def other_user(var_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that uses the servers."""
    with start_user(var_dir) as user:
        yield user
        user.kill()


def start_user(var_dir: Path) -> subprocess.Popen[bytes]:
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(var_dir)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert user.stdout is not None
    assert user.stdout.readline() == b"up\n"
    return user


def postgres_pid(var_dir: Path) -> int:
    return int((var_dir / "postgres" / "postmaster.pid").read_text().split()[0])


def supervisor_pid(var_dir: Path) -> int:
    return int((var_dir / "run" / "supervisor.lock").read_text())


def wait_for_end(*pids: int) -> None:
    """Return once none of these processes runs; the kernel tells (pidfd_open(2))."""
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        ended, _, _ = select.select([descriptor], [], [], 60)
        os.close(descriptor)
        assert ended, f"process {pid} still runs"


def query(var_dir: Path, text: str, *, role: str = "app") -> object:
    with psycopg.connect(paths.database_url(var_dir, role=role), autocommit=True) as connection:
        cursor = connection.execute(text.encode())
        return cursor.fetchone()[0] if cursor.description else None


def test_both_servers_answer_and_nothing_is_left_afterwards(var_dir: Path) -> None:
    with servers.running(var_dir=var_dir, durable=False):
        pids = postgres_pid(var_dir), supervisor_pid(var_dir)
        assert query(var_dir, "SELECT current_user::text") == "pairly_web"
        with redis.Redis.from_url(paths.redis_url(var_dir)) as client:
            assert client.ping()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert list(paths.socket_dir(var_dir).iterdir()) == []


def test_what_was_committed_is_there_after_a_restart(var_dir: Path) -> None:
    with servers.running(var_dir=var_dir, durable=False):
        query(var_dir, "CREATE TABLE kept AS SELECT 42 AS answer", role="owner")
    with servers.running(var_dir=var_dir, durable=False):
        assert query(var_dir, "SELECT answer FROM kept", role="owner") == 42


def test_the_applications_role_is_restricted(var_dir: Path) -> None:
    with servers.running(var_dir=var_dir, durable=False):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            query(var_dir, "CREATE TABLE mine ()")
        assert query(var_dir, "SELECT pg_has_role('pairly_web', 'pairly_app', 'USAGE')") is True
        query_roles = (
            "SELECT bool_or(rolsuper OR rolcreaterole) FROM pg_roles WHERE rolname ~ '^pairly_(owner|app|web)'"
        )
        assert query(var_dir, query_roles) is False


def test_nothing_listens_on_the_network_and_the_sockets_folder_is_private(var_dir: Path) -> None:
    with servers.running(var_dir=var_dir, durable=False):
        assert query(var_dir, "SHOW listen_addresses") == ""
        with redis.Redis.from_url(paths.redis_url(var_dir)) as client:
            assert client.config_get("port") == {"port": "0"}
        assert stat.S_IMODE(paths.socket_dir(var_dir).stat().st_mode) == 0o700


def test_the_servers_never_run_as_root(var_dir: Path) -> None:
    with servers.running(var_dir=var_dir, durable=False):
        status = Path(f"/proc/{postgres_pid(var_dir)}/status").read_text()
        uid = int(status.split("Uid:")[1].split()[0])
    assert uid == (os.getuid() or 65534)


def test_the_last_user_to_leave_stops_the_servers_and_not_the_one_that_started_them(var_dir: Path) -> None:
    with servers.running(var_dir=var_dir, durable=False):
        user = start_user(var_dir)
        pid = postgres_pid(var_dir)
    with user:
        assert query(var_dir, "SELECT 1") == 1
        user.communicate()
    wait_for_end(pid)


def test_commands_that_start_at_once_share_one_server(var_dir: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        users = list(pool.map(lambda _: start_user(var_dir), range(4)))
    pids = postgres_pid(var_dir), supervisor_pid(var_dir)
    for user in users:
        with user:
            assert query(var_dir, "SELECT 1") == 1
            user.communicate()
            assert user.returncode == 0
    wait_for_end(*pids)


def test_a_killed_user_counts_as_gone(var_dir: Path, other_user: subprocess.Popen[bytes]) -> None:
    pids = postgres_pid(var_dir), supervisor_pid(var_dir)
    other_user.kill()
    wait_for_end(*pids)


def test_the_servers_end_with_a_killed_supervisor_and_the_next_start_recovers(var_dir: Path) -> None:
    with servers.running(var_dir=var_dir, durable=False) as in_use:
        pid = postgres_pid(var_dir)
        os.kill(supervisor_pid(var_dir), signal.SIGKILL)
        wait_for_end(pid)
        assert in_use is not None
        assert in_use.find_failure() == "the embedded servers were stopped"
    with servers.running(var_dir=var_dir, durable=False):
        assert query(var_dir, "SELECT 1") == 1


def test_a_start_recovers_when_everything_was_killed_at_once(var_dir: Path) -> None:
    with servers.running(var_dir=var_dir, durable=False):
        for pid in (supervisor_pid(var_dir), postgres_pid(var_dir)):
            os.kill(pid, signal.SIGKILL)
    assert (var_dir / "postgres" / "postmaster.pid").exists()
    with servers.running(var_dir=var_dir, durable=False):
        assert query(var_dir, "SELECT 1") == 1


def test_a_stale_pid_file_that_names_somebody_elses_process_harms_neither(var_dir: Path) -> None:
    with servers.running(var_dir=var_dir, durable=False):
        left = (var_dir / "postgres" / "postmaster.pid").read_text()
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (var_dir / "postgres" / "postmaster.pid").write_text("\n".join([str(bystander.pid), *left.split("\n")[1:]]))
    with bystander, servers.running(var_dir=var_dir, durable=False):
        assert query(var_dir, "SELECT 1") == 1
        assert bystander.poll() is None
        bystander.kill()


def test_a_living_server_without_a_supervisor_is_stopped_before_the_next_start(var_dir: Path, tmp_path: Path) -> None:
    with servers.running(var_dir=var_dir, durable=False):
        words = Path(f"/proc/{postgres_pid(var_dir)}/cmdline").read_bytes().split(b"\0")[:-1]
        uid = (var_dir / "postgres").stat().st_uid
    as_owner = []
    if os.getuid() == 0:
        caps = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        as_owner = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *caps, "--"]
    command = [*as_owner, *(word.decode() for word in words)]
    orphan = processes.start(command=command, log_path=tmp_path / "log", cwd=Path("/"))

    def answers() -> bool:
        try:
            return query(var_dir, "SELECT 1") == 1
        except psycopg.OperationalError:
            return False

    processes.wait_until(ready=answers, child=orphan, name="the orphan", log_path=tmp_path / "log")
    with servers.running(var_dir=var_dir, durable=False):
        assert postgres_pid(var_dir) != orphan.pid
        assert orphan.wait(60) == 0


def test_users_hear_of_a_server_that_dies_with_the_end_of_its_log(var_dir: Path) -> None:
    with servers.running(var_dir=var_dir, durable=False) as in_use:
        supervisor = supervisor_pid(var_dir)
        assert in_use is not None
        assert in_use.find_failure() is None
        os.kill(postgres_pid(var_dir), signal.SIGKILL)
        wait_for_end(supervisor)
        failure = in_use.find_failure()
    assert failure is not None
    assert failure.startswith("PostgreSQL ended with code -9")
    assert "ready to accept connections" in failure


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir(mode=0o700)
    if os.getuid() == 0:
        os.chown(tmp_path / "postgres", 65534, 65534)
    why = r"(?s)PostgreSQL ended with code 2.*postgresql\.conf"
    with pytest.raises(StartFailed, match=why), servers.running(var_dir=tmp_path):
        pass


def test_only_what_is_wanted_is_started(tmp_path: Path) -> None:
    with servers.running(var_dir=tmp_path, database=False), redis.Redis.from_url(paths.redis_url(tmp_path)) as client:
        assert client.ping()
    assert not (tmp_path / "postgres").exists()
    with servers.running(var_dir=tmp_path / "none", database=False, redis=False) as in_use:
        assert in_use is None


def test_too_deep_a_folder_gets_its_sockets_in_tmp(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    folder = paths.socket_dir(deep)
    assert folder.parent == Path("/tmp")  # noqa: S108
    assert len(f"{folder}/.s.PGSQL.5432") <= 107
    with servers.running(var_dir=deep, database=False), redis.Redis.from_url(paths.redis_url(deep)) as client:
        assert client.ping()
    folder.rmdir()


def test_a_sockets_folder_that_somebody_else_laid_out_is_refused(tmp_path: Path) -> None:
    deep, trap = tmp_path / ("e" * 100), tmp_path / "trap"
    trap.mkdir()
    folder = paths.socket_dir(deep)
    folder.symlink_to(trap)
    try:
        with pytest.raises(StartFailed, match="belongs to somebody else"), servers.running(var_dir=deep):
            pass
    finally:
        folder.unlink()


def test_the_url_survives_spaces_and_percent_signs() -> None:
    parsed = dj_database_url.parse(paths.database_url(Path("/a b/c%d"), role="owner", name="n"))
    assert (parsed["HOST"], parsed["USER"], parsed["NAME"]) == ("/a b/c%d/run/sockets", "pairly_owner", "n")


def test_secrets_are_made_once_even_by_processes_that_start_together(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: secrets.ensure(tmp_path), range(16)))
    assert all(one == found[0] for one in found)
    assert secrets.ensure(tmp_path) == found[0]
    assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600
