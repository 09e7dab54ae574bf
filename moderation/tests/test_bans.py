"""The pages and the API of banned networks: who may, what they see, and that nobody else changes anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from moderation.tests.test_invitations import send, token_of
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import IpBan
from security.services import bans

PAGE, API = "/staff/bans/", "/api/v1/admin/security/"
FORM = {"network": "203.0.113.7", "duration_seconds": "3600", "reason": "Scripted sign-ups"}


@pytest.mark.django_db
def test_security_bans_sees_and_lifts_on_the_page() -> None:
    browser = sign_in_as(make_staff("security"))
    assert "Nobody is banned" in browser.get(PAGE).content.decode()
    page = browser.post(PAGE, FORM, follow=True).content.decode()
    for shown in ("The network is banned.", "203.0.113.7", "Scripted sign-ups", "Banned"):
        assert shown in page
    ban = IpBan.objects.get()
    page = browser.post(f"{PAGE}{ban.uid}/lift/", follow=True).content.decode()
    assert "Lifted" in page
    assert browser.post(f"{PAGE}{ban.uid}/lift/").status_code == 404


@pytest.mark.django_db
def test_what_is_wrong_is_said_at_its_field_and_kept() -> None:
    answer = sign_in_as(make_staff("security")).post(PAGE, {**FORM, "network": "127.0.0.0/16"})
    assert answer.status_code == 422
    assert "You come from this network yourself." in answer.content.decode()
    assert "Scripted sign-ups" in answer.content.decode()
    assert IpBan.objects.count() == 0


@pytest.mark.django_db
def test_the_api_bans_lists_and_lifts() -> None:
    headers = token_of(make_staff("security"))
    made = send("post", f"{API}ban-ip", headers, {"ip": "203.0.113.7", "duration_seconds": 60, "reason": "abuse"})
    assert made.status_code == 201
    ban = json.loads(made.content)
    assert {"id", "created_at", "until"} < set(ban)
    wanted = {"network": "203.0.113.7", "reason": "abuse", "by_staff": True, "state": "standing"}
    assert {name: ban[name] for name in wanted} == wanted
    listed = json.loads(send("get", f"{API}bans", headers).content)
    assert ([row["network"] for row in listed["results"]], listed["next"]) == (["203.0.113.7"], None)
    lifted = send("post", f"{API}unban-ip", headers, {"ip": "203.0.113.7"})
    assert (lifted.status_code, json.loads(lifted.content)["state"]) == (200, "lifted")
    assert send("post", f"{API}unban-ip", headers, {"ip": "203.0.113.7"}).status_code == 404


@pytest.mark.django_db
def test_bans_come_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderation.api.ban_views.LOG_PAGE", 2)
    for number in range(3):
        bans.ban_for_flood(ip=f"203.0.113.{number}")
    headers = token_of(make_staff("security"))
    first = json.loads(send("get", f"{API}bans", headers).content)
    second = json.loads(send("get", first["next"], headers).content)
    assert [row["network"] for row in first["results"] + second["results"]] == [f"203.0.113.{n}" for n in (2, 1, 0)]
    assert second["next"] is None


def others() -> list[tuple[dict[str, Any], int]]:
    return [
        ({}, 401),
        (token_of(make_user("stranger"), factor=None), 404),
        (token_of(make_staff("support")), 403),
        (token_of(make_staff("security"), factor=None), 403),
    ]


@pytest.mark.django_db
def test_nobody_else_sees_bans_or_changes_them() -> None:
    bans.ban_for_flood(ip="203.0.113.7")
    for headers, status in others():
        for method, path, body in (
            ("get", "bans", None),
            ("post", "ban-ip", {"ip": "203.0.113.8", "reason": "abuse"}),
            ("post", "unban-ip", {"ip": "203.0.113.7"}),
        ):
            answer = send(method, f"{API}{path}", headers, body)
            assert (answer.status_code, b"203.0.113" in answer.content) == (status, False)
    uid = IpBan.objects.get().uid
    finance, fan = sign_in_as(make_staff("finance")), sign_in_as(make_user("fan"))
    for browser, status in ((Client(), 302), (fan, 404), (finance, 403)):
        assert browser.get(PAGE).status_code == status
        assert browser.post(PAGE, FORM).status_code == status
        assert browser.post(f"{PAGE}{uid}/lift/").status_code == status
    assert [(ban.network, ban.lifted_at) for ban in IpBan.objects.all()] == [("203.0.113.7/32", None)]
