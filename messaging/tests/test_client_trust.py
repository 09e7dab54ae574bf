"""What the Python client refuses when the server lies: an honest conversation, and what an attacker makes of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from messaging.client.conversation import Conversation
from messaging.client.http import Account, ApiProblem
from messaging.client.identity import DAY_MS, EncryptionKey, Identity, SigningKey
from messaging.client.problems import CannotVerify
from messaging.client.sealing import NO_BODY, seal, text_body
from messaging.client.store import FolderStore, Store
from messaging.protocol.base64url import b64u_decode, b64u_encode
from messaging.protocol.chain import first_head, next_head
from messaging.protocol.labels import sha256
from messaging.receipts import ServerKey, sign_receipt

PLACE = uuid.UUID(int=7)
NOW = 1_800_000_000_000


@dataclass
class Somebody:
    """A person with keys and key logs."""

    identity: Identity
    logs: list[list[dict[str, str]]] = field(default_factory=list)

    @classmethod
    def make(cls, number: int, *, at_ms: int = NOW - DAY_MS) -> Somebody:
        identity = Identity.create(user=uuid.UUID(int=number).bytes)
        return cls(identity, [[entry.as_json() for entry in identity.first_statements(now_ms=at_ms)]])

    @property
    def uid(self) -> uuid.UUID:
        return uuid.UUID(bytes=self.identity.user)

    def begin_anew(self, *, at_ms: int = NOW + 30_000) -> None:
        self.identity = Identity.create(user=self.identity.user)
        self.logs.append([entry.as_json() for entry in self.identity.first_statements(now_ms=at_ms)])


class Server:
    """Says what it was told, signed as the real one signs. `lie` alters what it answers about an address."""

    def __init__(self) -> None:
        self.key = ServerKey.from_seed(bytes(range(32)))
        self.fan, self.creator = Somebody.make(1), Somebody.make(2)
        self.rows: list[dict[str, Any]] = []
        self.seqs: dict[bytes, int] = {}
        self.lies: dict[str, Callable[[Any], Any]] = {}
        self.store = Store()

    def head(self, n: int | None = None) -> bytes:
        rows = self.rows if n is None else self.rows[:n]
        users = (self.fan.identity.user, self.creator.identity.user)
        return b64u_decode(rows[-1]["srv"]["head"]) if rows else first_head(conversation=PLACE.bytes, users=users)

    def write(self, writer: Somebody, text: str, **changed: Any) -> dict[str, Any]:
        """A message in the name of `writer`, sealed for both; it is in the history then."""
        reader = self.creator if writer is self.fan else self.fan
        device = changed.pop("device", writer.identity.device)
        recv_ms = changed.pop("recv_ms", NOW + len(self.rows))
        self.seqs[device.kid] = self.seqs.get(device.kid, 0) + 1
        fields: dict[str, Any] = {
            "device": device, "body": text_body(text), "kind": 1, "conversation": PLACE.bytes,
            "message_id": uuid.uuid4().bytes, "sender": writer.identity.user, "recipient": reader.identity.user,
            "sent_ms": recv_ms, "seq": self.seqs[device.kid], "seen_n": len(self.rows), "seen_head": self.head(),
            "price_centi": 0, "recipients": [one.identity.encryption[-1].public for one in (writer, reader)],
        }  # fmt: skip
        return self.take(seal(**(fields | changed)), recv_ms)

    def take(self, envelope: dict[str, Any], recv_ms: int) -> dict[str, Any]:
        n, previous = len(self.rows) + 1, self.head()
        hdr, sig = b64u_decode(envelope["hdr"]), b64u_decode(envelope["sig"])
        head = next_head(previous=previous, n=n, recv_ms=recv_ms, hdr_hash=sha256(hdr), sig=sig)
        receipt = sign_receipt(
            seed=self.key.seed, conversation=PLACE.bytes, n=n, recv_ms=recv_ms, hdr_hash=sha256(hdr), head=head
        )
        srv = {
            "n": n, "recv_ms": recv_ms, "prev": b64u_encode(previous), "head": b64u_encode(head),
            "skid": b64u_encode(self.key.skid), "receipt": b64u_encode(receipt),
        }  # fmt: skip
        self.rows.append({"envelope": envelope, "srv": srv})
        return self.rows[-1]

    def rechain(self, rows: list[dict[str, Any]]) -> None:
        """Numbers, heads and receipts anew: only what people signed can betray it."""
        self.rows = []
        for row in rows:
            self.take(row["envelope"], row["srv"]["recv_ms"])

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/")
        query = {name: int(value) for name, value in request.url.params.items()}
        name, document = self._honest(path, query, request)
        return httpx.Response(200, json=self.lies.get(name, lambda said: said)(document))

    def _honest(self, path: str, query: dict[str, int], request: httpx.Request) -> tuple[str, Any]:
        if path == "keys/server":
            return "server", {"keys": [{"skid": b64u_encode(self.key.skid), "public": b64u_encode(self.key.public)}]}
        if path.endswith("/log"):
            person = self.fan if str(self.fan.uid) in path else self.creator
            number = query.get("log_no", len(person.logs))
            entries = person.logs[number - 1][query["after_seq"] :] if number else []
            return "log", {"log_no": number, "entries": entries}
        if path == "messages/conversations":
            return "opening", {"id": str(PLACE), "n": len(self.rows), "next_seq": 1, "price_centi": 0}
        if path == "messages":
            row = self.take(json.loads(request.content)["envelope"], NOW + len(self.rows))
            return "sent", {"srv": row["srv"]}
        rows = [row for row in deepcopy(self.rows) if row["srv"]["n"] > query["after_n"]]
        return "history", {"results": rows, "next": None}

    def account(self) -> Account:
        """The fan's program, started anew: what it remembers is in the store."""
        http = httpx.Client(transport=httpx.MockTransport(self.answer))
        return Account(
            "http://server", http, self.fan.uid, identity=self.fan.identity, store=self.store, clock=lambda: NOW
        )

    def load(self, **how: Any) -> Conversation:
        account = self.account()
        conversation, _ = account.open_conversation(self.creator.uid, **how)
        account.catch_up(conversation)
        return conversation


