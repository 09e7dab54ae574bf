# ruff: noqa: F811 - fixtures are imported by their names
"""I2, mass assignment: what a caller must not set stays as it is, at every door that writes."""

from __future__ import annotations

import json
import uuid

import pytest

from .access_calls import Doors
from .access_fixtures import doors, rolled_back  # noqa: F401 - fixtures
from .access_table import NOBODY, OWNER, PUBLIC, SIGNED_IN, STAFF, Access
from .access_world import employ
from .test_access_matrix import ROUTES, SAFE

NUMBER, DAY, ID = 987_654_321, "2001-02-03", "ffffffff-ffff-7fff-bfff-ffffffffffff"
MOMENT = f"{DAY}T04:05:06Z"
# Columns of the models that no caller sets, with values that are found again wherever they are stored.
PLANTED = {
    **dict.fromkeys(["id", "pk", "n", "n_tries", "attempt_id", "provider_payment_id", "last_step"], NUMBER),
    **dict.fromkeys(["uid", "family", "parent", "session", "case_ref", "op_id", "request_id", "ref"], ID),
    **dict.fromkeys(
        ["balance_centi", "promo_centi", "held_centi", "amount_centi", "credits_centi", "amount_minor", "debt_centi"],
        NUMBER,
    ),
    **dict.fromkeys(["total_earnings_centi", "view_count", "charged_centi", "risk_score"], NUMBER),
    **dict.fromkeys(
        [
            "created_at",
            "email_verified_at",
            "verified_at",
            "paid_at",
            "used_at",
            "expires_at",
            "trusted_at",
            "erase_at",
        ],
        MOMENT,
    ),
    **dict.fromkeys(["stepped_up_at", "factor_at", "email_factor_at", "last_seen_at", "until", "erase_at"], MOMENT),
    "is_staff": True,
    "is_superuser": True,
    "is_active": True,
    "is_verified": True,
    "verification_level": 2,
    "groups": [1, 2, 3, 4, 5],
    "user_permissions": [1, 2, 3],
    "permissions": ["staff_invite"],
    "state": "ready",
    "status": "paid",
    "confirmed": True,
    "factor": "totp",
    "limit": "",
}
PLACES = (str(NUMBER), DAY, ID)
ROLES_OF_STAFF = {"users_user_groups", "users_user_user_permissions"}
# Doors that hire: they write roles, those that the body names.
HIRING = {"users:invitation", "moderation:member", "moderation:member-remove"}
WRITES = [
    (name, method)
    for name, entry in ROUTES.items()
    for method, access in entry.methods.items()
    if method not in SAFE and access.who != NOBODY and "webhook" not in name
]


def caller(access: Access) -> str:
    if access.who == PUBLIC:
        return access.success_by or "anonymous"
    return "owner" if access.who in (SIGNED_IN, OWNER) else "staff with"


@pytest.mark.parametrize(("name", "method"), WRITES, ids=lambda value: str(value))
def test_what_a_caller_must_not_set_stays_as_it_is(rolled_back, name, method):
    access, people = ROUTES[name].methods[method], rolled_back.world.people
    if access.who not in (PUBLIC, SIGNED_IN, OWNER, STAFF):
        employ(people["staff with"].user, access.who)
        rolled_back.forget()
    victim = people["stranger"].user
    whose = {"user": victim.pk, "user_id": str(victim.uid), "owner": victim.pk, "user_uid": str(victim.uid)}
    path = rolled_back.path(name, ROUTES[name])
    outcome = rolled_back.call(path, method, access, people[caller(access)], more={**PLANTED, **whose})
    assert outcome.status < 400 or not outcome.changed, str(outcome)
    assert not is_set(rolled_back, outcome, name), str(outcome)
    assert not [row for row in outcome.changed if rolled_back.is_of(victim, row)]


def is_set(doors: Doors, outcome, name: str) -> list[str]:
    """What of the planted values was stored."""
    found = [f"{table} {place}" for table, row in outcome.added for place in PLACES if place in row]
    if name not in HIRING:
        found += [table for table, _row in outcome.added if table in ROLES_OF_STAFF]
    before = {document["id"]: document for document in people_of(set(outcome.changed) - set(outcome.added))}
    for document in people_of(outcome.added):
        was = before.get(document["id"], document)
        columns = ("is_superuser", "verification_level", *(() if name in HIRING else ("is_staff",)))
        found += [column for column in columns if document[column] != (was[column] if was is not document else 0)]
    return found


def people_of(rows) -> list[dict]:
    return [json.loads(row) for table, row in rows if table == "users_user"]


def test_the_planted_values_are_found_where_they_are_stored(rolled_back):
    """The test above can fail: a door that took everything would be seen."""
    row = {"id": 1, "is_staff": True, "is_superuser": False, "verification_level": 2, "uid": str(uuid.uuid4())}
    was = {**row, "is_staff": False, "verification_level": 0}

    class Taken:
        changed = [("users_user", json.dumps(was)), ("users_user", json.dumps(row))]
        added = [("users_user", json.dumps(row)), ("credits_lot", json.dumps({"amount": NUMBER}))]

    assert is_set(rolled_back, Taken, "profiles:edit") == [
        f"credits_lot {NUMBER}", "verification_level", "is_staff",
    ]  # fmt: skip
