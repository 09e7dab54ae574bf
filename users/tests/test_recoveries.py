"""Lost second factors: two people, a waiting time, a mail at each step, and the owner's last word."""

from __future__ import annotations

import contextlib
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from django_otp_webauthn.utils import get_credential_model

from pairly.common import redis as common_redis
from pairly.common.problems import Forbidden, NotFound, Problem, RateLimited
from pairly.outbox import services as outbox
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import AuditEntry
from security.types import Door
from users import access_tokens, staff_selectors
from users.errors import ChallengeOver, RecoveryApproved, RecoveryOver
from users.models import BackupCode, FactorRecovery, Session, SignInChallenge, TotpDevice, User
from users.services import backup_codes, challenges, recoveries, sign_in
from users.tasks import finish_recoveries
from users.types import Challenged, Method

from .helpers import PASSWORD, VISITOR, Meeting, at_once, bearer, make_person, post, start_api

LOST = "/lost-second-factor/"
REASON = "My phone fell into a lake."


def protect(user: User, *, email_too: bool = True) -> list[str]:
    """Every kind of second factor; gives the backup codes."""
    TotpDevice.objects.create(
        user=user, name="", confirmed=True, confirmed_at=timezone.now(), key_encrypted=b"k", last_step=-1
    )
    get_credential_model().objects.create(user=user, name="key", confirmed=True, public_key=b"p", credential_id=b"c")
    if email_too:
        User.objects.filter(pk=user.pk).update(email_factor_at=timezone.now())
    return backup_codes.renew(user=user)


@pytest.fixture
def owner(db: None) -> User:
    user = make_person()
    protect(user)
    return user


def waiting(user: User) -> str:
    """The token of a sign-in with the right password that waits for its second step."""
    common_redis.get_client().flushdb()
    challenged = sign_in.sign_in(
        email=user.email, password=PASSWORD, kind=Session.Kind.WEB, door=Door.PAGE, client=VISITOR
    )
    assert isinstance(challenged, Challenged)
    return challenged.token


def ask(user: User) -> FactorRecovery:
    return recoveries.request(token=waiting(user), reason=REASON, client=VISITOR)


def approve(recovery: FactorRecovery, *people: User) -> FactorRecovery:
    for person in people:
        recovery = recoveries.approve(staff=person, uid=recovery.uid)
    return recovery


def let_time_pass(recovery: FactorRecovery) -> None:
    """As if it had been asked for 49 hours earlier."""
    earlier = timedelta(hours=49)
    FactorRecovery.objects.filter(pk=recovery.pk).update(
        requested_at=recovery.requested_at - earlier, wait_until=recovery.wait_until - earlier
    )


def mails() -> list[str]:
    outbox.deliver_due()
    return [message.subject for message in mail.outbox if message.to == ["ada@example.org"]]


def has_factors(user: User) -> tuple[bool, bool, bool, bool]:
    user = User.objects.get(pk=user.pk)
    return (
        TotpDevice.objects.filter(user=user).exists(),
        get_credential_model().objects.filter(user=user).exists(),
        BackupCode.objects.filter(user=user).exists(),
        user.email_factor_at is not None,
    )


ALL, NONE = (True,) * 4, (False,) * 4


def actions() -> list[str]:
    rows = AuditEntry.objects.filter(action__startswith="second_factor.").order_by("pk")
    return list(rows.values_list("action", flat=True))


def test_two_people_and_48_hours_remove_every_factor_and_end_every_sign_in(owner: User) -> None:
    session, stranger = start_api(owner).session, start_api(make_user()).session
    recovery = ask(owner)
    assert recovery.wait_until - recovery.requested_at == timedelta(hours=48)
    assert mails() == ["Somebody asks to remove your second factor"]
    first, second = make_staff("support"), make_staff("security")
    approve(recovery, first, second)
    assert mails()[1:] == ["Your request was looked at"] * 2
    let_time_pass(recovery)
    assert has_factors(owner) == ALL
    assert finish_recoveries() == 1
    assert has_factors(owner) == NONE
    session.refresh_from_db()
    stranger.refresh_from_db()
    assert (session.end_reason, stranger.ended_at) == ("factor_removed", None)
    assert mails()[3:] == ["Your second factor was removed"]
    assert finish_recoveries() == 0
    assert actions() == [
        "second_factor.recovery_requested",
        "second_factor.recovery_approved",
        "second_factor.recovery_approved",
        "second_factor.recovered",
    ]
    entry = AuditEntry.objects.get(action="second_factor.recovered")
    assert (entry.subject_uid, entry.severity) == (owner.uid, "critical")
    begun = sign_in.sign_in(email=owner.email, password=PASSWORD, kind=Session.Kind.WEB, door=Door.PAGE, client=VISITOR)
    assert not isinstance(begun, Challenged) or Method.TOTP not in begun.methods


