from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.utils import timezone

from credits.services import purchases
from pairly.common import redis as common_redis
from pairly.common.ids import uuid7
from pairly.common.problems import NotFound
from pairly.outbox import services as outbox
from pairly.outbox.models import OutboxRow
from pairly.site import health
from pairly.testing.people import make_user
from security.models import AuditEntry
from security.services import audit
from users import selectors
from users.errors import AccountClosing, DeletionBlocked, StepUpRequired
from users.models import AccountClosure, Session, User
from users.services import closures, suspensions, tokens
from users.tests.helpers import PASSWORD, VISITOR, at_once, bearer, make_person, post, start_api

HOME = "/account/privacy/"
DELETE = "/account/privacy/delete/"
DELETION = "/api/v1/privacy/deletion"


def _browser(email: str = "ada@example.org") -> Client:
    common_redis.get_client().flushdb()
    client = Client()
    assert client.post("/sign-in/", {"email": email, "password": PASSWORD}).status_code == 302
    return client


def _headers(user: User) -> dict[str, str]:
    return bearer(tokens.issue(started=start_api(user))["access_token"])


def _sign_in_of(user: User) -> Any:
    return selectors.sign_in_of(start_api(user).session)


def _ask(user: User, **fields: Any) -> AccountClosure:
    return closures.request_deletion(user=user, sign_in=_sign_in_of(user), client=VISITOR, **fields)


def _forget_the_proof() -> None:
    Session.objects.update(stepped_up_at=timezone.now() - timedelta(minutes=6))


def _is_active(user: User) -> bool:
    return User.objects.get(pk=user.pk).is_active


@pytest.mark.django_db
def test_a_rest_ends_every_sign_in_and_coming_back_takes_a_full_one() -> None:
    user = make_person()
    app, browser = start_api(user), _browser()
    said = browser.post("/account/privacy/rest/", follow=True)
    assert said.redirect_chain == [("/sign-in/", 302)]
    assert "Your account rests now" in said.content.decode()
    assert not _is_active(user)
    assert selectors.find_live_session(family=app.session.family, limited_too=True) is None
    browser = _browser()
    assert browser.get("/inbox/").headers["Location"] == HOME
    page = browser.get(HOME).content.decode()
    assert "Come back" in page
    assert "Take a break" not in page
    back = browser.post("/account/privacy/come-back/", follow=True)
    assert back.redirect_chain == [("/sign-in/", 302)]
    assert "Welcome back" in back.content.decode()
    assert _is_active(user)
    assert browser.get("/account/sessions/").status_code == 302  # the limited sign-in did not become a full one
    assert _browser().get("/account/sessions/").status_code == 200
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "account.deactivated",
        "account.kept",
    ]


@pytest.mark.django_db
def test_deletion_waits_30_days_and_signing_in_keeps_the_account() -> None:
    user = make_person()
    browser = _browser()
    said = browser.post(DELETE, follow=True)
    closure = AccountClosure.objects.get()
    assert closure.erase_at is not None
    assert timedelta(days=29, hours=23) < closure.erase_at - closure.requested_at <= timedelta(days=30, seconds=5)
    assert f"{closure.erase_at:%Y-%m-%d}" in said.content.decode()
    assert not _is_active(user)
    browser = _browser()
    assert "Keep my account" in browser.get(HOME).content.decode()
    assert browser.get(DELETE).headers["Location"] == HOME
    assert "stays" not in browser.post("/account/privacy/come-back/", follow=True).content.decode()
    assert _is_active(user)
    assert AccountClosure.objects.get().cancelled_at is not None


