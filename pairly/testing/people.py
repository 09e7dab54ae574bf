"""The personas: fan, creator, stranger, staff."""

from __future__ import annotations

import itertools
from datetime import date

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest
from django.test import Client

from security.types import Client as Visitor
from users import browser_sessions
from users.models import Session, User
from users.registry import run_sign_up_hooks
from users.roles import ROLES
from users.services import sessions
from users.types import Method

PASSWORD = "a long enough passphrase 7"  # noqa: S105 - of test accounts

_numbers = itertools.count(1)


def make_user(role: str = "fan", *, name: str = "", price_centi: int | None = None) -> User:
    """An account with everything that a sign-up makes (ledger accounts, profile), without hashing a password."""
    n = next(_numbers)
    user = User(
        email=f"{role}{n}@example.org",
        name=name or f"{role.title()} {n}",
        role="creator" if role == "creator" else "fan",
        birth_date=date(1990, 1, 1),
    )
    user.set_unusable_password()
    user.save()
    run_sign_up_hooks(user=user)
    if price_centi is not None:
        user.profile.price_per_message_centi = price_centi
        user.profile.save(update_fields=["price_per_message_centi"])
    return user


def make_staff(role: str, *, name: str = "") -> User:
    """Staff of one of `users.roles.ROLES`: in its group, which is made where it is missing. No usable password."""
    user = make_user(role, name=name)
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    user.groups.add(make_group(role))
    return user


def make_group(role: str) -> Group:
    """The group of a role with what `users.roles` lets it do."""
    group, _is_new = Group.objects.get_or_create(name=role)
    group.permissions.set(Permission.objects.filter(content_type__app_label="users", codename__in=ROLES[role]))
    return group


def sign_in_as(user: User, *, factor: Method | None = Method.TOTP, client: Client | None = None) -> Client:
    """Django's test client as a browser that `user` signed in with, by default with a strong second factor."""
    browser = client or Client()
    started = sessions.start_session(user=user, kind=Session.Kind.WEB, client=Visitor(ip="127.0.0.1"), factor=factor)
    request = HttpRequest()
    request.session = browser.session
    browser_sessions.attach(request=request, started=started)
    request.session.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key or ""
    return browser
