"""The REST transport: an account, its keys and its messages over `/api/v1`."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from messaging.protocol.base64url import b64u_decode

from . import backup, recovery_code
from .conversation import Conversation
from .identity import Identity


class ApiProblem(Exception):
    """The server's problem document (RFC 9457)."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        super().__init__(document.get("code"))
        self.status = status
        self.document = document

    @property
    def code(self) -> str:
        return str(self.document.get("code"))


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

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request; raises ApiProblem for every answer that is not 2xx."""
        if self.access_token:
            headers["Authorization"] = f"Bearer {self.access_token}"
        response = self.http.request(method, f"{self.base_url}/api/v1/{path}", json=body, headers=headers)
        document = response.json() if response.content else None
        if not response.is_success:
            raise ApiProblem(response.status_code, document or {})
        return document

    def sign_up(self, *, email: str, password: str, name: str, role: str, birth_date: str = "1990-01-01") -> None:
        """Create the account and sign in."""
        fields = {"email": email, "password": password, "name": name, "role": role, "birth_date": birth_date}
        self._signed_in(self.call("POST", "auth/signup", fields))

    def sign_in(self, *, email: str, password: str) -> None:
        """Sign in to an existing account."""
        self._signed_in(self.call("POST", "auth/login", {"email": email, "password": password}))

    def _signed_in(self, answer: dict[str, Any]) -> None:
        self.user_id = uuid.UUID(answer["user"]["id"])
        self.access_token, self.refresh_token = answer["access_token"], answer["refresh_token"]

    def enrol(self, *, device_label: str = "Python client") -> Identity:
        """Make keys, store the backup, enter the keys into the log."""
        identity = Identity.create(user=self.user_id.bytes)
        code = os.urandom(16)
        file = backup.to_file(backup.create(identity=identity, recovery=code))
        self.call("PUT", "keys/backup", file, **{"If-Match": "0"})
        for statement in identity.first_statements(now_ms=now_ms(), device_label=device_label):
            self.call("POST", "keys/statements", statement.as_json())
        self.identity, self.recovery_code = identity, recovery_code.encode(code=code)
        return identity

    def server_keys(self) -> dict[bytes, bytes]:
        """The server's receipt keys by skid; an app pins them."""
        rows = self.call("GET", "keys/server")["keys"]
        return {b64u_decode(row["skid"]): b64u_decode(row["public"]) for row in rows}

    def encryption_keys(self, user_id: uuid.UUID) -> list[bytes]:
        """Active encryption keys of somebody, as the server's bundle names them."""
        bundle = self.call("GET", f"keys/{user_id}/bundle")
        return [b64u_decode(row["public"]) for row in bundle["encryption"] if row["active"]]

    def device_keys(self, user_id: uuid.UUID) -> dict[bytes, bytes]:
        """Device keys of somebody by kid."""
        bundle = self.call("GET", f"keys/{user_id}/bundle")
        return {b64u_decode(row["kid"]): b64u_decode(row["public"]) for row in bundle["devices"]}

    def open_conversation(self, peer: uuid.UUID) -> tuple[Conversation, dict[str, Any]]:
        """Start or find the conversation; the second part is the server's answer (price, next_seq, ...)."""
        assert self.identity is not None, "enrol first"
        answer = self.call("POST", "messages/conversations", {"user_id": str(peer)})
        conversation = Conversation(
            uuid.UUID(answer["id"]).bytes,
            self.identity,
            peer.bytes,
            self.server_keys(),
            next_seq=answer["next_seq"],
        )
        return conversation, answer

    def seal_to(self, conversation: Conversation, text: str, *, price_centi: int, **how: Any) -> dict[str, Any]:
        """The envelope of `text` for both people's active keys."""
        recipients = self.encryption_keys(uuid.UUID(bytes=conversation.peer)) + self.encryption_keys(self.user_id)
        message_id = how.pop("message_id", None) or uuid.uuid4().bytes
        return conversation.write(
            text=text, message_id=message_id, price_centi=price_centi, recipients=recipients, now_ms=now_ms(), **how
        )

    def send(self, conversation: Conversation, text: str, *, price_centi: int) -> dict[str, Any]:
        """Seal, send, verify the receipt; the server's answer."""
        envelope = self.seal_to(conversation, text, price_centi=price_centi)
        body = {"conversation": str(uuid.UUID(bytes=conversation.id)), "envelope": envelope}
        answer: dict[str, Any] = self.call("POST", "messages", body)
        conversation.sent(envelope=envelope, srv=answer["srv"])
        return answer

    def read_new(self, conversation: Conversation) -> list[str]:
        """Fetch, verify and open what the conversation does not have yet; the texts in order."""
        peer = uuid.UUID(bytes=conversation.peer)
        page = self.call("GET", f"messages/history/{peer}?after_n={conversation.n}")
        devices = {**self.device_keys(peer), **self.device_keys(self.user_id)}
        texts = []
        for row in page["results"]:
            sender = b64u_decode(row["envelope"]["hdr"])[38:54]
            opened = conversation.receive(
                envelope=row["envelope"], srv=row["srv"], find_device_key=devices.get, sender=sender
            )
            texts.append(opened.text)
        return texts


def now_ms() -> int:
    """The wall clock in milliseconds."""
    return time.time_ns() // 1_000_000
