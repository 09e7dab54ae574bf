"""Signing in through the service in the tests of lockout, risk and approval: from which network, on which device."""

from __future__ import annotations

from typing import Any

from security.types import Client as Visitor
from security.types import Door
from users.errors import AccountLocked, InvalidCredentials, SignInBlocked
from users.models import Session, User
from users.services import sign_in
from users.types import Device

from .helpers import PASSWORD

WRONG = "wrong"
HOME, AWAY = "192.0.2.7", "198.51.100.5"
LAPTOP, PHONE = "laptop-" + "a" * 32, "phone-" + "b" * 32
EMAIL = "ada@example.org"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def enter(
    email: str = EMAIL, password: str = PASSWORD, *, ip: str = HOME, device: str = LAPTOP, name: str = "Laptop"
) -> Any:
    """Through the whole pipeline."""
    return sign_in.sign_in(
        email=email,
        password=password,
        kind=Session.Kind.API,
        door=Door.API,
        client=Visitor(ip=ip, user_agent=BROWSER),
        device=Device(name=name, fingerprint=device),
    )


def outcome(email: str = EMAIL, password: str = WRONG, **where: str) -> str:
    """What came of it, as a code."""
    try:
        enter(email, password, **where)
    except (InvalidCredentials, AccountLocked, SignInBlocked) as problem:
        return problem.code
    return "signed in"


def fail(n: int, email: str = EMAIL, *, device: str = "") -> list[str]:
    """Wrong passwords of a stranger, each from an address of its own, so that only the lockout counts."""
    return [outcome(email, ip=f"203.0.113.{number}", device=device) for number in range(n)]


def be_risky(user: User) -> Any:
    """A sign-in that needs proof: a new device in a new network after wrong passwords."""
    fail(3, user.email)
    return enter(user.email, ip=AWAY, device=PHONE, name="Phone")
