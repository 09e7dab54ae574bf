"""What is used once is used once by 30 at a time; each race has a control that shows it with the guard cut out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from pairly.common.problems import Problem
from security.services import attempts
from security.types import Door
from users import selectors
from users.models import BackupCode, Session, SignInChallenge, TotpDevice, User
from users.services import backup_codes, challenges, sign_in, totp
from users.types import Challenged, Method

from .factor_helpers import code_at, code_of, give_backup_codes, give_email_factor, give_totp, mailed_code, present_step
from .helpers import PASSWORD, VISITOR, Meeting, at_once, make_person

N = 30


def _person(number: int) -> User:
    return make_person(email=f"ada{number}@example.org")


# -- a code of an app -----------------------------------------------------------------------------------------
def _race_totp(user: User) -> int:
    code = code_of(user)
    return sum(at_once(N, lambda _number: totp.verify(user=user, code=code)))


def test_a_code_of_an_app_is_used_once_by_30_at_once(committed_db: str) -> None:
    users = [_person(number) for number in range(3)]
    for user in users:
        give_totp(user)
    assert [_race_totp(user) for user in users] == [1, 1, 1]


def test_without_the_conditional_update_a_code_of_an_app_would_be_used_several_times(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above: compare, then save, as django-otp does."""

    has_compared = Meeting()

    def compare_then_save(*, user: User, code: str) -> bool:
        device = TotpDevice.objects.get(user=user, confirmed=True)
        step = totp._matching_step(device, code)
        if step is None or step <= device.last_step:
            return False
        has_compared.wait()
        device.last_step = step
        device.save(update_fields=["last_step"])
        return True

    monkeypatch.setattr(totp, "verify", compare_then_save)
    user = make_person()
    give_totp(user)
    assert _race_totp(user) > 1


# -- a backup code --------------------------------------------------------------------------------------------
def _race_backup_code(user: User) -> int:
    code = give_backup_codes(user)[0]
    return sum(at_once(N, lambda _number: backup_codes.verify(user=user, code=code)))


def test_a_backup_code_is_used_once_by_30_at_once(committed_db: str) -> None:
    assert [_race_backup_code(_person(number)) for number in range(3)] == [1, 1, 1]