def test_the_first_mail_tells_where_from_until_when_and_how_to_cancel(owner: User) -> None:
    recovery = ask(owner)
    outbox.deliver_due()
    text = next(str(message.body) for message in mail.outbox if "asks to remove" in message.subject)
    assert "192.0.2.7" in text
    assert f"{recovery.wait_until:%Y-%m-%d %H:%M} UTC" in text
    assert "/lost-second-factor/" in text
    assert "sign in with it: that cancels" in text
    assert REASON not in text


def test_before_the_time_is_over_nothing_happens(owner: User) -> None:
    recovery = approve(ask(owner), make_staff("support"), make_staff("support"))
    assert finish_recoveries() == 0
    FactorRecovery.objects.update(wait_until=timezone.now() + timedelta(seconds=30))
    assert finish_recoveries() == 0
    assert has_factors(owner) == ALL
    with pytest.raises(IntegrityError, match="recovery_done_was_approved"), transaction.atomic():
        FactorRecovery.objects.filter(pk=recovery.pk).update(done_at=timezone.now())


@pytest.mark.parametrize("n_people", [0, 1])
def test_with_fewer_than_two_people_nothing_happens(owner: User, n_people: int) -> None:
    recovery = approve(ask(owner), *[make_staff("support") for _ in range(n_people)])
    let_time_pass(recovery)
    assert finish_recoveries() == 0
    assert has_factors(owner) == ALL
    with pytest.raises(IntegrityError, match="recovery_done_was_approved"), transaction.atomic():
        FactorRecovery.objects.filter(pk=recovery.pk).update(done_at=timezone.now())


def test_one_person_counts_once_for_the_service_and_for_the_database(owner: User) -> None:
    person, now = make_staff("support"), timezone.now()
    recovery = approve(ask(owner), person)
    with pytest.raises(RecoveryApproved):
        approve(recovery, person)
    rows = FactorRecovery.objects.filter(pk=recovery.pk)
    with pytest.raises(IntegrityError, match="recovery_two_other_people"), transaction.atomic():
        rows.update(second_approver=person, second_approved_at=now)
    rows.update(second_approver=make_staff("support"), second_approved_at=now)
    with pytest.raises(RecoveryApproved):
        approve(recovery, person)
    with pytest.raises(RecoveryOver):
        approve(recovery, make_staff("support"))


def test_nobody_approves_their_own(db: None) -> None:
    admin = make_person("admin@example.org", is_staff=True)
    admin.groups.set(make_staff("admin").groups.all())
    protect(admin)
    recovery = ask(admin)
    with pytest.raises(NotFound):
        approve(recovery, admin)
    with pytest.raises(NotFound):
        recoveries.reject(staff=admin, uid=recovery.uid, reason="")
    rows = FactorRecovery.objects.filter(pk=recovery.pk)
    for field in ("first", "second"):
        with pytest.raises(IntegrityError, match="recovery_two_other_people"), transaction.atomic():
            rows.update(**{f"{field}_approver": admin})


def test_a_colleagues_factor_needs_two_admins(db: None) -> None:
    colleague = make_person("colleague@example.org", is_staff=True)
    protect(colleague)
    recovery = ask(colleague)
    for role in ("support", "security"):
        with pytest.raises(Forbidden):
            approve(recovery, make_staff(role))
    approve(recovery, make_staff("admin"), make_staff("admin"))
    let_time_pass(recovery)
    assert finish_recoveries() == 1


@pytest.mark.parametrize("role", ["moderator", "finance", ""])
def test_who_may_not_decide_does_not(owner: User, role: str) -> None:
    recovery, person = ask(owner), make_staff(role) if role else make_user()
    with pytest.raises(Forbidden):
        approve(recovery, person)
    with pytest.raises(Forbidden):
        recoveries.reject(staff=person, uid=recovery.uid, reason="no")
    with pytest.raises(NotFound):
        recoveries.approve(staff=make_staff("support"), uid=uuid.uuid4())


def test_a_rejected_request_is_over_and_may_be_made_again(owner: User) -> None:
    first, second = make_staff("support"), make_staff("support")
    recovery = approve(ask(owner), first)
    recoveries.reject(staff=second, uid=recovery.uid, reason="The story does not hold.")
    let_time_pass(recovery)
    with pytest.raises(RecoveryOver):
        approve(recovery, make_staff("support"))
    assert finish_recoveries() == 0
    assert has_factors(owner) == ALL
    assert "Your second factor stays" in mails()
    entry = AuditEntry.objects.get(action="second_factor.recovery_rejected")
    assert (entry.actor_uid, entry.by_staff, entry.reason) == (second.uid, True, "The story does not hold.")
    assert ask(owner).uid != recovery.uid


