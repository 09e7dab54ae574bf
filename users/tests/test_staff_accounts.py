"""Staff: roles, invitations, leaving. Nobody gets in another way."""

from __future__ import annotations

import contextlib
import re
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import post_migrate
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pairly.common import redis as common_redis
from pairly.common.problems import Forbidden, InvalidInput, NotFound, Problem, RateLimited
from pairly.outbox import services as outbox
from pairly.outbox.models import OutboxRow
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import AuditEntry
from users import staff_selectors
from users.errors import AlreadyStaff, EmailTaken, InvalidCode, InvitationOpen, LastAdmin, OwnAccount, StepUpRequired
from users.models import Session, StaffInvitation, TotpDevice, User
from users.roles import ROLES
from users.services import invitations, sessions, staff, staff_groups
from users.types import SignIn

from .helpers import PASSWORD, SIGN_UP, VISITOR, Meeting, at_once, make_person, post, start_api

NEW = "grace@example.org"
CODE = re.compile(r"\b[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}\b")
PERSON: dict[str, Any] = {"name": "Grace", "password": PASSWORD, "birth_date": date(1990, 5, 17)}


def fresh(user: User) -> SignIn:
    """A sign-in that was proven just now."""
    return SignIn(user.uid, start_api(user).session.family, stepped_up_at=timezone.now())


def invite(by: User, *, email: str = NEW, roles: tuple[str, ...] = ("support",)) -> StaffInvitation:
    return invitations.invite(by=by, sign_in=fresh(by), email=email, roles=roles, client=VISITOR)


def mailed_code() -> str:
    """The code of the newest invitation mail."""
    outbox.deliver_due()
    found = [CODE.search(str(message.body)) for message in mail.outbox]
    codes = [match[0] for match in found if match]
    return codes[-1] if codes else ""


def accept(code: str, *, email: str = NEW, **fields: Any) -> User:
    common_redis.get_client().flushdb()
    given = {**PERSON, "email": email, "code": code, **fields}
    return invitations.accept(**given, kind=Session.Kind.WEB, client=VISITOR).user


def accept_as(user: User, code: str) -> None:
    common_redis.get_client().flushdb()
    sign_in = SignIn(user.uid, start_api(user).session.family)
    invitations.accept_as(user=user, sign_in=sign_in, code=code, client=VISITOR)


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def subjects() -> list[str]:
    outbox.deliver_due()
    return [message.subject for message in mail.outbox]


# -- roles
def held() -> dict[str, set[str]]:
    rows = Group.objects.values_list("name", "permissions__codename")
    return {name: {code for other, code in rows if other == name} for name, _code in rows}


@pytest.mark.django_db
def test_after_migrating_the_groups_are_the_roles() -> None:
    assert held() == {role: set(codenames) for role, codenames in ROLES.items()}


@pytest.mark.django_db
def test_migrating_again_adds_what_is_missing_and_takes_away_what_is_listed_no_more() -> None:
    support = Group.objects.get(name="support")
    support.permissions.add(Permission.objects.get(codename="staff_grant_credits"))
    support.permissions.remove(Permission.objects.get(codename="staff_view_users"))
    Group.objects.get(name="finance").delete()
    other = Group.objects.create(name="a group of somebody else's")
    before = set(Group.objects.exclude(name="finance").values_list("pk", flat=True))
    for _ in range(2):
        staff_groups.bring_up_to_date()
        found = held()
        found.pop(other.name)
        assert found == {role: set(codenames) for role, codenames in ROLES.items()}
    assert before < set(Group.objects.values_list("pk", flat=True))


@pytest.mark.django_db
def test_the_groups_are_made_for_this_app_and_no_other() -> None:
    Group.objects.filter(name="finance").delete()
    for label, is_made in (("credits", False), ("users", True)):
        config = apps.get_app_config(label)
        post_migrate.send(
            sender=config, app_config=config, verbosity=0, interactive=False, using="default", plan=[], apps=apps
        )
        assert Group.objects.filter(name="finance").exists() is is_made


