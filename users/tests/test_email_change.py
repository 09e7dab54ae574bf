"""Another e-mail address: the code to the new one, the undo of the old one, what neither gives away."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from pairly.outbox import services as outbox
from security.models import AuditEntry, LoginAttempt
from security.services import attempts
from security.types import Door
from users import selectors
from users.errors import EmailChangeHeld, EmailTaken, InvalidCode
from users.models import EmailChange, PasswordReset, Session, User
from users.services import accounts, email_changes, entrance, password_resets, tokens
from users.types import SignIn

from .helpers import PASSWORD, SIGN_UP, VISITOR, Meeting, at_once, bearer, make_person, post, start_api

ADA, NEW = "ada@example.org", "ada@new.example.org"
CHANGE, CONFIRM = "/api/v1/auth/email/change", "/api/v1/auth/email/change/confirm"
UNDO = "/api/v1/auth/email/undo"
DIGITS, LETTERS = re.compile(r"\b\d{6}\b"), re.compile(r"\b[A-Z2-9]{5}-[A-Z2-9]{5}\b")


def _ada(email: str = ADA, **fields: Any) -> User:
    return make_person(email=email, **{"email_verified_at": timezone.now(), **fields})


def _headers(user: User) -> dict[str, str]:
    return bearer(tokens.issue(started=start_api(user))["access_token"])


def _sign_in(user: User) -> SignIn:
    return selectors.sign_in_of(start_api(user).session)


def _request(user: User, new_email: str = NEW) -> SignIn:
    sign_in = _sign_in(user)
    email_changes.request(user=user, sign_in=sign_in, new_email=new_email, client=VISITOR)
    return sign_in


def _mailed(to: str, pattern: re.Pattern[str]) -> str:
    """The newest code that was mailed to an address."""
    outbox.deliver_due()
    for sent in reversed(mail.outbox):
        found = pattern.search(str(sent.body)) if sent.to == [to] else None
        if found:
            return found[0]
    raise AssertionError(f"no code for {to}")


def _change(user: User, new_email: str = NEW) -> None:
    sign_in = _request(user, new_email)
    email_changes.confirm(user=user, sign_in=sign_in, code=_mailed(new_email, DIGITS), client=VISITOR)


@pytest.mark.django_db
def test_a_code_to_the_new_address_changes_it_and_both_are_told() -> None:
    user = _ada(email_verified_at=timezone.now() - timedelta(days=9))
    headers = _headers(user)
    assert post(CHANGE, {"new_email": "Ada@New.example.org"}, **headers).status_code == 202
    code = _mailed(NEW, DIGITS)
    stored = EmailChange.objects.get()
    assert code.encode() not in bytes(stored.code_hash or b"")
    assert (stored.expires_at - timezone.now()) <= timedelta(minutes=10)
    assert User.objects.get().email == ADA
    assert post(CONFIRM, {"code": code}, **headers).status_code == 204
    user = User.objects.get()
    assert user.email == NEW
    assert user.email_verified_at
    assert timezone.now() - user.email_verified_at < timedelta(minutes=1)
    outbox.deliver_due()
    told = {sent.to[0]: f"{sent.subject} {sent.body}" for sent in mail.outbox[1:]}
    assert set(told) == {ADA, NEW}
    assert LETTERS.search(told[ADA])
    assert not LETTERS.search(told[NEW])
    assert "?" not in told[ADA].split("/undo-email/")[1]
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"email.change_requested", "email.changed"}
    assert post("/api/v1/auth/login", {"email": NEW, "password": PASSWORD}).status_code == 200
    assert post("/api/v1/auth/login", {"email": ADA, "password": PASSWORD}).status_code == 401
    assert Client().get("/api/v1/auth/sessions", **headers).status_code == 200


@pytest.mark.django_db
def test_a_change_needs_a_fresh_proof() -> None:
    user = _ada()
    headers = _headers(user)
    Session.objects.update(stepped_up_at=timezone.now() - timedelta(minutes=6))
    answer = post(CHANGE, {"new_email": NEW}, **headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert answer.json()["methods"] == ["password"]
    assert not EmailChange.objects.exists()


@pytest.mark.django_db
def test_a_taken_address_is_answered_like_a_free_one_and_its_owner_is_told() -> None:
    user, other = _ada(), make_person(email="eve@example.org", language="en")
    headers = _headers(user)
    free = post(CHANGE, {"new_email": NEW}, **headers)
    outbox.deliver_due()
    mail.outbox.clear()
    taken = post(CHANGE, {"new_email": other.email}, **headers)
    seen = [{**answer.headers, "X-Request-ID": "", "X-RateLimit-Remaining": ""} for answer in (taken, free)]
    assert (taken.status_code, taken.content, seen[0]) == (free.status_code, free.content, seen[1])
    pages = []
    for email in (other.email, NEW):
        browser = Client()
        browser.post("/sign-in/", {"email": ADA, "password": PASSWORD})
        assert browser.post("/account/email/", {"new_email": email}).status_code == 302
        page = re.sub(
            r'(csrfmiddlewaretoken" value|nonce)="[^"]*"', "", browser.get("/account/email/").content.decode()
        )
        pages.append(page.replace(email, "x"))
        if email == other.email:
            outbox.deliver_due()
            told = [sent for sent in mail.outbox if sent.to == [other.email]]
            sent = told[-1]
            assert "belongs to an account already" in str(sent.body)
            assert not DIGITS.search(str(sent.body))
            wrong = post(CONFIRM, {"code": "000000"}, **headers)
            assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_code")
            assert EmailChange.objects.get(cancelled_at=None).n_tries == 1
    assert pages[0] == pages[1]


@pytest.mark.django_db
def test_five_wrong_tries_an_expired_and_a_replaced_code_change_nothing() -> None:
    user = _ada()
    sign_in = _request(user)
    code = _mailed(NEW, DIGITS)
    for _ in range(5):
        with pytest.raises(InvalidCode):
            email_changes.confirm(user=user, sign_in=sign_in, code="x", client=VISITOR)
    with pytest.raises(InvalidCode):
        email_changes.confirm(user=user, sign_in=sign_in, code=code, client=VISITOR)
    _request(user)
    second = _mailed(NEW, DIGITS)
    EmailChange.objects.filter(cancelled_at=None).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(InvalidCode):
        email_changes.confirm(user=user, sign_in=sign_in, code=second, client=VISITOR)
    _request(user, "ada@third.example.org")
    with pytest.raises(InvalidCode):
        email_changes.confirm(user=user, sign_in=sign_in, code=second, client=VISITOR)
    assert User.objects.get().email == ADA


@pytest.mark.django_db
def test_a_strangers_code_and_a_cancelled_change_are_worth_nothing() -> None:
    ada, eve = _ada(), _ada(email="eve@example.org")
    _request(ada)
    code = _mailed(NEW, DIGITS)
    with pytest.raises(InvalidCode):
        email_changes.confirm(user=eve, sign_in=_sign_in(eve), code=code, client=VISITOR)
    headers = _headers(ada)
    assert Client().delete(CHANGE, **_headers(eve)).status_code == 204
    assert EmailChange.objects.get().cancelled_at is None
    assert Client().delete(CHANGE, **headers).status_code == 204
    assert post(CONFIRM, {"code": code}, **headers).json()["code"] == "invalid_code"
    assert set(User.objects.values_list("email", flat=True)) == {ADA, "eve@example.org"}


@pytest.mark.django_db
def test_the_same_address_and_one_that_makes_no_sense_are_refused_at_the_field() -> None:
    headers = _headers(_ada())
    for value, code in ((" ADA@example.org", "email_unchanged"), ("nonsense", "invalid"), ([], "invalid")):
        answer = post(CHANGE, {"new_email": value}, **headers)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/new_email")
        assert answer.json()["errors"][0]["code"] == code


@pytest.mark.django_db
def test_mails_to_new_addresses_are_limited_per_account_and_per_address() -> None:
    headers = _headers(_ada())
    statuses = [post(CHANGE, {"new_email": f"a{n}@new.example.org"}, **headers).status_code for n in range(6)]
    assert statuses == [202] * 5 + [429]
    statuses = [
        post(CHANGE, {"new_email": "victim@example.org"}, **_headers(_ada(email=f"eve{n}@example.org"))).status_code
        for n in range(6)
    ]
    assert statuses == [202] * 5 + [429]


@pytest.mark.django_db
def test_a_change_closes_the_ways_in_by_mail_to_the_old_address() -> None:
    user = _ada()
    password_resets.request_code(email=ADA, client=VISITOR)
    reset_code = _mailed(ADA, LETTERS)
    _change(user)
    assert PasswordReset.objects.get().used_at is not None
    body = {"email": ADA, "code": reset_code, "new_password": "a quite different phrase 4"}
    assert post("/api/v1/auth/password/reset", body).json()["code"] == "invalid_code"


@pytest.mark.django_db
def test_the_old_address_takes_the_account_back() -> None:
    user = _ada()
    _change(user, NEW)
    headers = _headers(user)
    code = _mailed(ADA, LETTERS)
    browser = Client()
    wrong = browser.post("/undo-email/", {"email": ADA, "code": "ABCDE-FGHJK"})
    assert (wrong.status_code, "id_code_error" in wrong.content.decode()) == (422, True)
    done = browser.post("/undo-email/", {"email": ADA.upper(), "code": code.lower().replace("-", " ")}, follow=True)
    assert done.request["PATH_INFO"] == "/forgot-password/"
    assert "choose a new password" in done.content.decode()
    user = User.objects.get()
    assert user.email == ADA
    assert not selectors.list_sessions(user=user).exists()
    assert set(Session.objects.values_list("end_reason", flat=True)) == {"email_undone"}
    assert Client().get("/api/v1/auth/sessions", **headers).status_code == 401
    assert AuditEntry.objects.filter(action="email.undone", subject_uid=user.uid).count() == 1
    mail.outbox.clear()
    outbox.deliver_due()
    assert sorted(sent.to[0] for sent in mail.outbox) == [ADA, NEW]
    again = post(UNDO, {"email": ADA, "code": code})
    assert (again.status_code, again.json()["code"]) == (422, "invalid_code")
    assert selectors.find_undoable_email_change(user=user) is None


@pytest.mark.django_db
def test_an_undo_is_over_after_7_days() -> None:
    _change(_ada())
    code = _mailed(ADA, LETTERS)
    change = EmailChange.objects.get()
    assert change.undo_until
    assert timedelta(days=6, hours=23) < change.undo_until - timezone.now() <= timedelta(days=7)
    EmailChange.objects.update(undo_until=timezone.now() - timedelta(seconds=1))
    assert post(UNDO, {"email": ADA, "code": code}).json()["code"] == "invalid_code"
    assert User.objects.get().email == NEW


@pytest.mark.django_db
def test_tries_to_undo_are_limited_per_network_and_cannot_be_used_up_by_a_thief() -> None:
    _change(_ada())
    code = _mailed(ADA, LETTERS)
    body = {"email": ADA, "code": "ABCDE-FGHJK"}
    statuses = [post(UNDO, body, REMOTE_ADDR="192.0.2.66").status_code for _ in range(7)]
    assert statuses == [422] * 5 + [429] * 2
    assert post(UNDO, {"email": ADA, "code": code}, REMOTE_ADDR="192.0.2.66").status_code == 429
    assert post(UNDO, {"email": ADA, "code": code}, REMOTE_ADDR="192.0.2.7").status_code == 204


@pytest.mark.django_db
def test_an_undo_does_not_tell_which_addresses_there_are() -> None:
    _change(_ada())
    answers = [post(UNDO, {"email": email, "code": "ABCDE-FGHJK"}) for email in (ADA, NEW, "nobody@example.org")]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1


@pytest.mark.django_db
def test_while_it_can_be_undone_the_address_stays_and_the_old_one_is_kept() -> None:
    user = _ada()
    _change(user)
    with pytest.raises(EmailChangeHeld):
        _request(user, "ada@third.example.org")
    answer = post(CHANGE, {"new_email": "ada@third.example.org"}, **_headers(user))
    assert (answer.status_code, answer.json()["code"]) == (409, "email_change_held")
    assert post("/api/v1/auth/signup", SIGN_UP).json()["code"] == "email_taken"
    eve = _ada(email="eve@example.org")
    _request(eve, ADA)
    mail.outbox.clear()
    outbox.deliver_due()
    assert not [sent for sent in mail.outbox if sent.to == [ADA] and DIGITS.search(str(sent.body))]
    EmailChange.objects.filter(user=user).update(undo_until=timezone.now())
    assert post("/api/v1/auth/signup", SIGN_UP).status_code == 201


@pytest.mark.django_db
def test_an_address_that_was_never_proven_may_be_anyones_and_cannot_undo() -> None:
    user = make_person()
    _change(user)
    outbox.deliver_due()
    assert ADA not in [sent.to[0] for sent in mail.outbox]
    assert selectors.find_undoable_email_change(user=user) is None
    assert not email_changes.is_reserved(email=ADA)


@pytest.mark.django_db
def test_a_lock_cannot_be_left_behind_with_the_address() -> None:
    user = _ada()
    headers = _headers(user)
    assert post(CHANGE, {"new_email": NEW}, **headers).status_code == 202
    code = _mailed(NEW, DIGITS)
    for _ in range(5):
        post("/api/v1/auth/login", {"email": ADA, "password": "wrong"})
    assert attempts.find_locked_until(identifier=ADA)
    for path, body in ((CHANGE, {"new_email": NEW}), (CONFIRM, {"code": code})):
        answer = post(path, body, **headers)
        assert (answer.status_code, answer.json()["code"]) == (423, "account_locked")
    assert User.objects.get().email == ADA
    attempts.forgive(identifier=ADA, client=VISITOR, door=Door.RESET, user_uid=user.uid)
    assert post(CONFIRM, {"code": code}, **headers).status_code == 204


@pytest.mark.django_db
def test_guesses_at_an_address_before_it_was_theirs_lock_nobody_out() -> None:
    user = _ada()
    for email in (NEW, ADA):
        for number in range(5):
            post("/api/v1/auth/login", {"email": email, "password": "wrong"}, REMOTE_ADDR=f"198.51.100.{number}")
        assert attempts.find_locked_until(identifier=email)
        if email == NEW:
            _change(user)
            code = _mailed(ADA, LETTERS)
        else:
            email_changes.undo(email=ADA, code=code, client=VISITOR)
        assert attempts.find_locked_until(identifier=email) is None
    assert LoginAttempt.objects.filter(door=Door.RESET).count() == 2


def _race(number: int) -> int:
    """How many of 30 uses of one code at once changed the address."""
    user = _ada(email=f"ada{number}@example.org")
    new_email = f"new{number}@example.org"
    sign_in = _request(user, new_email)
    code = _mailed(new_email, DIGITS)
    EmailChange.objects.update(n_tries=0)

    def use(_number: int) -> bool:
        try:
            email_changes.confirm(user=User.objects.get(pk=user.pk), sign_in=sign_in, code=code, client=VISITOR)
        except InvalidCode:
            return False
        return True

    n_done = sum(at_once(30, use))
    assert User.objects.get(pk=user.pk).email == new_email
    assert AuditEntry.objects.filter(action="email.changed", subject_uid=user.uid).count() == n_done
    return n_done


def test_a_code_is_used_once_by_30_at_once(committed_db: str) -> None:
    assert [_race(number) for number in range(3)] == [1, 1, 1]


def test_without_the_lock_and_the_conditional_update_it_would_be_used_several_times(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above: a read and a write in the place of both."""

    has_read = Meeting()

    def read_then_write(change: EmailChange) -> bool:
        if EmailChange.objects.get(pk=change.pk).confirmed_at is not None:
            return False
        has_read.wait()
        EmailChange.objects.filter(pk=change.pk).update(confirmed_at=timezone.now())
        return True

    monkeypatch.setattr(email_changes, "_consume", read_then_write)
    monkeypatch.setattr(entrance, "hold", lambda *, user: User.objects.get(pk=user.pk))
    assert _race(0) > 1


