from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from pairly.outbox import services as outbox
from pairly.outbox.models import OutboxRow
from users.errors import InvalidCode
from users.models import EmailCode, User
from users.services import email_codes

from .helpers import PASSWORD, SIGN_UP, at_once, bearer, make_person, post


def _mailed_code() -> str:
    outbox.deliver_due()
    found = re.search(r"\b\d{6}\b", str(mail.outbox[-1].body))
    assert found
    return found[0]


@pytest.mark.django_db
def test_a_sign_up_mails_a_code_that_proves_the_address() -> None:
    answer = post("/api/v1/auth/signup", SIGN_UP).json()
    assert OutboxRow.objects.get().payload == {}
    code = _mailed_code()
    assert mail.outbox[-1].to == ["ada@example.org"]
    headers = bearer(answer["access_token"])
    assert post("/api/v1/auth/email/verify", {"code": code}, **headers).status_code == 204
    assert User.objects.get().email_verified_at is not None
    assert post("/api/v1/auth/email/verify", {"code": code}, **headers).json()["code"] == "invalid_code"


@pytest.mark.django_db
def test_a_code_is_stored_hashed_and_replaced_by_the_next() -> None:
    user = make_person()
    codes = []
    for _ in range(2):
        email_codes.request_code(user=user)
        codes.append(_mailed_code())
    assert codes[0].encode() not in bytes(EmailCode.objects.get().code_hash)
    if codes[0] != codes[1]:
        with pytest.raises(InvalidCode):
            email_codes.verify(user=user, code=codes[0])
    email_codes.verify(user=user, code=f" {codes[1]} ")


@pytest.mark.django_db
def test_five_wrong_tries_kill_a_code() -> None:
    user = make_person()
    email_codes.request_code(user=user)
    code = _mailed_code()
    for _ in range(5):
        with pytest.raises(InvalidCode):
            email_codes.verify(user=user, code="x")
    with pytest.raises(InvalidCode):
        email_codes.verify(user=user, code=code)


@pytest.mark.django_db
def test_an_old_code_and_a_code_for_another_address_prove_nothing() -> None:
    user = make_person()
    email_codes.request_code(user=user)
    code = _mailed_code()
    EmailCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(InvalidCode):
        email_codes.verify(user=user, code=code)
    email_codes.request_code(user=user)
    code = _mailed_code()
    user.email = "other@example.org"
    user.save(update_fields=["email"])
    with pytest.raises(InvalidCode):
        email_codes.verify(user=user, code=code)


def test_a_code_is_used_once_by_30_at_once(committed_db: str) -> None:
    user = make_person()
    email_codes.request_code(user=user)
    code = _mailed_code()

    def use(_number: int) -> bool:
        try:
            email_codes.verify(user=User.objects.get(), code=code)
        except InvalidCode:
            return False
        return True

    assert sum(at_once(30, use)) == 1


@pytest.mark.django_db
def test_the_page_confirms_the_address_and_sends_another_code() -> None:
    make_person()
    client = Client()
    assert client.get("/verify-email/").headers["Location"] == "/sign-in/?next=/verify-email/"
    client.post("/sign-in/", {"email": "ada@example.org", "password": PASSWORD})
    page = client.get("/verify-email/").content.decode()
    assert 'autocomplete="one-time-code"' in page
    assert client.post("/verify-email/resend/").status_code == 302
    assert client.post("/verify-email/", {"code": "x"}).status_code == 422
    assert client.post("/verify-email/", {"code": _mailed_code()}).status_code == 302
    assert client.get("/verify-email/").status_code == 302


@pytest.mark.django_db
def test_new_codes_are_limited() -> None:
    user = make_person()
    headers = bearer(post("/api/v1/auth/login", {"email": user.email, "password": PASSWORD}).json()["access_token"])
    statuses = [post("/api/v1/auth/email/resend", {}, **headers).status_code for _ in range(6)]
    assert statuses == [204] * 5 + [429]
