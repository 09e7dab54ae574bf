"""Commands about the sign-in and one's keys."""

from __future__ import annotations

import json
import os
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from messaging.protocol.base64url import BadBase64, b64u_decode, b64u_encode

from . import approvals, backup, own_keys, recovery_code
from .cli_base import NOT_READY, Session, Stop, as_secret
from .http import Account, SecondStepNeeded
from .people import accept_identity
from .safety_number import safety_number

POLL_S = 2.0


def sign_in(session: Session) -> None:
    options = session.options
    password = session.typed(options.password_file, "Password")
    account = Account(options.server.rstrip("/"), session.http, store=session.store)
    try:
        account.sign_in(email=options.email, password=password)
    except SecondStepNeeded as needed:
        method = options.method or next((one for one in ("totp", "email") if one in needed.methods), "backup_code")
        if method == "email":
            account.call("POST", "auth/login-2fa/email-code", {"temp_token": needed.token})
        account.second_step(
            token=needed.token, method=method, code=session.typed(options.code_file, f"Code ({method})")
        )
    session.out.tell({"user_id": str(account.user_id)}, f"Signed in as {account.user_id}")


def sign_out(session: Session) -> None:
    session.signed_in().sign_out()
    keep = ("server", "user_id", "device")

    def forget(data: dict[str, Any]) -> None:
        data["account"] = {name: value for name, value in data["account"].items() if name in keep}

    session.store.change(forget)
    session.out.tell({}, "Signed out; the keys stay on this device")


def enrol(session: Session) -> None:
    account = session.signed_in()
    if account.get(f"keys/{account.user_id}/bundle")["identity"]:
        raise Stop("There are keys already: unlock", code="key_exists")
    account.enrol(device_label=session.options.label)
    session.out.tell(
        {"recovery_code": account.recovery_code},
        ["Write this recovery code down. It is the only way to your messages on a new device:", account.recovery_code],
    )


def unlock(session: Session) -> None:
    account, label = session.signed_in(), session.options.label
    own_keys.unlock(account, session.secret(), device_label=label)
    _tell_device(session, account)


def _tell_device(session: Session, account: Account) -> None:
    kid = b64u_encode(account.me.device.kid)
    session.out.tell({"device": kid}, f"This device can read and write: {kid}")


def devices(session: Session) -> None:
    rows = own_keys.list_devices(session.signed_in())
    lines = [
        f"{row['kid']}  {row['label'] or '-'}{'  (this one)' if row['is_this'] else ''}"
        f"{'' if row['is_active'] else '  withdrawn'}"
        for row in rows
    ]
    session.out.tell(rows, lines)


def _kid(text: str) -> bytes:
    try:
        return b64u_decode(text)
    except BadBase64 as error:
        raise Stop("That is no device: see devices", code="not_found") from error


def rename(session: Session) -> None:
    own_keys.rename_device(session.signed_in(), _kid(session.options.device), session.options.name)
    session.out.tell({}, "Renamed")


def revoke(session: Session) -> None:
    account = session.unlocked()
    kid = _kid(session.options.device)
    if kid == account.me.device.kid:
        raise Stop("This device cannot withdraw itself: use another one", code="same_device")
    own_keys.revoke(account, kid, session.secret())
    session.out.tell({}, "Withdrawn. There are new keys, which it cannot open")


def rotate(session: Session) -> None:
    own_keys.rotate(session.unlocked())
    session.out.tell({}, "There is a new encryption key")


def ask(session: Session) -> None:
    account = session.signed_in()
    asking = approvals.ask(account, device_label=session.options.label)
    session.out.tell(
        {"id": str(asking.id), "code": asking.code},
        ["Approve this on a device of yours, where the same code has to be shown:", asking.code],
    )
    until = time.monotonic() + session.options.wait
    while (state := approvals.look(account, asking)) == "asked":
        if time.monotonic() > until:
            approvals.refuse(account, str(asking.id))
            raise Stop("Nobody answered", code="expired", status=NOT_READY)
        time.sleep(POLL_S)
    if state != "granted":
        raise Stop(f"The request was {state}", code=state, status=NOT_READY)
    _tell_device(session, account)


def waiting(session: Session) -> None:
    account = session.signed_in()
    rows = [{**row, "code": approvals.code_of(account, row)} for row in approvals.list_waiting(account)]
    session.out.tell(rows, [f"{row['id']}  {row['label'] or '-'}  {row['code']}" for row in rows] or "Nobody asks")


def approve(session: Session) -> None:
    account, options = session.unlocked(), session.options
    row = next((one for one in approvals.list_waiting(account) if one["id"] == options.id), None)
    if row is None:
        raise Stop("Nobody asks under this id", code="not_found")
    if options.refuse:
        approvals.refuse(account, options.id)
        session.out.tell({}, "Refused")
        return
    typed = options.code if options.code is not None else input("Code that the new device shows: ")
    if "".join(typed.split()) != "".join(approvals.code_of(account, row).split()):
        raise Stop("The codes are different: refuse it, somebody is in between", code="code_mismatch")
    approvals.grant(account, row, session.secret())
    session.out.tell({}, "The device is let in")


