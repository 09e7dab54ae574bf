# ruff: noqa: F811 - fixtures are imported by their names
"""I1 and I3: every route, every kind of caller, every method; who may not gets nothing and changes nothing.

`access_table.py` says who may. The database is compared row by row, before and after each call.
"""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from users.models import Session

from . import access_table as table
from .access_calls import Doors, Outcome, sign_in_path
from .access_fixtures import doors, rolled_back  # noqa: F401 - fixtures
from .access_routes import list_operations, list_routes
from .access_table import API, NOBODY, OWNER, PAGES, PUBLIC, SIGNED_IN, STAFF, Access
from .access_world import ALL_PERMISSIONS, employ

IN_FULL = bool(os.environ.get("PAIRLY_PROVE"))
# Of the methods that a route does not have one is tried, another one of each next route; HEAD of some. In full: all.
HEAD_OF_EVERY = 4
ROUTES = {**PAGES, **{f"api-v1:{name}": entry for name, entry in API.items()}}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SAFE = ("GET", "HEAD", "OPTIONS")
OUTSIDERS = ("stranger", "creator", "staff with")
STAFF_PEOPLE = ("staff without", "staff without a factor")


# -- what there is --------------------------------------------------------------------------------------------
def test_every_route_is_in_the_table_and_nothing_else_is():
    found = {route.name for route in list_routes() if not route.pattern.startswith(("admin/", "api/"))}
    canonical = {route.name for route in list_routes() if route.pattern.startswith("api/v1/")}
    assert found | canonical == set(ROUTES), "add the route to pairly/tests/access_table.py: who may?"


def test_the_older_address_of_the_api_leads_to_the_same_views():
    by_pattern = {route.pattern: route.callback for route in list_routes()}
    canonical = {p.removeprefix("api/v1/"): view for p, view in by_pattern.items() if p.startswith("api/v1/")}
    older = {
        p.removeprefix("api/"): view
        for p, view in by_pattern.items()
        if p.startswith("api/") and not p.startswith("api/v1/") and p != "api/"
    }
    assert older == canonical
    assert by_pattern["api/"] is canonical["health"]


def test_every_operation_of_the_description_is_in_the_table():
    templates = {route.name: route.template for route in list_routes() if route.pattern.startswith("api/v1/")}
    known = {(templates[f"api-v1:{name}"], verb) for name, entry in API.items() for verb in entry.methods}
    undescribed = {(f"/api/v1/{name}", "GET") for name in ("health", "version", "docs")}
    assert list_operations() | undescribed == known | undescribed


# -- who may --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ROUTES)
def test_who_may_is_served_and_who_may_not_gets_and_changes_nothing(rolled_back, name):
    matrix = Matrix(rolled_back, name)
    for method, access in ROUTES[name].methods.items():
        matrix.try_method(method, access)
    matrix.try_other_methods()


