"""The parent of the embedded servers: `python -m pairly.embedded.supervisor VAR_DIR CLIENT_FD [--not-durable]`.

Everyone who uses the servers holds a connection to this process, so the kernel tells it when a user has gone,
killed ones included; when the last has gone it stops the servers and ends. Killed itself, the servers end with it
(parent-death signal). One line each way: the user names the servers it needs ("postgres redis"), the answer is
"ready", or "failed" and the reason as JSON. A user that leaves shuts down its writing side and waits for the end
of the stream, which comes when the servers are stopped, or at once, after "others", when others still use them.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import selectors
import signal
import socket
import sys
from pathlib import Path

from . import identity, paths, processes
from .postgres import Postgres
from .redis import Redis


class Supervisor:
    """The servers of one VAR_DIR and those who use them."""

    def __init__(self, *, var_dir: Path, durable: bool) -> None:
        self.servers: dict[str, Postgres | Redis] = {
            "postgres": Postgres(var_dir=var_dir, durable=durable),
            "redis": Redis(var_dir=var_dir),
        }
        self.path = paths.control_socket(var_dir)
        self.events = selectors.DefaultSelector()
        self.users: set[socket.socket] = set()
        self.last: socket.socket | None = None
        self.told_to_stop = False
        identity.prepare_socket_dir(var_dir, uid=identity.server_uid(var_dir / "postgres"))
        self.path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(64)
        self.events.register(self.listener, selectors.EVENT_READ)

    def watch_signals(self) -> None:
        """SIGTERM stops the servers; SIGCHLD wakes the loop; Ctrl-C in a terminal is not meant for us."""
        self.wake_read, self.wake_write = socket.socketpair()
        self.wake_read.setblocking(False)
        self.wake_write.setblocking(False)
        signal.set_wakeup_fd(self.wake_write.fileno())
        self.events.register(self.wake_read, selectors.EVENT_READ)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._stop_later)

    def _stop_later(self, *_: object) -> None:
        self.told_to_stop = True

    def add(self, user: socket.socket) -> None:
        """From now on this connection keeps the servers up."""
        self.users.add(user)
        self.events.register(user, selectors.EVENT_READ)

    def run(self) -> int:
        """Serve until nobody is left (0), SIGTERM (0) or a server ends by itself (1)."""
        failure = ""
        while self.users and not self.told_to_stop and not failure:
            for key, _ in self.events.select():
                source = key.fileobj
                if source is self.listener:
                    self.add(self.listener.accept()[0])
                elif source is self.wake_read:
                    self.wake_read.recv(4096)
                elif isinstance(source, socket.socket):
                    self._serve(source)
            failure = self._dead_server()
        # First nobody new gets in: who connects now sees the stream end and starts a supervisor of its own.
        self.path.unlink(missing_ok=True)
        self.listener.close()
        for user in self.users if failure else ():
            _answer(user, f"failed {json.dumps(failure)}")
        for server in self.servers.values():
            server.stop()
        return 1 if failure else 0

    def _serve(self, user: socket.socket) -> None:
        try:
            words = user.recv(256).decode().split()
        except OSError:
            words = []
        if words:
            _answer(user, self._bring_up(words))
            return
        self.events.unregister(user)
        self.users.discard(user)
        if self.users:
            _answer(user, "others")
            user.close()
        else:
            self.last = user  # kept open until the servers are stopped

    def _bring_up(self, names: list[str]) -> str:
        try:
            for name in names:
                if self.servers[name].child is None:
                    self.servers[name].start()
        except Exception as failure:  # whatever it is, the user must hear it
            self.servers[name].stop()
            return f"failed {json.dumps(str(failure))}"
        return "ready"

    def _dead_server(self) -> str:
        for server in self.servers.values():
            if server.child is not None and server.child.poll() is not None:
                code = server.child.returncode
                return f"{server.name} ended with code {code}:\n{processes.tail(server.log_path)}"
        return ""


def _answer(user: socket.socket, text: str) -> None:
    try:
        user.sendall(f"{text}\n".encode())
    except OSError:
        return  # it has gone; its end of stream is the next event


def main() -> int:
    """Take the place of an earlier supervisor once it has ended, then serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("var_dir", type=Path)
    parser.add_argument("client_fd", type=int)
    parser.add_argument("--not-durable", action="store_true")
    options = parser.parse_args()
    with (options.var_dir / "run" / "supervisor.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        supervisor = Supervisor(var_dir=options.var_dir, durable=not options.not_durable)
        supervisor.watch_signals()
        supervisor.add(socket.socket(fileno=options.client_fd))
        return supervisor.run()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except processes.StartFailed as why:
        sys.exit(str(why))
