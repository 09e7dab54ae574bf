"""Ports for servers of tests: chosen now, bound by a child in a while."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

# Below the ports that Linux gives to outgoing connections (ip(7), ip_local_port_range): nobody gets one by chance
# between the choice and the server's start. Test runs and workers at the same time choose out of thousands.
FIRST, LAST = 15_000, 32_000
_random = random.SystemRandom()


def free_port(*, n: int = 2) -> int:
    """A port that was free a moment ago, and with it the `n` - 1 ports after it (the sandbox has the next one)."""
    while True:
        port = _random.randrange(FIRST, LAST)
        try:
            with ExitStack() as probes:
                for each in range(port, port + n):
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", each))
        except OSError:
            continue
        return port
