"""Runs the protocol's vectors against the Python client and the server's stateless checks, without a database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from messaging.client import attachments, backup, franking, opening
from messaging.client.identity import EncryptionKey, Identity, SigningKey
from messaging.client.safety_number import safety_number
from messaging.envelopes import EnvelopeRejected, check_envelope
from messaging.protocol.base64url import b64u_decode, b64u_encode
from messaging.protocol.chain import first_head
from messaging.protocol.codes import STATELESS
from messaging.protocol.keys import check_public_key
from messaging.protocol.labels import sha256
from messaging.protocol.statements import log_hash
from messaging.receipts import ServerKey, sign_receipt


@dataclass
class Result:
    passed: int = 0
    failed: list[str] = field(default_factory=list)

    def check(self, name: str, act: Callable[[], bool]) -> None:
        try:
            is_right = act()
        except Exception as error:
            self.failed.append(f"{name}: {error!r}")
            return
        if is_right:
            self.passed += 1
        else:
            self.failed.append(name)


class Runner:
    """One vector file."""

    def __init__(self, path: Path) -> None:
        self.data: dict[str, Any] = json.loads(path.read_text())
        self.result = Result()
        self.conversation = b64u_decode(self.data["conv"])
        self.server = ServerKey.from_seed(b64u_decode(self.data["server_seed"]))
        self.people = {name: _identity(self.data[name]) for name in ("alice", "bob")}
        self.devices = {p.device.kid: p.device.public for p in self.people.values()}

    def run(self) -> Result:
        self._keys()
        self._messages()
        self._rejects()
        self._backup()
        self._report()
        for row in self.data["attachments"]:
            self.result.check(f"attachment {row['name']}", lambda r=row: _is_attachment(r))
            self.result.check(f"attachment {row['name']} cut", lambda r=row: _is_cut_refused(r))
        people = [(p.identity.public, p.user) for p in self.people.values()]
        for order in (people, people[::-1]):
            self.result.check("safety number", lambda o=order: safety_number(people=o) == self.data["safety_number"])
        return self.result

    def _keys(self) -> None:
        users = (self.people["alice"].user, self.people["bob"].user)
        h0 = b64u_decode(self.data["h0"])
        self.result.check("h0", lambda: first_head(conversation=self.conversation, users=users) == h0)
        for name, person in self.people.items():
            data = self.data[name]
            encryption = person.encryption[0]
            self.result.check(
                f"{name} encryption key", lambda k=encryption, d=data: b64u_encode(k.public) == d["enc_pub"]
            )
            for row in data["keylog"]:
                raw, sig = b64u_decode(row["stmt"]), b64u_decode(row["sig"])
                check_public_key(alg=raw[1], public=b64u_decode(row["pub"]))
                wanted = b64u_decode(row["hash"])
                self.result.check(f"{name} log entry", lambda r=raw, s=sig, w=wanted: log_hash(statement=r, sig=s) == w)

    def _open(self, row: dict[str, Any], reader: str, previous: bytes) -> opening.Opened:
        return opening.open_message(
            data=row["env"],
            srv=row["srv"],
            conversation=self.conversation,
            sender=self.people[row["sender"]].user,
            previous=previous,
            keys=self.people[reader].encryption,
            find_device_key=self.devices.get,
            find_server_key={self.server.skid: self.server.public}.get,
        )

    def _messages(self) -> None:
        previous = b64u_decode(self.data["h0"])
        for row in self.data["messages"]:
            for reader in self.people:
                name = f"message {row['srv']['n']} read by {reader}"
                self.result.check(name, lambda r=row, w=reader, p=previous: self._is_opened(r, w, p))
            self.result.check(f"receipt {row['srv']['n']}", lambda r=row: self._is_receipt(r))
            previous = b64u_decode(row["srv"]["head"])

    def _is_opened(self, row: dict[str, Any], reader: str, previous: bytes) -> bool:
        opened = self._open(row, reader, previous)
        return (
            opened.body.decode() == row["body"]
            and b64u_encode(opened.frank_key) == row["kf"]
            and opened.envelope.header.encode() == opened.envelope.hdr
        )

    def _is_receipt(self, row: dict[str, Any]) -> bool:
        srv = row["srv"]
        receipt = sign_receipt(
            seed=self.server.seed,
            conversation=self.conversation,
            n=srv["n"],
            recv_ms=srv["recv_ms"],
            hdr_hash=b64u_decode(row["hdr_hash"]),
            head=b64u_decode(srv["head"]),
        )
        return b64u_encode(receipt) == srv["receipt"]

    def _rejects(self) -> None:
        for row in self.data["server_rejects"]:
            wanted = row["code"] if row["code"] in STATELESS else "accepted"  # the rest needs the database
            self.result.check(f"server reject: {row['name']}", lambda r=row, w=wanted: self._verdict(r["env"]) == w)
        for row in self.data["client_rejects"]:
            self.result.check(f"client reject: {row['name']}", lambda r=row: self._client_verdict(r) == r["code"])

    def _verdict(self, envelope: Any) -> str:
        sender = self.people["alice"].user
        try:
            check_envelope(
                data=envelope, conversation=self.conversation, sender=sender, find_device_key=self.devices.get
            )
        except EnvelopeRejected as error:
            return error.code
        return "accepted"

    def _client_verdict(self, row: dict[str, Any]) -> str:
        try:
            self._open({**row, "sender": "alice", "srv": {}}, row["reader"], bytes(32))
        except opening.CannotVerify as error:
            return error.code
        return "opened"

    def _report(self) -> None:
        report, alice = self.data["report"], self.people["alice"].user

        def verdict(**changes: Any) -> bool:
            reporter = changes.pop("reporter", alice)
            return franking.is_verified(
                report={**report, **changes},
                reporter=reporter,
                server_public=self.server.public,
                find_device_key=self.devices.get,
            )

        self.result.check("report", verdict)
        self.result.check("report with another body", lambda: not verdict(body=b64u_encode(b"{}")))
        self.result.check("report of another place", lambda: not verdict(n=report["n"] + 1))
        self.result.check("report by a stranger", lambda: not verdict(reporter=bytes(16)))

    def _backup(self) -> None:
        data = self.data["backup"]
        alice = self.data["alice"]

        def is_opened() -> bool:
            opened = backup.open_file(file=data["file"], passphrase=data["passphrase"])
            seeds = [b64u_encode(seed) for seed in opened.encryption_seeds]
            return b64u_encode(opened.identity_seed) == alice["identity_seed"] and seeds == [alice["enc_seed"]]

        def is_refused() -> bool:
            try:
                backup.open_file(file=data["file"], passphrase="wrong")
            except backup.BackupError as error:
                return error.code == "wrong_secret"
            return False

        self.result.check("backup by passphrase", is_opened)
        self.result.check("backup by a wrong passphrase", is_refused)


def _is_attachment(row: dict[str, Any]) -> bool:
    key = b64u_decode(row["key"])
    plain = attachments.open_blob(blob=b64u_decode(row["blob"]), key=key) if "blob" in row else bytes(row["plain_len"])
    blob = attachments.seal(data=plain, key=key, prefix=b64u_decode(row["prefix"]))
    is_same = (len(plain), len(blob)) == (row["plain_len"], row["blob_len"])
    is_same = is_same and b64u_encode(sha256(blob)) == row["blob_sha256"]
    return is_same and attachments.open_blob(blob=blob, key=key) == plain


def _is_cut_refused(row: dict[str, Any]) -> bool:
    key = b64u_decode(row["key"])
    blob = attachments.seal(data=bytes(row["plain_len"]), key=key, prefix=b64u_decode(row["prefix"]))
    try:
        attachments.open_blob(blob=blob[:-1], key=key)
    except attachments.BadAttachment:
        return True
    return False


def _identity(data: dict[str, Any]) -> Identity:
    return Identity(
        b64u_decode(data["user_id"]),
        SigningKey(b64u_decode(data["identity_seed"])),
        SigningKey(b64u_decode(data["device_seed"])),
        [EncryptionKey(b64u_decode(data["enc_seed"]))],
    )


def run(path: Path) -> Result:
    """Check everything in the file that needs no database."""
    return Runner(path).run()
