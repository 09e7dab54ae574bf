"""The pages and the API of who works here: doors only; what the services do is tried in users/tests."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import AuditEntry
from users import access_tokens, staff_selectors
from users.models import Session, StaffInvitation, User
from users.roles import ROLES
from users.services import sessions
from users.tests.helpers import VISITOR
from users.types import Method

PEOPLE, INVITATIONS, API = "/staff/people/", "/staff/invitations/", "/api/v1/admin/staff/invitations"
NEW = "grace@example.org"


def token_of(user: User, *, factor: Method | None = Method.TOTP) -> dict[str, Any]:
    started = sessions.start_session(user=user, kind=Session.Kind.API, client=VISITOR, factor=factor)
    token = access_tokens.issue(user_id=user.uid, family=started.session.family)
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


def send(method: str, path: str, headers: dict[str, Any], body: Any = None) -> Any:
    data = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
    return getattr(Client(), method)(path, **data, **headers)


def facts() -> tuple[Any, ...]:
    """What nobody may change who is not let in."""
    people = list(User.objects.order_by("pk").values_list("pk", "is_staff", "is_superuser", "groups__name"))
    invited = list(StaffInvitation.objects.order_by("pk").values_list("pk", "email", "revoked_at", "accepted_at"))
    return people, invited


@pytest.mark.django_db
def test_an_admin_invites_sees_and_revokes_on_the_pages() -> None:
    browser = sign_in_as(make_staff("admin", name="Ada Admin"))
    assert "No invitations yet" in browser.get(INVITATIONS).content.decode()
    done = browser.post(INVITATIONS, {"email": "Grace@Example.org", "roles": ["support", "finance"]}, follow=True)
    page = done.content.decode()
    assert "The invitation is on its way." in page
    for shown in (NEW, "Finance", "Support", "Ada Admin", "Open"):
        assert shown in page
    invitation = StaffInvitation.objects.get()
    assert str(invitation.uid) in page
    page = browser.post(f"{INVITATIONS}{invitation.uid}/revoke/", follow=True).content.decode()
    assert "Revoked" in page
    assert f"{invitation.uid}/revoke/" not in page
    assert browser.post(f"{INVITATIONS}{invitation.uid}/revoke/").status_code == 404


@pytest.mark.django_db
def test_a_refused_invitation_keeps_what_was_typed_and_names_the_field() -> None:
    colleague = make_staff("support")
    browser = sign_in_as(make_staff("admin"))
    for fields, status, shown in (
        ({"email": NEW}, 422, "id_roles_error"),
        ({"email": "no address", "roles": ["support"]}, 422, "id_email_error"),
        ({"email": NEW, "roles": ["owner"]}, 422, "id_roles_error"),
        ({"email": colleague.email, "roles": ["support"]}, 409, "id_email_error"),
    ):
        answer = browser.post(INVITATIONS, fields)
        page = answer.content.decode()
        assert (answer.status_code, shown in page) == (status, True)
        assert f'value="{fields["email"]}"' in page
    assert not StaffInvitation.objects.exists()


@pytest.mark.django_db
def test_the_list_tells_who_works_here_and_a_page_of_each_changes_and_removes() -> None:
    admin, person = make_staff("admin", name="Ada Admin"), make_staff("support", name="Bob Support")
    browser = sign_in_as(admin)
    page = browser.get(PEOPLE).content.decode()
    for shown in ("Ada Admin", "Bob Support", "No second factor yet", "Never seen", person.email):
        assert shown in page
    path = f"{PEOPLE}{person.uid}/"
    page = browser.get(path).content.decode()
    assert 'value="support" aria-describedby' in page or 'value="support"' in page
    assert browser.post(path, {}).status_code == 422
    assert browser.post(path, {"roles": ["finance"]}).headers["Location"] == PEOPLE
    assert staff_selectors.roles_of(User.objects.get(pk=person.pk)) == ["finance"]
    assert browser.post(f"{path}remove/").headers["Location"] == PEOPLE
    person.refresh_from_db()
    assert not person.is_staff
    assert browser.get(path).status_code == 404
    actions = list(AuditEntry.objects.filter(subject_uid=person.uid).order_by("pk").values_list("action", flat=True))
    assert actions == ["staff.roles_changed", "staff.removed"]


@pytest.mark.django_db
def test_an_admins_own_page_changes_and_removes_nothing() -> None:
    admin = make_staff("admin")
    make_staff("admin")
    browser, path = sign_in_as(admin), f"{PEOPLE}{admin.uid}/"
    page = browser.get(path).content.decode()
    assert "Another admin" in page
    assert f"{path}remove/" not in page
    before = facts()
    assert browser.post(path, {"roles": ["support"]}).status_code == 403
    assert browser.post(f"{path}remove/", follow=True).status_code == 200
    assert facts() == before


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["fan", *[role for role in ROLES if role != "admin"]])
def test_nobody_else_gets_in_and_nothing_changes(role: str) -> None:
    person = make_user() if role == "fan" else make_staff(role)
    colleague, invitation = make_staff("support"), StaffInvitation(email=NEW)
    invitation.invited_by, invitation.expires_at = make_staff("admin"), timezone.now() + timedelta(hours=1)
    invitation.save()
    expected, before = 404 if role == "fan" else 403, facts()
    browser, header = sign_in_as(person), token_of(person)
    roles = {"roles": ["admin"]}
    for path, fields in (
        (PEOPLE, None),
        (f"{PEOPLE}{colleague.uid}/", None),
        (f"{PEOPLE}{colleague.uid}/", roles),
        (f"{PEOPLE}{person.uid}/", roles),
        (f"{PEOPLE}{colleague.uid}/remove/", {}),
        (INVITATIONS, None),
        (INVITATIONS, {"email": "x@example.org", **roles}),
        (f"{INVITATIONS}{invitation.uid}/revoke/", {}),
    ):
        answer = browser.get(path) if fields is None else browser.post(path, fields)
        assert (path, answer.status_code) == (path, expected)
    for method, path, body in (
        ("get", API, None),
        ("post", API, {"email": "x@example.org", "roles": ["admin"]}),
        ("get", f"{API}/{invitation.uid}", None),
        ("delete", f"{API}/{invitation.uid}", None),
    ):
        assert (method, send(method, path, header, body).status_code) == (method, expected)
        assert (method, send(method, path, {}, body).status_code) == (method, 401)
    assert facts() == before


@pytest.mark.django_db
def test_the_api_invites_lists_shows_and_revokes() -> None:
    header = token_of(make_staff("admin", name="Ada Admin"))
    made = send("post", API, header, {"email": "Grace@example.org", "roles": ["support"]})
    assert made.status_code == 201
    row = made.json()
    assert set(row) == {"id", "email", "roles", "invited_by", "created_at", "expires_at", "state"}
    assert (row["email"], row["roles"], row["invited_by"], row["state"]) == (NEW, ["support"], "Ada Admin", "open")
    assert send("get", API, header).json() == {"results": [row], "next": None}
    assert send("get", f"{API}/{row['id']}", header).json() == row
    again = send("post", API, header, {"email": NEW, "roles": ["support"]})
    assert (again.status_code, again.json()["code"]) == (409, "invitation_open")
    assert send("delete", f"{API}/{row['id']}", header).status_code == 204
    assert send("delete", f"{API}/{row['id']}", header).status_code == 404
    assert send("get", f"{API}/{uuid.uuid4()}", header).status_code == 404
    assert send("get", f"{API}/{row['id']}", header).json()["state"] == "revoked"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/email"),
        ({"email": "x", "roles": ["support"]}, "/email"),
        ({"email": NEW}, "/roles"),
        ({"email": NEW, "roles": []}, "/roles"),
        ({"email": NEW, "roles": ["owner"]}, "/roles/0"),
        ({"email": NEW, "roles": "admin"}, "/roles"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_by_field(body: dict[str, Any], pointer: str) -> None:
    answer = send("post", API, token_of(make_staff("admin")), body)
    assert answer.status_code == 422
    assert pointer in {row["pointer"] for row in answer.json()["errors"]}


@pytest.mark.django_db
def test_the_api_asks_for_a_second_factor_and_for_fresh_proof() -> None:
    admin = make_staff("admin")
    body = {"email": NEW, "roles": ["support"]}
    assert send("post", API, token_of(admin, factor=None), body).json()["code"] == "second_factor_required"
    header = token_of(admin)
    Session.objects.update(stepped_up_at=timezone.now() - timedelta(minutes=6))
    answer = send("post", API, header, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert send("get", API, header).status_code == 200
    assert not StaffInvitation.objects.exists()


@pytest.mark.django_db
def test_the_pages_say_beforehand_that_fresh_proof_is_needed() -> None:
    admin, person = make_staff("admin"), make_staff("support")
    browser = sign_in_as(admin)
    paths = (INVITATIONS, f"{PEOPLE}{person.uid}/")
    assert not any("confirm that it is you" in browser.get(path).content.decode() for path in paths)
    Session.objects.update(stepped_up_at=timezone.now() - timedelta(minutes=6))
    assert all("confirm that it is you" in browser.get(path).content.decode() for path in paths)


@pytest.mark.django_db
def test_invitations_come_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    from moderation import people_views
    from moderation.api import people_views as api

    monkeypatch.setattr(people_views, "INVITATIONS_PAGE", 2)
    monkeypatch.setattr(api, "INVITATIONS_PAGE", 2)
    admin = make_staff("admin")
    header, browser = token_of(admin), sign_in_as(admin)
    for number in range(5):
        assert browser.post(INVITATIONS, {"email": f"p{number}@example.org", "roles": ["support"]}).status_code == 302
    seen, path = [], API
    while path:
        page = send("get", path, header).json()
        seen += [row["email"] for row in page["results"]]
        path = (page["next"] or "").replace("http://testserver", "")
    assert seen == [f"p{number}@example.org" for number in (4, 3, 2, 1, 0)]
    first = browser.get(INVITATIONS).content.decode()
    assert 'rel="next"' in first
    assert "p2@example.org" not in first
    last = StaffInvitation.objects.order_by("-uid")[1].uid
    assert "p2@example.org" in browser.get(f"{INVITATIONS}?before={last}").content.decode()
    assert browser.get(f"{INVITATIONS}?before=nonsense").status_code == 200
