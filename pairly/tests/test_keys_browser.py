"""Keys for life, as a creator with several devices lives with them, and a fan who goes on writing all the while."""

from __future__ import annotations

import json
import os
import re

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from playwright.sync_api import expect

from messaging.client import backup, recovery_code
from messaging.client.identity import EncryptionKey
from messaging.models import Key, KeyBackup, KeyStatement, Message
from messaging.protocol.base64url import b64u_decode
from messaging.protocol.header import parse_header
from messaging.protocol.labels import label
from messaging.services import backups, keys
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
from pairly.testing.browser import is_complaint
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import PASSWORD
from users.models import Session

DAY_MS = 24 * 3600 * 1000
STEP = "[data-step={}]:not([hidden])"
PASSPHRASE = "seven green lanterns over the harbour"


class OldFriend(PenFriend):
    """Somebody whose keys were made 31 days ago: it is time for a new encryption key."""

    def _enrol(self):
        code, at = os.urandom(16), now_ms() - 31 * DAY_MS
        file = backup.to_file(backup.create(identity=self.identity, recovery=code))
        backups.put_backup(user=self.user, file=file, if_match=0)
        family = uuid7()
        for entry in self.identity.first_statements(now_ms=at, device_label="Letters"):
            body = entry.as_json()
            keys.add_statement(user=self.user, family=family, label_=body.pop("label"), at_ms=at, **body)
        return recovery_code.encode(code=code)


class Device:
    """A fresh browser profile, signed in."""

    def __init__(self, chromium, url, user):
        self.user = user
        self.context = chromium.new_context(base_url=url, viewport={"width": 420, "height": 800}, timezone_id="UTC")
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda m: self.complaints.append(m.text) if is_complaint(m) else None)
        self.sign_in()

    def sign_in(self):
        self.page.goto("/sign-in/")
        self.page.fill("input[name=email]", self.user.email)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("main button[type=submit]")
        self.page.wait_for_selector(".balance")

    def keys(self, step):
        self.page.goto("/keys/")
        self.on(step)

    def on(self, step):
        self.page.wait_for_selector(STEP.format(step))

    def part(self, name):
        return self.page.locator(f"[data-part={name}]")

    def unlock(self, secret):
        self.part("recovery-input").fill(secret)
        self.part("unlock").click()

    def confirm(self, secret):
        """Type the code or passphrase into the dialog, and go."""
        self.part("secret-input").fill(secret)
        self.part("secret-go").click()

    def until_closed(self):
        expect(self.part("secret-dialog")).to_be_hidden()

    def take_code(self):
        """The new recovery code, typed back."""
        self.on("code")
        code = self.part("recovery-code").text_content()
        self.part("code-again").fill(code)
        self.part("confirm").click()
        self.on("done")
        return code

    def says(self, text):
        expect(self.part("message")).to_contain_text(text)

    def chat(self, letters):
        self.page.goto(letters.path)
        self.page.wait_for_selector("pairly-conversation[data-ready]")

    def write(self, letters, text):
        self.chat(letters)
        self.part("text-input").fill(text)
        self.part("send").click()
        sent = f".bubble[data-mine=true]:has-text('{text}')"
        self.page.wait_for_selector(f"{sent}:is([data-status=sent], [data-status=delivered], [data-status=read])")

    def reads(self, letters, *texts):
        self.chat(letters)
        for text in texts:
            expect(self.page.locator(f".bubble-text:text-is('{text}')")).to_be_visible()


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as server:
        fan = PenFriend("fan", name="Robin Fan", credits_centi=1_000_000)
        creator = OldFriend("creator", name="Mara Lindqvist", price_centi=5_000)
        letters = Letters(fan=fan, creator=creator)
        devices: list[Device] = []

        def device(friend):
            devices.append(Device(chromium, server.url, friend.user))
            return devices[-1]

        yield fan, creator, letters, device
        for one in devices:
            one.context.close()


def encryption_keys(user):
    return [bytes(key.kid) for key in Key.objects.filter(user=user, role=Key.Role.ENCRYPTION).order_by("created_ms")]