@pytest.mark.django_db
def test_a_deletion_is_mailed_at_once_and_3_days_before_unless_it_was_called_off() -> None:
    user = make_person()
    closure = _ask(user)
    outbox.deliver_due()
    assert [one.subject for one in mail.outbox] == ["Your account will be deleted"]
    reminder = OutboxRow.objects.get(state="pending")
    assert closure.erase_at is not None
    assert abs(closure.erase_at - timedelta(days=3) - reminder.deliver_at) < timedelta(seconds=5)
    OutboxRow.objects.filter(pk=reminder.pk).update(created_at=timezone.now() - timedelta(days=2))
    assert health.check()["checks"]["mail"] == "ok"  # what waits for its day is not late
    OutboxRow.objects.filter(pk=reminder.pk).update(deliver_at=timezone.now())
    assert outbox.deliver_due() == 1
    assert mail.outbox[-1].subject == "Your account is about to be deleted"
    assert "Keep my account" in mail.outbox[-1].body
    closures.cancel(user=user, sign_in=_sign_in_of(user), client=VISITOR)
    OutboxRow.objects.filter(pk=reminder.pk).update(state="pending", sent_at=None, deliver_at=timezone.now())
    mail.outbox.clear()
    outbox.deliver_due()
    assert [one.subject for one in mail.outbox] == ["Your account stays"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", [HOME + "exports/", HOME + "rest/", DELETE, f"{HOME}exports/00000000-0000-7000-8000-000000000000/"]
)
def test_what_matters_needs_a_fresh_proof(path: str) -> None:
    user = make_person()
    browser = _browser()
    _forget_the_proof()
    answer = browser.get(path) if path.endswith("0/") else browser.post(path)
    if path.endswith("0/"):
        assert answer.status_code == 404  # whose it is comes first
    else:
        assert (answer.status_code, "confirm that it is you" in answer.content.decode()) == (403, True)
    assert _is_active(user)
    assert not AccountClosure.objects.exists()
    assert not user.exports.exists()


