from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session as DjangoSession
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential

from pairly.common import redis as common_redis
from pairly.common.problems import NotFound, Problem
from pairly.outbox.models import OutboxRow
from security.models import AuditEntry, LoginAttempt
from security.types import Door
from users import selectors
from users.errors import PasskeyRefused, StepUpRequired, StrongFactorNeeded, TooManyPasskeys
from users.models import BackupCode, PasskeyCeremony, Restriction, Session, User
from users.services import backup_codes, entrance, passkey_ceremonies, passkeys, sign_in, tokens
from users.types import Challenged, Method, SignIn, StartedSession

from .authenticators import PRESENT, Authenticator
from .helpers import PASSWORD, VISITOR, Meeting, at_once, bearer, make_person, post, start_api

API = "/api/v1/auth/passkeys"
OVER, REFUSED = "passkey_ceremony_over", "passkey_refused"


def _headers(started: StartedSession) -> dict[str, str]:
    return bearer(tokens.issue(started=started)["access_token"])


def _sign_in_of(started: StartedSession) -> SignIn:
    return selectors.sign_in_of(Session.objects.get(pk=started.session.pk))


def _add(user: User, device: Authenticator | None = None) -> Authenticator:
    """A passkey of `user`, by the service."""
    device, own = device or Authenticator(), _sign_in_of(start_api(user))
    begun = passkeys.begin_registration(user=user, sign_in=own)
    passkeys.finish_registration(
        user=user, sign_in=own, state=begun.state, credential=device.create(begun.options), client=VISITOR
    )
    return device


def _sign_in(device: Authenticator, *, client: Client | None = None) -> Any:
    """Through the API: the answer of the finish."""
    begun = post(f"{API}/login/begin", {}, client=client).json()
    body = {"state": begun["state"], "credential": device.get(begun["options"])}
    return post(f"{API}/login/finish", body, client=client)


def _finish(device: Authenticator) -> StartedSession:
    """By the service."""
    begun = passkeys.begin_sign_in(client=VISITOR)
    return passkeys.finish_sign_in(
        state=begun.state, credential=device.get(begun.options), kind=Session.Kind.API, client=VISITOR
    )


def _age(user: User) -> None:
    """As if all sign-ins of `user` had begun an hour ago."""
    Session.objects.filter(user=user).update(stepped_up_at=timezone.now() - timedelta(hours=1))


def _ask_again() -> None:
    """As if a minute went by for the limits."""
    common_redis.get_client().flushdb()


# -- making one ---------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_passkey_is_made_with_a_name_and_the_first_one_comes_with_backup_codes() -> None:
    started = start_api(make_person())
    headers, device = _headers(started), Authenticator()
    begun = post(f"{API}/register/begin", {}, **headers).json()
    asked = begun["options"]
    assert asked["rp"] == {"name": "Pairly", "id": "localhost"}
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    body = {"state": begun["state"], "credential": device.create(asked), "name": "My phone"}
    answer = post(f"{API}/register/finish", body, **headers)
    made = answer.json()
    assert answer.status_code == 201
    assert (made["passkey"]["name"], len(made["backup_codes"])) == ("My phone", 10)
    assert Client().get(API, **headers).json() == [made["passkey"]]
    session = Session.objects.get(pk=started.session.pk)
    assert (session.factor, session.factor_at is not None) == ("passkey", True)
    mail = OutboxRow.objects.get()
    assert (mail.payload["notice"], mail.payload["parameters"]) == ("factor_on", {"factor": "the passkey “My phone”"})
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject_uid, entry.family) == (
        "passkey.added",
        started.user.uid,
        started.session.family,
    )


@pytest.mark.django_db
def test_the_second_passkey_brings_no_codes_and_is_named_after_the_browser() -> None:
    user = make_person()
    _add(user)
    codes = set(BackupCode.objects.values_list("code_hash", flat=True))
    sign_in = _sign_in_of(start_api(user))
    begun = passkeys.begin_registration(user=user, sign_in=sign_in)
    assert len(begun.options["excludeCredentials"]) == 1
    firefox = dataclasses.replace(
        VISITOR, user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    )
    made = passkeys.finish_registration(
        user=user,
        sign_in=sign_in,
        state=begun.state,
        credential=Authenticator().create(begun.options),
        client=firefox,
        name="  ",
    )
    assert (made.passkey.name, made.backup_codes) == ("Firefox on Linux", [])
    assert {bytes(code) for code in BackupCode.objects.values_list("code_hash", flat=True)} == {
        bytes(code) for code in codes
    }