def test_devices_come_and_go_and_everything_stays_readable_to_the_right_ones(world):
    fan, creator, letters, device = world
    letters.write(fan, "from the first month")

    # The recovery code on a fresh profile; the key has served its 30 days, and its successor's seed is saved first.
    first = device(creator)
    first.keys("unlock")
    first.unlock(creator.recovery)
    first.on("done")
    old, new = encryption_keys(creator.user)
    assert Key.objects.get(pk=new).active
    assert not Key.objects.get(pk=old).active
    stored = backup.open_file(file=_file(creator), recovery=recovery_code.decode(text=creator.recovery))
    assert [EncryptionKey(seed).kid for seed in stored.encryption_seeds] == [old, new]
    writer = device(fan)
    writer.keys("unlock")
    writer.unlock(fan.recovery)
    writer.on("done")
    writer.write(letters, "from the second month")
    first.reads(letters, "from the first month", "from the second month")

    # A second device asks the first one. Both show the same code; without the tick and the right code nothing happens.
    second = device(creator)
    second.keys("unlock")
    first.keys("done")
    second.part("ask-device").click()
    second.on("waiting")
    code = second.part("comparison-code").text_content()
    assert re.fullmatch(r"\d{5}(\s\d{5}){3}", code)
    expect(first.part("approval-code")).to_have_text(code)  # shown at once, by the socket
    first.part("approval-grant").click()
    first.confirm(creator.recovery)
    expect(first.part("secret-message")).to_contain_text("Compare the code")
    first.part("is-same").check()
    first.confirm(recovery_code.encode(code=bytes(16)))
    expect(first.part("secret-message")).to_contain_text("does not open your keys")
    assert Key.objects.filter(user=creator.user, role=Key.Role.DEVICE).count() == 2
    first.confirm(creator.recovery)
    first.until_closed()
    second.on("done")
    second.reads(letters, "from the first month", "from the second month")
    second.write(letters, "from my tablet")
    writer.reads(letters, "from my tablet")

    # It gets a name, which is not signed.
    row = first.page.locator("[data-part=devices] > li:not(:has([data-part=device-this]:visible))").first
    row.locator("summary").click()
    row.locator("[data-part=device-label]").fill("Tablet")
    row.locator("form button").click()
    expect(first.page.locator("[data-part=devices] bdi:text-is('Tablet')")).to_be_visible()

    # A passphrase opens the keys too; one that is easy to guess is not taken.
    first.part("passphrase").click()
    first.part("new-passphrase").fill("short")
    first.confirm(creator.recovery)
    expect(first.part("secret-message")).to_contain_text("12 symbols")
    first.part("new-passphrase").fill(PASSPHRASE)
    first.part("new-passphrase-again").fill(PASSPHRASE)
    first.confirm(creator.recovery)
    first.until_closed()
    first.says("Your passphrase opens")
    third = device(creator)
    third.keys("unlock")
    third.unlock(PASSPHRASE)
    third.on("done")

    # The key file brings back what the server lost, for every device.
    with first.page.expect_download() as got:
        first.part("download-file").click()
    path = got.value.path()
    version = KeyBackup.objects.get(user=creator.user).version
    KeyBackup.objects.filter(user=creator.user).delete()
    first.keys("lost")
    first.page.locator(f"{STEP.format('lost')} [data-go=file]").click()
    first.part("file").set_input_files({"name": "other.json", "mimeType": "application/json", "buffer": b"{}"})
    first.part("file-secret").fill(PASSPHRASE)
    first.part("import").click()
    first.says("not a key file")
    first.part("file").set_input_files(path)
    first.part("import").click()
    first.on("done")
    assert KeyBackup.objects.get(user=creator.user).version > version
    assert json.loads(path.read_text())["gen"] == _file(creator)["gen"]
    second.reads(letters, "from the first month", "from my tablet")

    # The tablet is stolen. What it has opens neither the new backup nor what is written from now on.
    thief = backup.open_file(file=_file(creator), recovery=recovery_code.decode(text=creator.recovery))
    second.keys("done")
    row = first.page.locator("[data-part=devices] > li:has(bdi:text-is('Tablet'))")
    row.locator("[data-part=device-revoke]").click()
    first.part("reason").select_option("stolen")
    first.confirm(creator.recovery)
    first.until_closed()
    first.says("change your password")
    second.page.wait_for_url("**/sign-in/**")
    assert set(second.complaints) <= {text for text in second.complaints if "401" in text or "403" in text}
    file = _file(creator)
    key = backup._hkdf(thief.master, b"", "keyring-key")
    place = creator.user.uid.bytes + b64u_decode(file["gen"])
    aad = label("keyring") + place + file["version"].to_bytes(4, "big")
    raw = b64u_decode(file["keyring"])
    with pytest.raises(InvalidTag):
        AESGCM(key).decrypt(raw[:12], raw[12:], aad)
    writer.write(letters, "only for who is left")
    header = parse_header(raw=bytes(Message.objects.order_by("-n").first().hdr))
    has = {EncryptionKey(seed).kid for seed in thief.encryption_seeds}
    assert not has & {box.kid for box in header.boxes}
    first.reads(letters, "from the first month", "only for who is left")

    # The third device has the old keyring key: it says so, asks for the code once, and needs no new entry in the log.
    n = KeyStatement.objects.filter(user=creator.user).count()
    third.page.goto(letters.path)
    third.on("unlock")
    expect(third.part("unlock-title")).to_contain_text("renewed on another device")
    third.unlock(PASSPHRASE)
    third.says("A passphrase is not set")  # it went with the old master key
    third.unlock(creator.recovery)
    third.on("done")
    third.reads(letters, "from the first month", "only for who is left")
    assert KeyStatement.objects.filter(user=creator.user).count() == n

    # A new recovery code, and the old one opens nothing.
    third.keys("done")
    third.part("renew").click()
    third.confirm(creator.recovery)
    code = third.take_code()
    with pytest.raises(backup.BackupError, match="wrong_secret"):
        backup.open_file(file=_file(creator), recovery=recovery_code.decode(text=creator.recovery))
    assert backup.open_file(file=_file(creator), recovery=recovery_code.decode(text=code))

    # The file from before the revocation does not bring the old ways in back.
    version = KeyBackup.objects.get(user=creator.user).version
    first.keys("done")
    first.page.locator(f"{STEP.format('done')} [data-go=file]").click()
    first.part("file").set_input_files(path)
    first.part("file-secret").fill(creator.recovery)
    first.part("import").click()
    first.says("before your keys were renewed")
    assert KeyBackup.objects.get(user=creator.user).version == version
    assert [*first.complaints, *third.complaints, *writer.complaints] == []


