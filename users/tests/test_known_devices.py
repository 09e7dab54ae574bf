"""The devices that an account is known by: the list, forgetting and trusting."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from pairly.outbox.models import OutboxRow
from security.models import AuditEntry, KnownDevice, RiskDecision
from security.services import attempts, devices
from security.types import Client as Visitor
from users.models import Session, User
from users.services import tokens

from .helpers import PASSWORD, SIGN_UP, at_once, bearer, make_person, post
from .ways_in import AWAY, BROWSER, EMAIL, HOME, LAPTOP, PHONE, enter, fail, outcome

DEVICES, PAGE = "/api/v1/auth/devices", "/account/devices/"


def _headers(**where: str) -> dict[str, str]:
    return bearer(tokens.issue(started=enter(**where))["access_token"])


def _browser(**extra: Any) -> Client:
    client = Client(headers={"User-Agent": BROWSER}, **extra)
    assert client.post("/sign-in/", {"email": EMAIL, "password": PASSWORD}).status_code == 302
    return client


def _n_new_device_mails() -> int:
    return OutboxRow.objects.filter(payload__notice="new_device").count()


def _known(user: User, name: str) -> KnownDevice:
    return KnownDevice.objects.get(user_uid=user.uid, name=name)


@pytest.mark.django_db
def test_the_api_lists_them_this_one_first() -> None:
    make_person()
    headers = _headers(name="Laptop")
    enter(device=PHONE, name="Phone", ip=AWAY)
    rows = Client().get(DEVICES, **headers).json()
    assert [(row["device"], row["network"], row["current"], row["trusted"]) for row in rows] == [
        ("Laptop", HOME, True, False),
        ("Phone", AWAY, False, False),
    ]
    assert "fingerprint" not in str(rows)
    one = Client().get(f"{DEVICES}/{rows[0]['id']}", **headers).json()
    assert one == rows[0]


@pytest.mark.django_db
def test_a_browser_is_known_by_its_cookie_and_the_page_says_which_it_is() -> None:
    make_person()
    client = _browser()
    _browser(REMOTE_ADDR="192.0.2.8")
    page = client.get(PAGE).content.decode()
    assert page.count("Firefox on Linux") >= 2
    assert page.count("This device") == 1
    assert page.count("/forget/") == 2


@pytest.mark.django_db
def test_a_device_without_a_fingerprint_is_known_by_program_and_network() -> None:
    make_person()
    headers = _headers(device="", name="")
    assert [row["current"] for row in Client().get(DEVICES, **headers).json()] == [True]
    enter(device="", name="")
    assert (KnownDevice.objects.count(), _n_new_device_mails()) == (1, 1)
    enter(device="", name="", ip=AWAY)
    assert (KnownDevice.objects.count(), _n_new_device_mails()) == (2, 2)


@pytest.mark.django_db
def test_a_new_device_is_mailed_once_and_again_after_it_was_forgotten() -> None:
    user = make_person()
    headers = _headers()
    enter()
    assert _n_new_device_mails() == 1
    device = _known(user, "Laptop")
    assert Client().delete(f"{DEVICES}/{device.uid}", **headers).status_code == 204
    assert Client().get(DEVICES, **headers).json() == []
    assert Client().get(f"{DEVICES}/{device.uid}", **headers).status_code == 404
    assert Client().get("/api/v1/auth/sessions", **headers).status_code == 200
    enter()
    assert _n_new_device_mails() == 2
    assert AuditEntry.objects.get(action="device.forgotten").details == {"device": str(device.uid)}


@pytest.mark.django_db
def test_a_forgotten_device_loses_its_own_count_and_its_trust() -> None:
    user = make_person()
    enter()
    device = _known(user, "Laptop")
    devices.trust(user_uid=user.uid, device_uid=device.uid)
    fail(5)
    devices.forget(user_uid=user.uid, device_uid=device.uid)
    assert outcome(password=PASSWORD) == "account_locked"
    attempts.forgive(identifier=EMAIL, client=Visitor(ip=HOME), door=attempts.Door.RESET, user_uid=user.uid)
    assert outcome(password=PASSWORD) == "signed in"
    device.refresh_from_db()
    assert (device.forgotten_at, device.trusted_at) == (None, None)


@pytest.mark.django_db
def test_a_sign_in_that_names_no_device_leaves_its_name() -> None:
    user = make_person()
    enter(name="Laptop")
    KnownDevice.objects.update(last_seen_at=timezone.now() - timedelta(hours=1))
    enter(name="")
    assert _known(user, "Laptop").last_seen_at > timezone.now() - timedelta(minutes=1)
    assert list(Session.objects.values_list("device_name", flat=True).order_by("created_at")) == ["Laptop", ""]


@pytest.mark.django_db
def test_trusting_needs_a_fresh_step_up() -> None:
    user = make_person()
    headers = _headers()
    device = _known(user, "Laptop")
    Session.objects.update(stepped_up_at=timezone.now() - timedelta(minutes=6))
    refused = post(f"{DEVICES}/{device.uid}/trust", {}, **headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
    device.refresh_from_db()
    assert device.trusted_at is None
    Session.objects.update(stepped_up_at=timezone.now())
    assert post(f"{DEVICES}/{device.uid}/trust", {}, **headers).status_code == 204
    assert [row["trusted"] for row in Client().get(DEVICES, **headers).json()] == [True]


@pytest.mark.django_db
@pytest.mark.parametrize(("is_trusted", "score"), [(False, 15), (True, 0)])
def test_a_trusted_device_may_travel(is_trusted: bool, score: int) -> None:
    user = make_person()
    enter()
    if is_trusted:
        devices.trust(user_uid=user.uid, device_uid=_known(user, "Laptop").uid)
    enter(ip=AWAY)
    assert RiskDecision.objects.order_by("-pk")[0].score == score


@pytest.mark.django_db
def test_a_strangers_devices_are_neither_seen_nor_changed() -> None:
    user = make_person()
    make_person("eve@example.org")
    enter()
    before = KnownDevice.objects.filter(user_uid=user.uid).values().get()
    eve = _headers(email="eve@example.org", device="eves-" + "e" * 30, name="Eve")
    path = f"{DEVICES}/{before['uid']}"
    assert [row["device"] for row in Client().get(DEVICES, **eve).json()] == ["Eve"]
    assert Client().get(path, **eve).status_code == 404
    assert Client().delete(path, **eve).status_code == 404
    assert post(f"{path}/trust", {}, **eve).status_code == 404
    browser = Client(headers={"User-Agent": BROWSER}, REMOTE_ADDR="192.0.2.66")
    browser.post("/sign-in/", {"email": "eve@example.org", "password": PASSWORD})
    for what in ("forget", "trust"):
        assert browser.post(f"{PAGE}{before['uid']}/{what}/").status_code == 404
        assert Client().post(f"{PAGE}{before['uid']}/{what}/").status_code == 302
    for answer in (Client().get(DEVICES), Client().delete(path), post(f"{path}/trust", {})):
        assert answer.status_code == 401
    assert KnownDevice.objects.filter(user_uid=user.uid).values().get() == before
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_the_page_forgets_and_trusts() -> None:
    user = make_person()
    client = _browser()
    device = KnownDevice.objects.get(user_uid=user.uid)
    assert client.post(f"{PAGE}{device.uid}/trust/").status_code == 302
    assert "Trusted" in client.get(PAGE).content.decode()
    assert client.get(f"{PAGE}{device.uid}/forget/").status_code == 405
    assert client.post(f"{PAGE}{device.uid}/forget/").status_code == 302
    assert "No known devices" in client.get(PAGE).content.decode()


@pytest.mark.django_db
def test_a_name_is_shown_escaped() -> None:
    make_person()
    enter(device=PHONE, name="<i>Pixel</i>")
    page = _browser().get(PAGE).content.decode()
    assert "&lt;i&gt;Pixel&lt;/i&gt;" in page
    assert "<i>Pixel" not in page


@pytest.mark.django_db
def test_who_signs_up_is_known_on_that_device_and_not_mailed_about_it() -> None:
    body = {**SIGN_UP, "device": {"name": "Laptop", "fingerprint": LAPTOP}}
    assert post("/api/v1/auth/signup", body, REMOTE_ADDR=HOME, HTTP_USER_AGENT=BROWSER).status_code == 201
    enter()
    assert (KnownDevice.objects.count(), _n_new_device_mails()) == (1, 0)
    assert RiskDecision.objects.get().score == 0


def test_of_30_parallel_sign_ins_on_one_device_one_makes_it_known(committed_db: str) -> None:
    user = make_person()

    def one(_number: int) -> bool:
        client = Visitor(ip=HOME, user_agent=BROWSER)
        with transaction.atomic():
            return devices.remember(user_uid=user.uid, fingerprint=LAPTOP, client=client, name="Laptop")

    assert at_once(30, one).count(True) == 1
    assert KnownDevice.objects.count() == 1


@pytest.mark.django_db
def test_an_unknown_device_is_nobodys() -> None:
    make_person()
    headers = _headers()
    assert Client().get(f"{DEVICES}/{uuid.uuid4()}", **headers).status_code == 404
