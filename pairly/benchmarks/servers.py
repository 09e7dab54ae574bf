"""What our runner and the request queue cost: a bare GET through stock Daphne and through ours, by turns.

`python -m pairly.benchmarks.servers` prints the quicker quarter of each (what else runs on the machine only ever adds
time) and their ratio.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

import httpx

from pairly.embedded import processes
from pairly.settings.environment import VAR_DIR

from .daphne import free_port, listens

WARM_UP, REQUESTS = 50, 1_000
PATH = "/api/v1/version"
STOCK = ["daphne", "-v", "0", "-b", "127.0.0.1", "pairly.asgi:django_application", "-p"]
OURS = ["pairly.server", "--host", "127.0.0.1", "--port"]


@contextmanager
def _running(command: list[str], *, var_dir: Path) -> Iterator[str]:
    port = free_port()
    log_path = var_dir / "log" / "bench-servers.log"
    env = {**os.environ, "LIMIT_ANONYMOUS_PER_MINUTE": "1000000", "DJANGO_SETTINGS_MODULE": "pairly.settings"}
    whole = [*processes.wrap(death_signal="KILL"), sys.executable, "-m", *command, str(port)]
    child = processes.start(command=whole, log_path=log_path, env=env)
    try:
        processes.wait_until(ready=lambda: listens(port), child=child, name=command[0], log_path=log_path)
        yield f"http://127.0.0.1:{port}{PATH}"
    finally:
        processes.stop(child)


def _time_one(client: httpx.Client, url: str) -> float:
    began = time.perf_counter()
    client.get(url).raise_for_status()
    return time.perf_counter() - began


def compare(*, var_dir: Path) -> tuple[float, float]:
    """Seconds of a request through stock Daphne and through ours: the lower quartile of each."""
    client = httpx.Client(trust_env=False, timeout=30)
    with client, _running(STOCK, var_dir=var_dir) as stock_url, _running(OURS, var_dir=var_dir) as our_url:
        pairs = [(_time_one(client, stock_url), _time_one(client, our_url)) for _ in range(WARM_UP + REQUESTS)]
    stock, ours = zip(*pairs[WARM_UP:], strict=True)
    return quantiles(stock, n=4)[0], quantiles(ours, n=4)[0]


if __name__ == "__main__":
    stock_s, ours_s = compare(var_dir=VAR_DIR)
    print(f"stock {stock_s * 1000:.2f} ms, ours {ours_s * 1000:.2f} ms, ours_vs_stock {ours_s / stock_s:.2f}")