@pytest.fixture
def server() -> Server:
    """Four messages, and the fan has read all of them."""
    server = Server()
    for writer, text in ((server.fan, "one"), (server.creator, "two"), (server.fan, "three"), (server.creator, "four")):
        server.write(writer, text)
    assert [one.text for one in server.load().messages] == ["one", "two", "three", "four"]
    return server


def refused(server: Server, code: str, **how: Any) -> None:
    with pytest.raises(CannotVerify) as caught:
        server.load(**how)
    assert caught.value.code == code


# -- key logs ---------------------------------------------------------------------------------------------------------
def test_a_key_log_that_grows_is_taken(server):
    entry = server.creator.identity.rotate(now_ms=NOW)
    server.creator.logs[0].append(entry.as_json())
    server.write(server.creator, "five")
    assert server.load().messages[-1].text == "five"
    assert server.account().encryption_keys(server.creator.uid) == [entry.public]


def test_a_key_log_that_is_shorter_than_before_is_refused(server):
    server.creator.logs[0].append(server.creator.identity.rotate(now_ms=NOW).as_json())
    server.load()
    server.creator.logs[0].pop()
    refused(server, "log_rollback")


def test_a_key_log_that_is_gone_is_refused(server):
    server.creator.logs[0].clear()
    refused(server, "log_rollback")


def test_a_key_log_with_another_entry_is_refused(server):
    again = Identity(server.creator.identity.user, server.creator.identity.identity, SigningKey(b"d" * 32),
                     [EncryptionKey(b"e" * 32)])  # fmt: skip
    server.creator.logs[0][:] = [entry.as_json() for entry in again.first_statements(now_ms=NOW - DAY_MS)]
    refused(server, "log_fork")