def test_the_owner_cancels_before_it_is_done(owner: User) -> None:
    recovery = approve(ask(owner), make_staff("support"), make_staff("support"))
    recoveries.cancel(user=owner)
    let_time_pass(recovery)
    assert finish_recoveries() == 0
    assert has_factors(owner) == ALL
    assert mails()[-1] == "Your second factor stays"
    with pytest.raises(NotFound):
        recoveries.cancel(user=owner)
    rows = FactorRecovery.objects.filter(pk=recovery.pk)
    with pytest.raises(IntegrityError, match="recovery_done_was_approved"), transaction.atomic():
        rows.update(done_at=timezone.now())


@pytest.mark.parametrize("is_approved", [True, False])
def test_an_owner_who_signs_in_with_the_factor_cancels_by_that(owner: User, is_approved: bool) -> None:
    recovery = ask(owner)
    if is_approved:
        approve(recovery, make_staff("support"), make_staff("support"))
    let_time_pass(recovery)
    codes = backup_codes.renew(user=owner)
    common_redis.get_client().flushdb()
    challenges.complete(token=waiting(owner), method=Method.BACKUP_CODE, code=codes[0], client=VISITOR)
    assert finish_recoveries() == 0
    assert has_factors(owner) == ALL
    recovery.refresh_from_db()
    assert recovery.cancelled_at is not None
    assert "Your second factor stays" in mails()


def test_a_factor_given_before_the_request_cancels_nothing(owner: User) -> None:
    codes = backup_codes.renew(user=owner)
    challenges.complete(token=waiting(owner), method=Method.BACKUP_CODE, code=codes[0], client=VISITOR)
    Session.objects.update(factor_at=timezone.now() - timedelta(hours=60))
    recovery = approve(ask(owner), make_staff("support"), make_staff("support"))
    let_time_pass(recovery)
    assert finish_recoveries() == 1


def test_only_who_gave_the_password_asks_and_only_where_a_factor_is_waited_for(owner: User) -> None:
    for token in ("", "no such token"):
        with pytest.raises(ChallengeOver):
            recoveries.request(token=token, reason=REASON, client=VISITOR)
    token = waiting(owner)
    SignInChallenge.objects.update(needs="proof")
    with pytest.raises(ChallengeOver):
        recoveries.request(token=token, reason=REASON, client=VISITOR)
    SignInChallenge.objects.update(needs="factor", expires_at=timezone.now())
    with pytest.raises(ChallengeOver):
        recoveries.request(token=token, reason=REASON, client=VISITOR)
    assert not FactorRecovery.objects.exists()


def test_there_is_one_open_request_and_a_limit_to_new_ones(owner: User) -> None:
    token = waiting(owner)
    found = {recoveries.request(token=token, reason=REASON, client=VISITOR).uid for _ in range(4)}
    assert len(found) == 1
    assert mails() == ["Somebody asks to remove your second factor"]
    for _ in range(2):
        recoveries.cancel(user=owner)
        recoveries.request(token=token, reason=REASON, client=VISITOR)
    recoveries.cancel(user=owner)
    with pytest.raises(RateLimited):
        recoveries.request(token=token, reason=REASON, client=VISITOR)


# -- races
def _approve_at_once(recovery: FactorRecovery, people: list[User]) -> list[str]:
    def say(number: int) -> str:
        try:
            approve(recovery, people[number % len(people)])
        except Problem as problem:
            return problem.code
        return "approved"

    return at_once(30, say)


def _asked(number: int) -> FactorRecovery:
    user = make_person(f"ada{number}@example.org")
    TotpDevice.objects.create(user=user, name="", confirmed=True, confirmed_at=timezone.now(), key_encrypted=b"k")
    now = timezone.now()
    return FactorRecovery.objects.create(user=user, reason=REASON, requested_at=now, wait_until=now)


def test_thirty_approvals_by_two_people_leave_both_once(committed_db: str) -> None:
    people = [make_staff("support"), make_staff("support")]
    for number in range(3):
        recovery = _asked(number)
        answers = _approve_at_once(recovery, people)
        assert sorted(set(answers)) == ["approved", "recovery_approved"]
        assert answers.count("approved") == 2
        recovery.refresh_from_db()
        assert {recovery.first_approver, recovery.second_approver} == set(people)
        assert recovery.second_approved_at >= recovery.first_approved_at  # type: ignore[operator]
        n_told = AuditEntry.objects.filter(subject_uid=recovery.user.uid, action="second_factor.recovery_approved")
        assert n_told.count() == 2