@pytest.mark.django_db
def test_making_one_needs_a_fresh_proof() -> None:
    """Else a stolen session would be an account for good."""
    started = start_api(make_person())
    _age(started.user)
    answer = post(f"{API}/register/begin", {}, **_headers(started))
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert not PasskeyCeremony.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fault", [{"flags": PRESENT}, {"origin": "https://pairly.example.evil"}, {"rp_id": "evil.example"}]
)
def test_a_new_passkey_is_refused_without_user_verification_and_from_another_site(fault: dict[str, Any]) -> None:
    user = make_person()
    with pytest.raises(PasskeyRefused):
        _add(user, Authenticator(**fault))
    assert not WebAuthnCredential.objects.exists()
    assert not BackupCode.objects.exists()


@pytest.mark.django_db
def test_a_passkey_that_an_account_has_is_not_taken_for_another() -> None:
    device = _add(make_person())
    with pytest.raises(PasskeyRefused):
        _add(make_person(email="eve@example.org"), dataclasses.replace(device))
    assert WebAuthnCredential.objects.get().user.email == "ada@example.org"


@pytest.mark.django_db
def test_an_account_holds_20(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passkeys, "PASSKEYS_MAX", 1)
    user = make_person()
    _add(user)
    with pytest.raises(TooManyPasskeys):
        _add(user)


# -- signing in ---------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_passkey_signs_in_with_both_factors_at_once() -> None:
    user = make_person()
    device = _add(user)
    answer = _sign_in(device)
    assert answer.status_code == 200
    assert answer.json()["user"]["id"] == str(user.uid)
    signed_in, sign_in = selectors.get_signed_in_user_by_token(token=answer.json()["access_token"])
    assert (signed_in, sign_in.factor, sign_in.has_strong_factor) == (user, "passkey", True)
    attempt = LoginAttempt.objects.get()
    assert (attempt.outcome, attempt.door, attempt.user_uid) == ("succeeded", "passkey", user.uid)
    passkey = WebAuthnCredential.objects.get()
    assert (passkey.sign_count, passkey.last_used_at is not None) == (1, True)


@pytest.mark.django_db
def test_the_begin_names_nobody() -> None:
    _add(make_person())
    options = post(f"{API}/login/begin", {}).json()["options"]
    assert options.get("allowCredentials", []) == []
    assert options["userVerification"] == "required"


@pytest.mark.django_db
def test_it_opens_an_account_that_wrong_passwords_locked() -> None:
    device = _add(make_person())
    login = {"email": "ada@example.org", "password": "wrong"}
    for _ in range(5):
        post("/api/v1/auth/login", login)
    assert post("/api/v1/auth/login", login).status_code == 423
    assert _sign_in(device).status_code == 200
    _ask_again()
    assert post("/api/v1/auth/login", login).status_code == 401


@pytest.mark.django_db
def test_wrong_answers_of_a_known_passkey_count_against_its_account() -> None:
    copy = dataclasses.replace(_add(make_person()), key=Authenticator().key)
    assert {code for code, _body in _answers(*[copy] * 5)} == {422}
    _ask_again()
    assert post("/api/v1/auth/login", {"email": "ada@example.org", "password": PASSWORD}).status_code == 423


def _answers(*devices: Authenticator) -> list[Any]:
    found = []
    for device in devices:
        _ask_again()
        answer = _sign_in(device)
        found.append((answer.status_code, answer.json()))
    return found