def test_who_lost_everything_begins_anew_with_open_eyes(world):
    fan, creator, _, device = world
    letters = Letters(fan=fan, creator=PenFriend("creator", name="Cleo", price_centi=5_000))
    creator = letters.creator
    letters.write(fan, "to who you were")
    writer, other, lost = device(fan), device(creator), device(creator)
    writer.keys("unlock")
    writer.unlock(fan.recovery)
    writer.on("done")
    writer.reads(letters, "to who you were")
    lost.keys("unlock")
    identity = Key.objects.get(user=creator.user, role=Key.Role.IDENTITY, active=True).pk
    log_no = KeyStatement.objects.filter(user=creator.user).latest("id").log_no
    lost.page.locator(f"{STEP.format('unlock')} [data-go=reset]").click()
    lost.on("reset")
    lost.part("reset-word").fill("yes")
    lost.part("reset").click()
    lost.says("exactly as they stand")
    assert Key.objects.get(user=creator.user, role=Key.Role.IDENTITY, active=True).pk == identity
    lost.part("reset-word").fill("Begin anew")
    lost.part("reset").click()
    code = lost.take_code()
    lost.says("begun anew")
    assert Key.objects.get(user=creator.user, role=Key.Role.IDENTITY, active=True).pk != identity
    assert KeyStatement.objects.filter(user=creator.user).latest("id").log_no == log_no + 1
    assert Session.objects.filter(user=creator.user, ended_at=None).count() == 1
    other.page.goto("/keys/")
    other.page.wait_for_url("**/sign-in/**")
    other.sign_in()
    other.keys("unlock")
    other.unlock(code)
    other.on("done")

    # The fan is asked before anything is sealed for the new identity. What the old keys opened stays closed to the new.
    writer.page.goto(letters.path)
    writer.page.locator("[data-part=trust-title]", has_text="Cleo has a new identity").wait_for()
    assert Message.objects.filter(conversation__uid=letters.uid).count() == 1
    with writer.page.expect_event("load"):  # the page begins anew with what is accepted
        writer.page.click("[data-part=trust-accept]")
    writer.write(letters, "to who you are now")
    other.reads(letters, "to who you are now")
    assert other.page.get_by_text("to who you were", exact=True).count() == 0
    assert [*lost.complaints, *writer.complaints] == []


def _file(friend):
    return KeyBackup.objects.get(user=friend.user).file