def test_another_identity_in_the_same_log_is_refused(server):
    server.creator.logs[0][:] = Somebody.make(2).logs[0]
    refused(server, "identity_changed")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda log: log.append(log[1]), "stmt_chain"),
        (lambda log: log[0].update(sig=log[1]["sig"]), "sig_invalid"),
        (lambda log: log[0].update(public=b64u_encode(bytes(32))), "weak_key"),
        (lambda log: log[0].update(public=b64u_encode(b"x" * 31)), "bad_key_length"),
        (lambda log: log[0].update(public=log[1]["public"]), "stmt_subject"),
        (lambda log: log[0].update(statement="AAAA"), "stmt_length"),
        (lambda log: log[0].update(statement="*"), "malformed"),
    ],
)
def test_an_entry_that_does_not_hold_is_refused(server, change, code):
    change(server.creator.logs[0])
    refused(server, code)


def test_a_new_identity_is_neither_read_nor_written_to_until_it_is_accepted(server):
    server.creator.begin_anew()
    server.write(server.creator, "me, honestly", recv_ms=NOW + 60_000)
    conversation = server.load()
    assert [one.text for one in conversation.messages] == ["one", "two", "three", "four", None]
    assert conversation.messages[-1].problem == "identity_unaccepted"
    with pytest.raises(CannotVerify, match="identity_unaccepted"):
        server.account().deliver(conversation, body=text_body("secret"))
    server.creator.logs.pop()
    refused(server, "log_rollback")


def test_keys_that_are_too_old_are_not_sealed_to():
    server = Server()
    server.creator = Somebody.make(2, at_ms=NOW - 401 * DAY_MS)
    with pytest.raises(CannotVerify, match="keys_too_old"):
        server.account().deliver(server.load(), body=text_body("secret"))
    assert server.rows == []


def test_a_receipt_key_that_is_not_the_one_of_its_name_is_refused(server):
    other = b64u_encode(SigningKey(b"o" * 32).public)
    server.lies["server"] = lambda said: {"keys": [{**said["keys"][0], "public": other}]}
    refused(server, "server_key_changed")


# -- the chain --------------------------------------------------------------------------------------------------------
def test_less_than_was_seen_is_refused(server):
    server.rows.pop()
    refused(server, "history_rollback")
    server.lies["opening"] = lambda said: {**said, "n": 4}  # it says that all are there, and gives fewer
    refused(server, "history_rollback")


def test_another_chain_than_was_seen_is_refused(server):
    server.rechain([server.rows[0], server.rows[1], server.rows[3], server.rows[2]])
    refused(server, "history_fork")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda rows: [rows[1], rows[0], *rows[2:]], "chain_mismatch"),
        (lambda rows: [rows[0], *rows[2:]], "chain_mismatch"),
        (lambda rows: [*rows, {**rows[3], "srv": {**rows[3]["srv"], "n": 5}}], "chain_mismatch"),
        (
            lambda rows: [{**rows[0], "srv": {**rows[0]["srv"], "receipt": rows[1]["srv"]["receipt"]}}],
            "receipt_invalid",
        ),
        (lambda rows: [{**rows[0], "srv": {"n": "1"}}], "malformed"),
    ],
)
def test_a_history_that_does_not_hold_together_is_refused(server, change, code):
    server.lies["history"] = lambda said: {**said, "results": change(said["results"])}
    refused(server, code)


@pytest.mark.parametrize("how", [{}, {"last": 1}], ids=["whole", "from where it was"])
def test_a_message_that_comes_twice_is_refused(server, how):
    server.take(server.rows[1]["envelope"], NOW)
    refused(server, "duplicate_msg_id" if not how else "seq", **how)


def test_one_that_is_left_out_of_a_new_chain_is_missed(server):
    fresh = Server()
    fresh.__dict__.update(server.__dict__, store=Store())
    fresh.rechain([server.rows[0], server.rows[3]])
    refused(fresh, "seq")


