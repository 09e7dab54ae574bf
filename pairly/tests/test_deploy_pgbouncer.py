"""The application behind the real PgBouncer in transaction pooling, and the roles' passwords."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import quote

import httpx
import psycopg
import pytest
from django.conf import settings

from credits.services import purchases
from messaging.client.http import Account
from pairly.common import redis as common_redis
from pairly.common.ids import uuid7
from pairly.embedded import paths
from pairly.testing import databases
from pairly.testing.fixtures import running_daphne
from pairly.testing.pgbouncer import PASSWORD, running_pgbouncer
from profiles.services import update_profile
from users.models import User

PHRASE = "a long enough passphrase 7"
PARALLEL = 24


@pytest.fixture
def pgbouncer(committed_db):
    # Far fewer connections than the application keeps open: they are lent from one to the other all the time.
    with running_pgbouncer(var_dir=settings.VAR_DIR, database=committed_db, pool_size=3) as made:
        yield made


@contextmanager
def application(pgbouncer, folder, **env):
    url = f"postgres://pairly_web:{quote(PASSWORD, safe='')}@127.0.0.1:{pgbouncer.port}/pairly"
    given = {"DATABASE_URL": url, "DATABASE_OWNER_URL": "", "DATABASE_POOLED": "True", **env}
    with running_daphne(database="through PgBouncer", log_folder=folder, **given) as server:
        yield server


def statuses(server, token):
    """Of many requests at once that ask the database."""

    def ask(_):
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.get(f"{server.url}/api/v1/auth/sessions", headers=headers, timeout=30).status_code

    with ThreadPoolExecutor(PARALLEL) as pool:
        return set(pool.map(ask, range(3 * PARALLEL)))


def test_people_sign_up_pay_and_write_through_it(pgbouncer, tmp_path):
    with application(pgbouncer, tmp_path, DATABASE_PREPARE=str(pgbouncer.knows_prepared)) as server:
        fan, creator = Account(server.url), Account(server.url)
        for account, name in ((fan, "fan"), (creator, "creator")):
            account.sign_up(email=f"{name}@example.org", password=PHRASE, name=name, role=name)
            account.enrol()
        update_profile(user=User.objects.get(uid=creator.user_id), price_per_message_centi=5_000)
        purchases.record_purchase(
            user_id=User.objects.get(uid=fan.user_id).pk, op_id=uuid7(), credits_centi=50_000, currency="USD",
            amount_minor=500, payment_uid=uuid7(),
        )  # fmt: skip
        mine, _ = fan.open_conversation(creator.user_id)
        for number in range(4):
            assert fan.send(mine, f"letter {number}", price_centi=5_000)["charged_centi"] == 5_000
        theirs, _ = creator.open_conversation(fan.user_id)
        assert creator.read_new(theirs) == [f"letter {number}" for number in range(4)]
        assert statuses(server, fan.access_token) == {200}
        fan.http.close()
        creator.http.close()


@pytest.mark.prove
def test_an_old_one_needs_the_application_to_prepare_nothing(pgbouncer, tmp_path):
    if pgbouncer.knows_prepared:
        pytest.skip("this PgBouncer knows prepared statements")
    with application(pgbouncer, tmp_path, DATABASE_PREPARE="False") as server:
        account = Account(server.url)
        account.sign_up(email="fan@example.org", password=PHRASE, name="Fan", role="fan")
        account.http.close()
    common_redis.get_client().flushdb()
    with application(pgbouncer, tmp_path, DATABASE_PREPARE="True") as server:
        assert statuses(server, account.access_token) & set(range(500, 600))


def test_a_wrong_password_gets_nothing(pgbouncer):
    with pytest.raises(psycopg.OperationalError, match="auth"):
        pgbouncer.connect("wrong").close()


READ_IN_PARTS = """
import django
django.setup()
from django.db import connection
from users.models import User
rows = User.objects.iterator(chunk_size=1)
next(rows)
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM pg_cursors WHERE is_holdable")
    n_held = cursor.fetchone()[0]
print(1 + len(list(rows)), n_held)
"""


@pytest.mark.prove
def test_a_long_read_needs_no_cursor_that_outlives_its_transaction(pgbouncer):
    for _ in range(3):
        User.objects.create(email=f"{uuid.uuid4()}@example.org", name="x", role="fan", birth_date="1990-01-01")
    url = f"postgres://pairly_web:{quote(PASSWORD, safe='')}@127.0.0.1:{pgbouncer.port}/pairly"
    env = {**databases.server_environment(settings.VAR_DIR, name="none"), "DATABASE_URL": url}
    env |= {"DATABASE_POOLED": "True", "DATABASE_PREPARE": "False", "REDIS_URL": settings.REDIS_URL}
    command = [sys.executable, "-c", READ_IN_PARTS]
    done = subprocess.run(command, cwd=databases.ROOT, env=env, capture_output=True, text=True)
    assert done.stdout.split() == ["3", "0"], done.stderr


def test_the_roles_get_their_passwords_and_other_users_do_not_get_in():
    env = {
        "PATH": f"{paths.postgres_binary('psql').parent}:{os.environ['PATH']}",
        "PGHOST": str(paths.socket_dir(settings.VAR_DIR)),
        "PGPORT": str(paths.PORT),
        "PGUSER": paths.ROLES["admin"],
        "DATABASE_OWNER_PASSWORD": PASSWORD,
        "DATABASE_WEB_PASSWORD": "an'other",
    }
    script = str(databases.ROOT / "deploy" / "postgres" / "passwords.sh")
    admin = paths.database_url(settings.VAR_DIR, role="admin", name="postgres")
    with psycopg.connect(admin, autocommit=True) as connection:  # as on a new server
        connection.execute("GRANT CONNECT ON DATABASE pairly TO PUBLIC")
    for _ in range(2):  # safe to run again
        done = subprocess.run([script], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    with psycopg.connect(admin) as connection:
        rows = connection.execute(
            "SELECT rolname, rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname LIKE 'pairly\\_%' "
            "AND rolpassword IS NOT NULL ORDER BY 1"
        ).fetchall()
        may = connection.execute(
            "SELECT has_database_privilege('pairly_web', 'pairly', 'CONNECT'),"
            " has_database_privilege('public', 'pairly', 'CONNECT')"
        ).fetchone()
    assert rows == [("pairly_owner", True), ("pairly_web", True)]
    assert may == (True, False)
