"""Django's admin: who comes in, that nothing can be written there, and that looking is recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import BinaryField, Model
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from credits.services import purchases
from moderation.models import (
    Appeal,
    BulkRun,
    CannedReason,
    DailyRevenue,
    Delivery,
    Membership,
    Organisation,
    Report,
    ReportCase,
    Sanction,
    Verification,
    Webhook,
    WorkItem,
    WorkNote,
)
from moderation.services import figures
from moderation.tests.certifying import certify
from pairly.common.ids import uuid7
from pairly.outbox.models import OutboxRow
from pairly.testing.people import make_staff, make_user, sign_in_as
from payments.models import (
    Difference,
    MoneyBack,
    Payment,
    Payout,
    PayoutMethod,
    Reconciliation,
    ShopItem,
    Unlock,
    WebhookEvent,
)
from security.models import AuditEntry, FraudAlert, KnownDevice, LoginAttempt, RiskDecision, SecurityEvent
from security.read_only_admin import ReadOnlyAdmin
from security.services import audit
from users.models import (
    AccountClosure,
    Block,
    DataExport,
    FactorRecovery,
    Restriction,
    StaffInvitation,
    User,
)
from users.roles import ROLES
from users.types import Method

INDEX = "/admin/"
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
WRITES = ("_save", "_continue", "_addanother", "_saveasnew", 'name="action"', "deletelink", "addlink")


def url_of(model: type[Model], view: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


@pytest.fixture
def somebody() -> User:
    return make_somebody()


def make_somebody() -> User:
    """A person who has a row of every model that staff may look at."""
    fan, creator, staff = make_user("fan"), make_user("creator"), make_staff("support")
    now, later = timezone.now(), timezone.now() + timedelta(days=3)
    purchases.record_purchase(
        user_id=fan.pk, op_id=uuid7(), credits_centi=500, currency="USD", amount_minor=500, payment_uid=uuid7()
    )
    LoginAttempt.objects.create(identifier_hash=b"x", user_uid=fan.uid, door="page")
    KnownDevice.objects.create(user_uid=fan.uid, fingerprint_sha256=b"x")
    RiskDecision.objects.create(user_uid=fan.uid, event="sign_in", score=1, action="allow", rule_version=1)
    SecurityEvent.objects.create(user_uid=fan.uid, kind="sign_in")
    FraudAlert.objects.create(user_uid=fan.uid, score=50, action="review")
    audit.record(action="account.made", subject_uid=fan.uid)
    Restriction.objects.create(user=fan, kind="mute")
    Block.objects.create(blocker=fan, blocked=creator, reason="a private reason")
    StaffInvitation.objects.create(email="new@example.org", invited_by=staff, expires_at=later)
    FactorRecovery.objects.create(user=fan, reason="lost", wait_until=later)
    OutboxRow.objects.create(kind="users.mail", user_uid=fan.uid, payload={"code": "SECRET-CODE"})
    Payment.objects.create(
        user=fan, request_id=uuid7(), provider="stripe", package="s", currency="USD", amount_minor=500,
        credits_centi=500, checkout_url="https://provider.example/SECRET-CODE",
    )  # fmt: skip
    WebhookEvent.objects.create(provider="stripe", event_id="e", type="t", payload={"email": "SECRET-CODE"})
    ware = ShopItem.objects.create(seller=creator, title="A ware", price_centi=5_000)
    Unlock.objects.create(item=ware, buyer=fan, price_centi=5_000, request_id=uuid7())
    AccountClosure.objects.create(user=creator, kind="rest")
    DataExport.objects.create(user=fan)
    item = WorkItem.objects.create(kind="test", ref=uuid7(), subject_uid=fan.uid, due_at=now)
    WorkNote.objects.create(item=item, author=staff, text="seen")
    CannedReason.objects.create(kind="report", title="Spam", text="You advertised.", changed_by=staff)
    BulkRun.objects.create(uid=uuid7(), kind="report", action="dismissed", by=staff)
    Verification.objects.create(user=fan, document_type="passport")
    _trust(fan, creator, staff)
    _money(fan, creator)
    return fan


def _trust(fan: User, creator: User, staff: User) -> None:
    """Reports, decisions, a certificate, an organisation with a webhook, and a day's figures."""
    now, given = timezone.now(), {"rule": "spam", "is_automated": False, "appeal_until": timezone.now()}
    case = ReportCase.objects.create(subject=fan, target="user", target_ref=fan.uid)
    Report.objects.create(case=case, reporter=creator, category="spam", details="a private reason")
    sanction = Sanction.objects.create(user=fan, kind="warning", facts="Ads", decided_by=staff, **given)
    Appeal.objects.create(user=fan, sanction=sanction, first_decided_by=staff)
    certify(creator)
    organisation = Organisation.objects.create(name="An agency")
    Membership.objects.create(organisation=organisation, user=fan, role="owner", accepted_at=now)
    hook = Webhook.objects.create(organisation=organisation, target_url="https://a.example/", sealed_secret=b"x")
    Delivery.objects.create(webhook=hook, event="e", event_id=uuid7(), payload={"code": "SECRET-CODE"}, next_at=now)
    figures.count_day(day=(now - timedelta(days=1)).date())
    DailyRevenue.objects.create(
        day=now.date(), currency="USD", n_purchases=1, purchased_minor=5, n_refunds=0, refunded_minor=0,
        n_disputes=0, disputed_minor=0,
    )  # fmt: skip


