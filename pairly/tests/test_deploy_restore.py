"""The restore drill: a small world, its backup, and an empty machine that becomes that world again."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tarfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
import redis
from django.conf import settings
from django.core import mail
from django.utils import timezone
from psycopg import sql

from credits.services import purchases
from messaging.client.http import Account
from moderation.services import vault
from pairly.common import redis as common_redis
from pairly.common.ids import uuid7
from pairly.embedded import paths, secrets, servers
from pairly.operations import backups, postgres_tools, restoring
from pairly.operations.errors import OperationFailed
from pairly.testing import databases
from pairly.testing.fixtures import own_database, running_daphne
from profiles.services import update_profile
from users.models import BackupCode, PasswordReset, User
from users.services import backup_codes, password_resets
from users.tests.factor_helpers import code_at, give_backup_codes, give_totp, present_step

ROOT = databases.ROOT
PASSWORD = "a long enough passphrase 7"
PICTURE, DOCUMENT = b"a public picture", b"a private document"
# What differs afterwards, on purpose: ended sign-ins, deleted codes, accounts and state of the roll-up, keys of files.
CHANGED = {"users_session", "users_passwordreset", "credits_account", "credits_roll_up_state", "moderation_filekey"} | {
    "credits_check_point",
    "credits_check_total",
}


@dataclass
class World:
    """The old installation and what its people hold."""

    database: str
    folder: Path
    env: dict[str, str]
    fan: Account
    creator: Account
    fan_totp: bytes
    used_backup_code: str
    unused_backup_code: str
    used_reset_code: str
    open_reset_code: str
    ended_access: str
    ended_refresh: str
    live_refresh: str
    backup: Path = field(default_factory=Path)
    metrics: Path = field(default_factory=Path)

    def run(self, script: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return run_script(script, *arguments, env={**self.env, **env})


def run_script(script: str, *arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "deploy" / script), *arguments]
    return subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, check=False)


def sign_up(url: str, name: str, role: str) -> Account:
    account = Account(url)
    account.sign_up(email=f"{name}@example.org", password=PASSWORD, name=name.title(), role=role)
    account.enrol()
    return account


def reset_code(email: str) -> str:
    """A code as it was mailed."""
    identifier = password_resets.keyed_hash(identifier=email).hex()
    mail.outbox.clear()
    user = User.objects.get(email=email)
    password_resets.deliver(user.uid, {"identifier": identifier})
    return next(word for word in mail.outbox[-1].body.replace(".", " ").split() if len(word) == 11 and word[5] == "-")


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """People, keys, paid messages, ended and running sign-ins, used and open codes, files; and its backup."""
    folder = tmp_path_factory.mktemp("drill")
    old = folder / "old"
    (old / "media").mkdir(parents=True)
    (old / "private" / "id").mkdir(parents=True)
    (old / "media" / "picture.webp").write_bytes(PICTURE)
    (old / "private" / "id" / "document").write_bytes(DOCUMENT)
    with own_database(django_db_blocker) as name:
        env = {
            **databases.server_environment(settings.VAR_DIR, name=name),
            "DATABASE_OWNER_URL": paths.database_url(settings.VAR_DIR, role="owner", name=name),
            "REDIS_URL": settings.REDIS_URL,
            "PAIRLY_VAR_DIR": str(old),
        }
        with running_daphne(database=name, log_folder=folder, PAIRLY_VAR_DIR=str(old)) as server:
            made = build_world(server.url, name, folder, env)
        yield take_backup(made)
        made.fan.http.close()
        made.creator.http.close()


def build_world(url: str, database: str, folder: Path, env: dict[str, str]) -> World:
    fan, creator = sign_up(url, "fan", "fan"), sign_up(url, "creator", "creator")
    fan_user, creator_user = (User.objects.get(uid=one.user_id) for one in (fan, creator))
    update_profile(user=creator_user, price_per_message_centi=5_000)
    purchases.record_purchase(
        user_id=fan_user.pk, op_id=uuid7(), credits_centi=50_000, currency="USD", amount_minor=500, payment_uid=uuid7()
    )
    mine, _ = fan.open_conversation(creator.user_id)
    fan.send(mine, "first", price_centi=5_000)
    fan.send(mine, "second", price_centi=5_000)
    theirs, _ = creator.open_conversation(fan.user_id)
    creator.read_new(theirs)
    creator.send(theirs, "answer", price_centi=0)
    fan.read_new(mine)
    fan.send(mine, "third", price_centi=5_000)  # its hold is open when the backup is made

    again = Account(url)
    again.sign_in(email="fan@example.org", password=PASSWORD)
    again.call("POST", "auth/logout", {"refresh_token": again.refresh_token})
    again.http.close()

    key = give_totp(fan_user)
    codes = give_backup_codes(fan_user)
    hashed = BackupCode.objects.filter(user=fan_user)
    assert backup_codes.verify(user=fan_user, code=codes[0])
    assert hashed.filter(used_at__isnull=False).count() == 1
    used = reset_code("fan@example.org")
    PasswordReset.objects.filter(user=fan_user).update(used_at=timezone.now())
    sealed = vault.store(data=DOCUMENT, mime="image/jpeg")
    shutil.copytree(backups.storage_folder("private") / vault.ROOT, folder / "old" / "private" / vault.ROOT)
    assert vault.read(file=sealed) == DOCUMENT
    return World(
        database, folder, env, fan, creator, key, codes[0], codes[1], used, reset_code("creator@example.org"),
        again.access_token, again.refresh_token, fan.refresh_token,
    )  # fmt: skip


def take_backup(world: World) -> World:
    root = world.folder / "backups"
    for days in (10, 29, 31, 400):
        aged(root, days=days).mkdir(parents=True)
    aged(root, days=2).with_suffix(".unfinished").mkdir()
    (root / "something-else").mkdir()
    world.metrics = world.folder / "textfile" / "backup.prom"
    done = world.run("backup.sh", BACKUP_DIR=str(root), BACKUP_METRICS=str(world.metrics))
    assert done.returncode == 0, done.stderr
    world.backup = Path(done.stdout.strip())
    assert world.backup.parent == root
    return world


def aged(root: Path, *, days: int) -> Path:
    made_at = datetime.now(UTC) - timedelta(days=days)
    return root / f"pairly-{made_at.strftime('%Y%m%dT%H%M%SZ')}"


@pytest.fixture(scope="module")
def new(world, tmp_path_factory):
    """An empty machine: a folder, PostgreSQL and Redis of its own. Gives its environment with the old secrets."""
    folder = tmp_path_factory.mktemp("new") / "var"
    env = {key: value for key, value in world.env.items() if not key.startswith(("DATABASE_", "REDIS_"))}
    env |= {"PAIRLY_VAR_DIR": str(folder), **secrets.ensure(settings.VAR_DIR)}
    with servers.running(var_dir=folder, durable=False):
        yield env


def without_secrets(env: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in env.items() if key not in secrets._MAKERS}


def tables_of(env: dict[str, str]) -> list[str]:
    with psycopg.connect(paths.database_url(Path(env["PAIRLY_VAR_DIR"]), role="admin")) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    return [row[0] for row in rows]


# -- the backup ----------------------------------------------------------------------------------------------


def test_a_backup_is_whole_private_and_holds_no_secret(world):
    assert sorted(path.name for path in world.backup.iterdir()) == [
        "MANIFEST.json", "database.dump", "media.tar", "private.tar",
    ]  # fmt: skip
    assert world.backup.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in world.backup.iterdir())
    document = json.loads((world.backup / "MANIFEST.json").read_text())
    for name, described in document["files"].items():
        assert hashlib.sha256((world.backup / name).read_bytes()).hexdigest() == described["sha256"]
    for path in world.backup.iterdir():
        data = path.read_bytes()
        for name, value in secrets.ensure(settings.VAR_DIR).items():
            assert value.rpartition(":")[2].encode() not in data, f"{name} in {path.name}"


def test_thirty_days_are_kept_and_what_is_not_a_backup_is_left_alone(world):
    there = {path.name for path in world.backup.parent.iterdir()}
    ages = sorted(datetime.now(UTC) - datetime.strptime(name[7:23], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
                  for name in there if name != "something-else")  # fmt: skip
    assert [age.days for age in ages] == [0, 10, 29]
    assert "something-else" in there


def test_the_success_is_written_for_prometheus(world):
    lines = dict(line.split() for line in world.metrics.read_text().splitlines() if not line.startswith("#"))
    assert abs(float(lines["pairly_backup_last_success_timestamp_seconds"]) - datetime.now(UTC).timestamp()) < 600
    assert float(lines["pairly_backup_last_bytes"]) > (world.backup / "database.dump").stat().st_size


def test_a_backup_that_fails_says_so_and_removes_no_older_one(world, tmp_path):
    root, metrics = tmp_path / "backups", tmp_path / "backup.prom"
    old = aged(root, days=31)
    old.mkdir(parents=True)
    env = {"BACKUP_DIR": str(root), "BACKUP_METRICS": str(metrics)}
    done = world.run("backup.sh", **env, DATABASE_OWNER_URL="postgres://nobody@127.0.0.1:1/none")
    assert done.returncode != 0
    assert done.stdout == ""
    assert "DATABASE_OWNER_URL" in done.stderr
    assert not metrics.exists()
    assert list(root.iterdir()) == [old]


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(OperationFailed, match="could not be written"):
        backups.make(root=blocked / "below", keep_days=30)


@pytest.mark.prove
def test_a_copy_elsewhere_that_fails_is_no_success(world, tmp_path):
    metrics = tmp_path / "backup.prom"
    env = {"BACKUP_DIR": str(tmp_path / "backups"), "BACKUP_METRICS": str(metrics)}
    done = world.run("backup.sh", **env, BACKUP_AFTER='test -f "$1/MANIFEST.json" && exit 7')
    assert (done.returncode, done.stdout) == (7, "")
    assert not metrics.exists()
    assert world.run("backup.sh", **env, BACKUP_AFTER='test -f "$1/MANIFEST.json"').returncode == 0
    assert metrics.exists()


# -- what a restore refuses ----------------------------------------------------------------------------------


def altered(world, tmp_path, **changes):
    """A copy of the backup whose manifest says something else."""
    copy = tmp_path / world.backup.name
    shutil.copytree(world.backup, copy)
    manifest = copy / "MANIFEST.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **changes}))
    return copy


def refusal(folder, env):
    done = run_script("restore.sh", str(folder), env=env)
    assert done.returncode != 0
    assert tables_of(env) == []
    media = Path(env["PAIRLY_VAR_DIR"]) / "media"
    assert not media.is_dir() or not list(media.iterdir())
    return done.stderr


def test_without_the_old_secrets_a_restore_says_which_are_missing_and_changes_nothing(world, new):
    said = refusal(world.backup, without_secrets(new))
    for name in ("FIELD_ENCRYPTION_KEY", "E2E_SERVER_KEYS", "SECRET_KEY"):
        assert name in said
    assert "secrets.env" in said
    assert "Nothing was changed" in said


def refused_here(folder):
    """The same in this process, whose own database is full: nothing could be lost before that is noticed."""
    before = User.objects.count()
    with pytest.raises(OperationFailed) as caught:
        restoring.restore(folder=folder, say=list)
    assert User.objects.count() == before
    return str(caught.value)


def test_a_damaged_backup_is_refused(world, tmp_path):
    copy = altered(world, tmp_path)
    dump = copy / "database.dump"
    data = bytearray(dump.read_bytes())
    data[len(data) // 2] ^= 1
    dump.write_bytes(data)
    assert "database.dump" in refused_here(copy)
    (copy / "MANIFEST.json").unlink()
    assert "no complete backup" in refused_here(copy)


def test_a_backup_of_a_newer_version_is_refused(world, tmp_path):
    document = json.loads((world.backup / "MANIFEST.json").read_text())
    copy = altered(world, tmp_path, migrations=[*document["migrations"], "users.9999_of_tomorrow"])
    assert "users.9999_of_tomorrow" in refused_here(copy)


def test_a_place_that_is_taken_is_refused(world):
    common_redis.get_client().set("left", 1)
    said = refused_here(world.backup)
    assert "the database holds" in said
    assert "Redis holds 1 keys" in said


# -- the drill -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def restored(world, new):
    """The new machine after the restore, and its server."""
    done = run_script("restore.sh", str(world.backup), env=new)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ledger checked: 8 invariants hold" in done.stdout
    with ExitStack() as stack:
        log = stack.enter_context(servers.running(var_dir=Path(new["PAIRLY_VAR_DIR"]), durable=False))
        assert log is not None
        no_server = {"DATABASE_URL": "", "DATABASE_OWNER_URL": "", "REDIS_URL": ""}
        yield stack.enter_context(
            running_daphne(database="none", log_folder=world.folder, **{**only_ours(new), **no_server})
        )


def only_ours(env: dict[str, str]) -> dict[str, str]:
    return {name: env[name] for name in ("PAIRLY_VAR_DIR", *secrets._MAKERS)}


@pytest.fixture(autouse=True)
def _no_limit_of_earlier_tests(request):
    if "restored" in request.fixturenames:
        new = request.getfixturevalue("new")
        with redis.Redis.from_url(paths.redis_url(Path(new["PAIRLY_VAR_DIR"]))) as client:
            client.flushdb()


def rows_of(url: str) -> dict[str, tuple[int, str]]:
    """Number and digest of the rows of every table."""
    found = {}
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (name,) in names:
            query = sql.SQL("SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t")
            row = connection.execute(query.format(sql.Identifier(name))).fetchone()
            assert row is not None
            found[name] = row
    return found


def balances_of(url: str) -> list[tuple[object, ...]]:
    """Every account's true balance from the transfers alone."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT a.id, a.kind, a.owner, a.unit,"
            " coalesce((SELECT sum(amount) FROM credits_transfer WHERE credit = a.id), 0)"
            " - coalesce((SELECT sum(amount) FROM credits_transfer WHERE debit = a.id), 0)"
            " FROM credits_account a ORDER BY 1"
        ).fetchall()  # fmt: skip


