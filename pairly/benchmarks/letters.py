"""Signed envelopes of the usual size: a text of up to 187 bytes in the 256-byte bucket, a box for either side."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from messaging.envelopes import BOX_LENGTH, CT_OVERHEAD
from messaging.protocol.base64url import b64u_encode
from messaging.protocol.header import CURRENCY, BoxRef, Header
from messaging.protocol.labels import label
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7

from .world import PRICE_CENTI, Talk

CT_LENGTH = CT_OVERHEAD + 256


class Writer:
    """The fan of one conversation. Boxes and text are random once: the server cannot tell, and must not."""

    def __init__(self, *, talk: Talk) -> None:
        self.talk = talk
        self.seq = 0
        self.ct = os.urandom(CT_LENGTH)
        boxes = sorted((kid, os.urandom(BOX_LENGTH)) for kid in talk.kids)
        self.boxes = [box for _, box in boxes]
        self._refs = tuple(BoxRef(kid, hashlib.sha256(box).digest()) for kid, box in boxes)
        self._ct_hash = hashlib.sha256(self.ct).digest()
        self._commit = os.urandom(32)
        self._key = Ed25519PrivateKey.from_private_bytes(talk.seed)

    def header(self) -> Header:
        """The header of the next message; it has seen nothing yet, which is always true."""
        self.seq += 1
        talk = self.talk
        return Header(
            kind=1,
            conversation=talk.conversation.bytes,
            message_id=uuid7().bytes,
            sender=talk.fan.bytes,
            recipient=talk.creator.bytes,
            device_kid=talk.device_kid,
            sent_ms=now_ms(),
            seq=self.seq,
            seen_n=0,
            seen_head=talk.h0,
            price_centi=PRICE_CENTI,
            commit=self._commit,
            ct_hash=self._ct_hash,
            boxes=self._refs,
            currency=CURRENCY,
        )

    def envelope(self) -> dict[str, Any]:
        """The next message, signed."""
        hdr = self.header().encode()
        return {
            "v": 1,
            "hdr": b64u_encode(hdr),
            "sig": b64u_encode(self._key.sign(label("msg") + hdr)),
            "ct": b64u_encode(self.ct),
            "boxes": [b64u_encode(box) for box in self.boxes],
        }