def _money(fan: User, creator: User) -> None:
    """A dispute, a payout, and a day that was compared with a provider."""
    payment = Payment.objects.get(user=fan)
    MoneyBack.objects.create(payment=payment, kind="dispute", state="open", amount_minor=5, provider_object_id="du_1")
    method = PayoutMethod.objects.create(
        user=creator, kind="manual", currency="USD", country="DE", label="Bank 3000", state="ready",
        usable_at=timezone.now(), fingerprint=b"f" * 32, sealed_details=b"SECRET-CODE",
    )  # fmt: skip
    Payout.objects.create(
        user=creator, method=method, request_id=uuid7(), amount_centi=500, currency="USD", amount_minor=5,
        rate_micro=1_000_000,
    )  # fmt: skip
    compared = Reconciliation.objects.create(
        provider="stripe", day=timezone.now().date(), n_listed=1, n_matched=0, n_differences=1, n_booked=0
    )
    Difference.objects.create(
        reconciliation=compared, kind="missing_here", movement="payment", provider_object_id="pi_9", their_minor=5,
        their_currency="USD",
    )  # fmt: skip


def admin_browser() -> Client:
    return sign_in_as(make_staff("admin"))


# -- who comes in ---------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("path", [INDEX, "/admin/users/user/", "/admin/nothing/", "/admin/jsi18n/"])
def test_a_stranger_is_sent_to_our_sign_in(path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in/?next={path}")


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["fan", "creator"])
def test_who_is_no_staff_finds_nothing_there(role: str) -> None:
    client = sign_in_as(make_user(role))
    for path in (INDEX, "/admin/login/", "/admin/logout/", "/admin/users/user/", "/admin/password_change/"):
        assert client.get(path).status_code == client.post(path).status_code == 404


@pytest.mark.django_db
def test_a_superuser_who_is_no_staff_finds_nothing_either() -> None:
    user = make_user()
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    user.refresh_from_db()
    assert sign_in_as(user).get(INDEX).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("factor", [None, Method.EMAIL])
def test_staff_without_a_strong_factor_in_this_sign_in_get_one_first(factor: Method | None) -> None:
    client = sign_in_as(make_staff("admin"), factor=factor)
    for path in (INDEX, "/admin/users/user/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/account/two-factor/")


@pytest.mark.django_db
def test_staff_with_a_factor_see_what_their_role_may_see_and_no_more(somebody: User) -> None:
    seen = {}
    for role in ROLES:
        client = sign_in_as(make_staff(role))
        page = client.get(INDEX).content.decode()
        seen[role] = {model for model in MODELS if client.get(url_of(model, "changelist")).status_code == 200}
        for model in MODELS:
            assert (f'href="{url_of(model, "changelist")}"' in page) is (model in seen[role])
    assert seen["admin"] == set(MODELS)
    assert User in seen["moderator"]
    assert not seen["moderator"] & {LoginAttempt, AuditEntry, Payment, StaffInvitation, OutboxRow}
    assert {Payment, WebhookEvent} <= seen["finance"]
    assert not seen["support"] & {AuditEntry, Payment, Verification}


@pytest.mark.django_db
def test_there_is_no_second_way_in_and_the_way_out_is_ours() -> None:
    client = Client()
    assert client.get("/admin/login/?next=/admin/users/").headers["Location"] == "/sign-in/?next=/admin/users/"
    assert client.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 302
    staff = admin_browser()
    assert staff.get("/admin/login/?next=/admin/users/").headers["Location"] == "/admin/users/"
    assert staff.get("/admin/login/?next=https://elsewhere.example/").headers["Location"] == INDEX
    assert staff.get("/admin/logout/").status_code == 405
    assert staff.post("/admin/logout/").headers["Location"] == "/sign-in/"
    assert staff.get(INDEX).status_code == 302