# -- being invited
@pytest.mark.django_db
def test_an_invitation_makes_an_account_of_staff_with_its_roles_and_nothing_else() -> None:
    admin = make_staff("admin", name="Ada Admin")
    invitation = invite(admin, email="Grace@Example.org", roles=("support", "finance"))
    assert timedelta(hours=71) < invitation.expires_at - timezone.now() <= timedelta(hours=72)
    user = accept(f" {mailed_code().lower()} ")
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser, user.role, user.email) == (True, False, "fan", NEW)
    assert user.email_verified_at is not None
    assert staff_selectors.roles_of(user) == ["finance", "support"]
    assert user.check_password(PASSWORD)
    assert not user.has_perm("users.staff_invite")
    invitation.refresh_from_db()
    assert (invitation.accepted_by, invitation.code_hash) == (user, None)
    assert actions() == ["staff.invited", "staff.joined"]
    assert "You work at Pairly now" in subjects()
    assert "Confirm your e-mail address" not in subjects()


@pytest.mark.django_db
def test_the_mail_holds_the_code_and_a_page_and_the_outbox_no_secret() -> None:
    admin = make_staff("admin", name="Ada Admin")
    invite(admin)
    code = mailed_code()
    [sent] = mail.outbox
    assert sent.to == [NEW]
    assert re.findall(r"https?://\S+", str(sent.body)) == [f"{settings.PUBLIC_URL}/invitation/"]
    assert "Ada Admin" in sent.body
    assert "Support" in sent.body
    stored = str(list(OutboxRow.objects.values_list("payload", "last_error")))
    assert code not in stored
    assert NEW not in stored
    assert code.replace("-", "").encode() not in bytes(StaffInvitation.objects.get().code_hash or b"")


@pytest.mark.django_db
@pytest.mark.parametrize("why", ["used", "expired", "revoked", "replaced", "other", "uninvited", "unmailed"])
def test_a_code_that_is_not_good_any_more_makes_nobody_staff(why: str) -> None:
    admin = make_staff("admin")
    invitation = invite(admin)
    code, email = mailed_code() if why != "unmailed" else "ABCD-EFGH-JKMN", NEW
    match why:
        case "used":
            assert accept(code).is_staff
        case "expired":
            StaffInvitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        case "revoked":
            invitations.revoke(by=admin, sign_in=fresh(admin), uid=invitation.uid, client=VISITOR)
        case "replaced":
            invitations.deliver(None, OutboxRow.objects.get(kind="users.staff_invitation").payload)
        case "other":
            email = "other@example.org"
            invite(admin, email=email)
            mailed_code()
        case "uninvited":
            email = "nobody@example.org"
    n_staff = User.objects.filter(is_staff=True).count()
    with pytest.raises(InvalidCode):
        accept(code, email=email)
    assert User.objects.filter(is_staff=True).count() == n_staff
    assert not User.objects.filter(email="nobody@example.org").exists()


@pytest.mark.django_db
def test_five_wrong_codes_kill_an_invitation_and_nothing_tells_whether_there_is_one() -> None:
    invite(make_staff("admin"))
    code = mailed_code()
    documents = []
    for email in (NEW, "nobody@example.org"):
        for _ in range(5):
            with pytest.raises(InvalidCode) as caught:
                accept("AAAA-AAAA-AAAA", email=email)
            documents.append(str(caught.value.document()))
    assert len(set(documents)) == 1
    with pytest.raises(InvalidCode):
        accept(code)
    assert not User.objects.filter(email=NEW).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "code"),
    [({"password": "password123"}, "invalid"), ({"birth_date": date.today() - timedelta(days=3650)}, "under_age")],
)
def test_what_is_wrong_with_the_rest_costs_no_try(fields: dict[str, Any], code: str) -> None:
    invite(make_staff("admin"))
    mailed = mailed_code()
    with pytest.raises(InvalidInput) as caught:
        accept(mailed, **fields)
    assert caught.value.code == code
    assert StaffInvitation.objects.get().n_tries == 0
    assert accept(mailed).is_staff


@pytest.mark.django_db
def test_acceptances_are_limited_per_network() -> None:
    answers = []
    for number in range(7):
        try:
            invitations.accept(
                **PERSON, email=f"p{number}@example.org", code="x", kind=Session.Kind.WEB, client=VISITOR
            )
        except Problem as problem:
            answers.append(type(problem))
    assert answers == [InvalidCode] * 5 + [RateLimited] * 2


