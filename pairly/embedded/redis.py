"""Redis as a child process on a unix socket. It holds nothing that must be restored, so nothing is saved."""

from __future__ import annotations

import subprocess
from pathlib import Path

import redis

from . import paths, processes


class Redis:
    """One redis-server of one VAR_DIR."""

    def __init__(self, *, var_dir: Path) -> None:
        self.var_dir = var_dir
        self.socket = paths.socket_dir(var_dir) / "redis.sock"
        self.log_path = var_dir / "log" / "redis.log"
        self.child: subprocess.Popen[bytes] | None = None

    def is_up(self) -> bool:
        """Whether somebody answers on our socket."""
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=1)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def start(self) -> None:
        """Bring the server up; a socket that a kill -9 left behind is removed, an orphan is shut down."""
        self.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.is_up():
            redis.Redis(unix_socket_path=str(self.socket)).shutdown(nosave=True)
        self.socket.unlink(missing_ok=True)
        command = [str(paths.redis_binary()), "--port", "0", "--unixsocket", str(self.socket)]
        command += ["--unixsocketperm", "700", "--save", "", "--appendonly", "no", "--databases", "16"]
        command = [*processes.wrap(death_signal="TERM"), *command]
        self.child = processes.start(command=command, log_path=self.log_path)
        processes.wait_until(ready=self.is_up, child=self.child, name="Redis", log_path=self.log_path)

    def stop(self) -> None:
        """Stop our child."""
        if self.child is not None:
            processes.stop(self.child)
            self.child = None