@pytest.mark.django_db
def test_an_unknown_passkey_is_answered_as_a_wrong_one() -> None:
    device = _add(make_person())
    copy = dataclasses.replace(device, key=Authenticator().key)
    stranger = Authenticator(handle=device.handle)
    wrong, unknown = _answers(copy, stranger)
    assert wrong == unknown
    assert (wrong[0], wrong[1]["code"]) == (422, REFUSED)
    rows = list(LoginAttempt.objects.order_by("pk").values_list("outcome", "failure_reason", "door"))
    assert rows == [("failed", "wrong_passkey", "passkey")] * 2
    assert [row.user_uid is None for row in LoginAttempt.objects.order_by("pk")] == [False, True]
    assert not Session.objects.filter(factor="passkey", kind="api").exclude(user__email="ada@example.org").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fault",
    [
        {"flags": PRESENT},
        {"flags": 0},
        {"origin": "https://pairly.example.evil"},
        {"rp_id": "evil.example"},
        {"handle": ""},
        {"handle": "AAAA"},
    ],
)
def test_a_signature_without_user_verification_or_for_another_site_or_person_is_refused(fault: dict[str, Any]) -> None:
    device = dataclasses.replace(_add(make_person()), **fault)
    n_before = Session.objects.count()
    answer = _sign_in(device)
    assert (answer.status_code, answer.json()["code"]) == (422, REFUSED)
    assert Session.objects.count() == n_before
    assert WebAuthnCredential.objects.get().last_used_at is None


@pytest.mark.django_db
def test_a_count_that_goes_back_is_refused_and_audited() -> None:
    """Two devices with one key: the copy counts for itself (section 6.1.1)."""
    device = _add(make_person())
    copy = dataclasses.replace(device)
    for _ in range(3):
        assert _sign_in(device).status_code == 200
    answer = _sign_in(copy)
    assert (answer.status_code, answer.json()["code"]) == (422, REFUSED)
    entry = AuditEntry.objects.get(action="passkey.cloned")
    assert (entry.severity, entry.details) == ("critical", {"passkey": WebAuthnCredential.objects.get().pk})
    assert LoginAttempt.objects.get(outcome="failed").failure_reason == "wrong_passkey"
    _ask_again()
    assert _sign_in(device).status_code == 200


@pytest.mark.django_db
def test_a_low_count_with_a_wrong_signature_proves_no_copy() -> None:
    device = _add(make_person())
    _sign_in(device)
    assert _sign_in(dataclasses.replace(device, count=0, key=Authenticator().key)).status_code == 422
    assert not AuditEntry.objects.filter(action="passkey.cloned").exists()


@pytest.mark.django_db
def test_a_device_that_does_not_count_may_stay_at_zero() -> None:
    device = _add(make_person())
    for _ in range(2):
        device.count = -1
        assert _sign_in(device).status_code == 200


@pytest.mark.django_db
def test_a_suspended_account_gets_a_session_for_privacy_alone() -> None:
    user = make_person()
    device = _add(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    answer = _sign_in(device)
    assert (answer.status_code, answer.json()["code"]) == (403, "suspended")
    assert "access_token" not in answer.json(), "an account that is gone for good"
    assert LoginAttempt.objects.get().failure_reason == "inactive"
    Restriction.objects.create(user=user, kind=Restriction.Kind.SUSPENSION)
    answer = _sign_in(device)
    assert (answer.status_code, answer.json()["limit"]) == (403, "suspended")
    assert Session.objects.get(limit="suspended").factor == "passkey"
    answer = Client().get(API, **bearer(answer.json()["access_token"]))
    assert answer.status_code in (401, 403)


@pytest.mark.django_db
def test_finishes_are_limited_per_network_address() -> None:
    device = _add(make_person())
    assert [_sign_in(device).status_code for _ in range(6)] == [200] * 5 + [429]


# -- ceremonies ---------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_ceremony_is_used_once_whatever_became_of_it() -> None:
    device = _add(make_person())
    begun = post(f"{API}/login/begin", {}).json()
    bodies = [
        {"state": begun["state"], "credential": answer}
        for answer in (Authenticator().get(begun["options"]), device.get(begun["options"]))
    ]
    assert [post(f"{API}/login/finish", body).json()["code"] for body in bodies] == [REFUSED, OVER]
    begun = post(f"{API}/login/begin", {}).json()
    body = {"state": begun["state"], "credential": device.get(begun["options"])}
    assert post(f"{API}/login/finish", body).status_code == 200
    assert post(f"{API}/login/finish", body).json()["code"] == OVER


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "status"), [(4, 200), (6, 422)])
def test_a_ceremony_lives_5_minutes(minutes: int, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    device = _add(make_person())
    begun = post(f"{API}/login/begin", {}).json()
    later = timezone.now() + timedelta(minutes=minutes)
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: later)
        answer = post(f"{API}/login/finish", {"state": begun["state"], "credential": device.get(begun["options"])})
    assert answer.status_code == status
    if status != 200:
        assert answer.json()["code"] == OVER
    monkeypatch.setattr(timezone, "now", lambda: later + timedelta(minutes=6))
    passkeys.begin_sign_in(client=VISITOR)
    assert PasskeyCeremony.objects.count() == 1, "what expired is deleted by the next begin"


