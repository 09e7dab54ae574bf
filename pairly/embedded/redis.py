"""Redis as a child process on a unix socket. It holds nothing that must be restored, so nothing is saved."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

from . import identity, paths, processes


class Redis:
    """One redis-server of one VAR_DIR."""

    name = "Redis"

    def __init__(self, *, var_dir: Path) -> None:
        self.var_dir = var_dir
        self.socket = paths.redis_socket(var_dir)
        self.pid_file = self.socket.with_suffix(".pid")
        self.log_path = var_dir / "log" / "redis.log"
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Bring the server up; an orphan is stopped first, a socket that a kill -9 left behind is removed."""
        self.var_dir.mkdir(parents=True, exist_ok=True)
        uid = identity.server_uid(self.var_dir / "postgres")
        identity.prepare_socket_dir(self.var_dir, uid=uid)
        # redis-server renames itself to "redis-server unixsocket:<path>".
        processes.stop_orphan(
            self.pid_file,
            program="redis-server",
            argument=f"unixsocket:{self.socket}",
            signal_number=signal.SIGTERM,
        )
        self.socket.unlink(missing_ok=True)
        command = [str(paths.redis_binary()), "--port", "0", "--unixsocket", str(self.socket)]
        command += ["--unixsocketperm", "700", "--pidfile", str(self.pid_file)]
        command += ["--save", "", "--appendonly", "no", "--databases", "16"]
        prefix = identity.prefix(death_signal="TERM", uid=uid, reach=self.var_dir)
        self.child = processes.start(
            command=[*prefix, *command], log_path=self.log_path, only_env={"LANG": "C.UTF-8"}, cwd=Path("/")
        )
        processes.wait_until(ready=self._answers, child=self.child, name=self.name, log_path=self.log_path)

    def stop(self) -> None:
        """Stop our child."""
        if self.child is not None:
            processes.stop(self.child)
            self.child = None

    def _answers(self) -> bool:
        """Whether the server answers PING (an inline command of the Redis protocol)."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False