@pytest.mark.django_db
def test_an_account_that_exists_is_not_taken_over_by_mail_alone() -> None:
    owner = make_person(NEW)
    invite(make_staff("admin"))
    code = mailed_code()
    with pytest.raises(EmailTaken) as caught:
        accept(code, password="another long phrase 4")
    assert "Sign in" in str(caught.value.detail)
    owner.refresh_from_db()
    assert (owner.is_staff, owner.check_password(PASSWORD)) == (False, True)
    assert not Session.objects.filter(user=owner).exists()
    other = start_api(owner)
    accept_as(owner, code)
    owner.refresh_from_db()
    assert owner.is_staff
    assert staff_selectors.roles_of(owner) == ["support"]
    other.session.refresh_from_db()
    assert other.session.end_reason == "roles_changed"
    assert Session.objects.filter(user=owner, ended_at__isnull=True).count() == 1


@pytest.mark.django_db
def test_nobody_accepts_with_a_code_that_was_sent_to_somebody_else() -> None:
    stranger = make_person("stranger@example.org")
    invite(make_staff("admin"))
    code = mailed_code()
    with pytest.raises(InvalidCode):
        accept_as(stranger, code)
    # Also not after taking the address of the invitation in mind only.
    stranger.email = NEW
    with pytest.raises(InvalidCode):
        accept_as(stranger, code)
    stranger.refresh_from_db()
    assert not stranger.is_staff


@pytest.mark.django_db
def test_who_left_can_be_invited_again() -> None:
    admin = make_staff("admin")
    invite(admin)
    user = accept(mailed_code())
    staff.remove(by=admin, sign_in=fresh(admin), uid=user.uid, client=VISITOR)
    user.refresh_from_db()
    assert not user.is_staff
    invite(admin, roles=("finance",))
    accept_as(user, mailed_code())
    user = User.objects.get(pk=user.pk)
    assert user.is_staff
    assert staff_selectors.roles_of(user) == ["finance"]


# -- inviting
@pytest.mark.django_db
@pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
def test_only_admins_invite_revoke_change_and_remove(role: str) -> None:
    by, colleague = make_staff(role), make_staff("support")
    invitation = invite(make_staff("admin"))
    calls: list[Any] = [
        lambda: invite(by, email="x@example.org"),
        lambda: invitations.revoke(by=by, sign_in=fresh(by), uid=invitation.uid, client=VISITOR),
        lambda: staff.remove(by=by, sign_in=fresh(by), uid=colleague.uid, client=VISITOR),
        lambda: staff.change_roles(by=by, sign_in=fresh(by), uid=colleague.uid, roles=["admin"], client=VISITOR),
        lambda: staff_selectors.list_staff(user=by),
        lambda: staff_selectors.list_invitations(user=by, limit=10),
    ]
    for call in calls:
        with pytest.raises(Forbidden):
            call()
    assert actions() == ["staff.invited"]


@pytest.mark.django_db
def test_all_of_it_needs_fresh_proof() -> None:
    admin, colleague = make_staff("admin"), make_staff("support")
    invitation = invite(admin)
    stale = SignIn(admin.uid, uuid.uuid4(), stepped_up_at=timezone.now() - timedelta(minutes=6))
    given: dict[str, Any] = {"by": admin, "sign_in": stale, "client": VISITOR}
    for call in (
        lambda: invitations.invite(**given, email="x@example.org", roles=["support"]),
        lambda: invitations.revoke(**given, uid=invitation.uid),
        lambda: staff.remove(**given, uid=colleague.uid),
        lambda: staff.change_roles(**given, uid=colleague.uid, roles=["finance"]),
    ):
        with pytest.raises(StepUpRequired):
            call()
    assert actions() == ["staff.invited"]


@pytest.mark.django_db
def test_an_invitation_needs_known_roles_a_free_address_and_nobody_who_works_here() -> None:
    admin, colleague = make_staff("admin"), make_staff("support")
    for roles in ((), ("owner",), ("support", "root")):
        with pytest.raises(InvalidInput):
            invite(admin, roles=roles)
    with pytest.raises(AlreadyStaff):
        invite(admin, email=colleague.email)
    invite(admin)
    with pytest.raises(InvitationOpen):
        invite(admin, email="GRACE@example.org")
    StaffInvitation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    invite(admin)
    states = [row.state for row in staff_selectors.list_invitations(user=admin, limit=10)]
    assert states == ["open", "expired"]


