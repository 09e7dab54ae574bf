"""Two owners who leave an organisation at the same moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from moderation.models import Membership, Organisation
from moderation.organisations import selectors
from moderation.organisations.errors import LastOwner
from moderation.organisations.services import founding, members
from pairly.testing.people import make_user
from users.models import User
from users.tests.helpers import Meeting, at_once


def leave_at_once(
    agency: Organisation, owners: list[User], monkeypatch: pytest.MonkeyPatch, meeting: Callable[[], None]
) -> list[str]:
    """What both owners get who leave at the same moment; `meeting` is where each has counted the others."""
    keep = members._keep_an_owner

    def kept(member: Membership) -> None:
        keep(member)
        meeting()

    monkeypatch.setattr(members, "_keep_an_owner", kept)

    def leave(number: int) -> str:
        try:
            members.remove(user=owners[number], uid=agency.uid, who=owners[number].uid)
        except LastOwner:
            return "refused"
        return "left"

    return sorted(at_once(2, leave))


def add_owner(agency: Organisation) -> User:
    user = make_user()
    Membership.objects.create(organisation=agency, user=user, role="owner", accepted_at=timezone.now())
    return user


def count(agency: Organisation) -> int:
    return Membership.objects.filter(organisation=agency).count()


def two_owners() -> tuple[Organisation, list[User]]:
    first = make_user()
    agency = founding.create(user=first, name="Agency").organisation
    return agency, [first, add_owner(agency)]


@pytest.mark.parametrize("number", range(5))
def test_two_owners_who_leave_at_once_do_not_both_leave(committed_db, monkeypatch, number):
    agency, owners = two_owners()
    assert leave_at_once(agency, owners, monkeypatch, lambda: None) == ["left", "refused"]
    assert count(agency) == 1


def test_without_the_lock_both_would_leave(committed_db, monkeypatch):
    agency, owners = two_owners()
    find = selectors.find_open
    monkeypatch.setattr(selectors, "find_open", lambda **how: find(uid=how["uid"]))
    assert leave_at_once(agency, owners, monkeypatch, Meeting().wait) == ["left", "left"]
    assert count(agency) == 0
