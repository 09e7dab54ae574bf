"""The paid send without a door: the SQL function alone, and the whole service."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from messaging import server_keys
from messaging.envelopes import Envelope
from messaging.protocol.labels import sha256
from messaging.receipts import ServerKey
from messaging.services import sending
from pairly.common.sql import call_row
from users.models import User

from .letters import Writer
from .load import Step
from .world import Talk

MESSAGES_A_TALK = 200


def make_sql_step(talks: Sequence[Talk]) -> Step:
    """One round trip: messaging_send through Django's cursor with a message row of the usual size.

    The parameters are made before the clock runs, as the yardstick's are by its own C code.
    """
    writers = [Writer(talk=talk) for talk in talks]
    sql, key = sending.send_sql(), server_keys.current()
    ready = iter([_params(writer, key) for _ in range(MESSAGES_A_TALK) for writer in writers])

    def step() -> None:
        code = call_row(sql=sql, params=next(ready))[0]
        if code:
            raise RuntimeError(code)

    return step


def make_service_step(talks: Sequence[Talk]) -> Step:
    """The service as every door calls it: limits, structure, hashes, signature, SQL, receipt, push."""
    settings.SOCKET_FRAMES = 10**9
    users = User.objects.in_bulk([talk.fan for talk in talks], field_name="uid")
    writers = [Writer(talk=talk) for talk in talks]
    sealed = iter([(writer.talk, writer.envelope()) for _ in range(MESSAGES_A_TALK) for writer in writers])

    def step() -> None:
        talk, envelope = next(sealed)
        sending.send_message(user=users[talk.fan], conversation=talk.conversation, envelope=envelope)

    return step


def _params(writer: Writer, key: ServerKey) -> list[Any]:
    """As for what `check_envelope` would return. PostgreSQL stores the signature and never looks at it."""
    header = writer.header()
    hdr = header.encode()
    checked = Envelope(
        header=header, hdr=hdr, hdr_hash=sha256(hdr), sig=os.urandom(64), ct=writer.ct, boxes=tuple(writer.boxes)
    )
    return sending.send_params(checked=checked, key=key, recv_ms=header.sent_ms)