def test_every_row_is_there_again_and_the_ledger_is_equal(world, new, restored):
    before = rows_of(paths.database_url(settings.VAR_DIR, role="admin", name=world.database))
    now = rows_of(paths.database_url(Path(new["PAIRLY_VAR_DIR"]), role="admin"))
    differing = {name for name in {*before, *now} if before.get(name) != now.get(name)}
    # The test of a failing backup and the drill itself sign nobody in: nothing else may differ.
    assert differing <= {*CHANGED, "security_loginattempt"}
    assert before["credits_transfer"][0] >= 5
    old_url = paths.database_url(settings.VAR_DIR, role="admin", name=world.database)
    assert balances_of(old_url) == balances_of(paths.database_url(Path(new["PAIRLY_VAR_DIR"]), role="admin"))


def test_lazy_accounts_were_rebuilt_for_the_new_cluster(new, restored):
    with psycopg.connect(paths.database_url(Path(new["PAIRLY_VAR_DIR"]), role="admin")) as connection:
        row = connection.execute(
            "SELECT (SELECT system_identifier FROM credits_roll_up_state) ="
            " (SELECT system_identifier FROM pg_control_system())"
        ).fetchone()
    assert row == (True,)


def test_the_files_are_there_and_nobody_else_may_read_the_private_ones(new, restored):
    folder = Path(new["PAIRLY_VAR_DIR"])
    assert (folder / "media" / "picture.webp").read_bytes() == PICTURE
    assert (folder / "private" / "id" / "document").read_bytes() == DOCUMENT