def test_of_two_accounts_that_take_one_address_at_once_one_gets_it(committed_db: str) -> None:
    for number in range(5):
        people = [_ada(email=f"{name}{number}@example.org") for name in ("ada", "eve")]
        new_email = f"both{number}@example.org"
        signed_in, codes = [], []
        for person in people:
            signed_in.append(_request(person, new_email))
            codes.append(_mailed(new_email, DIGITS))

        def take(
            which: int, people: list[User] = people, signed_in: list[SignIn] = signed_in, codes: Any = codes
        ) -> str:
            try:
                email_changes.confirm(user=people[which], sign_in=signed_in[which], code=codes[which], client=VISITOR)
            except EmailTaken as refused:
                return refused.code
            return "done"

        assert sorted(at_once(2, take)) == ["done", "email_taken"]
        assert User.objects.filter(email=new_email).count() == 1


def test_a_sign_up_beside_a_change_never_takes_the_address_that_is_left(committed_db: str) -> None:
    for number in range(5):
        old_email, new_email = f"ada{number}@example.org", f"new{number}@example.org"
        user = _ada(email=old_email)
        sign_in, code = _request(user, new_email), _mailed(new_email, DIGITS)

        def act(
            which: int, user: User = user, sign_in: SignIn = sign_in, code: str = code, old: str = old_email
        ) -> str:
            if which:
                email_changes.confirm(user=user, sign_in=sign_in, code=code, client=VISITOR)
                return "changed"
            stranger = User(email=old, name="Eve", role="fan", birth_date=user.birth_date)
            try:
                accounts._insert(stranger)
            except EmailTaken:
                return "taken"
            return "reserved" if email_changes.is_reserved(email=old) else "stolen"

        assert at_once(2, act)[0] in {"taken", "reserved"}


