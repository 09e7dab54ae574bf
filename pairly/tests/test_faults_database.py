"""The database backend in this process: what is slow is told from what is away, and what is lost is not handed out."""

from __future__ import annotations

import threading

import psycopg
import pytest
from django.db import Error as DatabaseError
from django.db import OperationalError, ProgrammingError, connection, transaction
from psycopg_pool import PoolTimeout

from pairly.common import database_health
from pairly.common.database_health import DatabaseAway, NoAnswer
from pairly.common.problems import Overloaded, as_problem
from pairly.common.sql import close_connections
from pairly.embedded import paths
from pairly.embedded.postgres import Postgres
from pairly.site import health
from pairly.testing.faults import django_on, stopped

LIMIT_S = 0.4


@pytest.fixture
def limited():
    """As in a process that serves people, less patient."""
    database_health.limit_answers(seconds=LIMIT_S, refuse=True)
    yield
    database_health.limit_answers(seconds=None)


@pytest.fixture(scope="module")
def server(tmp_path_factory, django_db_setup, django_db_blocker):
    """A PostgreSQL that may be stopped; Django works on it."""
    postgres = Postgres(var_dir=tmp_path_factory.mktemp("database"), durable=False)
    postgres.start()
    with django_db_blocker.unblock(), django_on(postgres.var_dir):
        yield postgres
    postgres.stop()


def ask(sql="SELECT 1"):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


def test_a_query_without_an_answer_ends_and_the_next_is_refused_at_once(server, limited):
    ask()
    with stopped(server.child):
        with pytest.raises(OperationalError) as silent:
            ask()
        assert isinstance(silent.value.__cause__, NoAnswer)
        connection.close()
        with pytest.raises(OperationalError) as refused:
            ask()
        assert isinstance(refused.value.__cause__, DatabaseAway)
        assert as_problem(refused.value).code == "overloaded"
    wait_until_back()


def wait_until_back():
    """What a server does: somebody asks again."""
    for _ in range(100):
        try:
            assert ask() == (1,)
        except OperationalError:
            threading.Event().wait(0.1)
            continue
        return
    raise AssertionError("PostgreSQL did not come back")


def test_a_transaction_ends_at_once_when_its_connection_has_no_answer(server, limited):
    @transaction.atomic
    def work():
        ask()
        with stopped(server.child):
            ask()

    with pytest.raises(OperationalError):
        work()
    wait_until_back()


def test_a_slow_query_is_refused_alone_while_others_are_answered(server, limited):
    close_connections()
    ask()
    over, answers = threading.Event(), []

    def others():
        while not over.is_set():
            answers.append(ask())
        connection.close()

    thread = threading.Thread(target=others)
    thread.start()
    try:
        with pytest.raises(OperationalError) as slow:
            ask("SELECT pg_sleep(5)")
        assert isinstance(slow.value.__cause__, NoAnswer)
        connection.close()
        assert ask() == (1,)
    finally:
        over.set()
        thread.join()
    assert set(answers) == {(1,)}


def test_connections_that_the_server_ended_are_not_handed_out_one_after_another(server, limited):
    close_connections()
    at_once(4)  # the pool has several now
    admin = paths.database_url(server.var_dir, role="admin", name="postgres")
    with psycopg.connect(admin, autocommit=True) as link:
        link.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pairly_web'")
    with pytest.raises(OperationalError) as lost:
        ask()
    assert as_problem(lost.value).code == "overloaded"
    connection.close()
    assert at_once(4) == [(1,)] * 4


def at_once(n):
    start, found = threading.Barrier(n), []

    def run():
        with connection.cursor() as cursor:
            start.wait(60)
            cursor.execute("SELECT 1")
            found.append(cursor.fetchone())
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def raised_by(cause, kind=OperationalError):
    error = kind("what Django says")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "cause",
    [
        PoolTimeout(),
        NoAnswer(),
        DatabaseAway(),
        psycopg.OperationalError("connection refused"),
        psycopg.errors.AdminShutdown(),
        psycopg.errors.CannotConnectNow(),
        psycopg.errors.DiskFull(),
        psycopg.errors.TooManyConnections(),
        psycopg.errors.QueryCanceled(),
        psycopg.errors.ReadOnlySqlTransaction(),
    ],
    ids=lambda cause: type(cause).__name__,
)
def test_a_database_that_cannot_serve_now_is_no_defect_of_ours(cause):
    for error in (raised_by(cause), raised_by(cause, DatabaseError)):
        problem = as_problem(error)
        assert isinstance(problem, Overloaded)
        assert problem.headers() == {"Retry-After": "2"}
    after = ProgrammingError("Cannot open a new connection in an atomic block.")
    after.__context__ = raised_by(cause)
    assert isinstance(as_problem(after), Overloaded)


@pytest.mark.parametrize("cause", [psycopg.errors.UndefinedTable(), psycopg.errors.UniqueViolation(), None])
def test_a_wrong_statement_stays_a_defect(cause):
    assert as_problem(raised_by(cause, ProgrammingError)) is None


# -- health ---------------------------------------------------------------------------------------------------
def test_callers_of_one_moment_share_one_look_and_what_hangs_is_not_asked_twice():
    hangs, n_runs = threading.Event(), []

    def hanging():
        n_runs.append(1)
        return hangs.wait(30)

    rounds = health.Rounds({"hanging": hanging, "broken": lambda: 1 / 0 == 1, "fine": lambda: True})
    threads = [threading.Thread(target=lambda: found.append(rounds.get())) for _ in range(30)]
    found = []
    n_before = threading.active_count()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    checks = {"hanging": "failed", "broken": "failed", "fine": "ok"}
    assert found == [{"status": "degraded", "checks": checks}] * 30
    assert len(n_runs) == 1
    assert threading.active_count() <= n_before + 1  # the one that hangs
    hangs.set()
