"""What a device knows of a conversation's chain: heads that it saw, heads that the other one signed as seen, ids and
numbers that cannot come twice (e2e sections 2.5, 2.6). No network here."""

from __future__ import annotations

from collections.abc import Mapping

from messaging.protocol.header import Header

from .problems import CannotVerify

# How far the times of writing and receiving may be apart: the server lets clocks be off by five minutes.
APART_MS = 10 * 60 * 1000
_KEPT_HEADS = 64


class ChainMemory:
    """`points` are heads that an earlier visit verified, by number; `seqs` the last number of each device at the
    newest of them."""

    def __init__(self, *, points: Mapping[int, bytes] | None = None, seqs: Mapping[bytes, int] | None = None) -> None:
        self._heads: dict[int, bytes] = {}
        self._awaited = {n: (head, "history_fork") for n, head in (points or {}).items()}
        self._ids: dict[bytes, int] = {}
        self._seqs: dict[bytes, int] = {}
        self._pinned_seqs = dict(seqs or {})
        self._is_whole = False  # whether every device's last number is known
        self.pinned_n = max(points or {}, default=0)

    def note(self, header: Header, n: int, head: bytes) -> None:
        """A message that is verified."""
        self._heads[n] = head
        self._ids[header.message_id] = n
        self._seqs[header.device_kid] = header.seq

    def begin(self, n: int, head: bytes) -> None:
        """What is loaded follows message `n`."""
        self._is_whole = n == 0
        self.pass_(n, head)

    def pass_(self, n: int, head: bytes) -> None:
        """The chain goes through `head` at `n`. Raises CannotVerify where that is not what was seen or signed."""
        awaited, code = self._awaited.get(n, (head, ""))
        if awaited != head:
            raise CannotVerify(code)
        self._awaited.pop(n, None)
        self._heads[n] = head
        if n == self.pinned_n and self._pinned_seqs:
            # Where an earlier visit stood: what it counted holds, and what was loaded since must fit.
            if any(self._pinned_seqs.get(kid) != seq for kid, seq in self._seqs.items()):
                raise CannotVerify("seq")
            self._seqs = dict(self._pinned_seqs)
            self._is_whole = True

    def head_at(self, n: int) -> bytes | None:
        """The verified head at `n`, where it is here."""
        return self._heads.get(n)

    def count(self, header: Header, n: int) -> None:
        """The next message: its id is new, and its device counts its messages one by one. Raises CannotVerify:
        `duplicate_msg_id`, `seq`."""
        if self._ids.get(header.message_id, n) != n:
            raise CannotVerify("duplicate_msg_id")
        before = self._seqs.get(header.device_kid, 0 if self._is_whole else None)
        if before is not None and header.seq != before + 1:
            raise CannotVerify("seq")
        self._ids[header.message_id] = n
        self._seqs[header.device_kid] = header.seq

    def claim(self, header: Header, n: int) -> None:
        """A verified message says what its writer had seen: on this chain, and before the message. Raises
        CannotVerify('seen_head')."""
        if header.seen_n >= n:
            raise CannotVerify("seen_head")
        known = self._heads.get(header.seen_n) or self._awaited.get(header.seen_n, (None, ""))[0]
        if known is None:
            self._awaited[header.seen_n] = (header.seen_head, "seen_head")
        elif known != header.seen_head:
            raise CannotVerify("seen_head")

    def points(self) -> dict[int, bytes]:
        """What to keep for the next visit: the newest heads, and those of before that were not loaded."""
        unloaded = {n: head for n, (head, code) in self._awaited.items() if code == "history_fork"}
        newest = sorted(self._heads)[-_KEPT_HEADS:]
        return dict(sorted(unloaded.items())[-8:]) | {n: self._heads[n] for n in newest}

    @property
    def seqs(self) -> dict[bytes, int]:
        """The last number of each device; {} while not all of them are known."""
        return dict(self._seqs) if self._is_whole else {}


def check_frame(*, header: Header, recv_ms: int, me: bytes, peer: bytes) -> None:
    """What belongs to the people and the time of a message, beside its signature. Raises CannotVerify:
    `sender_mismatch`, `clock_skew`."""
    if (header.sender, header.recipient) not in ((me, peer), (peer, me)):
        raise CannotVerify("sender_mismatch")
    if abs(recv_ms - header.sent_ms) > APART_MS:
        raise CannotVerify("clock_skew")