class Matrix:
    """All calls of one route."""

    def __init__(self, doors: Doors, name: str) -> None:
        self.doors, self.world, self.route = doors, doors.world, ROUTES[name]
        self.people, self.path = doors.world.people, doors.path(name, ROUTES[name])
        self.is_api = self.path.startswith("/api/")

    def try_method(self, method: str, access: Access) -> None:
        self._hire(access)
        match access.who:
            case table.NOBODY:
                for name in self.people:
                    self._refused(method, access, name, (access.refusal,))
                return
            case table.PUBLIC:
                self._served(method, access, access.success_by or "anonymous")
                for name in self._some(("stranger", "creator", "staff with")):
                    self._let_be(method, access, name)
            case table.SIGNED_IN:
                self._served(method, access, "owner")
                self._refused(method, access, "anonymous")
                for name in self._some(("stranger", "creator", "staff with")):
                    self._let_be(method, access, name)
            case table.OWNER:
                self._served(method, access, "owner")
                for name in ("anonymous", *OUTSIDERS):
                    self._refused(method, access, name, (access.refusal,))
            case _:
                self._served(method, access, "staff with")
                for name in ("anonymous", "owner", "stranger", "creator", "staff without a factor"):
                    self._refused(
                        method, access, name, (access.refusal,) if name != "staff without a factor" else (403,)
                    )
                if access.who != STAFF:
                    self._refused(method, access, "staff without", (403, 404))
        if access.asks_proof:
            self._refused_without_proof(method, access)

    def try_other_methods(self) -> None:
        """HEAD as GET; OPTIONS and what is not there tell nothing and do nothing."""
        main, number = self._main(), list(ROUTES.values()).index(self.route)
        absent = ("OPTIONS", *(m for m in METHODS if m not in self.route.methods))
        for name in tuple(self.people) if IN_FULL else (main,):
            may = name == main
            for method in absent if IN_FULL else (absent[number % len(absent)],):
                outcome = self._call(method, Access(who=PUBLIC), name)
                statuses = (405,) if method != "OPTIONS" else (200, 405)
                allowed = statuses if may else (*statuses, 401, 403, 404, 302)
                self._check(outcome.status in allowed and not outcome.changed, method, name, outcome)
            if "GET" in self.route.methods and (IN_FULL or number % HEAD_OF_EVERY == 0):
                self._try_head(self.route.methods["GET"], name)

    def _try_head(self, access: Access, name: str) -> None:
        get, head = self._call("GET", access, name), self._call("HEAD", access, name)
        self._check(head.status in (get.status, 405) and not head.text, "HEAD", name, head)
        self._check(head.tables <= set(access.writes), "HEAD", name, head)

    def _main(self) -> str:
        """Who may for certain."""
        who = {access.who for access in self.route.methods.values()}
        if who <= {PUBLIC, NOBODY}:
            return next((a.success_by for a in self.route.methods.values() if a.success_by), "anonymous")
        return "owner" if who <= {PUBLIC, SIGNED_IN, OWNER} else "staff with"

    def _some(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return names if IN_FULL else names[:1]

    def _hire(self, access: Access) -> None:
        """One of staff with this permission and no other, one with every other."""
        if access.who in (PUBLIC, SIGNED_IN, OWNER, NOBODY, STAFF):
            return
        employ(self.people["staff with"].user, access.who)
        employ(self.people["staff without"].user, *(ALL_PERMISSIONS - {access.who}))
        self.doors.forget()

    # -- what is expected of a call
    def _served(self, method: str, access: Access, name: str) -> None:
        outcome = self._call(method, access, name)
        is_sent_away = outcome.location.split("?")[0] == sign_in_path() and "next=" in outcome.location
        self._check(200 <= outcome.status < 400 and not is_sent_away, method, name, outcome)
        self._check("step-up" not in outcome.location, method, name, outcome)
        if method in SAFE:
            self._check(outcome.tables <= set(access.writes), method, name, outcome)
        else:
            self._check(bool(outcome.changed) != bool(access.idle), method, name, outcome)
        if access.who == PUBLIC and method == "GET" and access.body is None:
            self._check_no_canary(method, name, outcome)

    def _let_be(self, method: str, access: Access, name: str) -> None:
        """Somebody else does the same for themselves: nothing of the owner's is shown or touched."""
        outcome = self._call(method, access, name)
        self._check(outcome.status < 500, method, name, outcome)
        if access.who == PUBLIC and access.body is not None:
            return  # they hold the owner's own code: what it opens is the tests' of that code
        owner = self.world.owner.user
        touched = [row for row in outcome.changed if self.doors.is_of(owner, row)]
        self._check(not touched, method, name, outcome)
        if method in SAFE:
            self._check(outcome.tables <= set(access.writes), method, name, outcome)
        self._check_no_canary(method, name, outcome)

    def _refused(self, method: str, access: Access, name: str, statuses: tuple[int, ...] = ()) -> Outcome:
        outcome = self._call(method, access, name)
        if name == "anonymous" and access.who != NOBODY:
            is_asked = outcome.status == 302 and outcome.location.split("?")[0] == sign_in_path()
            self._check(outcome.status == 401 if self.is_api else is_asked, method, name, outcome)
        elif name == "staff without a factor" and access.who not in (NOBODY, OWNER) and not self.is_api:
            self._check(outcome.status == 302 and "/account/two-factor/" in outcome.location, method, name, outcome)
        else:
            self._check(outcome.status in statuses, method, name, outcome)
        self._check(not outcome.changed, method, name, outcome)
        self._check_no_canary(method, name, outcome)
        return outcome

    def _refused_without_proof(self, method: str, access: Access) -> None:
        name = "owner" if access.who in (SIGNED_IN, OWNER) else "staff with"
        save = transaction.savepoint()
        old = timezone.now() - timedelta(hours=1)
        body = access.body

        def aged(scene):
            made = body(scene) if callable(body) else body
            Session.objects.filter(user=self.people[name].user).update(stepped_up_at=old)
            return made

        outcome = self._call(method, Access(**{**access.__dict__, "body": aged}), name)
        transaction.savepoint_rollback(save)
        if self.is_api:
            self._check((outcome.status, outcome.code) == (403, "step_up_required"), method, f"stale {name}", outcome)
        else:
            is_sent = outcome.status == 302 and outcome.location.startswith("/step-up/")
            self._check(is_sent or outcome.status == 403, method, f"stale {name}", outcome)
        self._check(not outcome.changed, method, f"stale {name}", outcome)

    def _check_no_canary(self, method: str, name: str, outcome: Outcome) -> None:
        said = f"{outcome.text} {outcome.location}"
        shown = {canary for canary in self.world.canaries if canary in said and canary not in self.path}
        self._check(not shown, method, name, f"{shown} in {outcome}")

    def _call(self, method: str, access: Access, name: str) -> Outcome:
        return self.doors.call(self.path, method, access, self.people[name])

    def _check(self, is_right: bool, method: str, name: str, outcome: object) -> None:
        assert is_right, f"{name}: {method} {self.path}: {outcome}"
