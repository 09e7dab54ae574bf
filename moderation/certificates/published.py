"""The copy of a certificate that our pages are served from.

What is signed never changes and is kept for a day. Whether it was taken back is kept for STANDING_KEPT_S and dropped
when it is; a drop that Redis missed, or that a reader of a moment ago wrote over, is so made good by itself. Answers
to strangers may be kept by caches between for ANSWER_KEPT_S more and are then compared by their ETag. Together that
is less than a minute from a revocation until everybody sees it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from redis import RedisError

from pairly.common import redis as common_redis
from pairly.common import redis_health

from ..models import Certificate
from . import selectors
from .constants import CODE_CHARS, FACTS_KEPT_S, STANDING_KEPT_S
from .errors import UnknownCertificate
from .types import Published

_CODE = re.compile(rf"[A-Z2-7]{{{CODE_CHARS}}}")


def normalised(code: str) -> str:
    """A code as people type it, as it is written: capitals, without spaces and dashes."""
    return "".join(code.replace("-", "").split()).upper()[: 2 * CODE_CHARS]


def find(*, code: str) -> Published:
    """The certificate with this code. Raises UnknownCertificate."""
    if not _CODE.fullmatch(code):
        raise UnknownCertificate
    facts, standing = _kept(code)
    if facts is None:
        return _load(code)
    if standing is None:
        found = selectors.find_standing(code=code)
        if found is None:
            raise UnknownCertificate
        standing = {"at": found[0].isoformat() if found[0] else "", "because": found[1]}
        _keep(code, standing=standing)
    if standing["because"] == "erased":  # what was kept of it must not outlive it
        facts = {**facts, "payload": "", "signature": ""}
    return _made(code, facts, standing)


def show(*, certificate: Certificate) -> Published:
    """A row as it is published."""
    return Published(
        code=certificate.code,
        kid=certificate.key_id,
        payload=bytes(certificate.payload),
        signature=bytes(certificate.signature),
        has_profile=certificate.user.is_creator,
        expires_at=certificate.expires_at,
        revoked_at=certificate.revoked_at,
        revoked_because=certificate.revoked_because,
    )


def drop_after_commit(*, codes: Iterable[str]) -> None:
    """Forget what was kept of these certificates once the transaction commits."""
    keys = [_key(code, part) for code in codes for part in ("facts", "standing")]
    if keys:
        transaction.on_commit(lambda: _drop(keys), robust=True)


def _load(code: str) -> Published:
    row = selectors.find_public(code=code)
    if row is None:
        raise UnknownCertificate
    found = show(certificate=row)
    facts = {
        "kid": found.kid,
        "payload": base64.b64encode(found.payload).decode(),
        "signature": base64.b64encode(found.signature).decode(),
        "has_profile": found.has_profile,
        "expires_at": found.expires_at.isoformat(),
    }
    at = found.revoked_at.isoformat() if found.revoked_at else ""
    _keep(code, facts=facts, standing={"at": at, "because": found.revoked_because})
    return found


def _made(code: str, facts: dict[str, Any], standing: dict[str, str]) -> Published:
    at = datetime.fromisoformat(standing["at"]) if standing["at"] else None
    found = Published(
        code=code,
        kid=facts["kid"],
        payload=base64.b64decode(facts["payload"]),
        signature=base64.b64decode(facts["signature"]),
        has_profile=facts["has_profile"],
        expires_at=datetime.fromisoformat(facts["expires_at"]),
        revoked_at=None,
        revoked_because="",
    )
    return replace(found, revoked_at=at, revoked_because=standing["because"])


# -- Redis: a copy, never the truth
def _key(code: str, part: str) -> str:
    return common_redis.key("certificate", code, part)


def _kept(code: str) -> tuple[dict[str, Any] | None, dict[str, str] | None]:
    if redis_health.is_away():
        return None, None
    try:
        facts, standing = common_redis.get_client().mget(_key(code, "facts"), _key(code, "standing"))
    except RedisError as error:
        redis_health.note_failure(error=error)
        return None, None
    return json.loads(facts) if facts else None, json.loads(standing) if standing else None


def _keep(code: str, *, standing: dict[str, str], facts: dict[str, Any] | None = None) -> None:
    if redis_health.is_away():
        return
    try:
        with common_redis.get_client().pipeline(transaction=False) as pipe:
            if facts:
                pipe.set(_key(code, "facts"), json.dumps(facts), ex=FACTS_KEPT_S)
            pipe.set(_key(code, "standing"), json.dumps(standing), ex=STANDING_KEPT_S)
            pipe.execute()
    except RedisError as error:
        redis_health.note_failure(error=error)


def _drop(keys: list[str]) -> None:
    try:
        common_redis.get_client().delete(*keys)
    except RedisError as error:  # it runs out within STANDING_KEPT_S
        redis_health.note_failure(error=error)
