from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from messaging.services.conversations import open_conversation
from pairly.common.ids import uuid7
from pairly.common.problems import InvalidInput, NotFound
from pairly.testing.people import make_user, sign_in_as
from profiles.services import update_profile
from security import selectors as security_log
from security.models import AuditEntry
from users import block_selectors, registry
from users.models import Block, Restriction, User
from users.services import blocks, tokens
from users.tests.helpers import Meeting, at_once, bearer, start_api

API = "/api/v1/blocks"


def _bearer(user: User) -> dict[str, str]:
    return bearer(tokens.issue(started=start_api(user))["access_token"])


def _call(method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None = None) -> Any:
    return getattr(Client(), method)(path, body, content_type="application/json", **headers)


@pytest.mark.django_db
def test_blocking_twice_is_once_and_changes_the_reason_only_where_one_is_given() -> None:
    ada, eve = make_user("fan"), make_user("creator")
    first, is_new = blocks.block(user=ada, uid=eve.uid, reason=" rude ")
    assert (is_new, first.reason) == (True, "rude")
    for reason, kept in ((None, "rude"), ("very rude", "very rude"), ("", "")):
        again, is_new = blocks.block(user=ada, uid=eve.uid, reason=reason)
        assert (again.pk, again.reason, is_new) == (first.pk, kept, False)
    assert AuditEntry.objects.filter(action="block.made").count() == 1


@pytest.mark.django_db
def test_a_block_counts_in_both_directions_and_ends_for_its_maker_alone() -> None:
    ada, eve = make_user("fan"), make_user("creator")
    assert not block_selectors.is_blocked(one_id=ada.pk, other_id=eve.pk)
    blocks.block(user=ada, uid=eve.uid)
    assert block_selectors.is_blocked(one_id=ada.pk, other_id=eve.pk)
    assert block_selectors.is_blocked(one_id=eve.pk, other_id=ada.pk)
    with pytest.raises(NotFound):
        blocks.unblock(user=eve, uid=ada.uid)
    blocks.unblock(user=ada, uid=eve.uid)
    assert not Block.objects.exists()
    with pytest.raises(NotFound):
        blocks.unblock(user=ada, uid=eve.uid)
    assert AuditEntry.objects.filter(action="block.ended").count() == 1


@pytest.mark.django_db
def test_only_whom_one_may_know_of_can_be_blocked() -> None:
    ada, eve = make_user("fan"), make_user("creator")
    with pytest.raises(NotFound):
        blocks.block(user=ada, uid=ada.uid)
    with pytest.raises(NotFound):
        blocks.block(user=ada, uid=uuid7())
    hidden = Restriction.objects.create(user=eve, kind="hide")
    with pytest.raises(NotFound):
        blocks.block(user=ada, uid=eve.uid)
    hidden.delete()
    open_conversation(user=ada, peer_uid=eve.uid)
    Restriction.objects.create(user=eve, kind="hide")
    assert blocks.block(user=ada, uid=eve.uid)[1]  # whoever wrote with somebody may
    assert blocks.block(user=ada, uid=eve.uid)[1] is False


@pytest.mark.django_db
def test_nobody_learns_who_blocks_them_by_blocking_back() -> None:
    ada, eve = make_user("fan"), make_user("creator")
    blocks.block(user=ada, uid=eve.uid)
    for uid in (ada.uid, uuid7()):
        with pytest.raises(NotFound):
            blocks.block(user=eve, uid=uid)
        assert sign_in_as(eve).get(f"/account/blocked/{uid}/").status_code == 404


@pytest.mark.django_db
def test_a_reason_that_is_too_long_is_refused_at_its_place() -> None:
    ada, eve = make_user("fan"), make_user("creator")
    with pytest.raises(InvalidInput) as caught:
        blocks.block(user=ada, uid=eve.uid, reason="x" * 501)
    assert caught.value.errors
    assert caught.value.errors[0]["pointer"] == "/reason"
    page = sign_in_as(ada).post(f"/account/blocked/{eve.uid}/", {"reason": "x" * 501})
    assert page.status_code == 422
    assert not Block.objects.exists()


@pytest.mark.django_db
def test_the_hooks_run_once_for_a_new_block_and_undo_it_when_they_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    ada, eve = make_user("fan"), make_user("creator")
    seen = []
    monkeypatch.setattr(registry, "_block_hooks", [lambda *, blocker, blocked: seen.append((blocker, blocked))])
    blocks.block(user=ada, uid=eve.uid)
    blocks.block(user=ada, uid=eve.uid)
    assert seen == [(ada, eve)]

    def fail(**_: Any) -> None:
        raise RuntimeError("no")

    blocks.unblock(user=ada, uid=eve.uid)
    monkeypatch.setattr(registry, "_block_hooks", [fail])
    with pytest.raises(RuntimeError):
        blocks.block(user=ada, uid=eve.uid)
    assert not Block.objects.exists()
    assert AuditEntry.objects.filter(action="block.made").count() == 1