@pytest.mark.django_db
def test_an_invitation_is_revoked_once_and_only_while_it_is_open() -> None:
    admin = make_staff("admin")
    invitation = invite(admin)
    invitations.revoke(by=admin, sign_in=fresh(admin), uid=invitation.uid, client=VISITOR)
    for uid in (invitation.uid, uuid.uuid4()):
        with pytest.raises(NotFound):
            invitations.revoke(by=admin, sign_in=fresh(admin), uid=uid, client=VISITOR)
    assert not mailed_code()
    assert staff_selectors.list_invitations(user=admin, limit=10)[0].state == "revoked"


# -- changing and leaving
@pytest.mark.django_db
def test_who_is_removed_is_signed_out_an_ordinary_person_and_told() -> None:
    admin, leaver = make_staff("admin"), make_staff("admin")
    browser = sign_in_as(leaver)
    assert browser.get("/staff/").status_code == 200
    left = invite(leaver)
    staff.remove(by=admin, sign_in=fresh(admin), uid=leaver.uid, client=VISITOR)
    leaver = User.objects.get(pk=leaver.pk)
    assert (leaver.is_staff, leaver.is_active, leaver.groups.count()) == (False, True, 0)
    assert not leaver.has_perm("users.staff_view_users")
    assert not Session.objects.filter(user=leaver, ended_at__isnull=True).exists()
    assert browser.get("/staff/").status_code == 302
    assert sign_in_as(leaver).get("/staff/").status_code == 404
    left.refresh_from_db()
    assert left.revoked_at is not None
    assert "Your work at Pairly has ended" in subjects()
    entry = AuditEntry.objects.get(action="staff.removed")
    assert (entry.actor_uid, entry.subject_uid, entry.details) == (admin.uid, leaver.uid, {"before": ["admin"]})


@pytest.mark.django_db
def test_roles_are_changed_and_every_sign_in_begins_anew() -> None:
    admin, person = make_staff("admin"), make_staff("support")
    session = start_api(person).session
    staff.change_roles(by=admin, sign_in=fresh(admin), uid=person.uid, roles=["support", "security"], client=VISITOR)
    person = User.objects.get(pk=person.pk)
    assert staff_selectors.roles_of(person) == ["support", "security"]
    assert person.has_perm("users.staff_view_audit")
    session.refresh_from_db()
    assert session.end_reason == "roles_changed"
    assert "Your part at Pairly has changed" in subjects()
    details = AuditEntry.objects.get(action="staff.roles_changed").details
    assert details == {"before": ["support"], "roles": ["security", "support"]}


@pytest.mark.django_db
def test_nobody_changes_or_removes_themselves_nor_who_is_no_staff() -> None:
    admin, fan = make_staff("admin"), make_user()
    make_staff("admin")
    given: dict[str, Any] = {"by": admin, "sign_in": fresh(admin), "client": VISITOR}
    with pytest.raises(OwnAccount):
        staff.remove(**given, uid=admin.uid)
    with pytest.raises(OwnAccount):
        staff.change_roles(**given, uid=admin.uid, roles=["support"])
    for uid in (fan.uid, uuid.uuid4()):
        with pytest.raises(NotFound):
            staff.remove(**given, uid=uid)
        with pytest.raises(NotFound):
            staff.change_roles(**given, uid=uid, roles=["admin"])
    fan.refresh_from_db()
    assert not fan.is_staff


@pytest.mark.django_db
def test_the_last_admin_stays() -> None:
    """Who may invite without being an admin: by a permission of their own, given past the services."""
    admin, other = make_staff("admin"), make_staff("support")
    other.user_permissions.add(Permission.objects.get(codename="staff_invite"))
    other = User.objects.get(pk=other.pk)
    given: dict[str, Any] = {"by": other, "sign_in": fresh(other), "uid": admin.uid, "client": VISITOR}
    with pytest.raises(LastAdmin):
        staff.remove(**given)
    with pytest.raises(LastAdmin):
        staff.change_roles(**given, roles=["support"])
    make_staff("admin")
    staff.remove(**given)