@pytest.mark.django_db
def test_the_api_asks_for_a_fresh_proof_too() -> None:
    user = make_person()
    headers = _headers(user)
    _forget_the_proof()
    for path in ("exports", "deactivate", "deletion"):
        answer = post(f"/api/v1/privacy/{path}", {}, **headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
        assert answer.json()["methods"] == ["password"]
    with pytest.raises(StepUpRequired):
        closures.deactivate(user=user, sign_in=selectors.sign_in_of(Session.objects.get()), client=VISITOR)


@pytest.mark.django_db
def test_the_api_rests_deletes_and_comes_back() -> None:
    user = make_person()
    assert post("/api/v1/privacy/deactivate", {}, **_headers(user)).status_code == 204
    headers = bearer(_limited_token(user))
    assert Client().get(DELETION, **headers).json()["scheduled"]["kind"] == "rest"
    assert post("/api/v1/privacy/deactivate", {}, **headers).json()["code"] == "account_closing"
    asked = post(DELETION, {}, **headers)
    assert (asked.status_code, asked.json()["kind"]) == (202, "deletion")
    headers = bearer(_limited_token(user))
    assert post(DELETION, {}, **headers).json()["code"] == "account_closing"
    assert Client().delete(DELETION, **headers).status_code == 204
    assert _is_active(user)
    assert Client().get(DELETION, **headers).json()["code"] == "token_revoked"
    assert Client().delete(DELETION, **_headers(user)).status_code == 404


def _limited_token(user: User) -> str:
    common_redis.get_client().flushdb()
    answer = post("/api/v1/auth/login", {"email": user.email, "password": PASSWORD})
    assert (answer.status_code, answer.json()["limit"]) == (403, "closing")
    token: str = answer.json()["access_token"]
    return token


@pytest.mark.django_db
def test_credits_that_are_left_are_given_up_only_by_saying_so() -> None:
    user = _with_credits()
    refused = post(DELETION, {}, **_headers(user))
    [row] = refused.json()["obstacles"]
    assert (refused.status_code, row["code"], row["needs"]) == (409, "credits_left", "consent")
    browser = _browser(user.email)
    page = browser.get(DELETE).content.decode()
    assert "I give up my 200 credits" in page
    answer = browser.post(DELETE)
    assert (answer.status_code, "tick the boxes" in answer.content.decode()) == (409, True)
    assert _is_active(user)
    assert browser.post(DELETE, {"agreed": "credits_left"}).status_code == 302
    assert AuditEntry.objects.get(action="account.deletion_requested").details == {"agreed": ["credits_left"]}


@pytest.mark.django_db
def test_credits_in_the_air_have_to_land_first(monkeypatch: pytest.MonkeyPatch) -> None:
    from credits import selectors as ledger
    from credits.types import Balance

    held = Balance(balance_centi=0, promo_centi=0, held_centi=10_000, debt_centi=0)
    monkeypatch.setattr(ledger, "get_balance", lambda *, user_id: held)
    user = make_person()
    with pytest.raises(DeletionBlocked) as refusal:
        _ask(user, agreed=["open_holds"])
    assert [row["code"] for row in refusal.value.extra["obstacles"]] == ["open_holds"]
    page = _browser().get(DELETE).content.decode()
    assert "100 credits are held" in page
    assert 'class="button button-danger"' not in page


@pytest.mark.django_db
def test_a_suspended_person_may_leave_and_coming_back_lifts_nothing() -> None:
    user = make_person()
    suspensions.suspend(user=user, until=None, reasons=["rules"])
    _ask(user)
    assert not closures.cancel(user=user, sign_in=_sign_in_of(user), client=VISITOR)
    user.refresh_from_db()
    assert selectors.get_limit(user=user) == "suspended"
    with pytest.raises(NotFound):
        closures.cancel(user=user, sign_in=_sign_in_of(user), client=VISITOR)


def test_of_parallel_requests_for_deletion_one_is_made(committed_db: str) -> None:
    user = make_person()
    sign_in = _sign_in_of(user)

    def ask(_number: int) -> str:
        try:
            closures.request_deletion(user=User.objects.get(pk=user.pk), sign_in=sign_in, client=VISITOR)
        except AccountClosing:
            return "refused"
        return "made"

    assert sorted(at_once(10, ask)) == ["made"] + ["refused"] * 9


@pytest.mark.django_db
def test_who_looked_is_told_by_role_and_reason_and_never_by_name() -> None:
    user, staff = make_person(), make_person(email="sue@example.org", name="Sue Support")
    staff.groups.add(Group.objects.get_or_create(name="support")[0])
    for number in range(31):
        audit.record(
            action="staff.sign_ins_viewed",
            actor_uid=staff.uid,
            subject_uid=user.uid,
            by_staff=True,
            is_private_view=True,
            reason=f"ticket {number}",
            details={"role": "support"},
        )
    audit.record(action="staff.note", actor_uid=staff.uid, subject_uid=user.uid, by_staff=True)
    page = _browser().get("/account/accesses/").content.decode()
    assert "Your sign-in history" in page
    assert "Support" in page
    assert "Sue" not in page
    assert str(staff.uid) not in page
    first = Client().get("/api/v1/privacy/accesses", **_headers(user)).json()
    assert [row["reason"] for row in first["results"]] == [f"ticket {n}" for n in range(30, 0, -1)]
    assert first["results"][0]["role"] == "Support"
    rest = Client().get(first["next"], **_headers(user)).json()
    assert ([row["reason"] for row in rest["results"]], rest["next"]) == (["ticket 0"], None)
    assert Client().get("/api/v1/privacy/accesses", **_headers(staff)).json()["results"] == []
    assert _browser().get("/account/accesses/?before=x").status_code == 200


@pytest.mark.django_db
def test_a_stranger_is_asked_to_sign_in() -> None:
    for path in (HOME, DELETE, "/account/accesses/"):
        assert Client().get(path).headers["Location"] == f"/sign-in/?next={path}"
    for path in ("exports", "deletion", "accesses", f"exports/{uuid.uuid4()}", f"exports/{uuid.uuid4()}/file"):
        assert Client().get(f"/api/v1/privacy/{path}").status_code == 401
    for path in (HOME + "exports/", HOME + "rest/", HOME + "come-back/", DELETE):
        assert Client().post(path).status_code == 302
    assert not AccountClosure.objects.exists()


@pytest.mark.django_db
def test_writes_of_a_browser_need_the_csrf_token() -> None:
    user = make_person()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = _browser().cookies
    for path in (HOME + "exports/", HOME + "rest/", HOME + "come-back/", DELETE, DELETION):
        assert strict.post(path, {}, content_type="application/json").status_code == 403
    assert _is_active(user)


def _with_credits() -> User:
    user = make_user("fan")
    user.set_password(PASSWORD)
    user.save()
    purchases.record_purchase(
        user_id=user.pk, op_id=uuid7(), credits_centi=20_000, currency="USD", amount_minor=200, payment_uid=uuid7()
    )
    return user
