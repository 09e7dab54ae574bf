from __future__ import annotations

import base64
import json
import time
import uuid
from typing import Any

import jwt
import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from users import access_tokens
from users.access_tokens import BadToken, Claims

OLD, NEW = "o" * 64, "n" * 64
WHO = Claims(user_id=uuid.UUID(int=1), family=uuid.UUID(int=2))


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    settings.JWT_SECRET = f"new:{NEW},old:{OLD}"


def _claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": "pairly",
        "sub": str(WHO.user_id),
        "sid": str(WHO.family),
        "iat": now,
        "exp": now + 86_400,
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def _signed(*, secret: str = NEW, kid: str = "new", typ: str = "at+jwt", alg: str = "HS256", **claims: Any) -> str:
    return jwt.encode(_claims(**claims), secret, algorithm=alg, headers={"kid": kid, "typ": typ})


def _unsigned() -> str:
    parts = [{"alg": "none", "kid": "new", "typ": "at+jwt"}, _claims()]
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + "."


def test_a_token_says_who_and_which_sign_in_for_15_minutes() -> None:
    token = access_tokens.issue(**WHO._asdict())
    assert access_tokens.read(token=token) == WHO
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "kid": "new", "typ": "at+jwt"}
    claims = jwt.decode(token, NEW, algorithms=["HS256"])
    assert claims["exp"] - claims["iat"] == 900


def test_a_replaced_key_still_verifies() -> None:
    assert access_tokens.read(token=_signed(secret=OLD, kid="old")) == WHO


def test_an_expired_token_is_refused() -> None:
    with pytest.raises(BadToken):
        access_tokens.read(token=access_tokens.issue(**WHO._asdict(), now_s=int(time.time()) - 901))


FORGERIES = {
    "no algorithm": _unsigned(),
    "another algorithm": _signed(alg="HS512"),
    "unknown key": _signed(kid="newer"),
    "no key id": jwt.encode(_claims(), NEW, algorithm="HS256", headers={"typ": "at+jwt"}),
    "key id of another secret": _signed(kid="old"),
    "another secret": _signed(secret="x" * 64),
    "another type": _signed(typ="JWT"),
    "another issuer": _signed(iss="else"),
    "issued in the future": _signed(iat=int(time.time()) + 3600, exp=int(time.time()) + 90_000),
    "no expiry": _signed(exp=None),
    "no sign-in": _signed(sid=None),
    "subject that is no id": _signed(sub="1"),
    "list for a subject": jwt.encode(
        _claims(sid=["a"]), NEW, algorithm="HS256", headers={"kid": "new", "typ": "at+jwt"}
    ),
    "key id that is no text": "eyJhbGciOiJIUzI1NiIsImtpZCI6WyJuZXciXX0.e30.AAAA",
    "empty": "",
    "not a token": "a.b.c",
    "not ASCII": "é.é.é",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_is_refused(name: str) -> None:
    with pytest.raises(BadToken):
        access_tokens.read(token=FORGERIES[name])


@pytest.mark.parametrize("value", ["", "no colon", "k:short", f":{NEW}", f"k:{NEW},"])
def test_a_wrong_setting_is_named(settings: Settings, value: str) -> None:
    settings.JWT_SECRET = value
    with pytest.raises(ImproperlyConfigured, match="JWT_SECRET"):
        access_tokens.issue(**WHO._asdict())
