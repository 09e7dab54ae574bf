"""Somebody's keys as this device sees them: every log since the first, verified, and never another than before."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from messaging.protocol.base64url import b64u_decode, b64u_encode
from messaging.protocol.keys import ALG_ED25519, KeyInvalid, check_public_key, key_id

from .keylog import KeyLog, KnownKey, LogPin, check_age, check_reaches, extend_log, read_entry
from .problems import CannotVerify
from .store import Data, Store

Get = Callable[[str], Any]
LOG_PAGE = 500  # entries that the server gives at once, at most: a shorter page is the last one


@dataclass(frozen=True, slots=True)
class Person:
    """`logs`, the oldest first; the newest `accepted_no` of them are accepted here; `compared` is the identity whose
    safety number was found to be the same."""

    user: bytes
    logs: list[KeyLog]
    accepted_no: int
    compared: bytes | None = None

    @property
    def log(self) -> KeyLog:
        return self.logs[-1]

    @property
    def identity(self) -> bytes:
        return self.log.identity.public

    @property
    def is_new(self) -> bool:
        """Whether there is a new identity that was not accepted on this device."""
        return self.accepted_no < len(self.logs)

    @property
    def is_compared(self) -> bool:
        """Whether the safety number with this identity was compared on this device."""
        return self.compared == self.identity

    def device_key(self, *, kid: bytes, recv_ms: int) -> bytes:
        """The device key if one of the logs holds it and it was in force at `recv_ms`. Raises CannotVerify:
        `sig_key_unknown`, `sig_key_revoked`, `identity_unaccepted`."""
        for number, log in enumerate(self.logs, 1):
            device = log.keys.get(kid)
            if device is None or device not in log.devices:
                continue
            if number > self.accepted_no:
                raise CannotVerify("identity_unaccepted")
            ends = [device.revoked_ms] if device.revoked_ms is not None else []
            if number < len(self.logs):  # somebody who begins anew leaves all devices of before behind
                ends.append(self.logs[number].identity.created_ms)
            if ends and recv_ms > min(ends):
                raise CannotVerify("sig_key_revoked")
            return device.public
        raise CannotVerify("sig_key_unknown")

    def encryption_key(self, *, now_ms: int) -> KnownKey:
        """What messages to this person are sealed to. Raises CannotVerify: `identity_unaccepted`, `no_keys`,
        `keys_too_old`."""
        if self.is_new:
            raise CannotVerify("identity_unaccepted")
        key = self.log.encryption
        check_age(key=key, now_ms=now_ms)
        return key


def fetch_person(*, get: Get, store: Store, user: uuid.UUID, known: Sequence[KeyLog] = ()) -> Person:
    """All key logs of `user`, verified against where this device last saw them, and pinned again. `known` are those
    that this program verified before, so that only what is new is fetched. Raises CannotVerify: `log_rollback`,
    `log_fork`, `identity_changed`, the code of a statement, or `no_keys` of who never had any."""
    stored = store.read().get("people", {}).get(str(user), {}).get("logs", {})
    pins = {int(number): _read_pin(pin) for number, pin in stored.items()}
    logs = list(known[:-1])  # an older log than the current one does not grow any more
    begun = known[-1] if known else KeyLog(user.bytes)
    page = get(f"keys/{user}/log?after_seq={begun.seq}")
    last_no = page["log_no"]
    if not known and not page["entries"]:
        raise CannotVerify("log_rollback" if pins else "no_keys")
    if last_no < max([len(known), *pins]):
        raise CannotVerify("log_rollback")
    for number in range(len(logs) + 1, last_no + 1):
        log = begun if number == max(1, len(known)) else KeyLog(user.bytes)
        entries = page["entries"] if number == last_no == max(1, len(known)) else None
        logs.append(_fetch_log(get, log, number, entries, pins.get(number)))
    pin = store.change(lambda data: _moved(data, user, logs))
    compared = b64u_decode(pin["compared"]) if "compared" in pin else None
    return Person(user.bytes, logs, pin["accepted_no"], compared)


def _fetch_log(get: Get, log: KeyLog, number: int, entries: list[Data] | None, pin: LogPin | None) -> KeyLog:
    """`log` to its end; `entries` are the next ones, where they are here already."""
    user = uuid.UUID(bytes=log.user)
    while True:
        if entries is None:
            entries = get(f"keys/{user}/log?after_seq={log.seq}&log_no={number}")["entries"]
        if not entries:
            break
        log = extend_log(log=log, entries=[read_entry(row) for row in entries], pin=pin)
        if len(entries) < LOG_PAGE and (pin is None or log.seq >= pin.seq):
            break  # before it is called a rollback the server is asked once more
        entries = None
    if not log.keys:
        raise CannotVerify("log_rollback")
    check_reaches(log=log, pin=pin)
    return log


def _read_pin(pin: Data) -> LogPin:
    return LogPin(b64u_decode(pin["identity"]), pin["seq"], b64u_decode(pin["hash"]))


def _moved(data: Data, user: uuid.UUID, logs: list[KeyLog]) -> Data:
    """Pins only move forward: another program may have seen more. The first identity ever seen is the accepted one."""
    pin: Data = data.setdefault("people", {}).setdefault(str(user), {})
    pins = pin.setdefault("logs", {})
    for number, log in enumerate(logs, 1):
        there = pins.get(str(number))
        if there is None or there["seq"] < log.seq:
            new = log.pin
            pins[str(number)] = {
                "identity": b64u_encode(new.identity), "seq": new.seq, "hash": b64u_encode(new.hash),
            }  # fmt: skip
    pin.setdefault("accepted_no", len(logs))
    return dict(pin)


def accept_identity(*, store: Store, person: Person, is_compared: bool = False) -> None:
    """The person at this device has seen the new identity and goes on with it; `is_compared`: the safety number with
    it is the same on both sides."""

    def accept(data: Data) -> None:
        pin = data["people"][str(uuid.UUID(bytes=person.user))]
        pin["accepted_no"] = max(pin["accepted_no"], len(person.logs))
        if is_compared:
            pin["compared"] = b64u_encode(person.identity)

    store.change(accept)


def forget_person(*, store: Store, user: uuid.UUID) -> None:
    """Only for oneself, where the secret of the backup has just proved who one is."""
    store.change(lambda data: data.get("people", {}).pop(str(user), None))


def fetch_server_keys(*, get: Get, store: Store) -> dict[bytes, bytes]:
    """The server's receipt keys by skid, those known before included. Raises CannotVerify: `server_key_changed`, or
    the code of a weak key."""
    said: dict[str, str] = {}
    for row in get("keys/server")["keys"]:
        public = b64u_decode(row["public"])
        try:
            check_public_key(alg=ALG_ED25519, public=public)
        except KeyInvalid as error:
            raise CannotVerify(error.code) from error
        # A skid is made of its key: under another key it is a lie that needs no memory to be seen.
        if key_id(alg=ALG_ED25519, public=public) != b64u_decode(row["skid"]):
            raise CannotVerify("server_key_changed")
        said[row["skid"]] = row["public"]

    def learn(data: Data) -> Data:
        known: Data = data.setdefault("server_keys", {})
        if any(known.get(skid, public) != public for skid, public in said.items()):
            raise CannotVerify("server_key_changed")
        known.update(said)
        return dict(known)

    known = store.change(learn)
    return {b64u_decode(skid): b64u_decode(public) for skid, public in known.items()}