@pytest.mark.django_db
def test_the_copy_of_their_data_does_not_tell_people_who_blocked_them() -> None:
    ada, eve = make_user("fan"), make_user("creator")
    blocks.block(user=ada, uid=eve.uid, reason="rude")
    theirs = {name: list(rows) for name, rows in security_log.export_rows(user_uid=eve.uid).items()}
    assert "block" not in str(theirs)
    mine = {name: list(rows) for name, rows in security_log.export_rows(user_uid=ada.uid).items()}
    assert "block.made" in str(mine)


@pytest.mark.django_db
def test_the_api_blocks_lists_and_lets_back() -> None:
    ada, eve = make_user("fan"), make_user("creator")
    update_profile(user=eve, display_name="Evening Star")
    headers = _bearer(ada)
    made = _call("post", API, headers, {"user_id": str(eve.uid), "reason": "rude"})
    assert made.status_code == 201
    assert made.json() == {
        "user_id": str(eve.uid),
        "display_name": "Evening Star",  # as they call themselves, not the account's name
        "reason": "rude",
        "created_at": made.json()["created_at"],
    }
    assert _call("post", f"{API}/{eve.uid}", headers, {}).status_code == 200
    assert _call("get", API, headers).json() == {"results": [made.json()], "next": None}
    assert _call("get", f"{API}/{eve.uid}", headers).json() == made.json()
    assert _call("get", API, _bearer(eve)).json()["results"] == []
    assert _call("get", f"{API}/{ada.uid}", _bearer(eve)).status_code == 404
    assert _call("delete", f"{API}/{eve.uid}", headers).status_code == 204
    assert _call("delete", f"{API}/{eve.uid}", headers).status_code == 404
    refused = _call("post", API, headers, {"user_id": str(eve.uid), "reason": "x" * 501})
    assert refused.status_code == 422


@pytest.mark.django_db
def test_the_list_costs_the_same_for_twice_as_many(django_assert_num_queries: Any) -> None:
    ada = make_user("fan")
    for _ in range(2):
        for _ in range(5):
            blocks.block(user=ada, uid=make_user("creator").uid)
        with django_assert_num_queries(2):
            block_selectors.get_block_page(user=ada)


@pytest.mark.django_db
def test_the_pages_block_annotate_and_let_back_without_scripts() -> None:
    ada, eve = make_user("fan"), make_user("creator", name="Eve")
    browser = sign_in_as(ada)
    assert "You block nobody" in browser.get("/account/blocked/").content.decode()
    assert f"/account/blocked/{eve.uid}/?next=" in browser.get(f"/creators/{eve.uid}/").content.decode()
    asked = browser.get(f"/account/blocked/{eve.uid}/?next=/creators/{eve.uid}/").content.decode()
    assert f'href="/creators/{eve.uid}/"' in asked
    assert (
        'href="//evil.example' not in browser.get(f"/account/blocked/{eve.uid}/?next=//evil.example/").content.decode()
    )
    shown = browser.post(f"/account/blocked/{eve.uid}/", {"reason": "rude"}, follow=True).content.decode()
    assert "Eve is blocked." in shown
    assert "rude" in shown
    assert browser.get(f"/creators/{eve.uid}/").status_code == 404
    assert "rude" in browser.get(f"/account/blocked/{eve.uid}/").content.decode()
    shown = browser.post(f"/account/blocked/{eve.uid}/", {"reason": "loud"}, follow=True).content.decode()
    assert "loud" in shown
    shown = browser.post(f"/account/blocked/{eve.uid}/end/", follow=True).content.decode()
    assert "Eve is no longer blocked." in shown
    assert browser.post(f"/account/blocked/{eve.uid}/end/").status_code == 404
    assert browser.get(f"/creators/{eve.uid}/").status_code == 200


@pytest.mark.django_db
def test_the_list_goes_on_after_a_page() -> None:
    ada = make_user("fan")
    for n in range(31):
        blocks.block(user=ada, uid=make_user("creator", name=f"Creator-{n:02}-").uid)
    browser = sign_in_as(ada)
    first = browser.get("/account/blocked/")
    assert "Creator-00-" not in first.content.decode()
    second = browser.get(f"/account/blocked/?before={first.context['before']}").content.decode()
    assert "Creator-00-" in second
    assert "Creator-01-" not in second
    assert browser.get("/account/blocked/?before=nonsense").status_code == 200


def test_of_many_blocks_at_once_one_is_new(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, eve = make_user("fan"), make_user("creator")
    seen: list[uuid.UUID] = []
    monkeypatch.setattr(registry, "_block_hooks", [lambda *, blocker, blocked: seen.append(blocked.uid)])
    results = at_once(30, lambda _: blocks.block(user=ada, uid=eve.uid)[1])
    assert sorted(results) == [False] * 29 + [True]
    assert seen == [eve.uid]
    assert AuditEntry.objects.filter(action="block.made").count() == 1


def test_without_the_guard_racers_collide(committed_db: str) -> None:
    """The control: asking first and writing then, as the service would without taking turns."""
    ada, eve = make_user("fan"), make_user("creator")
    has_asked = Meeting()

    def block_unguarded(_: int) -> str:
        try:
            with transaction.atomic():
                if not Block.objects.filter(blocker=ada, blocked=eve).exists():
                    has_asked.wait()
                    Block.objects.create(blocker=ada, blocked=eve)
                    return "new"
        except IntegrityError:
            return "collided"
        return "there"

    assert "collided" in at_once(30, block_unguarded)
