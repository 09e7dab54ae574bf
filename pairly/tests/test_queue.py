"""The request queue in front of Django: who runs, who waits, who is told to come back later."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async

from pairly.common.process_state import state
from pairly.layers.queue import EXEMPT_RUNNING, RequestQueue

ENOUGH = 20.0  # seconds that no test comes near


class Application:
    """Answers 200 when it is let: `gates[path]`; `running` and `order` tell who is in."""

    def __init__(self):
        self.running: set[str] = set()
        self.order: list[str] = []
        self.most = 0
        self.gates: dict[str, asyncio.Event] = {}

    async def __call__(self, scope, receive, send):
        path = scope["path"]
        self.running.add(path)
        self.order.append(path)
        self.most = max(self.most, len(self.running))
        try:
            body = await receive()
            await self.gate(path).wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body.get("body", b"")})
        finally:
            self.running.discard(path)

    def gate(self, path):
        return self.gates.setdefault(path, asyncio.Event())


class Client:
    """One request: what it was answered, and a way to hang up."""

    def __init__(self, queue, path, body=b""):
        self.inbox: asyncio.Queue = asyncio.Queue()
        self.inbox.put_nowait({"type": "http.request", "body": body, "more_body": False})
        self.sent: list[dict] = []
        self.path = path
        self.task = asyncio.ensure_future(queue({"type": "http", "path": path}, self.inbox.get, self.send))

    async def send(self, message):
        self.sent.append(message)

    def hang_up(self):
        self.inbox.put_nowait({"type": "http.disconnect"})

    @property
    def status(self):
        return self.sent[0]["status"] if self.sent else None

    @property
    def headers(self):
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}


async def settle():
    """Let everything run that can run now."""
    for _ in range(20):
        await asyncio.sleep(0)


def in_loop(test):
    def run():
        asyncio.run(asyncio.wait_for(test(), ENOUGH))

    run.__name__ = test.__name__
    return run


def make(*, n_running=2, wait_s=ENOUGH, n_waiting_max=10):
    application = Application()
    return application, RequestQueue(application, n_running=n_running, wait_s=wait_s, n_waiting_max=n_waiting_max)


@in_loop
async def test_so_many_run_the_others_wait_and_get_in_in_their_order():
    application, queue = make()
    clients = [Client(queue, f"/{i}", body=f"body {i}".encode()) for i in range(6)]
    await settle()
    assert application.running == {"/0", "/1"}
    assert (state.n_in_flight, state.n_waiting) == (2, 4)
    for client in clients:
        application.gate(client.path).set()
    await asyncio.gather(*(client.task for client in clients))
    assert application.order == [f"/{i}" for i in range(6)]
    assert application.most == 2
    assert [client.status for client in clients] == [200] * 6
    assert [client.sent[1]["body"] for client in clients] == [f"body {i}".encode() for i in range(6)]
    assert (state.n_in_flight, state.n_waiting) == (0, 0)


@in_loop
async def test_nobody_overtakes_those_who_wait():
    application, queue = make(n_running=1)
    first, second = Client(queue, "/first"), Client(queue, "/second")
    await settle()
    application.gate("/first").set()
    third = Client(queue, "/third")  # comes at the moment when the place is given on
    application.gate("/second").set()
    application.gate("/third").set()
    await asyncio.gather(first.task, second.task, third.task)
    assert application.order == ["/first", "/second", "/third"]


@in_loop
async def test_who_waits_too_long_is_told_so_and_leaves_the_line():
    application, queue = make(n_running=1, wait_s=0.01)
    before = state.n_overloaded_total
    slow = Client(queue, "/slow")
    late = Client(queue, "/api/v1/late")
    await late.task
    assert late.status == 503
    assert late.headers["content-type"] == "application/problem+json"
    assert late.headers["retry-after"] == "5"
    assert late.headers["x-content-type-options"] == "nosniff"
    assert late.headers["content-security-policy"].startswith("default-src 'none'")
    document = json.loads(late.sent[1]["body"])
    assert (document["code"], document["status"]) == ("overloaded", 503)
    page = Client(queue, "/inbox/")
    await page.task
    assert page.status == 503
    assert page.headers["content-type"].startswith("text/html")
    assert b"<h1>" in page.sent[1]["body"]
    assert state.n_waiting == 0
    assert state.n_overloaded_total == before + 2
    application.gate("/slow").set()
    await slow.task
    assert slow.status == 200
    assert application.order == ["/slow"]


@in_loop
async def test_one_more_than_may_wait_is_refused_at_once():
    application, queue = make(n_running=1, n_waiting_max=2)
    clients = [Client(queue, f"/{i}") for i in range(4)]
    await clients[3].task
    assert clients[3].status == 503
    for i in range(3):
        application.gate(f"/{i}").set()
    await asyncio.gather(*(client.task for client in clients))
    assert [client.status for client in clients] == [200, 200, 200, 503]


@in_loop
async def test_a_client_that_leaves_gives_its_turn_to_the_next():
    application, queue = make(n_running=1)
    first, leaver, last = (Client(queue, path) for path in ("/first", "/leaver", "/last"))
    await settle()
    leaver.hang_up()
    await leaver.task
    assert (leaver.sent, state.n_waiting) == ([], 1)
    application.gate("/first").set()
    application.gate("/last").set()
    await asyncio.gather(first.task, last.task)
    assert application.order == ["/first", "/last"]
    assert state.n_in_flight == 0


@in_loop
async def test_a_client_that_leaves_at_its_turn_gives_the_place_on():
    application, queue = make(n_running=1)
    first, leaver, last = (Client(queue, path) for path in ("/first", "/leaver", "/last"))
    await settle()
    application.gate("/first").set()
    application.gate("/last").set()
    leaver.hang_up()  # in the same turn of the loop in which the place becomes free
    await asyncio.gather(first.task, leaver.task, last.task)
    assert last.status == 200
    assert (state.n_in_flight, state.n_waiting) == (0, 0)


@in_loop
async def test_a_request_that_is_broken_off_while_it_waits_loses_nothing():
    application, queue = make(n_running=1)
    first, broken, last = (Client(queue, path) for path in ("/first", "/broken", "/last"))
    await settle()
    broken.task.cancel()
    application.gate("/first").set()
    application.gate("/last").set()
    await asyncio.gather(first.task, last.task, broken.task, return_exceptions=True)
    assert (last.status, broken.sent) == (200, [])
    assert (state.n_in_flight, state.n_waiting) == (0, 0)


EXEMPT = ["/health", "/ready", "/metrics", "/api/", "/api/health", "/api/v1/ready", "/api/v1/metrics", "/static/a.css"]


@pytest.mark.parametrize("path", EXEMPT)
def test_health_and_files_do_not_wait_for_people(path):
    async def run():
        application, queue = make(n_running=1, n_waiting_max=0)
        busy = Client(queue, "/busy")
        await settle()
        exempt = [Client(queue, path) for _ in range(EXEMPT_RUNNING)]
        application.gate(path).set()
        await asyncio.gather(*(client.task for client in exempt))
        assert {client.status for client in exempt} == {200}
        assert state.n_in_flight == 1
        application.gate("/busy").set()
        await busy.task

    asyncio.run(asyncio.wait_for(run(), ENOUGH))


@pytest.mark.parametrize("path", ["/health/", "/api/v1/health/x", "/healthy", "/static", "/x/static/a.css"])
def test_what_only_looks_like_health_waits(path):
    async def run():
        application, queue = make(n_running=1, n_waiting_max=0)
        busy = Client(queue, "/busy")
        other = Client(queue, path)
        await other.task
        assert other.status == 503
        application.gate("/busy").set()
        await busy.task

    asyncio.run(asyncio.wait_for(run(), ENOUGH))


@in_loop
async def test_a_place_is_free_again_only_when_its_thread_is():
    """The server gives up a request whose client is gone; what its thread does cannot be given up."""
    has_started, may_end = threading.Event(), threading.Event()
    n_running = []

    def work():
        has_started.set()
        assert may_end.wait(ENOUGH)

    async def application(scope, receive, send):
        n_running.append(scope["path"])
        async with ThreadSensitiveContext():  # as Django's handler
            if scope["path"] == "/slow":
                await sync_to_async(work)()

    queue = RequestQueue(application, n_running=1, wait_s=ENOUGH, n_waiting_max=10)
    slow, other = Client(queue, "/slow"), Client(queue, "/other")
    await asyncio.to_thread(has_started.wait, ENOUGH)
    slow.task.cancel()
    await settle()
    assert n_running == ["/slow"]
    assert (state.n_in_flight, state.n_waiting) == (1, 1)
    may_end.set()
    await asyncio.wait({slow.task, other.task})
    assert slow.task.cancelled()
    assert n_running == ["/slow", "/other"]