def _remove_each_other(n: int) -> int:
    """In n threads two admins remove each other; how many admins are left."""
    User.objects.filter(is_staff=True).update(is_staff=False)
    pair = [make_staff("admin"), make_staff("admin")]
    signed_in = [fresh(admin) for admin in pair]

    def remove(number: int) -> None:
        by, whom = number % 2, 1 - number % 2
        with contextlib.suppress(Problem):
            staff.remove(by=pair[by], sign_in=signed_in[by], uid=pair[whom].uid, client=VISITOR)

    at_once(n, remove)
    return staff_selectors.list_admins().count()


def test_of_two_admins_who_remove_each_other_at_once_one_stays(committed_db: str) -> None:
    assert [_remove_each_other(30) for _ in range(3)] == [1, 1, 1]


def test_without_the_lock_both_would_be_gone(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above."""
    check, has_checked = staff._check_not_last, Meeting()

    def check_then_wait(person: User) -> None:
        check(person)
        has_checked.wait()

    monkeypatch.setattr(staff, "_hold_admins", lambda: None)
    monkeypatch.setattr(staff, "_check_not_last", check_then_wait)
    assert _remove_each_other(2) == 0


# -- races over one invitation
def _race(monkeypatch: pytest.MonkeyPatch, admin: User, email: str) -> int:
    """How many of 30 acceptances of one invitation at once went through, by somebody signed in. Five are let try."""
    user = make_person(email)
    invite(admin, email=email)
    code = mailed_code()
    family = start_api(user).session.family
    monkeypatch.setattr(invitations, "INVITATIONS_ACCEPTED_PER_MINUTE", 1000)

    def use(_number: int) -> bool:
        try:
            invitations.accept_as(user=user, sign_in=SignIn(user.uid, family), code=code, client=VISITOR)
        except InvalidCode:
            return False
        return True

    return sum(at_once(30, use))


def test_thirty_acceptances_at_once_make_one_account(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = make_staff("admin")
    monkeypatch.setattr(invitations, "INVITATIONS_ACCEPTED_PER_MINUTE", 1000)
    for number in range(2):
        email = f"new{number}@example.org"
        invite(admin, email=email)
        code = mailed_code()

        def use(_n: int, email: str = email, code: str = code) -> str:
            try:
                invitations.accept(**PERSON, email=email, code=code, kind=Session.Kind.API, client=VISITOR)
            except Problem as problem:
                return problem.code
            return "accepted"

        answers = at_once(30, use)
        assert answers.count("accepted") == 1
        assert set(answers) == {"accepted", "invalid_code"}
        user = User.objects.get(email=email)
        assert user.is_staff
        assert Session.objects.filter(user=user).count() == 1
        assert StaffInvitation.objects.get(email=email).accepted_by == user


def test_without_the_conditional_update_one_invitation_would_be_used_several_times(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a read and a write in the place of one UPDATE, on an account that exists (which no unique address
    guards)."""

    has_read = Meeting()

    def read_then_write(found: StaffInvitation) -> bool:
        if StaffInvitation.objects.get(pk=found.pk).accepted_at is not None:
            return False
        has_read.wait()
        StaffInvitation.objects.filter(pk=found.pk).update(accepted_at=timezone.now())
        return True

    monkeypatch.setattr(invitations, "_consume", read_then_write)
    monkeypatch.setattr(invitations.entrance, "hold", lambda *, user: User.objects.get(pk=user.pk))
    admin = make_staff("admin")
    assert _race(monkeypatch, admin, "ada@example.org") > 1


def test_of_30_acceptances_by_one_person_one_goes_through(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = make_staff("admin")
    assert [_race(monkeypatch, admin, f"ada{number}@example.org") for number in range(2)] == [1, 1]


# -- no other way in
@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/auth/signup", "/api/auth/register", "/sign-up/"])
def test_nobody_signs_up_as_staff(path: str) -> None:
    extra = {
        "is_staff": True,
        "is_superuser": "true",
        "groups": ["admin"],
        "user_permissions": [1],
        "is_active": True,
        "verification_level": 2,
        "email_verified_at": "2026-01-01T00:00:00Z",
    }
    client = Client()
    if path == "/sign-up/":
        assert client.post(path, {**SIGN_UP, **extra}).status_code == 302
    else:
        assert post(path, {**SIGN_UP, **extra}).status_code == 201
    user = User.objects.get(email="ada@example.org")
    assert (user.is_staff, user.is_superuser, user.verification_level) == (False, False, 0)
    assert user.email_verified_at is None
    assert not user.groups.exists()
    assert not user.user_permissions.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["admin", "moderator", "staff", "support"])
def test_a_role_of_staff_cannot_be_signed_up_for(role: str) -> None:
    assert post("/api/v1/auth/signup", {**SIGN_UP, "role": role}).status_code == 422
    assert Client().post("/sign-up/", {**SIGN_UP, "role": role}).status_code == 422
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_first_admin_is_made_on_the_servers_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--email", "first@example.org", "--name", "First", verbosity=0)
    first = User.objects.get(email="first@example.org")
    assert staff_selectors.roles_of(first) == ["admin"]
    invite(first)
    assert accept(mailed_code()).is_staff


# -- pages
@pytest.mark.django_db
def test_the_page_leads_from_the_code_to_the_doors_of_staff() -> None:
    invite(make_staff("admin"))
    code, browser = mailed_code(), Client()
    page = browser.get("/invitation/").content.decode()
    assert 'autocomplete="one-time-code"' in page
    assert 'name="role"' not in page
    fields = {**PERSON, "email": NEW, "code": code}
    wrong = browser.post("/invitation/", {**fields, "code": "AAAA-AAAA-AAAA"})
    assert (wrong.status_code, "id_code_error" in wrong.content.decode()) == (422, True)
    assert browser.post("/invitation/", {"code": code}).status_code == 422
    done = browser.post("/invitation/", {**fields, "is_superuser": "1", "groups": "admin"})
    assert (done.status_code, done.headers["Location"]) == (302, "/staff/")
    user = User.objects.get(email=NEW)
    # No second factor yet: the doors of staff ask for one before they open (moderation/tests/test_shell.py).
    assert Session.objects.get(user=user).factor == ""
    assert staff_selectors.roles_of(user) == ["support"]
    assert not user.is_superuser


@pytest.mark.django_db
def test_who_is_signed_in_types_the_code_only() -> None:
    user = make_user()
    invite(make_staff("admin"), email=user.email)
    code, browser = mailed_code(), sign_in_as(user, factor=None)
    page = browser.get("/invitation/").content.decode()
    assert user.email in page
    assert 'name="password"' not in page
    assert browser.post("/invitation/", {"code": "AAAA-AAAA-AAAA"}).status_code == 422
    key = browser.cookies["pairly_session"].value
    done = browser.post("/invitation/", {"code": code})
    assert (done.status_code, done.headers["Location"]) == (302, "/staff/")
    assert browser.cookies["pairly_session"].value != key
    user.refresh_from_db()
    assert user.is_staff


@pytest.mark.django_db
def test_an_address_with_an_account_is_led_to_the_sign_in() -> None:
    make_person(NEW)
    invite(make_staff("admin"))
    answer = Client().post("/invitation/", {**PERSON, "email": NEW, "code": mailed_code()})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "You have an account already" in page
    assert 'href="/sign-in/?next=/invitation/"' in page


# -- lists
@pytest.mark.django_db
def test_the_list_of_staff_costs_the_same_for_n_and_2n() -> None:
    admin = make_staff("admin")

    def count() -> int:
        for _ in range(3):
            person = make_staff("support")
            start_api(person)
            TotpDevice.objects.create(
                user=person, name="", confirmed=True, confirmed_at=timezone.now(), key_encrypted=b"x"
            )
        admin.has_perm("users.staff_invite")
        with CaptureQueriesContext(connection) as queries:
            rows = staff_selectors.list_staff(user=admin)
        assert [row.has_totp for row in rows] == [row.name != admin.name for row in rows]
        return len(queries)

    assert count() == count() == 4


@pytest.mark.django_db
def test_who_was_seen_last_and_how_safely_is_told() -> None:
    admin, person = make_staff("admin", name="A"), make_staff("support", name="B")
    sessions.note_seen(session=start_api(person).session)
    first, second = staff_selectors.list_staff(user=admin)
    assert (first.roles, first.last_seen_at, first.has_strong_factor) == (["admin"], None, False)
    assert (second.roles, second.n_backup_codes) == (["support"], 0)
    assert second.last_seen_at is not None
