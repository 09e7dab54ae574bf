"""Many requests at once that need the database: each is answered or told to come back, and threads have an end."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.db import connection, transaction

from .test_server_drain import WITHIN_S, make_account, until

PROVE = bool(os.environ.get("PAIRLY_PROVE"))
# No limit but the queue's is in question here.
UNLIMITED = {"LIMIT_ANONYMOUS_PER_MINUTE": "100000", "LIMIT_ACCOUNT_PER_MINUTE": "100000"}
# Beside the places of the queue: the loop, the pool of the sockets' services, the pool of connections, exempt requests.
OTHER_THREADS = 50
THREADS_A_PLACE = 2  # Django's thread of a request, and the one that waits for its end


def count_threads(server):
    status = Path(f"/proc/{server.child.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("Threads:")))


class Watch:
    """The most threads that the server ever had while the block ran."""

    def __init__(self, server):
        self.server, self.most = server, 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        while not self._is_over.wait(0.02):
            self.most = max(self.most, count_threads(self.server))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join()


def ask_at_once(urls, headers):
    """All at the same time, each on a connection of its own; the statuses and the refusals' codes."""

    async def run():
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        async with httpx.AsyncClient(headers=headers, limits=limits, timeout=120) as client:
            return await asyncio.gather(*(client.get(url) for url in urls))

    answers = asyncio.run(run())
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 503}
    return Counter(answer.status_code for answer in answers), refused


def assert_only_answers_and_refusals(statuses, refused):
    assert set(statuses) <= {200, 503}, statuses
    assert refused <= {"overloaded"}


@pytest.mark.parametrize("n", [150, *([500] if PROVE else [])])
def test_each_of_many_at_once_is_answered_or_told_to_come_back(start_server, n):
    server = start_server(**UNLIMITED)
    account = make_account(server)
    headers = {"Authorization": f"Bearer {account.access_token}"}
    with Watch(server) as watch:
        statuses, refused = ask_at_once([f"{server.url}/api/v1/auth/sessions"] * n, headers)
    assert_only_answers_and_refusals(statuses, refused)
    assert statuses[200] >= 100
    assert watch.most <= THREADS_A_PLACE * settings.REQUEST_QUEUE_RUNNING + OTHER_THREADS
    # and it is as well as before
    statuses, _ = ask_at_once([f"{server.url}/api/v1/auth/sessions"] * 5, headers)
    assert statuses == {200: 5}
    account.http.close()


def test_when_the_database_stands_still_the_queue_fills_and_the_rest_is_told(start_server):
    """The worst case of it: nothing ends. Health is answered, and when it goes on everyone who waited is."""
    small = {"REQUEST_QUEUE_RUNNING": "10", "REQUEST_QUEUE_WAITING_MAX": "20", "REQUEST_QUEUE_WAIT_SECONDS": "60"}
    server = start_server(**UNLIMITED, **small)
    account = make_account(server)
    headers = {"Authorization": f"Bearer {account.access_token}"}
    url = f"{server.url}/api/v1/auth/sessions"
    found = []
    asking = threading.Thread(target=lambda: found.append(ask_at_once([url] * 60, headers)))
    with Watch(server) as watch:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE users_session IN ACCESS EXCLUSIVE MODE")
            asking.start()
            until(lambda: is_full(url, headers), "the queue does not fill")
            assert httpx.get(f"{server.url}/api/v1/health", timeout=WITHIN_S).status_code == 200
        asking.join(WITHIN_S)
    statuses, refused = found[0]
    assert_only_answers_and_refusals(statuses, refused)
    assert 0 < statuses[503] <= 60 - 10
    assert watch.most <= THREADS_A_PLACE * 10 + OTHER_THREADS
    account.http.close()


def is_full(url, headers):
    """Whether one more request is refused at once (else it waits, and we stop asking)."""
    try:
        return httpx.get(url, headers=headers, timeout=2).status_code == 503
    except httpx.TimeoutException:
        return False