def test_without_the_conditional_update_a_backup_code_would_be_used_several_times(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above: read, then write."""

    has_read = Meeting()

    def read_then_write(*, user: User, code: str) -> bool:
        row = BackupCode.objects.get(user=user, code_hash=backup_codes._hash(user, code.replace("-", "")))
        if row.used_at is not None:
            return False
        has_read.wait()
        row.used_at = timezone.now()
        row.save(update_fields=["used_at"])
        return True

    monkeypatch.setattr(backup_codes, "verify", read_then_write)
    assert _race_backup_code(make_person()) > 1


# -- a waiting sign-in ----------------------------------------------------------------------------------------
@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits and lockout are out of the way: what stands between 30 requests and 30 sessions is the challenge."""
    monkeypatch.setattr(challenges, "SECOND_STEPS_PER_MINUTE", 1000)
    monkeypatch.setattr(sign_in, "SIGN_IN_PER_MINUTE", 1000)
    monkeypatch.setattr(attempts, "MAX_FAILURES", 1000)


def _begin(user: User) -> Challenged:
    begun = sign_in.sign_in(email=user.email, password=PASSWORD, kind=Session.Kind.API, door=Door.API, client=VISITOR)
    assert isinstance(begun, Challenged)
    return begun


def _complete(token: str, method: Method, code: str) -> str:
    try:
        challenges.complete(token=token, method=method, code=code, client=VISITOR)
    except Problem as problem:
        return problem.code
    return "in"


def _race_mailed_code(user: User) -> list[str]:
    give_email_factor(user)
    begun = _begin(user)
    challenges.request_code(token=begun.token)
    code = mailed_code()
    return at_once(N, lambda _number: _complete(begun.token, Method.EMAIL, code))


@pytest.mark.usefixtures("unlimited")
def test_a_mailed_code_signs_in_once_by_30_at_once(committed_db: str) -> None:
    for number in range(3):
        user = _person(number)
        assert _race_mailed_code(user).count("in") == 1
        assert Session.objects.filter(user=user).count() == 1


@pytest.mark.usefixtures("unlimited")
def test_without_its_guards_a_mailed_code_would_sign_in_several_times(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above: the code is only compared, and a waiting challenge is found and then written."""

    def compare(challenge: SignInChallenge, code: str) -> bool:
        stored = SignInChallenge.objects.values_list("email_code_hash", flat=True).get(pk=challenge.pk)
        return stored is not None and constant_time_compare(bytes(stored), challenges._hash(challenge, code))

    monkeypatch.setattr(challenges, "_is_mailed_code", compare)
    monkeypatch.setattr(challenges, "finish", _together(_finish_by_reading()))
    assert _race_mailed_code(make_person()).count("in") > 1


def _finish_by_reading() -> Callable[..., None]:
    """`finish` as it would be with a read and a write in the place of the one UPDATE, and without the lock."""
    has_read = Meeting()

    def finish(*, challenge: SignInChallenge, **_rest: Any) -> None:
        row = SignInChallenge.objects.get(pk=challenge.pk)
        if row.done_at is not None:
            raise challenges.ChallengeOver
        has_read.wait()
        row.done_at = timezone.now()
        row.save(update_fields=["done_at"])

    return finish


def _together(finish: Callable[..., Any]) -> Callable[..., Any]:
    """`finish`, begun by none of 30 before all have proven themselves."""
    proven = threading.Barrier(N)

    def finish_together(**fields: Any) -> Any:
        connection.close()  # fewer connections than threads: those that wait hold none
        proven.wait(timeout=30)
        return finish(**fields)

    return finish_together


def _race_proofs(user: User, finish: Callable[..., Any]) -> list[str]:
    """30 right proofs of one challenge, each a backup code of its own."""
    give_totp(user)
    codes, begun = give_backup_codes(user), _begin(user)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(challenges, "finish", _together(finish))
        return at_once(N, lambda number: _complete(begun.token, Method.BACKUP_CODE, codes[number]))


@pytest.mark.usefixtures("unlimited")
def test_30_right_proofs_of_one_sign_in_make_one_session(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_codes, "BACKUP_CODES", N)
    for number in range(3):
        user = _person(number)
        outcomes = _race_proofs(user, challenges.finish)
        assert sorted(outcomes) == [*["challenge_over"] * (N - 1), "in"]
        assert Session.objects.filter(user=user).count() == 1


@pytest.mark.usefixtures("unlimited")
def test_without_the_conditional_update_30_proofs_would_make_several(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    monkeypatch.setattr(backup_codes, "BACKUP_CODES", N)
    assert _race_proofs(make_person(), _finish_by_reading()).count("in") > 1


# -- the lockout and set-up -----------------------------------------------------------------------------------
def test_of_30_wrong_codes_at_once_5_are_compared(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(challenges, "SECOND_STEPS_PER_MINUTE", 1000)
    user = make_person()
    give_totp(user)
    compared: list[str] = []
    monkeypatch.setattr(challenges.factors.totp, "verify", lambda *, user, code: bool(compared.append(code)))
    begun = _begin(user)
    outcomes = at_once(N, lambda _number: _complete(begun.token, Method.TOTP, "000000"))
    assert len(compared) == 5
    assert sorted(outcomes) == [*["account_locked"] * (N - 5), *["invalid_code"] * 5]


def test_a_set_up_is_confirmed_once_by_30_at_once(committed_db: str) -> None:
    user = make_person()
    totp.begin(user=user)
    key = totp._key(TotpDevice.objects.get(user=user))
    code = code_at(key, present_step())

    def confirm(_number: int) -> bool:
        try:
            with transaction.atomic():
                totp.confirm(user=user, code=code)
        except Problem:
            return False
        return True

    assert sum(at_once(N, confirm)) == 1
    assert selectors.list_strong_methods(user=user) == [Method.TOTP]