@pytest.mark.django_db
def test_there_is_no_page_for_passwords() -> None:
    client = admin_browser()
    for name in ("admin:password_change", "admin:password_change_done"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
    staff = User.objects.get(is_staff=True)
    for path in ("/admin/password_change/", f"/admin/users/user/{staff.pk}/password/"):
        assert client.get(path).status_code in (302, 404)
        assert 'type="password"' not in client.get(path, follow=True).content.decode()


# -- nothing is written ---------------------------------------------------------------------------------------
def test_every_registered_page_is_one_that_only_shows() -> None:
    assert all(isinstance(page, ReadOnlyAdmin) for page in admin.site._registry.values())
    assert Group not in MODELS


def first_of(model: type[Model]) -> Model | None:
    return model._default_manager.first()


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_list_and_one_row_of_each_is_shown_and_takes_no_writing(model: type[Model], somebody: User) -> None:
    client = admin_browser()
    listing = client.get(url_of(model, "changelist"))
    pages = [listing.content.decode()]
    assert listing.status_code == 200
    assert client.get(url_of(model, "changelist"), {"q": "x"}).status_code == 200
    assert client.get(url_of(model, "add")).status_code == 403
    assert client.post(url_of(model, "add"), {"x": "y"}).status_code == 403
    row = first_of(model)
    if row is not None:
        detail = client.get(url_of(model, "change", row.pk))
        assert detail.status_code == 200
        pages.append(detail.content.decode())
        before = model._default_manager.filter(pk=row.pk).values().get()
        assert client.post(url_of(model, "change", row.pk), {"is_staff": "on", "_save": "1"}).status_code == 403
        assert client.get(url_of(model, "delete", row.pk)).status_code == 403
        assert client.post(url_of(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        deletion = {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"}
        client.post(url_of(model, "changelist"), deletion)
        assert model._default_manager.filter(pk=row.pk).values().get() == before
    for page in pages:
        assert not [word for word in WRITES if word in page]
        assert "SECRET-CODE" not in page
        assert "a private reason" not in page


@pytest.mark.django_db
def test_the_crawl_finds_a_row_of_almost_every_model(somebody: User) -> None:
    """What has none is named here, so that nobody takes its silence for a check."""
    admin_browser()
    assert {model._meta.label for model in MODELS if first_of(model) is None} == {"credits.Hold", "profiles.Picture"}


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["password", "is_staff", "is_superuser", "groups", "user_permissions", "email"])
def test_nobody_sets_passwords_roles_or_permissions_there(field: str, somebody: User) -> None:
    client = admin_browser()
    User.objects.filter(is_staff=True).update(is_superuser=True)
    path = url_of(User, "change", somebody.pk)
    page = client.get(path).content.decode()
    assert f'name="{field}"' not in page
    assert client.post(path, {field: "1", "_save": "1"}).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_no_secret_is_a_field_of_a_page(model: type[Model], rf: Any) -> None:
    page = admin.site._registry[model]
    shown = set(page.get_fields(rf.get("/")))
    secret = {field.name for field in model._meta.get_fields() if isinstance(field, BinaryField)}
    assert not shown & (secret | {"password", "payload", "checkout_url"})


# -- looking is recorded --------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_looking_at_a_person_is_a_private_view_of_theirs(somebody: User) -> None:
    client = admin_browser()
    client.get(url_of(User, "change", somebody.pk))
    view = AuditEntry.objects.get(action="staff.data_viewed")
    assert (view.subject_uid, view.is_private_view, view.by_staff) == (somebody.uid, True, True)
    assert (view.details["model"], view.details["role"]) == ("users.User", "admin")
    restriction = Restriction.objects.get()
    client.get(url_of(Restriction, "change", restriction.pk))
    assert AuditEntry.objects.filter(action="staff.data_viewed", subject_uid=somebody.uid).count() == 2


@pytest.mark.django_db
def test_lists_are_recorded_without_what_was_searched_for(somebody: User) -> None:
    admin_browser().get(url_of(User, "changelist"), {"q": somebody.email})
    entry = AuditEntry.objects.get(action="staff.data_listed")
    assert (entry.is_private_view, entry.details["query"]) == (False, "q")
    assert somebody.email not in str(entry.details)
