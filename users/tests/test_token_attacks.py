"""Forged, stolen and misplaced tokens over HTTP: each is answered with 401, a code, and nothing about anyone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.test import Client

from users import access_tokens
from users.models import Session, User
from users.services import sessions, tokens
from users.types import StartedSession

from .helpers import VISITOR, bearer, make_person, post, start_api

GUARDED = "/api/v1/auth/sessions"
REFRESH = "/api/v1/auth/refresh"
DAY = 86_400


def _key() -> tuple[str, bytes]:
    """The key that signs."""
    return next(iter(access_tokens._keys(settings.JWT_SECRET).items()))


def _encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _claims(started: StartedSession, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": "pairly",
        "sub": str(started.user.uid),
        "sid": str(started.session.family),
        "iat": now,
        "exp": now + DAY,
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def _made(claims: Any, *, secret: bytes | None = None, **header: Any) -> str:
    """A token with any header, signed by HMAC-SHA256 with our key or another one, whatever its header says."""
    kid, own_secret = _key()
    head = {"alg": "HS256", "typ": "at+jwt", "kid": kid, **header}
    signed = f"{_encoded({name: value for name, value in head.items() if value is not None})}.{_encoded(claims)}"
    digest = hmac.digest(own_secret if secret is None else secret, signed.encode(), hashlib.sha256)
    return f"{signed}.{_encoded(digest)}"


def _tampered(started: StartedSession, **changes: Any) -> str:
    """A good token whose payload was exchanged afterwards."""
    head, _payload, signature = _made(_claims(started)).split(".")
    return f"{head}.{_encoded(_claims(started, **changes))}.{signature}"


def _other(started: StartedSession) -> StartedSession:
    return start_api(make_person(email="eve@example.org"))


Forge = Callable[[StartedSession], str]
FORGED: dict[str, Forge] = {
    "alg none": lambda s: _made(_claims(s), alg="none").rsplit(".", 1)[0] + ".",
    "alg None with a signature": lambda s: _made(_claims(s), alg="None"),
    "no alg": lambda s: _made(_claims(s), alg=None),
    "no signature": lambda s: _made(_claims(s)).rsplit(".", 1)[0] + ".",
    "another key": lambda s: _made(_claims(s), secret=b"x" * 64),
    "an empty key": lambda s: _made(_claims(s), secret=b""),
    "the site's secret as the key": lambda s: _made(_claims(s), secret=settings.SECRET_KEY.encode()),
    "RS256, our secret as its public key": lambda s: _made(_claims(s), alg="RS256"),
    "ES256, our secret as its public key": lambda s: _made(_claims(s), alg="ES256"),
    "HS512 of our own": lambda s: jwt.encode(
        _claims(s), _key()[1], algorithm="HS512", headers={"kid": _key()[0], "typ": "at+jwt"}
    ),
    "a key in its header": lambda s: _made(
        _claims(s), secret=b"x" * 64, jwk={"kty": "oct", "k": _encoded(b"x" * 64)}, jku="https://evil.example/keys"
    ),
    "no kid": lambda s: _made(_claims(s), kid=None),
    "unknown kid": lambda s: _made(_claims(s), kid="newer"),
    "kid that is a path": lambda s: _made(_claims(s), secret=b"", kid="../../../../dev/null"),
    "kid that is SQL": lambda s: _made(_claims(s), secret=b"x", kid="' UNION SELECT 'x' --"),
    "kid that is a list": lambda s: _made(_claims(s), kid=[_key()[0]]),
    "no issuer": lambda s: _made(_claims(s, iss=None)),
    "no subject": lambda s: _made(_claims(s, sub=None)),
    "no sign-in": lambda s: _made(_claims(s, sid=None)),
    "no expiry": lambda s: _made(_claims(s, exp=None)),
    "no time of issue": lambda s: _made(_claims(s, iat=None)),
    "another issuer": lambda s: _made(_claims(s, iss="pairly.evil.example")),
    "for an audience": lambda s: _made(_claims(s, aud="somebody")),
    "expired": lambda s: _made(_claims(s, iat=int(time.time()) - DAY, exp=int(time.time()) - 1)),
    "expiry that is no number": lambda s: _made(_claims(s, exp="tomorrow")),
    "issued in the future": lambda s: _made(_claims(s, iat=int(time.time()) + 3600)),
    "not valid yet": lambda s: _made(_claims(s, nbf=int(time.time()) + 3600)),
    "type JWT": lambda s: _made(_claims(s), typ="JWT"),
    "no type": lambda s: _made(_claims(s), typ=None),
    "claims that are a list": lambda s: _made(["iss", "pairly"]),
    "claims that are no JSON": lambda s: _made(b"\xff\x00"),
    "header that is a list": lambda s: f"{_encoded(['HS256'])}.{_encoded(_claims(s))}.AAAA",
    "header of 3,000 brackets": lambda s: f"{_encoded(b'[' * 3000)}.{_encoded(_claims(s))}.AAAA",
    "subject of somebody else": lambda s: _made(_claims(s, sub=str(_other(s).user.uid))),
    "sign-in of somebody else": lambda s: _made(_claims(s, sid=str(_other(s).session.family))),
    "exchanged subject": lambda s: _tampered(s, sub=str(_other(s).user.uid)),
    "exchanged expiry": lambda s: _tampered(s, exp=int(time.time()) + 900 * DAY),
    "subject that is no id": lambda s: _made(_claims(s, sub="1 OR 1=1")),
    "a refresh token": lambda s: s.refresh_token or "",
    "a key of a browser's session": lambda s: "a" * 32,
    "two tokens": lambda s: f"{_made(_claims(s))} {_made(_claims(s))}",
    "no token": lambda s: "",
}


def _assert_refused(answer: Any, started: StartedSession, code: str = "not_authenticated") -> None:
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert set(answer.json()) == {"type", "title", "status", "detail", "code"}
    for private in (started.user.email, str(started.user.uid), str(started.session.family), started.user.name):
        assert private not in answer.content.decode()


@pytest.mark.django_db
def test_the_token_that_the_forgeries_vary_is_a_good_one() -> None:
    started = start_api(make_person())
    for token in (_made(_claims(started)), tokens.issue(started=started)["access_token"]):
        assert Client().get(GUARDED, **bearer(token)).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("name", FORGED)
def test_a_forged_access_token_is_refused(name: str) -> None:
    started = start_api(make_person())
    _assert_refused(Client().get(GUARDED, **bearer(FORGED[name](started))), started)
    assert Session.objects.get(pk=started.session.pk).ended_at is None


@pytest.mark.django_db
@pytest.mark.parametrize("name", FORGED)
def test_no_access_token_is_a_refresh_token(name: str) -> None:
    started = start_api(make_person())
    token = _made(_claims(started)) if name == "a refresh token" else FORGED[name](started)
    answer = post(REFRESH, {"refresh_token": token[:200]})
    assert (answer.status_code, answer.json()["code"]) in {(401, "token_revoked"), (422, "invalid")}
    assert started.user.email not in answer.content.decode()
    assert Session.objects.get(pk=started.session.pk).used_at is None


def _end(started: StartedSession) -> None:
    sessions.end_family(family=started.session.family, reason="signed_out")


def _deactivate(started: StartedSession) -> None:
    User.objects.filter(pk=started.user.pk).update(is_active=False)


def _erase(started: StartedSession) -> None:
    User.objects.filter(pk=started.user.pk).delete()


def _expire(started: StartedSession) -> None:
    Session.objects.filter(pk=started.session.pk).update(expires_at=started.session.created_at)


def _forget(started: StartedSession) -> None:
    Session.objects.filter(pk=started.session.pk).delete()


@pytest.mark.django_db
@pytest.mark.parametrize("end", [_end, _deactivate, _erase, _expire, _forget])
def test_a_good_token_of_a_sign_in_that_is_over_is_refused(end: Callable[[StartedSession], None]) -> None:
    started = start_api(make_person())
    token = tokens.issue(started=started)["access_token"]
    end(started)
    _assert_refused(Client().get(GUARDED, **bearer(token)), started, "token_revoked")
    answer = post(REFRESH, {"refresh_token": started.refresh_token})
    _assert_refused(answer, started, "token_revoked")


@pytest.mark.django_db
def test_a_token_of_a_family_that_is_no_first_row_is_refused() -> None:
    """A child row's id names no sign-in."""
    started = start_api(make_person())
    child = tokens.refresh(refresh_token=started.refresh_token or "", client=VISITOR)
    token = access_tokens.issue(user_id=started.user.uid, family=child.session.pk)
    _assert_refused(Client().get(GUARDED, **bearer(token)), started, "token_revoked")
    token = access_tokens.issue(user_id=started.user.uid, family=uuid.uuid4())
    _assert_refused(Client().get(GUARDED, **bearer(token)), started, "token_revoked")


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["query", "cookie", "basic", "token"])
def test_a_token_is_taken_from_the_header_of_bearers_only(where: str) -> None:
    """In a URL it would end up in logs (RFC 6750, section 2.3)."""
    token = tokens.issue(started=start_api(make_person()))["access_token"]
    client = Client()
    if where == "query":
        answer = client.get(f"{GUARDED}?access_token={token}&token={token}")
    elif where == "cookie":
        client.cookies["access_token"] = client.cookies[settings.SESSION_COOKIE_NAME] = token
        answer = client.get(GUARDED)
    else:
        answer = client.get(GUARDED, HTTP_AUTHORIZATION=f"{where} {token}")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
