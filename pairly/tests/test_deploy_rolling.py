"""A rolling restart behind the real nginx: two web processes are restarted in turn, and nobody notices."""

from __future__ import annotations

import contextlib
import os
import signal
import ssl
import sys
import threading
import time
from dataclasses import dataclass, field

import httpx
import pytest
from django.conf import settings
from websockets.exceptions import ConnectionClosed

from messaging.client.socket import ChatSocket
from pairly.embedded import processes
from pairly.testing import databases
from pairly.testing.nginx import HOST, running_nginx
from pairly.testing.people import make_user
from pairly.testing.ports import free_port
from security.types import Client
from users import access_tokens
from users.models import Session, User
from users.services import sessions

PROVE = bool(os.environ.get("PAIRLY_PROVE"))
ROUNDS = 4 if PROVE else 1
WRITERS = 8 if PROVE else 4
# Under the general limit of an account, which this is not about.
PAUSE_S = 0.25
SERVICE_RESTART = 1012


class WebProcess:
    """One of the two, on its port through all its restarts."""

    def __init__(self, *, env: dict[str, str], folder) -> None:
        self.port = free_port()
        self._env = {**env, "PORT": str(self.port)}
        self._log = folder / f"web-{self.port}.log"
        self.child = None

    def begin(self) -> None:
        command = [sys.executable, "-m", "pairly.server", "--host", "127.0.0.1", "--port", str(self.port)]
        self.child = processes.start(
            command=[*processes.wrap(death_signal="KILL"), *command], log_path=self._log, env=self._env
        )

    def start(self) -> None:
        self.begin()
        self.wait_ready()

    def wait_ready(self) -> None:
        processes.wait_until(ready=self._answers, child=self.child, name="web", log_path=self._log)

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            answer = httpx.get(
                f"http://127.0.0.1:{self.port}/api/v1/version", headers={"Host": HOST}, trust_env=False, timeout=10
            )
            return answer.status_code == 200
        return False

    def end(self) -> int:
        """SIGTERM, as Docker does; its exit code."""
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(30)


@dataclass
class Load:
    """What people did meanwhile and how it went."""

    url: str
    certificate: str
    answers: list[tuple[str, int]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    closes: list[int] = field(default_factory=list)
    n_ready: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def read_and_write(self, token: str, peer: str) -> None:
        context = ssl.create_default_context(cafile=self.certificate)
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"{self.url}/api/v1", verify=context, trust_env=False, timeout=30) as client:
            while not self.over.is_set():
                for method, path, body in (
                    ("GET", "/auth/sessions", None),
                    ("POST", "/messages/conversations", {"user_id": peer}),
                ):
                    try:
                        answer = client.request(method, path, json=body, headers=headers)
                    except httpx.HTTPError as error:
                        self.failures.append(f"{method} {error!r}")
                    else:
                        self.answers.append((method, answer.status_code))
                        if answer.status_code >= 400:
                            self.failures.append(f"{method} {answer.status_code} {answer.text[:200]}")
                    self.over.wait(PAUSE_S)

    def chat(self, token: str) -> None:
        """As every client: when the socket closes, open another one."""
        url = self.url.replace("https", "wss") + "/api/v1/messages/ws"
        while not self.over.is_set():
            try:
                with ChatSocket(url=url, token=token, timeout_s=30) as chat:
                    chat.timeout_s = 1  # of one look for a frame
                    self.n_ready += chat.ready["type"] == "ready"
                    while not self.over.is_set():
                        with contextlib.suppress(TimeoutError):
                            chat.receive()
            except ConnectionClosed as closed:
                self.closes.append(closed.rcvd.code if closed.rcvd else 0)
            except Exception as error:
                self.failures.append(f"socket {error!r}")


def make_token(user: User) -> str:
    started = sessions.start_session(
        user=user, kind=Session.Kind.API, client=Client(ip="127.0.0.1", user_agent="rolling")
    )
    return access_tokens.issue(user_id=user.uid, family=started.session.family)


@pytest.fixture
def web(committed_db, tmp_path):
    """Two web processes that know their proxy."""
    https_port = free_port()
    env = {
        **databases.server_environment(settings.VAR_DIR, name=committed_db),
        "REDIS_URL": settings.REDIS_URL,
        "PUBLIC_URL": f"https://{HOST}:{https_port}",
        "ALLOWED_HOSTS": HOST,
        "TRUSTED_PROXY_COUNT": "1",
    }
    both = [WebProcess(env=env, folder=tmp_path), WebProcess(env=env, folder=tmp_path)]
    for one in both:
        one.begin()
    for one in both:
        one.wait_ready()
    yield both, https_port
    for one in both:
        processes.stop(one.child)


def test_nobody_notices_a_rolling_restart(web, monkeypatch):
    (first, second), https_port = web
    creator = make_user("creator", price_centi=5_000)
    tokens = [make_token(make_user("fan")) for _ in range(WRITERS)]
    with running_nginx(upstream_ports=(first.port, second.port), https_port=https_port) as nginx:
        monkeypatch.setenv("SSL_CERT_FILE", str(nginx.certificate))
        load = Load(nginx.url, str(nginx.certificate))
        threads = [threading.Thread(target=load.read_and_write, args=(token, str(creator.uid))) for token in tokens]
        threads += [threading.Thread(target=load.chat, args=(token,)) for token in tokens]
        for thread in threads:
            thread.start()
        try:
            wait_for(lambda: load.n_ready == WRITERS, load)
            for number in range(1, ROUNDS + 1):
                for one in (first, second):
                    assert one.end() == 0
                    one.start()
                wait_for(lambda number=number: len(load.closes) >= number * WRITERS, load)
                wait_for(lambda: load.n_ready == WRITERS + len(load.closes), load)
        finally:
            load.over.set()
            for thread in threads:
                thread.join()
    assert load.failures == []
    assert {method for method, _ in load.answers} == {"GET", "POST"}
    assert {status for _, status in load.answers} <= {200, 201}
    # Every socket was told to come back, each time its process went, and came back.
    assert set(load.closes) == {SERVICE_RESTART}
    print(f"{len(load.answers)} requests, {len(load.closes)} sockets closed with 1012 and opened again, 0 failed")


def wait_for(is_so, load: Load) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline, (load.closes, load.n_ready, load.failures[:5])
        time.sleep(0.02)