def export_keys(session: Session) -> None:
    file = own_keys.find_backup(session.unlocked())
    if file is None:
        raise Stop("There is no backup", code="no_backup")
    descriptor = os.open(session.options.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as target:
        json.dump(file, target)
    session.out.tell({"file": session.options.file}, "Saved. It opens with your recovery code or passphrase alone")


def import_keys(session: Session) -> None:
    account = session.signed_in()
    file = backup.read_file(text=Path(session.options.file).read_text(), user=account.user_id.bytes)
    own_keys.import_file(account, file, session.secret(), device_label=session.options.label)
    _tell_device(session, account)


def new_secret(session: Session) -> None:
    account, secret = session.unlocked(), session.secret()
    if session.options.kind == "recovery":
        code = recovery_code.encode(code=os.urandom(16))
        own_keys.replace_secret(account, secret, as_secret(code))
        session.out.tell({"recovery_code": code}, ["Write the new recovery code down; the old one is void:", code])
        return
    passphrase = session.typed(session.options.new_file, "New passphrase")
    if len(passphrase) < 10:
        raise Stop("Take ten characters or more", code="too_short")
    own_keys.replace_secret(account, secret, own_keys.Secret(passphrase=passphrase))
    session.out.tell({}, "The passphrase opens your keys now")


def reset(session: Session) -> None:
    account = session.signed_in()
    if not (session.options.yes or session.is_agreed("All old messages stay unreadable. Begin anew?")):
        raise Stop("Say --yes: all old messages stay unreadable", code="not_agreed")
    method = session.options.method
    account.step_up(method=method, code=session.typed(session.options.password_file, f"Proof ({method})"))
    code = own_keys.reset(account, device_label=session.options.label)
    session.out.tell({"recovery_code": code}, ["Begun anew. Write this recovery code down:", code])


def safety(session: Session) -> None:
    account, options = session.unlocked(), session.options
    peer = session.user(options.user)
    person = account.person(peer)
    pairs = [(account.person(account.user_id).identity, account.user_id.bytes), (person.identity, peer.bytes)]
    number = safety_number(people=pairs)
    if options.accept or options.compared:
        accept_identity(store=account.store, person=person, is_compared=options.compared)
        person = account.person(peer)
    groups = [number[at : at + 5] for at in range(0, 60, 5)]
    state = "new, not accepted yet" if person.is_new else "compared" if person.is_compared else "not compared"
    session.out.tell(
        {"number": number, "is_new": person.is_new, "is_compared": person.is_compared},
        [" ".join(groups[:6]), " ".join(groups[6:]), f"Identity: {state}"],
    )


def add_to(parser: Any) -> None:
    """The parsers of these commands."""

    def command(name: str, run: Any, words: str) -> ArgumentParser:
        one: ArgumentParser = parser.add_parser(name, help=words, description=words)
        one.set_defaults(run=run)
        return one

    def label(one: ArgumentParser) -> None:
        one.add_argument("--label", default="Python client", help="name of this device")

    def secret(one: ArgumentParser) -> None:
        one.add_argument("--secret-file", help='recovery code or passphrase; "-": a line of standard input')

    one = command("sign-in", sign_in, "sign in on this device")
    one.add_argument("--server", default="http://127.0.0.1:8000")
    one.add_argument("--email", required=True)
    one.add_argument("--password-file", help='"-": a line of standard input')
    one.add_argument("--method", choices=["totp", "email", "backup_code"], help="of the second step")
    one.add_argument("--code-file", help="code of the second step")
    command("sign-out", sign_out, "end the sign-in; the keys stay")
    label(command("enrol", enrol, "make the first keys"))
    one = command("unlock", unlock, "let this device in by recovery code or passphrase")
    label(one)
    secret(one)
    one = command("ask", ask, "ask another device of yours to let this one in")
    label(one)
    one.add_argument("--wait", type=float, default=600, help="seconds")
    command("approvals", waiting, "devices that ask")
    one = command("approve", approve, "let a device in")
    one.add_argument("id")
    one.add_argument("--code", help="the code that the new device shows")
    one.add_argument("--refuse", action="store_true")
    secret(one)
    command("devices", devices, "your devices")
    one = command("rename", rename, "another name for a device")
    one.add_argument("device")
    one.add_argument("name")
    one = command("revoke", revoke, "withdraw a device")
    one.add_argument("device")
    secret(one)
    command("rotate", rotate, "make a new encryption key now")
    one = command("export-keys", export_keys, "save a key file")
    one.add_argument("file")
    one = command("import-keys", import_keys, "let this device in by a key file")
    one.add_argument("file")
    label(one)
    secret(one)
    one = command("new-secret", new_secret, "another recovery code or passphrase")
    one.add_argument("kind", choices=["recovery", "passphrase"])
    one.add_argument("--new-file", help="the new passphrase")
    secret(one)
    one = command("reset", reset, "begin anew when every key is lost")
    one.add_argument("--yes", action="store_true")
    one.add_argument("--method", choices=["password", "totp", "backup_code"], default="password")
    one.add_argument("--password-file", help="the proof")
    label(one)
    one = command("safety", safety, "the safety number with somebody")
    one.add_argument("user")
    one.add_argument("--accept", action="store_true", help="go on with their new identity")
    one.add_argument("--compared", action="store_true", help="the number is the same on both sides")
