# ruff: noqa: F811 - fixtures are imported by their names
"""P10 and I1 for Django's admin: every address of it, every kind of caller; nothing is written, whoever asks."""

from __future__ import annotations

import os

import pytest
from django.contrib import admin
from django.urls import reverse

from .access_calls import Doors, sign_in_path
from .access_fixtures import doors, rolled_back  # noqa: F401 - fixtures
from .access_routes import list_routes
from .access_table import AUDIT, PUBLIC, Access
from .access_world import ALL_PERMISSIONS, employ

IN_FULL = bool(os.environ.get("PAIRLY_PROVE"))
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
OF_A_MODEL = ("changelist", "add", "history", "delete", "change", "")
LOOKS = {"changelist", "history", "change"}
BARE, WRITES = Access(who=PUBLIC), {"security_auditentry": AUDIT}
OTHERS = {"index", "login", "logout", "autocomplete", "jsi18n", "view_on_site", "app_list"}


def path_of(model, page: str, pk: object) -> str:
    meta = model._meta
    if page in ("changelist", "add"):
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}")
    path = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[pk])
    return path.removesuffix("change/") + (f"{page}/" if page else "")


def refusals(doors: Doors, path: str, method: str, *, is_thorough: bool = True) -> None:
    """Nobody but staff with a second factor comes as far as the page."""
    people = doors.world.people
    wanted = {"anonymous": 302, "owner": 404, "creator": 404, "staff without a factor": 302}
    for name, status in wanted.items():
        if name in ("owner", "creator") and not is_thorough:
            continue
        outcome = doors.call(path, method, BARE, people[name])
        assert outcome.status == status, (name, method, path, str(outcome))
        if status == 302:
            to = sign_in_path() if name == "anonymous" else "/account/two-factor/"
            assert outcome.location.split("?")[0] == to, (name, method, path, outcome.location)
        assert not outcome.changed, (name, method, path, str(outcome))
        assert not [canary for canary in doors.world.canaries if canary in outcome.text]


def test_every_address_of_the_admin_is_tried_here():
    names = {route.name.removeprefix("admin:") for route in list_routes() if route.name.startswith("admin:")}
    models = {f"{m._meta.app_label}_{m._meta.model_name}_{page}" for m in MODELS for page in OF_A_MODEL if page}
    assert names == models | OTHERS
    unnamed = [route.pattern for route in list_routes() if route.name.startswith("/admin/")]
    assert len(unnamed) == len(MODELS) + 1  # each model's short address, and the catch-all


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_model_is_read_with_its_permission_only_and_written_by_nobody(rolled_back, model):
    people, page_of = rolled_back.world.people, admin.site._registry[model]
    found = model._default_manager.order_by("pk").first()
    pk = found.pk if found else 1
    employ(people["staff with"].user, page_of.view_permission)
    employ(people["staff without"].user, *(ALL_PERMISSIONS - {page_of.view_permission}))
    rolled_back.forget()
    for page in OF_A_MODEL:
        path = path_of(model, page, pk)
        for method in ("GET", "POST"):
            if IN_FULL or method == "GET" or page == "change":
                refusals(rolled_back, path, method, is_thorough=IN_FULL or page == "change")
            without = rolled_back.call(path, method, BARE, people["staff without"])
            allowed = (403,) if page else (302,)  # the short address leads to the long one
            if page == "history" and not found:
                allowed = (302,)  # Django says that it is not there before it asks who looks
            assert without.status in allowed or (method == "POST" and without.status == 405), (path, str(without))
            assert not without.changed
            with_it = rolled_back.call(path, method, BARE, people["staff with"])
            assert with_it.tables <= set(WRITES), (method, path, str(with_it))
            if page in LOOKS and method == "GET":
                assert with_it.status == (200 if found or page == "changelist" else 302), (path, str(with_it))
            elif page:
                assert with_it.status in (403, 405) or page in LOOKS, (method, path, str(with_it))


@pytest.mark.parametrize("path", ["", "login/", "autocomplete/", "jsi18n/", "r/1/1/", "users/", "nowhere/"])
def test_the_other_pages_open_for_staff_with_a_second_factor_only(rolled_back, path):
    refusals(rolled_back, f"/admin/{path}", "GET")
    staff = rolled_back.world.people["staff with"]
    employ(staff.user, *ALL_PERMISSIONS)
    rolled_back.forget()
    outcome = rolled_back.call(f"/admin/{path}", "GET", BARE, staff)
    assert outcome.status in {"": (200,), "login/": (302,), "jsi18n/": (200,), "users/": (200,)}.get(path, (403, 404))
    assert not outcome.changed


def test_signing_out_of_the_admin_takes_a_post(rolled_back):
    staff = rolled_back.world.people["staff with"]
    assert rolled_back.call("/admin/logout/", "GET", BARE, staff).status == 405
    outcome = rolled_back.call("/admin/logout/", "POST", BARE, staff)
    assert outcome.status == 302
    assert "users_session" in outcome.tables
