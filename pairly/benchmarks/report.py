"""The table of a run: every figure is the median of the rounds, bracketed by the yardstick in each of them."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from . import layers, load, sends, sockets, tpcb
from .world import make_world

N_FANS, N_CREATORS = 160, 40
Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Round:
    """Figures of one round, each a second; `tpcb` before and after."""

    tpcb: list[float] = field(default_factory=list)
    many: float = 0
    popular: float = 0
    service: float = 0
    socket: float = 0
    relay: float = 0
    layered: float = 0
    bare: float = 0

    def ratios(self) -> dict[str, float]:
        """The lines that clients and scripts rely on, and those beside them."""
        yardstick = statistics.mean(self.tpcb)
        return {
            "paid_send_vs_tpcb": self.many / yardstick,
            "popular_vs_many": self.popular / self.many,
            "service_vs_tpcb": self.service / yardstick,
            "socket_vs_relay": self.socket / self.relay,
            "get_cost_vs_bare": self.bare / self.layered,
        }


def measure(*, var_dir: Path, seconds: int, rounds: int, say: Say) -> list[Round]:
    """All rounds, one after the other, each on people and conversations of its own."""
    say(f"{_machine()}; {load.CLIENTS} clients, {seconds} s a figure, {rounds} rounds")
    tpcb.prepare(var_dir=var_dir)
    done = []
    for number in range(1, rounds + 1):
        found = _round(var_dir, seconds)
        done.append(found)
        shown = "  ".join(f"{name} {value:.2f}" for name, value in found.ratios().items())
        say(f"round {number} of {rounds}: TPC-B {found.tpcb[0]:,.0f} and {found.tpcb[1]:,.0f} a second  {shown}")
    return done


def table(*, rounds: list[Round]) -> list[str]:
    """The medians: rates for orientation, then the ratios, one a line."""
    ratios = [found.ratios() for found in rounds]
    rates = {
        "TPC-B (pgbench)": [statistics.mean(found.tpcb) for found in rounds],
        "messaging_send, many to many": [found.many for found in rounds],
        "messaging_send, one popular creator": [found.popular for found in rounds],
        "send_message, the whole service": [found.service for found in rounds],
        "paid sends through the socket": [found.socket for found in rounds],
        "bare relay through the channel layer": [found.relay for found in rounds],
        "GET of an empty view, all layers": [found.layered for found in rounds],
        "GET of an empty view, no layers": [found.bare for found in rounds],
    }
    lines = [f"{name:<38}{statistics.median(values):>8,.0f} a second" for name, values in rates.items()]
    return lines + [f"{name} {statistics.median(row[name] for row in ratios):.2f}" for name in ratios[0]]


def _round(var_dir: Path, seconds: int) -> Round:
    found = Round()

    def rate(measured: Callable[[], float]) -> float:
        tpcb.checkpoint(var_dir=var_dir)
        return measured()

    world = make_world(n_fans=N_FANS, n_creators=N_CREATORS)
    tpcb.vacuum(var_dir=var_dir, product=settings.DATABASES["default"]["NAME"])
    found.tpcb.append(rate(lambda: tpcb.per_second(var_dir=var_dir, seconds=seconds)))
    found.many = rate(lambda: load.per_second(make_step=sends.make_sql_step, items=world.many, seconds=seconds))
    found.popular = rate(lambda: load.per_second(make_step=sends.make_sql_step, items=world.popular, seconds=seconds))
    found.tpcb.append(rate(lambda: tpcb.per_second(var_dir=var_dir, seconds=seconds)))
    # Sequences have moved: new people for those who sign their envelopes beforehand.
    world = make_world(n_fans=N_FANS, n_creators=N_CREATORS)
    found.service = rate(lambda: load.per_second(make_step=sends.make_service_step, items=world.many, seconds=seconds))
    talks = world.popular
    found.relay = rate(lambda: sockets.relay_per_second(talks=talks, var_dir=var_dir, seconds=seconds))
    found.socket = rate(lambda: sockets.paid_per_second(talks=talks, var_dir=var_dir, seconds=seconds))
    found.bare = rate(lambda: layers.bare_per_second(var_dir=var_dir, seconds=seconds))
    found.layered = rate(lambda: layers.with_layers_per_second(var_dir=var_dir, seconds=seconds))
    return found


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
