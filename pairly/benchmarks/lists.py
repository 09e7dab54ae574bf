"""A page of a history of 1,000 messages and of 10,000,000, and an inbox of 100 conversations and of 10,000.

The messages are erased ones: a row without ciphertext and boxes, whose page is read, signed and encoded as any other,
fits ten million times on a machine. Chain and signatures are random: nobody verifies them here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg
from django.conf import settings
from psycopg import sql

from messaging import inbox_selectors, selectors, server_keys
from messaging.services.conversations import open_conversation
from pairly.embedded import paths
from profiles.models import Profile
from users.models import User

from .world import make_people

BATCH = 100_000
SMALL_HISTORY, SMALL_INBOX = 1_000, 100
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Flat:
    """Milliseconds of the median page of each size."""

    name: str
    small: float
    large: float

    @property
    def growth(self) -> float:
        return self.large / self.small


def measure(*, var_dir: Path, messages: int, conversations: int, requests: int, say: Say) -> list[Flat]:
    """Fill the product's database and read it through the selectors that the doors use, by turns small and large."""
    return [*_histories(var_dir, messages, requests, say), _inboxes(var_dir, conversations, requests, say)]


def _histories(var_dir: Path, messages: int, requests: int, say: Say) -> list[Flat]:
    fan, *creators = [*make_people(n=1), *_creators(2)]
    peers = []
    for creator, n in zip(creators, (SMALL_HISTORY, messages), strict=True):
        conversation, _ = open_conversation(user=fan, peer_uid=creator.uid)
        _fill_history(var_dir, conversation.pk, fan, n, say)
        peers.append((creator.uid, n))
    found = []
    for name, how in {
        "history, the newest page": lambda _n: {},
        "history, a page in the middle": lambda n: {"before_n": n // 2},
        "history, after a head": lambda n: {"after_n": n // 2},
    }.items():

        def page(which: int, how: Callable[[int], dict[str, int]] = how) -> None:
            uid, n = peers[which]
            rows = selectors.list_history(user=fan, peer_uid=uid, **how(n)).rows
            assert rows

        found.append(_compare(name, page, requests))
    return found


def _inboxes(var_dir: Path, conversations: int, requests: int, say: Say) -> Flat:
    owners = []
    for n in (SMALL_INBOX, conversations):
        (owner,) = _creators(1)
        peers = _many_people(n)
        say(f"{n:,} conversations ...")
        _fill_inbox(var_dir, owner, peers)
        owners.append(owner)

    def page(which: int) -> None:
        assert len(inbox_selectors.list_inbox(user=owners[which], sort="recent", size=SMALL_INBOX).rows) == SMALL_INBOX

    return _compare("inbox", page, requests)


def _compare(name: str, page: Callable[[int], None], requests: int) -> Flat:
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(requests + 5):
        for which in (0, 1):
            began = time.perf_counter()
            page(which)
            if number >= 5:
                took[which].append((time.perf_counter() - began) * 1000)
    return Flat(name, median(took[0]), median(took[1]))


def _creators(n: int) -> list[User]:
    people = make_people(n=n)
    User.objects.filter(pk__in=[one.pk for one in people]).update(role="creator")
    return list(User.objects.filter(pk__in=[one.pk for one in people]))


def _many_people(n: int) -> list[User]:
    """Fans without what a sign-up makes but a profile, in bulk."""
    first = make_people(n=1)[0]
    people = [
        User(email=f"{first.uid}-{number}@bench.invalid", name=f"Fan {number}", role="fan", birth_date=first.birth_date)
        for number in range(n)
    ]
    User.objects.bulk_create(people, batch_size=1_000)
    Profile.objects.bulk_create([Profile(user=one, display_name=one.name) for one in people], batch_size=1_000)
    return people


def _connect(var_dir: Path) -> psycopg.Connection[tuple[object, ...]]:
    """As the cluster's administrator: for ten million rows no foreign key is looked up."""
    name = settings.DATABASES["default"]["NAME"]
    connection = psycopg.connect(paths.database_url(var_dir, role="admin", name=name), autocommit=True)
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET synchronous_commit = off")
    return connection


_ROWS = sql.SQL("""
INSERT INTO messaging_message (conversation_id, n, id, kind, sender, recv_ms, device_kid, prev, head, skid, sig,
                               receipt, pushed, hdr)
SELECT %(conversation)s, n, gen_random_uuid(), 1, %(sender)s, 1700000000000 + n, r, r, r, %(skid)s, r || r,
       r || r, true, r || r || r
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
       LATERAL (SELECT sha256(int8send(n)) AS r) AS random
""")


def _fill_history(var_dir: Path, conversation: int, sender: User, n: int, say: Say) -> None:
    began = time.monotonic()
    with _connect(var_dir) as connection:
        facts = {"conversation": conversation, "sender": sender.pk, "skid": server_keys.current().skid}
        for first in range(1, n + 1, BATCH):
            last = min(n, first + BATCH - 1)
            connection.execute(_ROWS, {**facts, "first": first, "last": last})
            if last % 1_000_000 == 0 or last == n:
                say(f"{last:,} of {n:,} messages after {time.monotonic() - began:.0f} s")
        connection.execute(
            "UPDATE messaging_conversation SET n = %s, recv_ms = %s, low_read_n = %s, high_read_n = %s WHERE id = %s",
            [n, 1_700_000_000_000 + n, n, n, conversation],
        )
        connection.execute("ANALYZE messaging_message")


def _fill_inbox(var_dir: Path, owner: User, peers: list[User]) -> None:
    """One message in each, a minute apart."""
    with _connect(var_dir) as connection:
        connection.execute(
            """
            INSERT INTO messaging_conversation
                (uid, low, high, low_uid, high_uid, low_pays, high_pays, head, h0, n, recv_ms, recent_ms)
            SELECT gen_random_uuid(), least(%(owner)s, p.id), greatest(%(owner)s, p.id),
                   CASE WHEN p.id > %(owner)s THEN %(uid)s ELSE p.uid END,
                   CASE WHEN p.id > %(owner)s THEN p.uid ELSE %(uid)s END,
                   p.id < %(owner)s, p.id > %(owner)s, sha256(int8send(p.id)), sha256(int8send(p.id)), 1,
                   1700000000000 + p.id * 60000, 1700000000000 + p.id * 60000
              FROM unnest(%(ids)s::bigint[], %(uids)s::uuid[]) AS p (id, uid)
            """,
            {
                "owner": owner.pk,
                "uid": owner.uid,
                "ids": [one.pk for one in peers],
                "uids": [one.uid for one in peers],
            },
        )
        connection.execute("ANALYZE messaging_conversation")
