"""The REST transport: an account, its keys and its messages over `/api/v1`.

Nothing that the server says of keys is believed: they come from key logs that verified, and what was verified once is
pinned in the account's store.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from messaging.protocol.base64url import b64u_decode, b64u_encode
from messaging.protocol.header import AttachmentRef

from . import backup, recovery_code
from .chain_memory import ChainMemory
from .conversation import Conversation, Message
from .identity import Identity
from .keylog import KeyLog
from .people import Person, accept_identity, fetch_person, fetch_server_keys
from .problems import CannotVerify
from .sealing import text_body
from .store import Data, Store

# Refusals that another seal of the same message mends. A changed price is not among them: the person is asked first.
_MENDABLE = ("rcpt_key_stale", "rcpt_missing", "seq", "seen_head")
_ATTEMPTS = 3
_EARLY_MS = 30_000  # an access token is renewed this long before it ends


class ApiProblem(Exception):
    """The server's problem document (RFC 9457)."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        super().__init__(document.get("code"))
        self.status = status
        self.document = document

    @property
    def code(self) -> str:
        return str(self.document.get("code"))


class SecondStepNeeded(Exception):
    """The password was right; `second_step` finishes the sign-in with one of `methods`."""

    def __init__(self, token: str, methods: list[str]) -> None:
        super().__init__("second_factor_required")
        self.token, self.methods = token, methods


