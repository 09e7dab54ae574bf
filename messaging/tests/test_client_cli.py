"""The Python client from the command line, against the real server: one walk through all that it can do."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from credits.services import purchases
from messaging.client import cli
from messaging.client.http import Account
from messaging.models import KeyStatement
from messaging.services import plans
from pairly.common.ids import uuid7
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.people import PASSWORD
from profiles.services import update_profile
from users.models import User

PRICE = 5_000
WITHIN_S = 60


@dataclass
class Device:
    """A home folder, and the commands that are run in it."""

    home: Path
    capsys: pytest.CaptureFixture

    def run(self, *argv: object, fails: int = 0):
        """What the command answers; with `fails`, the code of its refusal."""
        self.capsys.readouterr()
        status = cli.main(["--home", str(self.home), "--json", *map(str, argv)])
        out, err = self.capsys.readouterr()
        assert status == fails, err
        return json.loads(err)["error"] if fails else json.loads(out)

    def start(self, *argv: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "messaging.client", "--home", str(self.home), "--json", *map(str, argv)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@dataclass
class Stage:
    url: str
    folder: Path
    capsys: pytest.CaptureFixture

    def file(self, text: str) -> str:
        path = self.folder / f"{len(list(self.folder.iterdir()))}.txt"
        path.write_text(text)
        return str(path)

    def device(self, name: str, person: str) -> Device:
        device = Device(self.folder / name, self.capsys)
        password = self.file(PASSWORD)
        device.run("sign-in", "--server", self.url, "--email", f"{person}@example.org", "--password-file", password)
        return device

    def person(self, name: str, role: str) -> tuple[Device, str, str]:
        """Their first device, id, and recovery code in a file."""
        with Account(self.url).http as http:
            account = Account(self.url, http)
            account.sign_up(email=f"{name}@example.org", password=PASSWORD, name=name.title(), role=role)
        device = self.device(f"{name}-1", name)
        assert device.run("inbox") == []
        assert device.run("read", account.user_id, fails=3) == "none"
        return device, str(account.user_id), self.file(device.run("enrol")["recovery_code"])


@pytest.fixture
def stage(django_db_setup, django_db_blocker, tmp_path, capsys):
    folder = tmp_path / "files"
    folder.mkdir()
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=tmp_path) as server:
        yield Stage(server.url, folder, capsys)


def test_two_people_do_everything_from_the_command_line(stage):
    fan, fan_id, _ = stage.person("fan", "fan")
    creator, creator_id, recovery = stage.person("creator", "creator")
    update_profile(user=User.objects.get(uid=creator_id), price_per_message_centi=PRICE)
    purchases.record_purchase(
        user_id=User.objects.get(uid=fan_id).pk, op_id=uuid7(), credits_centi=100_000, currency="USD",
        amount_minor=1_000, payment_uid=uuid7(),
    )  # fmt: skip
    the_home_is_private(fan)
    they_write(stage, fan, creator, fan_id, creator_id)
    credits_go_back(fan, creator, fan_id, creator_id)
    a_message_arrives_while_somebody_listens(fan, creator, fan_id, creator_id)
    what_is_planned_leaves(fan, creator, fan_id, creator_id)
    second = a_second_device_is_let_in(stage, creator, recovery, fan_id)
    a_device_is_withdrawn(stage, creator, second, recovery, fan_id)
    somebody_begins_anew(stage, fan, creator, fan_id, creator_id)


def the_home_is_private(fan):
    assert stat.S_IMODE(os.stat(fan.home).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(fan.home / "account.json").st_mode) == 0o600


def they_write(stage, fan, creator, fan_id, creator_id):
    big = stage.folder / "letter.txt"
    big.write_bytes(os.urandom(1_200_000))
    assert fan.run("send", creator_id, "Hello", fails=1) == "price_not_agreed"
    assert fan.run("send", creator_id, "Hello", "--price-at-most", "49.99", fails=1) == "price_not_agreed"
    sent = fan.run("send", creator_id, "Hello", "--price-at-most", "50", "--attach", big)
    assert (sent["n"], sent["charged_centi"]) == (1, PRICE)
    assert fan.run("send", creator_id, "x", "--attach", __file__, "--price-at-most", 50, fails=1) == "type_not_allowed"
    [row] = creator.run("read", "Fan")  # by name
    assert (row["text"], row["attachments"][0]["name"], row["is_mine"]) == ("Hello", "letter.txt", False)
    assert creator.run("download", fan_id, 1, "--file", 2, fails=1) == "not_found"
    saved = stage.folder / "saved"
    saved.mkdir()
    creator.run("download", fan_id, 1, "--to", saved)
    assert (saved / "letter.txt").read_bytes() == big.read_bytes()
    creator.run("react", fan_id, 1, "❤️")
    assert creator.run("send", fan_id, "Hi", "--reply", 1)["charged_centi"] == 0
    first, reply = fan.run("read", creator_id)
    assert (first["reactions"], reply["text"], reply["re"]) == (["❤️"], "Hi", first["id"])
    fan.run("edit", creator_id, 1, "Hello!")
    creator.run("delete", fan_id, reply["n"])
    first, reply = fan.run("read", creator_id)
    assert (first["text"], first["is_edited"], reply["is_erased"], reply["problem"]) == ("Hello!", True, True, None)


def credits_go_back(fan, creator, fan_id, creator_id):
    n = fan.run("send", creator_id, "By mistake", "--price-at-most", 50)["n"]
    assert fan.run("refund", creator_id, n, fails=1) == "not_found"
    assert creator.run("refund", fan_id, n) == {"amount_centi": PRICE}
    assert creator.run("unreadable", fan_id, n, fails=1) == "readable"
    assert creator.run("free", fan_id, "on")["is_free"]
    assert fan.run("send", creator_id, "For free")["charged_centi"] == 0


def a_message_arrives_while_somebody_listens(fan, creator, fan_id, creator_id):
    with creator.start("listen", "--count", 1) as listening:
        assert json.loads(listening.stdout.readline()) == {"type": "ready"}
        fan.run("send", creator_id, "Are you there?")
        assert json.loads(listening.stdout.readline())["text"] == "Are you there?"
        assert listening.wait(WITHIN_S) == 0


def what_is_planned_leaves(fan, creator, fan_id, creator_id):
    assert fan.run("plan", "x", "--to", creator_id, fails=1)
    creator.run("plan", "Good morning", "--to", fan_id)
    [planned] = creator.run("plans")
    assert (planned["text"], planned["n_waiting"]) == ("Good morning", 1)
    assert plans.start_due() == 1  # what the server's clock does
    [sent] = creator.run("run-planned")
    assert sent["code"] == ""
    last = fan.run("read", creator_id)[-1]
    assert (last["text"], last["auto"], last["id"]) == ("Good morning", "scheduled", sent["message_id"])


def a_second_device_is_let_in(stage, creator, recovery, fan_id):
    second = stage.device("creator-2", "creator")
    assert second.run("read", fan_id, fails=3) == "locked"
    with second.start("ask", "--label", "Laptop", "--wait", WITHIN_S) as asking:
        asked = json.loads(asking.stdout.readline())
        [row] = creator.run("approvals")
        assert row["code"] == asked["code"]
        approve = ("approve", row["id"], "--secret-file", recovery, "--code")
        assert creator.run(*approve, "00000 00000 00000 00000", fails=1) == "code_mismatch"
        creator.run(*approve, asked["code"])
        assert asking.wait(WITHIN_S) == 0
    assert second.run("read", fan_id)[0]["text"] == "Hello!"
    return second


def a_device_is_withdrawn(stage, creator, second, recovery, fan_id):
    assert creator.run("revoke", "AAAA", "--secret-file", stage.file("wrong words"), fails=1) == "slot_unknown"
    laptop = next(row for row in creator.run("devices") if row["label"] == "Laptop")
    creator.run("rename", laptop["kid"], "Old laptop")
    creator.run("revoke", laptop["kid"], "--secret-file", recovery)
    assert second.run("read", fan_id, fails=3)
    assert [row["is_active"] for row in creator.run("devices") if row["label"] == "Old laptop"] == [False]
    creator.run("send", fan_id, "With new keys")
    creator.run("rotate")
    passphrase = stage.file("a long passphrase of mine")
    creator.run("new-secret", "passphrase", "--new-file", passphrase, "--secret-file", recovery)
    creator.run("export-keys", stage.folder / "keys.json")
    third = stage.device("creator-3", "creator")
    third.run("import-keys", stage.folder / "keys.json", "--secret-file", passphrase)
    assert third.run("read", fan_id)[-1]["text"] == "With new keys"
    third.run("unlock", "--secret-file", recovery)


def somebody_begins_anew(stage, fan, creator, fan_id, creator_id):
    before = fan.run("safety", creator_id, "--compared")
    assert before == {**creator.run("safety", fan_id), "is_compared": True}
    n = fan.run("send", creator_id, "Nobody will read this")["n"]
    creator.run("reset", "--yes", "--password-file", stage.file(PASSWORD))
    assert KeyStatement.objects.filter(user__uid=creator_id, log_no=2).count() == 3
    assert fan.run("send", creator_id, "x", fails=4) == "identity_unaccepted"
    assert creator.run("read", fan_id)[-1]["problem"] == "no_box_for_me"
    creator.run("unreadable", fan_id, n)
    assert fan.run("safety", creator_id)["is_new"]
    after = fan.run("safety", creator_id, "--accept")
    assert (after["is_new"], after["is_compared"]) == (False, False)
    assert after["number"] != before["number"]
    fan.run("send", creator_id, "Again")
    assert creator.run("read", fan_id)[-1]["text"] == "Again"


def test_it_carries_no_django():
    code = "import sys, messaging.client.cli; print([name for name in sys.modules if name.startswith('django')])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
