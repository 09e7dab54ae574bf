"""The inbox: conversations by time, by deadline or by value, a page at a time. Fetching is authorizing.

A page costs the same whether there are a hundred conversations or ten thousand: each side's conversations come in
order from an index of their own, the open holds of a creator from one of the ledger. What looks through more than it
shows are the filter for unread, the search for a name, and the order by value, which adds up all open holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.db import connection

from credits import selectors as ledger
from pairly.common.clock import from_ms
from pairly.common.problems import NotFound
from profiles import selectors as profiles
from profiles.folding import fold
from profiles.models import Profile
from users.models import User

from .constants import INBOX_PAGE
from .models import Conversation

Box = Literal["inbox", "requests", "declined"]
Sort = Literal["recent", "deadline", "value"]
Only = Literal["", "unread", "due"]
COUNTED = 100  # unread messages of a conversation, and requests, are counted up to so many


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxRow:
    """One line of the inbox. `request`: what the reader has made of first words of somebody unknown. `n_unread` is
    counted up to COUNTED, and 0 in a request."""

    conversation: Conversation
    peer: User
    shown: Profile
    last_at: datetime | None
    n_unread: int
    price_centi: int
    is_free: bool
    request: str
    hold_expires_at: datetime | None
    hold_centi: int
    hold_is_mine: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxPage:
    """`cursor` continues it, "" at the end."""

    rows: list[InboxRow]
    cursor: str = ""


def list_inbox(
    *,
    user: User,
    box: Box = "inbox",
    sort: Sort | None = None,
    only: Only = "",
    words: str = "",
    cursor: str = "",
    size: int = INBOX_PAGE,
) -> InboxPage:
    """A page of the conversations of `user`.

    `sort` is "deadline" for creators and "recent" for fans unless told: "deadline" and "value" have first what waits
    for an answer of the creator `user`, then the others, the latest first. `only`: with unread messages, or with an
    answer due. `words` are looked for in the other people's names. Raises NotFound for a cursor of another list.
    """
    sort = sort or ("deadline" if user.is_creator else "recent")
    if only == "due" and sort == "recent":
        sort = "deadline"
    is_due_first = sort != "recent" and box == "inbox" and user.is_creator
    reader = _Reader(user=user, box=box, only=only, words=fold(words), size=size + 1)
    places: list[_Place] = []
    if is_due_first and not cursor.startswith("r"):
        places = reader.due(by=sort, cursor=cursor)
    if len(places) <= size and (only != "due" or not is_due_first):
        rest = cursor if cursor.startswith("r") or not is_due_first else ""
        places += reader.recent(cursor=rest, leaves_out_due=is_due_first)
    following = places[size - 1].cursor if len(places) > size else ""
    return InboxPage(rows=_rows(user=user, places=places[:size], is_by_time=sort == "recent"), cursor=following)


def count_requests(*, user: User) -> int:
    """How many people ask; up to COUNTED."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_REQUESTS, {"me": user.pk, "most": COUNTED})
        row = cursor.fetchone()
    return int(row[0]) if row else 0


_COUNT_REQUESTS = """
SELECT count(*) FROM (
    (SELECT FROM messaging_conversation c WHERE c.low = %(me)s AND c.low_request = 'asked' LIMIT %(most)s) UNION ALL
    (SELECT FROM messaging_conversation c WHERE c.high = %(me)s AND c.high_request = 'asked' LIMIT %(most)s)) AS asked
"""


# -- finding the conversations of a page ------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """A conversation, and the cursor of what follows it."""

    id: int
    cursor: str


# The literals are those of the indexes' predicates.
_BOXES = {
    "inbox": "c.{side}_request IN ('', 'accepted')",
    "requests": "c.{side}_request = 'asked'",
    "declined": "c.{side}_request = 'declined'",
}
# In the order of the key: one index, whatever the statistics say where one conversation has most of the rows.
_UNREAD = """(SELECT m.n FROM messaging_message m WHERE m.conversation_id = c.id AND m.sender <> %(me)s
      AND m.kind IN (1, 5) AND m.n > CASE WHEN c.low = %(me)s THEN c.low_read_n ELSE c.high_read_n END
      ORDER BY m.conversation_id, m.n LIMIT 1) IS NOT NULL"""