def now_ms() -> int:
    """The wall clock in milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass
class Account:
    """A signed-in user. `recovery_code` is what the person must write down after `enrol`."""

    base_url: str
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20))
    user_id: uuid.UUID = field(default_factory=lambda: uuid.UUID(int=0))
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    identity: Identity | None = None
    recovery_code: str = field(default="", repr=False)
    store: Store = field(default_factory=Store)
    clock: Callable[[], int] = now_ms
    _logs: dict[uuid.UUID, list[KeyLog]] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request; raises ApiProblem for every answer that is not 2xx."""
        return _document(self.request(method, path, json=body, headers=headers))

    def request(self, method: str, path: str, *, headers: dict[str, str] | None = None, **how: Any) -> httpx.Response:
        """One request as this account; the answer as it is."""
        headers = dict(headers or {})
        if self.access_token:
            headers["Authorization"] = f"Bearer {self.access_token}"
        return self.http.request(method, f"{self.base_url}/api/v1/{path}", headers=headers, **how)

    def get(self, path: str) -> Any:
        """GET, as `call`."""
        return self.call("GET", path)

    # -- signing in -------------------------------------------------------------------------------------------------
    def sign_up(self, *, email: str, password: str, name: str, role: str, birth_date: str = "1990-01-01") -> None:
        """Create the account and sign in."""
        fields = {"email": email, "password": password, "name": name, "role": role, "birth_date": birth_date}
        self._signed_in(self.call("POST", "auth/signup", fields))

    def sign_in(self, *, email: str, password: str) -> None:
        """Sign in to an existing account. Raises SecondStepNeeded where the password alone is not enough."""
        answer = self.call("POST", "auth/login", {"email": email, "password": password})
        if answer.get("requires_2fa"):
            raise SecondStepNeeded(answer["temp_token"], answer["methods"])
        self._signed_in(answer)

    def second_step(self, *, token: str, method: str, code: str) -> None:
        """Finish a sign-in that raised SecondStepNeeded."""
        body = {"temp_token": token, "method": method, "code": code}
        self._signed_in(self.call("POST", "auth/login-2fa", body))

    def step_up(self, *, method: str, code: str) -> None:
        """A fresh proof (`totp`, `backup_code`, `password`), for what asks for one: an identity reset."""
        self.call("POST", "auth/step-up", {"method": method, "code": code})

    def sign_out(self) -> None:
        """End this sign-in."""
        self.call("POST", "auth/logout", {"refresh_token": self.refresh_token})

    def _signed_in(self, answer: dict[str, Any]) -> None:
        self.user_id = uuid.UUID(answer["user"]["id"])
        self.access_token, self.refresh_token = answer["access_token"], answer["refresh_token"]
        until = now_ms() + int(answer.get("expires_in", 0)) * 1000
        self.store.change(lambda data: self._keep_sign_in(data, until))

    def _keep_sign_in(self, data: Data, until: int) -> None:
        kept = data.setdefault("account", {})
        if kept.get("user_id", str(self.user_id)) != str(self.user_id):
            data.clear()  # somebody else's pins and keys are of no use to this one
            kept = data.setdefault("account", {})
        kept.update(
            server=self.base_url, user_id=str(self.user_id), access_token=self.access_token, access_until_ms=until,
            refresh_token=self.refresh_token,
        )  # fmt: skip

    @classmethod
    def resume(cls, *, store: Store, **how: Any) -> Account:
        """The account that `store` remembers, signed in anew where its token has ended: two programs at once renew it
        once. Raises KeyError without a sign-in, ApiProblem where that one has ended."""
        kept = store.read()["account"]
        account = cls(kept["server"], user_id=uuid.UUID(kept["user_id"]), store=store, **how)

        def renew(data: Data) -> None:
            kept = data["account"]
            if kept["access_until_ms"] - _EARLY_MS < now_ms():
                answer = account.call("POST", "auth/refresh", {"refresh_token": kept["refresh_token"]})
                account.access_token, account.refresh_token = answer["access_token"], answer["refresh_token"]
                account._keep_sign_in(data, now_ms() + int(answer.get("expires_in", 0)) * 1000)
            else:
                account.access_token, account.refresh_token = kept["access_token"], kept["refresh_token"]

        store.change(renew)
        return account

    # -- keys: more of it in `own_keys` and `approvals` --------------------------------------------------------------
    def enrol(self, *, device_label: str = "Python client") -> Identity:
        """Make keys, store the backup, enter the keys into the log."""
        identity = Identity.create(user=self.user_id.bytes)
        code = os.urandom(16)
        made = backup.create(identity=identity, recovery=code)
        self.call("PUT", "keys/backup", backup.to_file(made), **{"If-Match": "0"})
        for statement in identity.first_statements(now_ms=now_ms(), device_label=device_label):
            self.call("POST", "keys/statements", statement.as_json())
        self.identity, self.recovery_code = identity, recovery_code.encode(code=code)
        self.keep_device(keyring_key=made.keyring_key, gen=made.gen, version=made.version)
        return identity

    def keep_device(self, *, keyring_key: bytes, gen: bytes, version: int) -> None:
        """Remember this device's key, and of the backup the keyring key alone: identity key and master key are behind
        the person's secret."""
        device = {
            "seed": b64u_encode(self.me.device.seed), "keyring_key": b64u_encode(keyring_key), "gen": b64u_encode(gen),
            "version": version,
        }  # fmt: skip
        self.store.change(lambda data: data.setdefault("account", {}).update(device=device))

    @property
    def me(self) -> Identity:
        """One's keys on this device; RuntimeError before `enrol` or `own_keys.load`."""
        if self.identity is None:
            raise RuntimeError("enrol first")
        return self.identity

    def server_keys(self) -> dict[bytes, bytes]:
        """The server's receipt keys by skid, pinned. Raises CannotVerify."""
        return fetch_server_keys(get=self.get, store=self.store)

    def person(self, user_id: uuid.UUID) -> Person:
        """Somebody's keys, verified and pinned. Raises CannotVerify."""
        known = self._logs.get(user_id, ())
        person = fetch_person(get=self.get, store=self.store, user=user_id, known=known)
        if user_id == self.user_id and person.is_new:
            # Begun anew on another device: accepted where that one has entered this device into the new log.
            own = person.log.keys.get(self.identity.device.kid) if self.identity else None
            if own is None:
                raise CannotVerify("own_identity_changed")
            accept_identity(store=self.store, person=person)
            person = Person(person.user, person.logs, len(person.logs), person.compared)
        self._logs[user_id] = person.logs
        return person

    def last_log(self, user_id: uuid.UUID) -> KeyLog:
        """The current log as this program verified it last, without asking again; KeyError if it never did."""
        return self._logs[user_id][-1]

    def forget_logs(self, user_id: uuid.UUID) -> None:
        """Fetch and verify them from the start next time."""
        self._logs.pop(user_id, None)

    def encryption_keys(self, user_id: uuid.UUID) -> list[bytes]:
        """What to seal to for somebody: the newest active key of their verified log. Raises CannotVerify."""
        person = self.person(user_id)
        if user_id == self.user_id:
            return [person.log.encryption.public]
        return [person.encryption_key(now_ms=self.clock()).public]

    def device_keys(self, user_id: uuid.UUID) -> dict[bytes, bytes]:
        """Device keys of somebody by kid, revoked ones too, of the logs that are accepted here."""
        person = self.person(user_id)
        return {key.kid: key.public for log in person.logs[: person.accepted_no] for key in log.devices}

    # -- conversations ----------------------------------------------------------------------------------------------
    def open_conversation(
        self, peer: uuid.UUID, *, last: int | None = None, from_n: int | None = None
    ) -> tuple[Conversation, dict[str, Any]]:
        """Start or find the conversation; the second part is the server's answer (price, next_seq, ...).

        It begins with the first message. Where this device has verified it before, it may begin with the `last` ones,
        or with message `from_n`: what was seen must lie on the same chain. Raises CannotVerify('history_rollback')
        where the server has less than this device saw.
        """
        answer = self.call("POST", "messages/conversations", {"user_id": str(peer)})
        place = uuid.UUID(answer["id"])
        pin = self.store.read().get("chats", {}).get(str(place), {})
        points = {int(n): b64u_decode(head) for n, head in pin.get("points", {}).items()}
        seqs = {b64u_decode(kid): seq for kid, seq in pin.get("seqs", {}).items()}
        memory = ChainMemory(points=points, seqs=seqs)
        if answer["n"] < memory.pinned_n:
            raise CannotVerify("history_rollback")
        n, head = self._beginning(peer, answer["n"], points, last, from_n)
        conversation = Conversation(
            place.bytes, self.me, peer.bytes, self.server_keys(), next_seq=answer["next_seq"], n=n, head=head,
            memory=memory,
        )  # fmt: skip
        return conversation, answer

    def _beginning(
        self, peer: uuid.UUID, n: int, points: dict[int, bytes], last: int | None, from_n: int | None
    ) -> tuple[int, bytes]:
        """Number and head that loading begins after; (0, b"") for the start."""
        if not points or (last is None and from_n is None):
            return 0, b""
        wanted = min(max(points), n if last is None else n - last, n if from_n is None else from_n - 1)
        below = [at for at in points if at <= wanted]
        if wanted <= 0 or (below and max(below) == 0):
            return 0, b""
        if below and wanted - max(below) < 100:  # a head that was verified is better than one that is said
            return max(below), points[max(below)]
        row = self.get(f"messages/history/{peer}?after_n={wanted}")["results"][0]
        return wanted, b64u_decode(row["srv"]["prev"])

    def seal_to(self, conversation: Conversation, text: str, *, price_centi: int, **how: Any) -> dict[str, Any]:
        """The envelope of `text` for both people's newest keys; `how` goes to `Conversation.write`."""
        if conversation.alarm:
            raise CannotVerify(conversation.alarm)
        recipients = self.encryption_keys(uuid.UUID(bytes=conversation.peer)) + self.encryption_keys(self.user_id)
        message_id = how.pop("message_id", None) or uuid.uuid4().bytes
        return conversation.write(
            text=text, message_id=message_id, price_centi=price_centi, recipients=recipients, now_ms=self.clock(), **how
        )

    def send(self, conversation: Conversation, text: str, *, price_centi: int, **more: Any) -> dict[str, Any]:
        """Seal a text, send it, verify the receipt; the server's answer. `more` as `text_body`."""
        return self.deliver(conversation, body=text_body(text, **more), price_centi=price_centi)

    def deliver(
        self,
        conversation: Conversation,
        *,
        body: bytes,
        price_centi: int = 0,
        kind: int = 1,
        target: bytes | None = None,
        attachments: tuple[AttachmentRef, ...] = (),
        message_id: bytes | None = None,
    ) -> dict[str, Any]:
        """Seal, send, verify the receipt; the server's answer, {} where the message had arrived before.

        Stale keys and a number that was taken meanwhile are mended under the same message id, which is never paid
        twice. Raises ApiProblem (`price_changed`: the person decides), CannotVerify, httpx.TransportError: then nobody
        knows, and the same `message_id` may be delivered again."""
        message_id = message_id or uuid.uuid4().bytes
        place = str(uuid.UUID(bytes=conversation.id))
        for attempt in range(1, _ATTEMPTS + 1):
            mine, theirs = self._writable(conversation)
            envelope = conversation.write(
                body=body, message_id=message_id, price_centi=price_centi, now_ms=self.clock(), kind=kind,
                target=target, attachments=attachments,
                recipients=[theirs.encryption_key(now_ms=self.clock()).public, mine.log.encryption.public],
            )  # fmt: skip
            try:
                answer = self.call("POST", "messages", {"conversation": place, "envelope": envelope})
                break
            except ApiProblem as problem:
                if problem.code == "duplicate_msg_id":
                    self.catch_up(conversation)
                    return {}
                if attempt == _ATTEMPTS or problem.code not in _MENDABLE:
                    raise
                self.catch_up(conversation)
                conversation.next_seq = problem.document.get("expected", conversation.next_seq)
        self._accepted(conversation, {"envelope": envelope, "srv": answer["srv"]}, mine, theirs)
        return dict(answer)

    def _writable(self, conversation: Conversation) -> tuple[Person, Person]:
        if conversation.alarm:
            raise CannotVerify(conversation.alarm)
        mine, theirs = self.people_of(conversation)
        if theirs is None:
            raise CannotVerify("no_keys")
        return mine, theirs

    def _accepted(self, conversation: Conversation, row: dict[str, Any], mine: Person, theirs: Person) -> None:
        """The server took what we wrote: verify its place. Where others wrote before, the history has both."""
        srv = row["srv"]
        if srv["n"] == conversation.n + 1:
            conversation.absorb(row=row, mine=mine, theirs=theirs)
        else:
            self.catch_up(conversation)
            if conversation.memory.head_at(srv["n"]) != b64u_decode(srv["head"]):
                conversation.alarm = "chain_mismatch"
                raise CannotVerify("chain_mismatch")
            conversation.unread = [one for one in conversation.unread if one.n != srv["n"]]
        self.pin(conversation)

    def people_of(self, conversation: Conversation) -> tuple[Person, Person | None]:
        """Oneself and the other one, who may have no keys yet. Raises CannotVerify."""
        mine = self.person(self.user_id)
        try:
            return mine, self.person(uuid.UUID(bytes=conversation.peer))
        except CannotVerify as error:
            if error.code != "no_keys":
                raise
            return mine, None

    def read_new(self, conversation: Conversation) -> list[str]:
        """Fetch, verify and open what the conversation does not have yet; the texts in order. What did not verify, and
        what was deleted, is in `conversation.messages` alone."""
        self.catch_up(conversation)
        new, conversation.unread = conversation.unread, []
        return [message.text for message in new if message.text is not None]

    def catch_up(self, conversation: Conversation) -> list[Message]:
        """Fetch and absorb what the conversation does not have yet; it stays in `conversation.unread` for `read_new`.
        Raises CannotVerify, and the conversation is over, for what cannot be true."""
        try:
            return self._catch_up(conversation)
        except CannotVerify as error:
            conversation.alarm = error.code
            raise

    def _catch_up(self, conversation: Conversation) -> list[Message]:
        if conversation.alarm:
            raise CannotVerify(conversation.alarm)
        peer, new = uuid.UUID(bytes=conversation.peer), []
        people: tuple[Person, Person | None] | None = None
        while True:
            page = self.get(f"messages/history/{peer}?after_n={conversation.n}")
            if page["results"]:
                people = people or self.people_of(conversation)
            for row in page["results"]:
                assert people is not None
                message = conversation.absorb(row=row, mine=people[0], theirs=people[1])
                if message is not None:
                    new.append(message)
            if page["next"] is None or not page["results"]:
                break
        if conversation.n < conversation.memory.pinned_n:
            raise CannotVerify("history_rollback")
        conversation.tell_silent_erasures()
        conversation.unread += new
        self.pin(conversation)
        return new

    def take_push(self, conversation: Conversation, row: dict[str, Any]) -> list[Message]:
        """A row that the socket pushed; what came before it and is not here is fetched first."""
        if row["srv"]["n"] > conversation.n + 1:
            return self.catch_up(conversation)
        mine, theirs = self.people_of(conversation)
        message = conversation.absorb(row=row, mine=mine, theirs=theirs)
        self.pin(conversation)
        return [message] if message else []

    def pin(self, conversation: Conversation) -> None:
        """Keep where the conversation stands; never further back than another program saw."""
        points, memory = conversation.memory.points(), conversation.memory
        pin = {
            "points": {str(n): b64u_encode(head) for n, head in points.items()},
            "seqs": {b64u_encode(kid): seq for kid, seq in memory.seqs.items()},
        }

        def keep(data: Data) -> None:
            chats = data.setdefault("chats", {})
            place = str(uuid.UUID(bytes=conversation.id))
            before = max((int(n) for n in chats.get(place, {}).get("points", {})), default=0)
            if conversation.n >= before:
                chats[place] = pin

        self.store.change(keep)


def _document(response: httpx.Response) -> Any:
    try:
        document = response.json() if response.content else None
    except ValueError:
        document = None
    if not response.is_success:
        raise ApiProblem(response.status_code, document if isinstance(document, dict) else {})
    return document