@pytest.mark.django_db
def test_the_pages_lead_from_one_address_to_the_other() -> None:
    _ada()
    assert Client().get("/account/email/").headers["Location"].startswith("/sign-in/?next=")
    browser = Client()
    browser.post("/sign-in/", {"email": ADA, "password": PASSWORD})
    assert ADA in browser.get("/account/email/").content.decode()
    refused = browser.post("/account/email/", {"new_email": "nonsense"})
    assert (refused.status_code, "id_new_email_error" in refused.content.decode()) == (422, True)
    assert browser.post("/account/email/", {"new_email": NEW}).status_code == 302
    assert 'autocomplete="one-time-code"' in browser.get("/account/email/").content.decode()
    assert browser.post("/account/email/cancel/").status_code == 302
    assert 'name="new_email"' in browser.get("/account/email/").content.decode()
    browser.post("/account/email/", {"new_email": NEW})
    wrong = browser.post("/account/email/confirm/", {"code": "0"})
    assert (wrong.status_code, "id_code_error" in wrong.content.decode()) == (422, True)
    done = browser.post("/account/email/confirm/", {"code": _mailed(NEW, DIGITS)}, follow=True)
    assert "Your e-mail address is changed" in done.content.decode()
    assert "<time" in done.content.decode()
    held = browser.post("/account/email/", {"new_email": "ada@third.example.org"}, follow=True)
    assert "within the last 7 days" in held.content.decode()
    assert browser.get("/account/email/confirm/").status_code == 405
