"""Organisations: who belongs to them, who says so, and what they see of the creators they represent."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from moderation.certificates.services import revoking
from moderation.models import Certificate, Membership, Organisation, Representation
from moderation.organisations import selectors
from moderation.organisations.constants import INVITATION_LIFE, MEMBERS_MAX, ORGANISATIONS_MAX
from moderation.organisations.errors import (
    AlreadyThere,
    InvitationOver,
    TooManyMembers,
    TooManyOrganisations,
)
from moderation.organisations.services import founding, members, privacy, representing
from pairly.common.problems import Forbidden, NotFound
from pairly.testing.people import make_user, sign_in_as
from security.models import AuditEntry
from users.models import Notification, User
from users.services import blocks

from .certifying import certify, make_certified

pytestmark = pytest.mark.django_db
Role = Membership.Role
JSON: dict[str, Any] = {"content_type": "application/json"}


@pytest.fixture
def owner() -> User:
    return make_user("creator", name="Olga")


@pytest.fixture
def agency(owner) -> Organisation:
    return founding.create(user=owner, name="Agency").organisation


def add(agency: Organisation, role: str = Role.MEMBER, name: str = "") -> User:
    """Somebody who accepted."""
    user = make_user(name=name)
    Membership.objects.create(organisation=agency, user=user, role=role, accepted_at=timezone.now())
    return user


def represent(agency: Organisation, creator: User, *, is_accepted: bool = True) -> Representation:
    at = timezone.now() if is_accepted else None
    return Representation.objects.create(organisation=agency, creator=creator, accepted_at=at)


def told(user: User) -> list[str]:
    """What `user` was told of organisations, the oldest first."""
    rows = Notification.objects.filter(user=user, kind="organisation").order_by("pk")
    return [row.payload["state"] for row in rows]


def roles_of(agency: Organisation) -> dict[str, str]:
    rows = Membership.objects.filter(organisation=agency, accepted_at__isnull=False).select_related("user")
    return {row.user.name: row.role for row in rows}


# -- founding
def test_who_founds_one_owns_it_may_rename_it_and_nobody_else_sees_it(owner):
    client, uid = sign_in_as(owner), ""
    made = client.post("/api/v1/organisations", {"name": "  The   Agency "}, **JSON)
    assert (made.status_code, made.json()["name"], made.json()["role"]) == (201, "The Agency", "owner")
    uid = made.json()["id"]
    assert client.put(f"/api/v1/organisations/{uid}", {"name": "Another"}, **JSON).json()["name"] == "Another"
    assert [row["name"] for row in client.get("/api/v1/organisations").json()["results"]] == ["Another"]
    stranger = sign_in_as(make_user())
    assert stranger.get("/api/v1/organisations").json()["results"] == []
    assert stranger.get(f"/api/v1/organisations/{uid}").status_code == 404
    assert Client().get(f"/api/v1/organisations/{uid}").status_code == 401
    assert AuditEntry.objects.filter(action="organisation.created").count() == 1


@pytest.mark.parametrize(("name", "code"), [("", "blank"), (" ", "blank"), ("x" * 81, "max_length")])
def test_a_name_is_short_and_not_empty(owner, name, code):
    answer = sign_in_as(owner).post("/api/v1/organisations", {"name": name}, **JSON)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)
    assert not Organisation.objects.exists()


def test_nobody_is_in_more_than_a_few(owner):
    for number in range(ORGANISATIONS_MAX):
        founding.create(user=owner, name=f"No {number}")
    with pytest.raises(TooManyOrganisations):
        founding.create(user=owner, name="One more")


def test_a_closed_one_is_gone_for_everybody_with_what_it_represents(owner, agency):
    member, creator = add(agency), make_user("creator")
    found = represent(agency, creator)
    with pytest.raises(Forbidden):
        founding.close(user=member, uid=agency.uid)
    founding.close(user=owner, uid=agency.uid)
    for user in (owner, member):
        with pytest.raises(NotFound):
            selectors.get_own(user=user, uid=agency.uid)
    assert not selectors.list_representations(user=creator).exists()
    with pytest.raises(NotFound):
        representing.accept(user=creator, uid=found.uid)
    with pytest.raises(NotFound):
        founding.close(user=owner, uid=agency.uid)


# -- members
def test_an_invitation_is_accepted_by_whom_it_is_for_and_by_nobody_else(owner, agency):
    guest = make_user("creator", name="Gus")
    made = sign_in_as(owner).post(
        f"/api/v1/organisations/{agency.uid}/members", {"user_id": str(guest.uid), "role": "manager"}, **JSON
    )
    assert (made.status_code, made.json()["name"], made.json()["accepted_at"]) == (201, "Gus", None)
    assert told(guest) == ["invited"]
    client = sign_in_as(guest)
    assert client.get("/api/v1/organisations").json()["results"][0]["accepted_at"] is None
    assert client.get(f"/api/v1/organisations/{agency.uid}/members").status_code == 404  # not yet
    assert sign_in_as(make_user()).post(f"/api/v1/organisations/{agency.uid}/accept").status_code == 404
    for _ in range(2):
        assert client.post(f"/api/v1/organisations/{agency.uid}/accept").json()["role"] == "manager"
    assert told(owner) == ["joined"]
    assert {row["name"] for row in client.get(f"/api/v1/organisations/{agency.uid}/members").json()["results"]} == {
        "Gus", "Olga"
    }  # fmt: skip


def test_who_has_an_address_is_not_told_before_they_accept(owner, agency):
    guest, client = make_user(name="Gus"), sign_in_as(owner)
    path = f"/api/v1/organisations/{agency.uid}/members"
    answers = [client.post(path, {"email": to}, **JSON) for to in (guest.email, "nobody@example.org", guest.email)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"")}
    assert [row["name"] for row in client.get(path).json()["results"]] == ["Olga"]
    assert client.put(f"{path}/{guest.uid}", {"role": "owner"}, **JSON).status_code == 404
    assert client.delete(f"{path}/{guest.uid}").status_code == 404
    assert told(guest) == ["invited"]
    members.accept(user=guest, uid=agency.uid)
    assert [row["name"] for row in client.get(path).json()["results"]] == ["Gus", "Olga"]


def test_an_invitation_to_an_address_can_be_taken_back(owner, agency):
    guest, client = make_user(), sign_in_as(owner)
    members.invite_by_email(user=owner, uid=agency.uid, email=guest.email.upper(), role=Role.OWNER)
    manager = add(agency, Role.MANAGER)
    path = f"/api/v1/organisations/{agency.uid}/members/withdraw"
    assert sign_in_as(manager).post(path, {"email": guest.email}, **JSON).status_code == 204
    assert Membership.objects.filter(user=guest).exists()  # what they may not invite to they do not take back
    for email in (guest.email, "nobody@example.org"):
        assert client.post(path, {"email": email}, **JSON).status_code == 204
    with pytest.raises(NotFound):
        members.accept(user=guest, uid=agency.uid)


def test_an_invitation_is_open_for_thirty_days(owner, agency):
    guest = make_user("creator")
    members.invite(user=owner, uid=agency.uid, who=guest.uid, role=Role.MEMBER)
    with pytest.raises(AlreadyThere):
        members.invite(user=owner, uid=agency.uid, who=guest.uid, role=Role.MEMBER)
    Membership.objects.filter(user=guest).update(invited_at=timezone.now() - INVITATION_LIFE)
    with pytest.raises(InvitationOver):
        members.accept(user=guest, uid=agency.uid)
    assert not selectors.list_own(user=guest).exists()
    members.invite(user=owner, uid=agency.uid, who=guest.uid, role=Role.MEMBER)
    assert members.accept(user=guest, uid=agency.uid).accepted_at


def test_nobody_invites_whom_they_may_not_know_of_or_who_blocks_them(owner, agency):
    hidden, blocker = make_user("creator"), make_user("creator")
    User.objects.filter(pk=hidden.pk).update(is_active=False)
    blocks.block(user=blocker, uid=owner.uid)
    for who in (hidden.uid, blocker.uid, uuid.uuid4()):
        with pytest.raises(NotFound):
            members.invite(user=owner, uid=agency.uid, who=who, role=Role.MEMBER)
        with pytest.raises(NotFound):
            representing.ask(user=owner, uid=agency.uid, creator=who)
    members.invite_by_email(user=owner, uid=agency.uid, email=blocker.email, role=Role.MEMBER)
    assert not Membership.objects.filter(user=blocker).exists()


def test_there_is_an_end_to_how_many_belong_to_it(owner, agency):
    guest, late = make_user("creator"), make_user("creator")
    members.invite(user=owner, uid=agency.uid, who=guest.uid, role=Role.MEMBER)
    for _ in range(MEMBERS_MAX - 1):
        add(agency)
    with pytest.raises(TooManyMembers):
        members.invite(user=owner, uid=agency.uid, who=late.uid, role=Role.MEMBER)
    with pytest.raises(TooManyMembers):
        members.accept(user=guest, uid=agency.uid)


def test_managers_invite_and_remove_members_alone_and_members_nobody(owner, agency):
    manager, member, guest = add(agency, Role.MANAGER, "Max"), add(agency, Role.MEMBER, "Mia"), make_user("creator")
    for role in (Role.OWNER, Role.MANAGER):
        with pytest.raises(Forbidden):
            members.invite(user=manager, uid=agency.uid, who=guest.uid, role=role)
    members.invite(user=manager, uid=agency.uid, who=guest.uid, role=Role.MEMBER)
    for who in (owner, add(agency, Role.MANAGER, "Moe")):
        with pytest.raises(Forbidden):
            members.remove(user=manager, uid=agency.uid, who=who.uid)
    with pytest.raises(Forbidden):
        members.change_role(user=manager, uid=agency.uid, who=manager.uid, role=Role.OWNER)
    for refused in (
        lambda: members.invite(user=member, uid=agency.uid, who=guest.uid, role=Role.MEMBER),
        lambda: members.invite_by_email(user=member, uid=agency.uid, email=guest.email, role=Role.MEMBER),
        lambda: members.withdraw_by_email(user=member, uid=agency.uid, email=guest.email),
        lambda: members.remove(user=member, uid=agency.uid, who=manager.uid),
        lambda: members.change_role(user=member, uid=agency.uid, who=member.uid, role=Role.OWNER),
        lambda: representing.ask(user=member, uid=agency.uid, creator=guest.uid),
        lambda: founding.rename(user=member, uid=agency.uid, name="Mine"),
    ):
        with pytest.raises(Forbidden):
            refused()
    members.remove(user=manager, uid=agency.uid, who=member.uid)
    assert told(member) == ["removed"]
    assert set(roles_of(agency)) == {"Olga", "Max", "Moe"}


def test_members_do_not_see_who_is_invited(owner, agency):
    guest, member = make_user("creator", name="Gus"), add(agency)
    members.invite(user=owner, uid=agency.uid, who=guest.uid, role=Role.MEMBER)
    represent(agency, guest, is_accepted=False)
    assert guest.pk in selectors.list_members(user=owner, uid=agency.uid).values_list("user", flat=True)
    assert guest.pk not in selectors.list_members(user=member, uid=agency.uid).values_list("user", flat=True)
    assert selectors.list_creators(user=owner, uid=agency.uid).count() == 1
    assert selectors.list_creators(user=member, uid=agency.uid).count() == 0


def test_an_invitation_can_be_declined(owner, agency):
    guest = make_user("creator")
    members.invite(user=owner, uid=agency.uid, who=guest.uid, role=Role.OWNER)
    path = f"/api/v1/organisations/{agency.uid}/members/{guest.uid}"
    assert sign_in_as(guest).delete(path).status_code == 204
    assert sign_in_as(guest).delete(path).status_code == 404
    assert set(roles_of(agency)) == {"Olga"}


# -- the last owner
def test_the_last_owner_stays_until_there_is_another(owner, agency):
    member, client = add(agency, Role.MEMBER, "Mia"), sign_in_as(owner)
    path = f"/api/v1/organisations/{agency.uid}/members/{owner.uid}"
    for answer in (client.delete(path), client.put(path, {"role": "member"}, **JSON)):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    invited = make_user("creator")
    members.invite(user=owner, uid=agency.uid, who=invited.uid, role=Role.OWNER)
    assert client.delete(path).status_code == 409  # who has not accepted owns nothing
    members.change_role(user=owner, uid=agency.uid, who=member.uid, role=Role.OWNER)
    assert client.delete(path).status_code == 204
    assert roles_of(agency) == {"Mia": "owner"}


# -- creators
def test_a_creator_is_asked_says_yes_and_either_side_ends_it(owner, agency):
    creator, client = make_user("creator", name="Cleo"), sign_in_as(owner)
    for ends in ("creator", "organisation"):
        path = f"/api/v1/organisations/{agency.uid}/creators"
        made = client.post(path, {"user_id": str(creator.uid)}, **JSON)
        assert (made.status_code, made.json()["name"], made.json()["accepted_at"]) == (201, "Cleo", None)
        assert client.post(path, {"user_id": str(creator.uid)}, **JSON).json()["code"] == "already_there"
        uid = made.json()["id"]
        theirs = sign_in_as(creator)
        assert [row["id"] for row in theirs.get("/api/v1/representations").json()["results"]] == [uid]
        assert client.post(f"/api/v1/representations/{uid}/accept").status_code == 404  # not for the one who asks
        assert theirs.post(f"/api/v1/representations/{uid}/accept").json()["accepted_at"]
        stranger = sign_in_as(make_user("creator"))
        for call in (stranger.get, stranger.delete):
            assert call(f"/api/v1/representations/{uid}").status_code == 404
        by = theirs if ends == "creator" else client
        assert by.delete(f"/api/v1/representations/{uid}").status_code == 204
        assert by.delete(f"/api/v1/representations/{uid}").status_code == 404
    assert told(creator) == ["asked", "asked", "ended"]
    assert told(owner) == ["represented", "left", "represented"]


def test_a_member_ends_no_representation_and_a_fan_is_no_creator(owner, agency):
    found, member = represent(agency, make_user("creator")), add(agency)
    with pytest.raises(Forbidden):
        representing.end(user=member, uid=found.uid)
    fan = make_user()
    with pytest.raises(NotFound):
        representing.ask(user=owner, uid=agency.uid, creator=fan.uid)


def test_certificates_of_those_who_accepted_are_listed_with_their_state(owner, agency):
    valid, revoked, expired, asked, _stranger = (make_certified(f"C{number}") for number in range(5))
    for certificate in (valid, revoked, expired):
        represent(agency, certificate.user)
    represent(agency, asked.user, is_accepted=False)
    revoking.revoke(code=revoked.code, because="staff")
    past = timezone.now() - timedelta(days=1)
    Certificate.objects.filter(pk=expired.pk).update(issued_at=past - timedelta(days=1), expires_at=past)
    member = add(agency)
    rows = sign_in_as(member).get(f"/api/v1/organisations/{agency.uid}/certificates").json()["results"]
    assert [(row["name"], row["state"]) for row in rows] == [("C2", "expired"), ("C1", "revoked"), ("C0", "valid")]
    for who in (make_user("creator"), asked.user):
        assert sign_in_as(who).get(f"/api/v1/organisations/{agency.uid}/certificates").status_code == 404


def test_one_who_ends_it_is_seen_no_more(owner, agency):
    creator = make_user("creator")
    certify(creator)
    found = represent(agency, creator)
    assert selectors.list_certificates(user=owner, uid=agency.uid).count() == 1
    representing.end(user=creator, uid=found.uid)
    assert selectors.list_certificates(user=owner, uid=agency.uid).count() == 0


# -- privacy
class Pages:
    """A copy of one's data that is kept in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, list[dict[str, Any]]] = {}

    def rows(self, name: str, rows: Any) -> None:
        self.kept[name] = list(rows)


def test_the_copy_of_ones_data_has_both_sides(owner, agency):
    represent(agency, owner)
    out = Pages()
    privacy.export(user=owner, out=out)  # type: ignore[arg-type]
    assert [row["role"] for row in out.kept["organisations/memberships"]] == ["owner"]
    assert [row["organisation__name"] for row in out.kept["organisations/representations"]] == ["Agency"]


def test_an_erased_owner_leaves_it_to_a_manager_or_else_it_closes(owner, agency):
    other, manager = add(agency, Role.MEMBER, "Mia"), add(agency, Role.MANAGER, "Max")
    represent(agency, owner)
    privacy.erase(user=owner)
    assert roles_of(agency) == {"Mia": "member", "Max": "owner"}
    assert not Representation.objects.exists()
    privacy.erase(user=manager)
    assert roles_of(agency) == {"Mia": "owner"}
    privacy.erase(user=other)
    agency.refresh_from_db()
    assert agency.closed_at is not None
    assert not Membership.objects.exists()
