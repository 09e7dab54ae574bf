"""Servers are killed, and stopped for a minute, under mixed load: what was acknowledged is there exactly once, and the
ledger agrees. F1 to F6 of `make prove`.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter

import httpx
import pytest
from django.db import connection

from credits import invariants
from messaging.models import Message
from pairly.common.ids import uuid7
from pairly.common.sql import close_connections
from pairly.testing.faults import faulty_world, stopped
from payments.models import WebhookEvent
from payments.tests.sandboxes import SECRET

from .fault_people import Person, Talk, ask, is_well, notify, wait_until

pytestmark = pytest.mark.prove

N_TALKS = 6
STOP_SECONDS = 60
CALM_SECONDS = 3
PACE_SECONDS = 0.5  # a fan who is not verified may hold 200 messages a day
FINE = {200, 201, 429, 503}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kills")
    env = {"STRIPE_WEBHOOK_SECRET": SECRET, "SOCKET_FRAMES": "100000", "DATABASE_ANSWER_SECONDS_WEB": "3"}
    with faulty_world(folder, blocker=django_db_blocker, durable=True, **env) as running:
        yield running


class Load:
    """Fans who pay, a provider who notifies, people who read; each repeats what was not acknowledged."""

    def __init__(self, world, n_talks=N_TALKS):
        self.world = world
        self.talks = [Talk(world) for _ in range(n_talks)]
        self.reader = Person(world, "fan")
        self.sent: set[uuid.UUID] = set()
        self.notified: set[str] = set()
        self.statuses: Counter[int] = Counter()
        self.slow: list[float] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(talk,)) for talk in self.talks]
        self._threads += [threading.Thread(target=self._notify), threading.Thread(target=self._read)]

    def __enter__(self):
        connection.close()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def is_wrong(self) -> bool:
        return bool(self.slow or set(self.statuses) - FINE)

    def _until_taken(self, call) -> bool:
        """Repeat `call` until it is acknowledged; at the end of the load the last try counts."""
        while True:
            since = time.monotonic()
            try:
                answer = call()
            except httpx.TimeoutException:
                self.slow.append(time.monotonic() - since)
                raise
            except httpx.TransportError:  # the server itself is gone
                answer = None
            if answer is not None:
                self.statuses[answer.status_code] += 1
                if answer.is_success:
                    return True
            if self._over.is_set():
                return False
            time.sleep(0.2)

    def _write(self, talk):
        while not self._over.is_set():
            message_id = uuid7()
            envelope = talk.envelope(message_id)
            if self._until_taken(lambda envelope=envelope: talk.post(envelope)):
                self.sent.add(message_id)
            self._over.wait(PACE_SECONDS)

    def _notify(self):
        while not self._over.is_set():
            event_id = f"evt_{uuid.uuid4().hex}"
            if self._until_taken(lambda event_id=event_id: notify(self.world, event_id)):
                self.notified.add(event_id)

    def _read(self):
        while not self._over.is_set():
            self._until_taken(lambda: ask(self.world, "/api/v1/credits/balance", headers=self.reader.headers()))


def prove(load):
    """What was acknowledged is there once; nothing was answered late or wrongly; the ledger agrees."""
    close_connections()  # those of this process met the kill too
    assert load.slow == []
    assert set(load.statuses) <= FINE, load.statuses
    stored = Counter(Message.objects.filter(id__in=load.sent).values_list("id", flat=True))
    assert stored == Counter(load.sent)
    assert load.sent
    events = WebhookEvent.objects.filter(event_id__in=load.notified).values_list("event_id", flat=True)
    assert Counter(events) == Counter(load.notified)
    assert [found for found in invariants.check_all() if not found.is_ok] == []


def go_on(load):
    """Until something is acknowledged that was begun after now."""
    n_before = len(load.sent) + 2 * N_TALKS
    wait_until(lambda: len(load.sent) > n_before or load.is_wrong, seconds=30)
    assert not load.is_wrong, (load.slow, load.statuses)


def kill_and_start(world, what):
    if what in ("server", "all"):
        world.kill_server()
    if what in ("redis", "all"):
        world.kill_redis()
    if what in ("postgres", "all"):
        world.kill_postgres()
    time.sleep(CALM_SECONDS)  # the load meets what is gone
    if what in ("postgres", "all"):
        world.postgres.start()
    if what in ("redis", "all"):
        world.redis.start()
    if what in ("server", "all"):
        world.start_server()
    wait_until(lambda: is_well(world, "database", "redis"), seconds=30)


@pytest.mark.parametrize("what", ["postgres", "server", "redis", "all"])
def test_what_was_acknowledged_outlives_a_kill(world, what):
    with Load(world) as load:
        go_on(load)
        kill_and_start(world, what)
        go_on(load)
    prove(load)


@pytest.mark.parametrize("what", ["redis", "postgres", "mail"])
def test_what_was_acknowledged_outlives_a_minute_of_silence(world, what):
    child = {"redis": world.redis.child, "postgres": world.postgres.child, "mail": world.mail}[what]
    with Load(world) as load:
        go_on(load)
        with stopped(child):
            time.sleep(STOP_SECONDS)
        go_on(load)
    prove(load)


def test_a_killed_worker_leaves_its_jobs_to_the_next(world):
    worker = world.start_worker()
    wait_until(lambda: is_well(world, "worker"), seconds=30)
    with Load(world) as load:
        go_on(load)
        worker.kill()
        worker.wait()
        wait_until(lambda: not is_well(world, "worker"))
        world.start_worker()
        wait_until(lambda: is_well(world, "worker"), seconds=30)
        go_on(load)
    prove(load)
