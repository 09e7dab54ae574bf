"""deploy.sh and rollback.sh. There is no Docker engine here: a stand-in for `docker` writes down what it is asked."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from pairly.operations import going_back
from pairly.operations.errors import OperationFailed
from pairly.testing import databases
from users.models import PasskeyCeremony

ROOT = databases.ROOT
STAND_IN = """#!/bin/sh
echo "${PAIRLY_VERSION:-none}: $*" >> "$DOCKER_LOG"
case "$*" in
*known_migrations*) echo users.0001_first ;;
*rollback_plan*) cat > /dev/null; printf '%s\\n' "$PLAN"; exit "${PLAN_CODE:-0}" ;;
esac
case "$*" in *"${FAIL_AT:-nothing fails}"*) exit 9 ;; esac
exit 0
"""
# What has to happen, in this order; each line is found in what `docker` was asked.
DEPLOYMENT = [
    "compose config --quiet",
    "compose build --quiet migrate pgbouncer",
    "compose up --detach --wait postgres redis pgbouncer",
    "compose run --rm backup",
    "compose run --rm migrate",
    "compose up --detach --no-deps --wait web-1",
    "compose up --detach --no-deps --wait web-2",
    "compose up --detach --no-deps --wait worker-1",
    "compose up --detach --no-deps --wait worker-2",
    "compose up --detach --no-deps --wait beat",
    "compose up --detach --no-deps --wait nginx",
    "compose exec -T nginx nginx -t -c /run/pairly/nginx.conf",
    "compose exec -T nginx nginx -s reload -c /run/pairly/nginx.conf",
    "compose exec -T web-1 deploy/health-check.sh http://127.0.0.1:8000/health",
    "compose exec -T web-2 deploy/health-check.sh http://127.0.0.1:8000/health",
]
RESTARTS = [line for line in DEPLOYMENT if "--no-deps" in line and "nginx" not in line]
CHECKS = DEPLOYMENT[-2:]
ASK = [
    "old: compose run --rm --no-deps -T restore manage known_migrations",
    "new: compose run --rm -T restore manage rollback_plan -",
]


class Site:
    """A checkout on a machine of its own, as far as the scripts can see."""

    def __init__(self, folder) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "deploy", folder / "deploy")
        (folder / ".env").write_text("")
        (folder / "bin").mkdir()
        (folder / "bin" / "docker").write_text(STAND_IN)
        (folder / "bin" / "docker").chmod(0o755)
        self.state = folder / "var" / "deploy"

    def run(self, script, *arguments, **env):
        (self.folder / "log").write_text("")
        return subprocess.run(
            [str(self.folder / "deploy" / script), *arguments],
            env={"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "DOCKER_LOG": str(self.folder / "log"), **env},
            cwd="/",
            capture_output=True,
            text=True,
        )

    def asked(self):
        return (self.folder / "log").read_text().splitlines()

    def said(self, name):
        path = self.state / name
        return path.read_text().strip() if path.exists() else None

    def deployed(self, current, previous):
        self.state.mkdir(parents=True)
        (self.state / "current").write_text(current)
        (self.state / "previous").write_text(previous)


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


# -- deploy.sh -----------------------------------------------------------------------------------------------


def test_a_deployment_takes_its_steps_in_order_and_remembers_the_version(site):
    done = site.run("deploy.sh", "1.0")
    assert done.returncode == 0, done.stderr
    assert site.asked() == [f"1.0: {line}" for line in DEPLOYMENT]
    assert (site.said("current"), site.said("previous")) == ("1.0", None)
    assert site.run("deploy.sh", "1.1").returncode == 0
    assert (site.said("current"), site.said("previous")) == ("1.1", "1.0")
    assert site.run("deploy.sh", "1.1").returncode == 0  # again: the way back stays the same
    assert (site.said("current"), site.said("previous")) == ("1.1", "1.0")


@pytest.mark.parametrize("number", range(len(DEPLOYMENT)), ids=lambda number: DEPLOYMENT[number][8:40])
def test_a_deployment_stops_at_the_step_that_fails(site, number):
    site.deployed("1.0", "0.9")
    done = site.run("deploy.sh", "1.1", FAIL_AT=DEPLOYMENT[number])
    assert done.returncode == 9
    assert site.asked() == [f"1.1: {line}" for line in DEPLOYMENT[: number + 1]]
    assert (site.said("current"), site.said("previous")) == ("1.0", "0.9")
    assert "stopped at" in done.stderr
    nothing, migrated, mixed = "Nothing has changed", "still runs: 1.0", "Some processes run 1.1"
    expected = nothing if number <= 4 else migrated if number == 5 else mixed
    assert expected in done.stderr


def test_the_first_installation_has_nothing_to_back_up_and_an_image_may_be_pulled(site):
    assert site.run("deploy.sh", "1.0", FIRST="1", PAIRLY_PULL="1").returncode == 0
    assert not [line for line in site.asked() if "backup" in line]
    assert "1.0: compose pull --quiet web-1" in site.asked()
    assert not [line for line in site.asked() if "build" in line]


@pytest.mark.parametrize("version", ["", "a b", "../x", "-x", "$(id)"])
def test_what_is_no_version_is_refused_before_anything(site, version):
    assert site.run("deploy.sh", version).returncode != 0
    assert site.asked() == []


def test_without_settings_nothing_is_begun(site):
    (site.folder / ".env").unlink()
    done = site.run("deploy.sh", "1.0")
    assert (done.returncode, site.asked()) == (78, [])
    assert "cp .env.example .env" in done.stderr


# -- rollback.sh ---------------------------------------------------------------------------------------------


def back(line):
    return f"old: {line}"


def test_going_back_without_newer_migrations_restarts_what_runs(site):
    site.deployed("new", "old")
    done = site.run("rollback.sh", PLAN="")
    assert done.returncode == 0, done.stderr
    assert site.asked() == [*ASK, "new: compose run --rm backup", *map(back, RESTARTS + CHECKS)]
    assert "no migration has to go back" in done.stdout
    assert (site.said("current"), site.said("previous")) == ("old", None)


def test_migrations_that_lose_nothing_are_reversed_once_the_older_version_runs(site):
    site.deployed("new", "old")
    plan = "back users.0009_x: nothing is lost\ntarget users 0008_y\ntarget credits 0003_z"
    done = site.run("rollback.sh", PLAN=plan, PLAN_CODE="3")
    assert done.returncode == 0, done.stderr
    assert "back users.0009_x: nothing is lost" in done.stdout
    assert site.asked() == [
        *ASK,
        "new: compose run --rm backup",
        *map(back, RESTARTS),
        "new: compose run --rm -T migrate migrate users 0008_y",
        "new: compose run --rm -T migrate migrate credits 0003_z",
        *map(back, CHECKS),
    ]


LOSS = "back users.0009_x: LOSES the rows of Thing\ntarget users 0008_y"


def test_it_refuses_when_data_would_be_lost(site):
    site.deployed("new", "old")
    done = site.run("rollback.sh", PLAN=LOSS, PLAN_CODE="4")
    assert done.returncode == 4
    assert "LOSES the rows of Thing" in done.stdout
    assert "--keep-schema" in done.stderr
    assert site.asked() == ASK
    assert site.said("current") == "new"


@pytest.mark.parametrize("code", ["3", "4"])
def test_the_schema_may_stay_and_nothing_is_reversed(site, code):
    site.deployed("new", "old")
    done = site.run("rollback.sh", "--keep-schema", PLAN=LOSS, PLAN_CODE=code)
    assert done.returncode == 0, done.stderr
    assert not [line for line in site.asked() if " migrate " in line]
    assert site.said("current") == "old"


FAULTS = ["known_migrations", "run --rm backup", "--wait web-2", "migrate users", "exec -T web-1"]


@pytest.mark.parametrize("fail_at", FAULTS)
def test_going_back_stops_at_the_step_that_fails(site, fail_at):
    site.deployed("new", "old")
    done = site.run("rollback.sh", PLAN=LOSS, PLAN_CODE="3", FAIL_AT=fail_at)
    assert done.returncode != 0
    assert fail_at in site.asked()[-1]
    assert (site.said("current"), site.said("previous")) == ("new", "old")
    assert "stopped at" in done.stderr


def test_a_plan_that_could_not_be_made_is_no_plan(site):
    site.deployed("new", "old")
    assert site.run("rollback.sh", PLAN="", PLAN_CODE="1").returncode == 1
    assert site.asked() == ASK


def test_without_a_version_before_there_is_no_way_back(site):
    assert site.run("rollback.sh").returncode == 66
    assert site.asked() == []


# -- what would have to go back ------------------------------------------------------------------------------


def without(*names):
    return [name for name in going_back.list_known() if name not in names]


@pytest.mark.django_db
def test_a_version_that_knows_everything_needs_nothing_back():
    plan = going_back.plan(known=going_back.list_known())
    assert (plan.backs, plan.targets) == ([], [])


@pytest.mark.django_db
def test_an_empty_table_is_no_loss_and_a_row_in_it_is():
    newest = [name for name in going_back.list_known() if name.startswith("users.") and name >= "users.0008"]
    known = without(*newest)

    def loss():
        plan = going_back.plan(known=known)
        assert [one.name for one in plan.backs] == newest[::-1]
        assert plan.targets == [("users", "0007_identity")]
        return {one.name: one.loss for one in plan.backs}["users.0008_passkey_ceremonies"]

    assert loss() == ""
    PasskeyCeremony.objects.create(
        token_sha256=b"x" * 32, purpose="sign_in", state={}, expires_at=timezone.now() + timedelta(hours=1)
    )
    assert loss() == "the rows of PasskeyCeremony"


@pytest.mark.django_db
def test_sql_of_our_own_is_for_people_to_judge():
    plan = going_back.plan(known=without("credits.0006_holds_by_person", "messaging.0004_one_number_of_keys"))
    assert plan.backs
    assert all(back.loss for back in plan.backs)


@pytest.mark.django_db
def test_a_migration_that_nobody_here_knows_stops_the_plan():
    MigrationRecorder(connection).record_applied("users", "9999_of_tomorrow")
    with pytest.raises(OperationFailed, match=r"users\.9999_of_tomorrow"):
        going_back.plan(known=going_back.list_known())
