from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from pairly.testing.people import make_user
from profiles.models import Connection, Follow, ListEntry, PeopleList, Viewer, Visit
from profiles.services import connections, follows, lists, privacy, visits


class Copy:
    """A copy of somebody's data, in memory."""

    def __init__(self) -> None:
        self.parts: dict[str, list[dict[str, Any]]] = {}

    def rows(self, name, rows):
        self.parts[name] = list(rows)

    def document(self, name, document):
        self.parts[name] = [document]

    def file(self, name, chunks):
        raise AssertionError(name)


def copy_of(user):
    made = Copy()
    privacy.export(user=user, out=made)
    return {name: rows for name, rows in made.parts.items() if name.startswith("people/")}


@pytest.fixture
def pair(db):
    fan, creator = make_user("fan"), make_user("creator")
    for user, other in ((fan, creator), (creator, fan)):
        lists.create_list(user=user, name="Secret name", with_uid=other.uid)
        visits.note_look(user=user, profile=other.profile)
    follows.follow(user=fan, uid=creator.uid)
    connections.ask(user=fan, uid=creator.uid)
    visits.flush()
    return fan, creator


def test_the_copy_has_what_one_did_and_nothing_that_only_others_know(pair):
    fan, creator = pair
    connections.decline(user=creator, uid=fan.uid)
    copy = copy_of(fan)
    assert [row["followed__uid"] for row in copy["people/follows"]] == [creator.uid]
    assert [(row["asked__uid"], row["seen"]) for row in copy["people/asked-to-connect"]] == [(creator.uid, "requested")]
    assert [row["user__uid"] for row in copy["people/list-entries"]] == [creator.uid]
    assert [row["profile__user__uid"] for row in copy["people/visits"]] == [creator.uid]
    assert [row["name"] for row in copy["people/lists"]] == ["Secret name"]
    assert "declined" not in str(copy)
    connections.withdraw(user=fan, uid=creator.uid)
    assert [row["seen"] for row in copy_of(fan)["people/asked-to-connect"]] == ["withdrawn"]
    theirs = copy_of(creator)
    assert [row["state"] for row in theirs["people/asked-by"]] == ["declined"]
    assert theirs["people/follows"] == []


@pytest.mark.parametrize("who", [0, 1])
def test_an_erasure_leaves_nothing_of_whom_one_knew_on_either_side(pair, who):
    with transaction.atomic():
        privacy.erase(user=pair[who])
    assert not Follow.objects.exists()
    assert not Connection.objects.exists()
    assert not ListEntry.objects.exists()
    assert not Visit.objects.exists()
    assert PeopleList.objects.get().owner == pair[1 - who]
    # That somebody counted stays, and says nothing of whom.
    assert Viewer.objects.get().profile_id == pair[1 - who].profile.pk