def api(restored, method, path, *, token="", body=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.request(method, f"{restored.url}/api/v1/{path}", json=body, headers=headers, timeout=30)


def test_a_document_cannot_be_opened_from_a_backup_whether_it_was_destroyed_or_not(world, new, restored):
    """Its row is there, its key is nowhere, and what was encrypted with it neither."""
    url = paths.database_url(Path(new["PAIRLY_VAR_DIR"]), role="admin")
    count = "SELECT (SELECT count(*) FROM moderation_sealedfile), (SELECT count(*) FROM moderation_filekey)"
    with psycopg.connect(url) as connection:
        assert connection.execute(count).fetchone() == (1, 0)
    with psycopg.connect(world.env["DATABASE_OWNER_URL"]) as old:
        assert old.execute(count).fetchone() == (1, 1)
        (uid, sealed_key) = old.execute("SELECT file_uid::text, sealed_key FROM moderation_filekey").fetchone()
    assert (world.folder / "old" / "private" / vault.ROOT / uid).exists()
    assert not (Path(new["PAIRLY_VAR_DIR"]) / "private" / vault.ROOT).exists()
    for path in world.backup.iterdir():
        assert uid not in _names_in(path)
    plain = postgres_tools.run("pg_restore", "--file=-", str(world.backup / "database.dump"))
    assert uid in plain  # the row of the file
    assert bytes(sealed_key).hex() not in plain


def _names_in(path: Path) -> str:
    if path.suffix != ".tar":
        return ""
    with tarfile.open(path) as tar:
        return " ".join(tar.getnames())


def test_tokens_stay_dead_those_of_running_sign_ins_too(world, restored):
    for token in (world.ended_access, world.fan.access_token, world.creator.access_token):
        assert api(restored, "GET", "auth/sessions", token=token).status_code == 401
    for token in (world.ended_refresh, world.live_refresh):
        answer = api(restored, "POST", "auth/refresh", body={"refresh_token": token})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")


def test_used_and_open_codes_stay_dead(world, restored):
    for email, code in (("fan", world.used_reset_code), ("creator", world.open_reset_code)):
        body = {"email": f"{email}@example.org", "code": code, "new_password": "quite another phrase 9"}
        answer = api(restored, "POST", "auth/password/reset", body=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_code"), answer.text


def first_step(restored):
    return api(restored, "POST", "auth/login", body={"email": "fan@example.org", "password": PASSWORD}).json()


def second_step(restored, method, code):
    body = {"temp_token": first_step(restored)["temp_token"], "method": method, "code": code}
    return api(restored, "POST", "auth/login-2fa", body=body)


def test_the_second_factor_works_and_a_used_backup_code_does_not(world, restored):
    assert second_step(restored, "backup_code", world.used_backup_code).status_code != 200
    assert second_step(restored, "backup_code", world.unused_backup_code).status_code == 200
    assert second_step(restored, "totp", code_at(world.fan_totp, present_step())).status_code == 200


def test_the_conversation_verifies_from_its_first_message_and_goes_on(world, new, restored):
    creator = Account(restored.url, user_id=world.creator.user_id, identity=world.creator.identity)
    creator.sign_in(email="creator@example.org", password=PASSWORD)
    conversation, _ = creator.open_conversation(world.fan.user_id)
    assert creator.read_new(conversation) == ["first", "second", "answer", "third"]
    conversation.next_seq = 2  # this device has written once
    settled = creator.send(conversation, "welcome back", price_centi=0)  # the hold of "third" is earned
    assert settled["srv"]
    creator.http.close()
    done = subprocess.run(
        [str(ROOT / ".venv/bin/python"), "manage.py", "check_ledger"], env=new, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