def test_without_the_row_lock_more_than_two_would_be_told_that_they_approved(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: everybody reads before anybody writes."""

    have_read = Meeting(3)

    def unlocked(uid: uuid.UUID) -> FactorRecovery | None:
        found = staff_selectors.list_open_recoveries().filter(pk=uid).first()
        have_read.wait()
        return found

    monkeypatch.setattr(recoveries, "_lock", unlocked)
    people = [make_staff("support") for _ in range(30)]
    assert _approve_at_once(_asked(0), people).count("approved") > 2


def test_thirty_jobs_at_once_remove_once(committed_db: str) -> None:
    people = [make_staff("support"), make_staff("support")]
    recovery = approve(_asked(1), *people)
    assert sum(at_once(30, lambda _number: recoveries.finish_due())) == 1
    assert AuditEntry.objects.filter(subject_uid=recovery.user.uid, action="second_factor.recovered").count() == 1


def test_a_job_beside_a_cancelling_owner_ends_one_way(committed_db: str) -> None:
    people = [make_staff("support"), make_staff("support")]
    for number in range(4):
        recovery = approve(_asked(number), *people)
        gate = threading.Event()

        def act(which: int, user: User = recovery.user, gate: threading.Event = gate) -> None:
            gate.set()
            if which % 2:
                recoveries.finish_due()
                return
            with contextlib.suppress(Problem):
                recoveries.cancel(user=user)

        at_once(6, act)
        recovery.refresh_from_db()
        assert (recovery.done_at is None) != (recovery.cancelled_at is None)
        is_kept = TotpDevice.objects.filter(user=recovery.user).exists()
        assert is_kept == (recovery.done_at is None)


# -- pages and API
def _browser_that_waits(user: User) -> Client:
    common_redis.get_client().flushdb()
    browser = Client()
    session = browser.session
    session["second_step"] = waiting(user)
    session.save()
    browser.cookies["pairly_session"] = session.session_key or ""
    return browser


def test_the_page_takes_the_request_of_who_waits_for_the_second_step(owner: User) -> None:
    browser = _browser_that_waits(owner)
    page = browser.get(LOST).content.decode()
    assert 'name="reason"' in page
    assert "48 hours" in page
    assert browser.post(LOST, {"reason": " "}).status_code == 422
    done = browser.post(LOST, {"reason": REASON})
    assert (done.status_code, done.headers["Location"]) == (302, LOST)
    page = browser.get(LOST).content.decode()
    assert "Your request is with us" in page
    assert LOST + "cancel/" not in page
    assert FactorRecovery.objects.get().reason == REASON


def test_a_stranger_is_told_to_sign_in_and_asks_for_nothing(owner: User) -> None:
    ask(owner)
    for browser in (Client(), sign_in_as(make_user())):
        page = browser.get(LOST).content.decode()
        assert "Your request is with us" not in page
        assert 'name="reason"' not in page
        assert browser.post(LOST, {"reason": REASON}).status_code == 401
    assert FactorRecovery.objects.count() == 1


def test_the_owner_cancels_on_the_page_and_nobody_else_does(owner: User) -> None:
    ask(owner)
    assert Client().post(LOST + "cancel/").status_code == 302
    assert sign_in_as(make_user()).post(LOST + "cancel/").status_code == 404
    assert staff_selectors.find_open_recovery(user=owner) is not None
    browser = sign_in_as(owner, factor=None)
    assert "Cancel the request" in browser.get(LOST).content.decode()
    assert browser.get(LOST + "cancel/").status_code == 405
    assert browser.post(LOST + "cancel/").status_code == 302
    assert "Nothing is asked for" in browser.get(LOST).content.decode()
    assert staff_selectors.find_open_recovery(user=owner) is None


def test_the_api_asks_shows_and_cancels(owner: User) -> None:
    token = waiting(owner)
    answer = post("/api/v1/twofa/lost", {"temp_token": token, "reason": REASON})
    assert answer.status_code == 202
    assert set(answer.json()) == {"id", "requested_at", "wait_until", "n_approved"}
    assert post("/api/v1/twofa/lost", {"temp_token": "x", "reason": REASON}).json()["code"] == "challenge_over"
    body: dict[str, Any] = {"temp_token": token, "reason": ""}
    assert post("/api/v1/twofa/lost", body).status_code == 422

    def header(user: User) -> dict[str, str]:
        return bearer(access_tokens.issue(user_id=user.uid, family=start_api(user).session.family))

    stranger = make_user()
    path = "/api/v1/twofa/recovery"
    assert Client().get(path).status_code == Client().delete(path).status_code == 401
    assert Client().get(path, **header(stranger)).status_code == 404  # type: ignore[arg-type]
    assert Client().delete(path, **header(stranger)).status_code == 404  # type: ignore[arg-type]
    assert Client().get(path, **header(owner)).json()["n_approved"] == 0  # type: ignore[arg-type]
    assert Client().delete(path, **header(owner)).status_code == 204  # type: ignore[arg-type]
    assert staff_selectors.find_open_recovery(user=owner) is None
