"""Each frame that the server sends: its exact recipients, its exact schema, and nobody else.

`CONTRACT` has a row for every schema and every function of `messaging.events`. What causes a frame is a service of the
product, or a frame of the other side: the tests push nothing themselves.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from messaging import events, frames
from messaging.tests import frame_stage as act
from messaging.tests.frame_stage import Stage, staged
from pairly.common.ids import uuid7
from pairly.testing.fixtures import own_database, running_daphne

FAN, CREATOR = ("fan", "fan_elsewhere"), ("creator", "creator_elsewhere")
BOTH = (*FAN, *CREATOR)


@dataclass(frozen=True)
class Row:
    """`cause` makes the frame; `to` are the sockets that hear it, and `also` what they, or others, hear beside it."""

    cause: Callable[[Stage], object]
    to: tuple[str, ...]
    also: tuple[tuple[str, tuple[str, ...]], ...] = ()


CONTRACT = {
    "ready": Row(act.opens, ("stranger_anew",)),
    "ack": Row(act.sends, ("fan",), (("message", BOTH), ("balance", FAN))),
    "message": Row(act.sends, BOTH, (("ack", ("fan",)), ("balance", FAN))),
    "balance": Row(act.sends, FAN, (("ack", ("fan",)), ("message", BOTH))),
    "error": Row(act.asks_about_a_stranger, ("stranger",)),
    "pong": Row(act.pings, ("stranger",)),
    "resumed": Row(act.resumes, ("fan_elsewhere",), (("message", ("fan_elsewhere",) * 2),)),
    "receipt": Row(act.reads, BOTH),
    "typing": Row(act.types, CREATOR),
    "presence": Row(act.comes, FAN),
    "hold.released": Row(act.answers, BOTH, (("message", BOTH),)),
    "hold.refunded": Row(act.misses_the_deadline, BOTH, (("balance", FAN), ("notification", FAN))),
    "hold.expiring": Row(act.nears_the_deadline, BOTH),
    "price.changed": Row(act.changes_the_price, FAN, (("away", FAN),)),
    "key.changed": Row(act.changes_keys, BOTH),
    "notification": Row(act.is_told, FAN),
    "notification.read": Row(act.reads_notifications, FAN),
    "session.revoked": Row(act.signs_out, ("fan_signed_out",)),
    "muted": Row(act.writes_too_much, ("stranger",), (("error", ("stranger",)),)),
    "hold.frozen": Row(act.says_no_answer, BOTH, (("notification", CREATOR),)),
    "hold.settled": Row(partial(act.staff_decides, is_upheld=False), BOTH, (("notification", BOTH),)),
    "message.unreadable": Row(act.cannot_read, FAN, (("hold.refunded", BOTH), ("balance", FAN), ("notification", FAN))),
    "device.approval": Row(act.a_device_asks, FAN, (("notification", FAN),)),
    "request": Row(act.somebody_unknown_writes, FAN, (("message", FAN),)),
    "planned": Row(act.plans_a_message, CREATOR),
    "away": Row(act.goes_away, FAN, (("price.changed", FAN),)),
}
# The same frames from another cause, under a name of its own.
MORE = {
    "hold.refunded by the creator": Row(act.gives_back, BOTH, (("balance", FAN), ("notification", FAN))),
    "hold.settled for the fan": Row(
        partial(act.staff_decides, is_upheld=True), BOTH, (("balance", FAN), ("notification", BOTH))
    ),
    "request that is answered": Row(act.answers_a_request, FAN),
}


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("frames")
    env = {"PRESENCE_FLUSH_SECONDS": "0", "SOCKET_FRAMES": "100000"}
    with (
        own_database(django_db_blocker) as name,
        running_daphne(database=name, log_folder=folder, **env) as server,
        staged(server) as stage,
    ):
        yield stage


def test_every_frame_has_a_row():
    functions = [
        name for name, made in inspect.getmembers(events, inspect.isfunction) if made.__module__ == events.__name__
    ]
    assert set(CONTRACT) == set(frames.list_schemas(side="server"))
    assert {name.replace("_", ".") for name in functions} <= set(CONTRACT)


@pytest.mark.parametrize("name", [*CONTRACT, *MORE])
def test_a_frame_reaches_whom_it_is_for_as_its_schema_says_and_nobody_else(stage, name):
    kind, row = name.partition(" ")[0], {**CONTRACT, **MORE}[name]
    stage.listen()
    row.cause(stage)
    heard = {**stage.heard_by, **stage.listen()}
    stage.heard_by.clear()
    for frame in (frame for found in heard.values() for frame in found):
        assert frames.is_frame(side="server", frame=frame), frame
    found = sorted((frame["type"], socket) for socket, of_one in heard.items() for frame in of_one)
    assert found == sorted((type_, socket) for type_, sockets in ((kind, row.to), *row.also) for socket in sockets)


def test_a_frame_of_somebody_elses_conversation_is_never_sent_to_a_stranger_who_names_it(stage):
    stage.listen()
    for frame in (
        {"type": "resume", "heads": {str(stage.letters.uid): 0}},
        {"type": "receipt", "conversation": str(stage.letters.uid), "read_n": 1},
        {"type": "typing", "to": str(stage.fan.user.uid)},
        {"type": "presence", "of": str(stage.creator.user.uid)},
    ):
        stage.tell("stranger", frame)
        heard = stage.listen()
        assert [one["type"] for one in heard.pop("stranger")] == ["error"]
        assert not any(heard.values())


def test_a_push_that_is_no_frame_fails_here():
    broken = events.price_changed(user_id=uuid7(), price_centi=-1)
    assert not frames.is_frame(side="server", frame=broken)