@pytest.mark.django_db
@pytest.mark.parametrize("purpose", ["register", "step-up"])
def test_a_ceremony_of_another_sign_in_is_refused_and_stays_good(purpose: str) -> None:
    """Also of the same person's other device (ASVS 6.7.2)."""
    user = make_person()
    device = _add(user)
    own, other = _headers(start_api(user)), _headers(start_api(user))
    stranger = _headers(start_api(make_person(email="eve@example.org")))
    begun = post(f"{API}/{purpose}/begin", {}, **own).json()
    answer = device.get(begun["options"]) if purpose == "step-up" else Authenticator().create(begun["options"])
    body = {"state": begun["state"], "credential": answer}
    for headers in (other, stranger):
        assert post(f"{API}/{purpose}/finish", body, **headers).json()["code"] == OVER
    assert post(f"{API}/{purpose}/finish", body, **own).status_code in (201, 204)


@pytest.mark.django_db
def test_a_ceremony_serves_no_other_purpose() -> None:
    user = make_person()
    device, headers = _add(user), _headers(start_api(user))
    for begin, extra, finish in (
        ("register", headers, "step-up"),
        ("login", {}, "step-up"),
        ("step-up", headers, "login"),
    ):
        begun = post(f"{API}/{begin}/begin", {}, **extra).json()
        body = {"state": begun["state"], "credential": device.get(begun["options"])}
        assert post(f"{API}/{finish}/finish", body, **headers).json()["code"] == OVER


def _race(device: Authenticator) -> list[str]:
    """What 30 finishes of one ceremony at once come to."""
    begun = passkeys.begin_sign_in(client=VISITOR)
    answers = [device.get(begun.options) for _ in range(30)]

    def finish(number: int) -> str:
        visitor = dataclasses.replace(VISITOR, ip=f"192.0.2.{number + 1}")
        try:
            passkeys.finish_sign_in(
                state=begun.state, credential=answers[number], kind=Session.Kind.API, client=visitor
            )
        except Problem as problem:
            return problem.code
        return "signed in"

    return sorted(at_once(30, finish))


def test_of_30_finishes_of_one_ceremony_1_signs_in(committed_db: str) -> None:
    device = _add(make_person())
    assert _race(device) == sorted([OVER] * 29 + ["signed in"])
    assert LoginAttempt.objects.filter(outcome="succeeded").count() == 1