def test_what_the_other_one_saw_must_be_on_the_same_chain(server):
    server.write(server.creator, "five", seen_n=3, seen_head=b"f" * 32)
    refused(server, "seen_head")


# -- one message ------------------------------------------------------------------------------------------------------
def problem_of(server: Server, row: dict[str, Any] | None = None) -> str | None:
    """Of the last message; the others are shown."""
    messages = server.load().messages
    assert [one.text for one in messages[:4]] == ["one", "two", "three", "four"]
    assert messages[-1].text is None
    return messages[-1].problem


def test_words_that_do_not_verify_are_hidden_and_the_rest_is_shown(server):
    row = server.write(server.creator, "by an unknown device", device=SigningKey(b"u" * 32))
    assert problem_of(server) == "sig_key_unknown"
    server.rows.remove(row)


def test_a_message_of_a_device_that_was_withdrawn_before_is_hidden(server):
    identity = server.creator.identity
    server.creator.logs[0].append(identity.revoke_device(kid=identity.device.kid, now_ms=NOW + 30_000).as_json())
    server.write(server.creator, "late", recv_ms=NOW + 60_000)
    assert problem_of(server) == "sig_key_revoked"


def test_a_message_for_somebody_else_or_of_another_time_is_hidden(server):
    server.write(server.creator, "old", sent_ms=NOW - 11 * 60 * 1000)
    assert problem_of(server) == "clock_skew"


def test_a_message_that_no_key_opens_is_hidden(server):
    server.write(server.creator, "x", recipients=[server.creator.identity.encryption[-1].public])
    assert problem_of(server) == "no_box_for_me"


def test_words_that_were_changed_are_hidden(server):
    row = server.write(server.creator, "five")
    row["envelope"]["ct"] = row["envelope"]["ct"][:-4] + "AAAA"
    assert problem_of(server) == "ct_hash"


def test_words_that_the_server_took_away_are_told_from_those_that_were_deleted(server):
    row = server.write(server.creator, "five")
    row["envelope"].update(ct="", boxes=[])
    assert problem_of(server) == "erased_by_server"
    message_id = b64u_decode(row["envelope"]["hdr"])[22:38]
    server.write(server.creator, "", kind=3, target=message_id, body=NO_BODY)
    five, deletion = server.load().messages[4:]
    assert (five.problem, five.is_erased, deletion.problem, deletion.text) == (None, True, None, None)


# -- sending, and what is kept --------------------------------------------------------------------------------
def test_after_a_lie_nothing_is_sent(server):
    account = server.account()
    conversation, _ = account.open_conversation(server.creator.uid)
    server.lies["history"] = lambda said: {**said, "results": said["results"][1:]}
    with pytest.raises(CannotVerify, match="chain_mismatch"):
        account.catch_up(conversation)
    n = len(server.rows)
    with pytest.raises(CannotVerify, match="chain_mismatch"):
        account.send(conversation, "secret", price_centi=0)
    assert len(server.rows) == n


def test_pins_are_kept_in_a_folder_and_never_go_back(server, tmp_path):
    server.store = FolderStore(tmp_path / "home")
    stale = server.account()
    old, _ = stale.open_conversation(server.creator.uid)
    server.load()
    before = json.loads((tmp_path / "home" / "account.json").read_text())
    stale.pin(old)  # another program that has seen nothing yet
    assert json.loads((tmp_path / "home" / "account.json").read_text()) == before
    server.rows.pop()
    refused(server, "history_rollback")


def test_only_what_is_new_is_loaded_where_the_rest_was_verified(server):
    server.write(server.creator, "five")
    assert [one.text for one in server.load(last=1).messages] == ["five"]
    assert [one.text for one in server.load(from_n=3).messages] == ["three", "four", "five"]


def test_a_refusal_of_the_server_stays_one(server):
    transport = httpx.MockTransport(lambda request: httpx.Response(503, text="<html>"))
    account = Account("http://server", httpx.Client(transport=transport))
    with pytest.raises(ApiProblem) as caught:
        account.get("keys/server")
    assert caught.value.status == 503