_NAMED = "profiles_is_named(CASE WHEN c.low = %(me)s THEN c.high ELSE c.low END, %(words)s)"
_RECENT = """
(SELECT c.id, c.recent_ms FROM messaging_conversation c
  WHERE c.{side} = %(me)s AND {box} AND (c.n > 0 OR c.opened_by IS NULL OR c.opened_by = %(me)s) AND {filters}
    AND (c.recent_ms, c.id) < (%(ms)s::bigint, %(id)s::bigint)
  ORDER BY c.recent_ms DESC, c.id DESC LIMIT %(size)s)
"""
_DUE = {
    "deadline": """
SELECT c.id, d.id, d.expires_at FROM credits_due_first(%(me)s) d JOIN messaging_conversation c ON c.id = d.scope
 WHERE {filters} AND (d.expires_at, d.id) > (%(at)s::timestamptz, %(id)s::bigint)
 ORDER BY d.expires_at, d.id LIMIT %(size)s
""",
    "value": """
SELECT c.id, c.id, d.centi FROM credits_due_sums(%(me)s) d JOIN messaging_conversation c ON c.id = d.scope
 WHERE {filters} AND (d.centi, c.id) < (%(at)s::bigint, %(id)s::bigint)
 ORDER BY d.centi DESC, c.id DESC LIMIT %(size)s
""",
}
_EPOCH = datetime.fromtimestamp(0, UTC)
_LARGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reader:
    user: User
    box: Box
    only: Only
    words: str
    size: int

    def recent(self, *, cursor: str, leaves_out_due: bool) -> list[_Place]:
        """The latest first."""
        ms, last = _position("r", cursor) or (_LARGEST, _LARGEST)
        filters = self._filters("NOT credits_is_due(c.id, %(me)s)" if leaves_out_due else "TRUE")
        sides = [
            _RECENT.format(side=side, box=_BOXES[self.box].format(side=side), filters=filters)
            for side in ("low", "high")
        ]
        sql = " UNION ALL ".join(sides) + " ORDER BY recent_ms DESC, id DESC LIMIT %(size)s"
        rows = self._fetch(sql, ms=ms, id=last)
        return [_Place(id=id, cursor=f"r{recent}-{id}") for id, recent in rows]

    def due(self, *, by: str, cursor: str) -> list[_Place]:
        """What waits for an answer, the nearest deadline or the greatest value first."""
        letter = by[0]
        start = (0, 0) if by == "deadline" else (_LARGEST, _LARGEST)
        at, last = _position(letter, cursor) or start
        place = _EPOCH + timedelta(microseconds=at) if by == "deadline" else at
        rows = self._fetch(_DUE[by].format(filters=self._filters("TRUE")), at=place, id=last)
        return [_Place(id=id, cursor=f"{letter}{_number(value)}-{key}") for id, key, value in rows]

    def _filters(self, further: str) -> str:
        wanted = [further]
        if self.only == "unread":
            wanted.append(_UNREAD)
        if self.words:
            wanted.append(_NAMED)
        return " AND ".join(wanted)

    def _fetch(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, {"me": self.user.pk, "words": self.words, "size": self.size, **values})
            return list(cursor.fetchall())


def _position(letter: str, cursor: str) -> tuple[int, int] | None:
    """Where a list goes on; None at its start."""
    if not cursor:
        return None
    found = re.fullmatch(rf"{letter}([0-9]{{1,17}})-([0-9]{{1,18}})", cursor)
    if found is None or (letter == "d" and int(found[1]) > 10**16):
        raise NotFound()
    return int(found[1]), int(found[2])


def _number(value: datetime | int) -> int:
    return (value - _EPOCH) // timedelta(microseconds=1) if isinstance(value, datetime) else value


# -- what the lines show ----------------------------------------------------------------------------------
def _rows(*, user: User, places: Sequence[_Place], is_by_time: bool) -> list[InboxRow]:
    ids = [place.id for place in places]
    found = Conversation.objects.select_related("low__profile", "high__profile")
    found = found.prefetch_related("low__profile__pictures", "high__profile__pictures")
    conversations = found.in_bulk(ids)
    holds = ledger.open_holds_by_scope(scopes=ids)
    unread = _unread(user=user, conversation_ids=ids)
    rows = [
        _row(user=user, place=conversations[id], hold=holds.get(id), n_unread=unread.get(id, 0))
        for id in ids
        if id in conversations
    ]
    if is_by_time:  # the index knows the time to the minute
        rows.sort(key=lambda row: -row.conversation.recv_ms)
    return rows


def _row(*, user: User, place: Conversation, hold: Any, n_unread: int) -> InboxRow:
    is_low = place.low_id == user.pk
    peer = place.high if is_low else place.low
    pays, is_free = (place.low_pays, place.low_free) if is_low else (place.high_pays, place.high_free)
    request = place.low_request if is_low else place.high_request
    shown = profiles.shown_profile(user=peer)
    return InboxRow(
        conversation=place,
        peer=peer,
        shown=shown,
        last_at=from_ms(place.recv_ms) if place.recv_ms else None,
        n_unread=0 if request in ("asked", "declined") else n_unread,
        price_centi=shown.price_in_force_centi if pays and not is_free else 0,
        is_free=pays and is_free,
        request=request,
        hold_expires_at=hold.expires_at if hold else None,
        hold_centi=hold.amount_centi if hold else 0,
        hold_is_mine=bool(hold and hold.actor == user.pk),
    )


def _unread(*, user: User, conversation_ids: Sequence[int]) -> dict[int, int]:
    """Unread messages of others, by conversation; edits, deletions and reactions do not count, nor what stands behind
    a block: its marks do not move (`services.conversations.mark`)."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_UNREAD, {"ids": list(conversation_ids), "me": user.pk, "most": COUNTED})
        return {id: n for id, n in cursor.fetchall() if n}


_COUNT_UNREAD = """
SELECT c.id, (SELECT count(*) FROM (
           SELECT FROM messaging_message m WHERE m.conversation_id = c.id AND m.sender <> %(me)s AND m.kind IN (1, 5)
              AND m.n > CASE WHEN c.low = %(me)s THEN c.low_read_n ELSE c.high_read_n END
            ORDER BY m.conversation_id, m.n LIMIT %(most)s) AS unread)
  FROM messaging_conversation c
 WHERE c.id = ANY (%(ids)s::bigint[])
   AND NOT EXISTS (SELECT FROM users_block b
        WHERE b.blocker_id IN (c.low, c.high) AND b.blocked_id IN (c.low, c.high))
"""