def test_without_the_conditional_update_several_would_sign_in(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above: read, then write."""

    has_read = Meeting()

    def use_up(rows: QuerySet[PasskeyCeremony]) -> bool:
        if not rows.filter(used_at__isnull=True, expires_at__gt=timezone.now()).exists():
            return False
        has_read.wait()
        rows.update(used_at=timezone.now())
        return True

    device = _add(make_person())
    monkeypatch.setattr(passkey_ceremonies, "_use_up", use_up)
    device.count = -1000  # a device that does not count: its count would tell the answers apart
    monkeypatch.setattr(Authenticator, "_data", _uncounted(Authenticator._data))
    assert _race(device).count("signed in") > 1


def _uncounted(data: Any) -> Any:
    def uncounted(self: Authenticator, more: int = 0) -> Any:
        count, self.count = self.count, 0
        try:
            return data(self, more)
        finally:
            self.count = count

    return uncounted


def _race_copies(device: Authenticator) -> list[str]:
    """What 30 copies of a key come to that race each other, each with a ceremony of its own."""
    visitors = [dataclasses.replace(VISITOR, ip=f"192.0.2.{number + 1}") for number in range(30)]
    _ask_again()
    begun = [passkeys.begin_sign_in(client=visitor) for visitor in visitors]

    def finish(number: int) -> str:
        answer = dataclasses.replace(device).get(begun[number].options)
        try:
            passkeys.finish_sign_in(
                state=begun[number].state, credential=answer, kind=Session.Kind.API, client=visitors[number]
            )
        except Problem as problem:
            return problem.code
        return "signed in"

    found = at_once(30, finish)
    device.count += 1
    return sorted(found)


def test_of_30_answers_with_one_count_1_is_taken(committed_db: str) -> None:
    assert _race_copies(_add(make_person())) == sorted([REFUSED] * 29 + ["signed in"])


def test_without_the_lock_on_the_account_several_would_be_taken(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""

    has_looked = Meeting()

    def hold(*, user: User) -> User | None:
        found = User.objects.filter(pk=user.pk).first()
        has_looked.wait()
        return found

    device = _add(make_person())
    monkeypatch.setattr(entrance, "hold", hold)
    assert _race_copies(device).count("signed in") > 1


# -- garbage ------------------------------------------------------------------------------------------------
GARBAGE: list[Any] = [
    {},
    {"id": "x", "rawId": "x", "type": "public-key", "response": {}},
    {"id": 1, "rawId": ["x"], "type": {}, "response": []},
    {"id": "é", "rawId": "é", "type": "public-key", "response": {"clientDataJSON": "é"}},
]
BROKEN = ["", "AA", "é", "!!!!", "A", 7, None, [], {"a": 1}, "e30", "A" * 5000]


def _broken(credential: dict[str, Any]) -> list[Any]:
    """`credential` with each of its members replaced by each kind of nonsense."""
    rows: list[Any] = list(GARBAGE)
    for member in ("id", "rawId", "type", "response"):
        rows += [{**credential, member: value} for value in BROKEN]
    for member in credential["response"]:
        rows += [{**credential, "response": {**credential["response"], member: value}} for value in BROKEN]
    return rows


@pytest.mark.django_db
def test_garbage_is_refused_with_a_code_and_makes_nothing() -> None:
    user = make_person()
    device, sign_in = Authenticator(), _sign_in_of(start_api(user))
    begun = passkeys.begin_registration(user=user, sign_in=sign_in)
    asked = PasskeyCeremony.objects.get().state
    for credential in _broken(device.create(begun.options)):
        with pytest.raises(PasskeyRefused):
            passkey_ceremonies.register(user=user, asked=asked, credential=credential)
    assert not WebAuthnCredential.objects.exists()
    _add(user, device)
    proof = passkeys.begin_sign_in(client=VISITOR)
    asked = PasskeyCeremony.objects.latest("pk").state
    for credential in _broken(device.get(proof.options)):
        with pytest.raises(PasskeyRefused):
            passkey_ceremonies.verify(user=user, asked=asked, credential=credential, names_user=True)
    assert WebAuthnCredential.objects.get().last_used_at is None


@pytest.mark.django_db
@pytest.mark.parametrize("credential", [*GARBAGE, "text", None, [], {"response": {"a": {"b": []}}}])
def test_garbage_gives_422_at_each_door(credential: Any) -> None:
    user = make_person()
    _add(user)
    started = start_api(user)
    headers = _headers(started)
    for purpose, extra in (("register", headers), ("login", {}), ("step-up", headers)):
        begun = post(f"{API}/{purpose}/begin", {}, **extra).json()
        answer = post(f"{API}/{purpose}/finish", {"state": begun["state"], "credential": credential}, **extra)
        assert answer.status_code == 422, purpose
        assert answer.json()["code"] in ("invalid", REFUSED)
    browser = Client()
    browser.post("/sign-in/passkey/begin/", {}, content_type="application/json")
    answer = post("/sign-in/passkey/finish/", {"credential": credential}, client=browser)
    assert (answer.status_code, answer.json()["code"] in ("invalid", REFUSED)) == (422, True)


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000])
def test_a_body_that_is_no_object_is_malformed(body: bytes) -> None:
    for step in ("begin", "finish"):
        answer = Client().post(f"/sign-in/passkey/{step}/", body, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.django_db
def test_a_count_that_no_column_holds_is_refused() -> None:
    device = _add(make_person())
    device.count = 2**32 - 2
    assert _sign_in(device).json()["code"] == REFUSED


# -- the second step and the step-up ------------------------------------------------------------------------
def _challenge() -> dict[str, Any]:
    body: dict[str, Any] = post("/api/v1/auth/login", {"email": "ada@example.org", "password": PASSWORD}).json()
    return body


@pytest.mark.django_db
def test_a_passkey_is_a_second_step() -> None:
    device = _add(make_person())
    waiting = _challenge()
    assert waiting["methods"] == ["passkey", "backup_code"]
    token = {"temp_token": waiting["temp_token"]}
    begun = post(f"{API}/login/begin", token).json()
    assert len(begun["options"]["allowCredentials"]) == 1
    body = {"state": begun["state"], "credential": device.get(begun["options"])}
    assert post(f"{API}/login/finish", body).json()["code"] == OVER, "not without the sign-in that it was begun for"
    answer = post(f"{API}/login/finish", {**body, **token})
    assert answer.status_code == 200
    _user, sign_in = selectors.get_signed_in_user_by_token(token=answer.json()["access_token"])
    assert sign_in.factor == Method.PASSKEY
    assert post(f"{API}/login/begin", token).json()["code"] == "challenge_over"


@pytest.mark.django_db
def test_a_wrong_passkey_at_the_second_step_is_a_failure_of_the_account() -> None:
    user = make_person()
    _add(user)
    stranger = _add(make_person(email="eve@example.org"))
    token = {"temp_token": _challenge()["temp_token"]}
    begun = post(f"{API}/login/begin", token).json()
    body = {"state": begun["state"], "credential": stranger.get(begun["options"]), **token}
    assert post(f"{API}/login/finish", body).json()["code"] == REFUSED
    failed = LoginAttempt.objects.get(outcome="failed")
    assert (failed.user_uid, failed.failure_reason) == (user.uid, "wrong_passkey")


@pytest.mark.django_db
def test_an_account_without_passkeys_has_no_second_step_with_one() -> None:
    user = make_person()
    User.objects.filter(pk=user.pk).update(email_factor_at=timezone.now())
    answer = post(f"{API}/login/begin", {"temp_token": _challenge()["temp_token"]})
    assert (answer.status_code, answer.json()["code"]) == (422, REFUSED)
    assert post(f"{API}/login/begin", {"temp_token": "nothing"}).json()["code"] == "challenge_over"


@pytest.mark.django_db
def test_a_passkey_is_a_step_up() -> None:
    user = make_person()
    device, started = _add(user), start_api(user)
    _age(user)
    headers, passkey = _headers(started), WebAuthnCredential.objects.get()
    assert Client().delete(f"{API}/{passkey.pk}", **headers).json()["code"] == "step_up_required"
    begun = post(f"{API}/step-up/begin", {}, **headers).json()
    wrong = {"state": begun["state"], "credential": Authenticator().get(begun["options"])}
    assert post(f"{API}/step-up/finish", wrong, **headers).json()["code"] == REFUSED
    begun = post(f"{API}/step-up/begin", {}, **headers).json()
    right = {"state": begun["state"], "credential": device.get(begun["options"])}
    assert post(f"{API}/step-up/finish", right, **headers).status_code == 204
    assert _sign_in_of(started).has_strong_factor
    rows = list(LoginAttempt.objects.order_by("pk").values_list("outcome", "door"))
    assert rows == [("failed", "step_up"), ("succeeded", "step_up")]
    assert Client().delete(f"{API}/{passkey.pk}", **headers).status_code == 204


@pytest.mark.django_db
def test_who_has_no_passkey_is_asked_for_none() -> None:
    answer = post(f"{API}/step-up/begin", {}, **_headers(start_api(make_person())))
    assert (answer.status_code, answer.json()["code"]) == (422, REFUSED)


# -- listing and removing -----------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_stranger_neither_sees_nor_removes_a_passkey() -> None:
    _add(make_person())
    passkey, stranger = WebAuthnCredential.objects.get(), make_person(email="eve@example.org")
    headers = _headers(start_api(stranger))
    assert Client().get(API, **headers).json() == []
    assert Client().delete(f"{API}/{passkey.pk}", **headers).status_code == 404
    browser = _browser("eve@example.org")
    assert browser.post(f"/account/passkeys/{passkey.pk}/remove/").status_code == 404
    assert WebAuthnCredential.objects.filter(pk=passkey.pk).exists()
    for path in (API, f"{API}/register/begin", f"{API}/step-up/begin"):
        assert post(path, {}).status_code == 401


@pytest.mark.django_db
def test_the_last_passkey_takes_the_backup_codes_along_and_is_refused_from_then_on() -> None:
    user = make_person()
    first, second = _add(user), _add(user)
    sign_in = _sign_in_of(start_api(user))
    older, newer = WebAuthnCredential.objects.order_by("pk")
    for passkey, n_codes in ((older, 10), (newer, 0)):
        passkeys.remove(user=user, sign_in=sign_in, passkey_id=passkey.pk, client=VISITOR)
        assert BackupCode.objects.count() == n_codes
    assert [answer[1]["code"] for answer in _answers(first, second)] == [REFUSED, REFUSED]
    assert [row.payload["notice"] for row in OutboxRow.objects.order_by("pk")] == ["factor_on"] * 2 + ["factor_off"] * 2
    assert AuditEntry.objects.filter(action="passkey.removed", subject_uid=user.uid).count() == 2


@pytest.mark.django_db
def test_codes_by_mail_keep_the_backup_codes() -> None:
    user = make_person()
    User.objects.filter(pk=user.pk).update(email_factor_at=timezone.now())
    _add(user)
    passkeys.remove(
        user=user,
        sign_in=_sign_in_of(start_api(user)),
        passkey_id=WebAuthnCredential.objects.get().pk,
        client=VISITOR,
    )
    assert selectors.count_backup_codes(user=user) == 10


@pytest.mark.django_db
def test_staff_keep_one_strong_factor() -> None:
    user = make_person(is_staff=True)
    for _ in range(2):
        _add(user)
    sign_in = _sign_in_of(start_api(user))
    last, first = (row.id for row in selectors.list_passkeys(user=user))
    passkeys.remove(user=user, sign_in=sign_in, passkey_id=first, client=VISITOR)
    with pytest.raises(StrongFactorNeeded):
        passkeys.remove(user=user, sign_in=sign_in, passkey_id=last, client=VISITOR)
    assert [row.id for row in selectors.list_passkeys(user=user)] == [last]
    assert selectors.count_backup_codes(user=user) == 10


@pytest.mark.django_db
def test_removing_needs_a_fresh_proof() -> None:
    user = make_person()
    _add(user)
    backup_codes.remove(user=user)
    started = start_api(user)
    _age(user)
    sign_in, passkey = _sign_in_of(started), WebAuthnCredential.objects.get()
    with pytest.raises(StepUpRequired) as refusal:
        passkeys.remove(user=user, sign_in=sign_in, passkey_id=passkey.pk, client=VISITOR)
    assert refusal.value.extra["methods"] == [Method.PASSKEY]
    with pytest.raises(NotFound):
        passkeys.remove(user=user, sign_in=sign_in, passkey_id=passkey.pk + 1, client=VISITOR)
    assert WebAuthnCredential.objects.exists()


# -- a browser ----------------------------------------------------------------------------------------------
def _browser(email: str = "ada@example.org") -> Client:
    client = Client()
    assert client.post("/sign-in/", {"email": email, "password": PASSWORD}).status_code == 302
    return client


def _ask(client: Client, **body: Any) -> Any:
    return post("/sign-in/passkey/begin/", body, client=client)


@pytest.mark.django_db
def test_a_browser_is_signed_in_and_its_session_key_changes() -> None:
    user = make_person()
    device, browser = _add(user), Client()
    options = _ask(browser).json()["options"]
    before = browser.session.session_key
    answer = post("/sign-in/passkey/finish/", {"credential": device.get(options), "next": "/inbox/"}, client=browser)
    assert (answer.status_code, answer.json()) == (200, {"next": "/inbox/"})
    assert browser.session.session_key != before
    assert "pairly_device" in browser.cookies
    session = Session.objects.get(kind="web")
    assert (session.user, session.factor) == (user, "passkey")
    assert browser.get("/account/passkeys/").status_code == 200


@pytest.mark.django_db
def test_a_browser_that_is_signed_in_stays_who_it_is() -> None:
    make_person(email="eve@example.org")
    device, browser = _add(make_person()), _browser("eve@example.org")
    options = _ask(browser).json()["options"]
    answer = post("/sign-in/passkey/finish/", {"credential": device.get(options)}, client=browser)
    assert answer.json() == {"next": "/"}
    assert Session.objects.get(kind="web").user.email == "eve@example.org"


@pytest.mark.django_db
@pytest.mark.parametrize("following", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_it_goes_on_to_pages_of_ours_alone(following: str) -> None:
    device, browser = _add(make_person()), Client()
    options = _ask(browser).json()["options"]
    answer = post("/sign-in/passkey/finish/", {"credential": device.get(options), "next": following}, client=browser)
    assert answer.json() == {"next": "/"}


@pytest.mark.django_db
def test_an_answer_to_another_browsers_challenge_is_refused() -> None:
    """Who is made to sign in another browser gets in nowhere (ASVS 6.7.2)."""
    device, victim, thief = _add(make_person()), Client(), Client()
    asked = _ask(thief).json()["options"]
    _ask(victim)
    answer = post("/sign-in/passkey/finish/", {"credential": device.get(asked)}, client=victim)
    assert answer.json()["code"] == REFUSED
    nowhere = post("/sign-in/passkey/finish/", {"credential": device.get(asked)}, client=Client())
    assert nowhere.json()["code"] == OVER
    assert not Session.objects.filter(kind="web").exists()


@pytest.mark.django_db
def test_the_token_of_a_browsers_ceremony_stays_on_the_server() -> None:
    browser = Client()
    answer = _ask(browser)
    assert set(answer.json()) == {"options"}
    stored = DjangoSession.objects.get().get_decoded()
    assert stored["passkey_ceremony"] not in answer.content.decode()


@pytest.mark.django_db
def test_no_script_of_another_site_begins_or_finishes() -> None:
    browser = Client(enforce_csrf_checks=True)
    for step in ("begin", "finish"):
        assert post(f"/sign-in/passkey/{step}/", {}, client=browser).status_code == 403
        assert browser.get(f"/sign-in/passkey/{step}/").status_code == 405


@pytest.mark.django_db
def test_the_page_lists_and_removes() -> None:
    user = make_person()
    browser = _browser()
    assert "No passkey yet" in browser.get("/account/passkeys/").content.decode()
    _add(user)
    passkey = WebAuthnCredential.objects.get()
    page = browser.get("/account/passkeys/").content.decode()
    assert "<noscript>" in page
    assert f'action="/account/passkeys/{passkey.pk}/remove/"' in page
    answer = browser.post(f"/account/passkeys/{passkey.pk}/remove/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/passkeys/")
    assert not WebAuthnCredential.objects.exists()
    answer = Client().get("/account/passkeys/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/?next=/account/passkeys/")


@pytest.mark.django_db
def test_the_page_tells_staff_why_the_last_one_stays() -> None:
    user = make_person(is_staff=True)
    browser = _browser()
    _add(user)
    answer = browser.post(f"/account/passkeys/{WebAuthnCredential.objects.get().pk}/remove/")
    assert answer.status_code == 409
    assert "Staff need a second factor" in answer.content.decode()
    assert WebAuthnCredential.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("host", "is_elsewhere"), [("127.0.0.1:8000", True), ("localhost:8000", False)])
def test_the_page_says_under_which_name_passkeys_work(host: str, is_elsewhere: bool) -> None:
    make_person()
    page = _browser().get("/account/passkeys/", HTTP_HOST=host).content.decode()
    assert ("/account/passkeys/</a> to add one" in page) is is_elsewhere


@pytest.mark.django_db
def test_the_second_step_of_a_browser_is_proven_with_a_passkey() -> None:
    user = make_person()
    device, browser = _add(user), Client()
    assert _ask(browser, second_step=True).json()["code"] == "challenge_over"
    _wait_for_second_step(browser)
    options = _ask(browser, second_step=True).json()["options"]
    assert len(options["allowCredentials"]) == 1
    body = {"credential": device.get(options), "second_step": True, "next": "/inbox/"}
    assert post("/sign-in/passkey/finish/", body, client=browser).json() == {"next": "/inbox/"}
    assert Session.objects.get(kind="web").factor == "passkey"
    assert "second_step" not in browser.session


def _wait_for_second_step(browser: Client) -> None:
    """What the sign-in page does after the right password; the page that it leads to is another's."""
    challenged = sign_in.sign_in(
        email="ada@example.org", password=PASSWORD, kind=Session.Kind.WEB, door=Door.PAGE, client=VISITOR
    )
    assert isinstance(challenged, Challenged)
    store = browser.session
    store["second_step"] = challenged.token
    store.save()
