"""Pages of organisations and their webhooks, without scripts."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from moderation.models import Delivery, Membership, Organisation, Representation, Webhook
from moderation.organisations.constants import EVENTS
from moderation.organisations.services import founding, webhooks
from pairly.common import public_requests
from pairly.common.ids import uuid7
from pairly.testing.people import make_staff, make_user, sign_in_as
from users.models import User

from .certifying import certify
from .receiving import running_receiver

pytestmark = pytest.mark.django_db
LIST = "/organisations/"


@pytest.fixture
def owner() -> User:
    return make_user("creator", name="Olga")


@pytest.fixture
def agency(owner) -> Organisation:
    return founding.create(user=owner, name="Agency").organisation


@pytest.fixture
def receiver(settings, monkeypatch, tmp_path):
    with running_receiver(tmp_path) as running:
        settings.WEBHOOK_EXTRA_HOSTS = [running.netloc]
        monkeypatch.setattr(public_requests, "trusted", lambda: running.trusted)
        yield running


@pytest.fixture
def hook(receiver, owner, agency) -> Webhook:
    return webhooks.register(user=owner, organisation=agency.uid, target_url=receiver.url(), events=EVENTS)[0]


def page_of(agency: Organisation) -> str:
    return f"{LIST}{agency.uid}/"


def hook_page(hook: Webhook) -> str:
    return f"{LIST}webhooks/{hook.uid}/"


def add(agency: Organisation, role: str, name: str) -> User:
    user = make_user("creator", name=name)
    Membership.objects.create(organisation=agency, user=user, role=role, accepted_at=timezone.now())
    return user


def dead(hook: Webhook) -> Delivery:
    return Delivery.objects.create(
        webhook=hook, event=EVENTS[0], event_id=uuid7(), payload={"secret": "of theirs"}, state="dead",
        ended_at=timezone.now(), n_tries=13, last_error="status", last_status=503,
    )  # fmt: skip


def test_one_founds_an_organisation_and_a_wrong_name_is_said_at_its_field(owner):
    client = sign_in_as(owner)
    refused = client.post(LIST, {"found": "yes", "name": ""})
    assert (refused.status_code, b"Write a name." in refused.content) == (422, True)
    made = client.post(LIST, {"found": "yes", "name": "Agency"})
    assert made["Location"] == page_of(Organisation.objects.get())
    assert b"Agency" in client.get(LIST).content


def test_somebody_is_invited_joins_gets_a_role_and_leaves(owner, agency):
    client, guest = sign_in_as(owner), make_user(name="Gus")
    for email in (guest.email, "nobody@example.org"):
        answer = client.post(page_of(agency), {"invite": "yes", "email": email, "role": "manager"}, follow=True)
        assert b"If somebody here has this address" in answer.content
    assert b"Gus" not in client.get(page_of(agency)).content
    theirs = sign_in_as(guest)
    assert b"You are invited" in theirs.get(LIST).content
    theirs.post(LIST, {"join": str(agency.uid)})
    assert b"Gus" in client.get(page_of(agency)).content
    client.post(page_of(agency), {"change": str(guest.uid), "role": "owner"})
    assert Membership.objects.get(user=guest).role == "owner"
    theirs.post(page_of(agency), {"leave": "yes"})
    assert theirs.get(page_of(agency)).status_code == 404


def test_what_one_may_not_do_is_no_button_and_no_deed(owner, agency):
    member, manager = add(agency, "member", "Mia"), add(agency, "manager", "Max")
    text = sign_in_as(member).get(page_of(agency)).content.decode()
    for part in ("Invite somebody", "Ask a creator", "Add a webhook", "Close it", "Rename it", 'name="remove"'):
        assert part not in text, part
    text = sign_in_as(manager).get(page_of(agency)).content.decode()
    assert "Invite somebody" in text
    assert "Close it" not in text
    for user, form in (
        (member, {"invite": "yes", "email": "a@example.org", "role": "member"}),
        (member, {"remove": str(manager.uid)}),
        (member, {"webhook": "yes", "target_url": "https://x.example/", "events": EVENTS[0]}),
        (manager, {"close": "yes"}),
        (manager, {"rename": "yes", "name": "Mine"}),
        (manager, {"remove": str(owner.uid)}),
    ):
        answer = sign_in_as(user).post(page_of(agency), form)
        assert answer.status_code in (302, 403), form
    agency.refresh_from_db()
    assert (agency.name, agency.closed_at) == ("Agency", None)
    assert Membership.objects.count() == 3
    assert not Webhook.objects.exists()
    for form in ({}, {"change": str(member.uid), "role": "king"}, {"remove": "x"}, {"end": "x"}):
        assert sign_in_as(owner).post(page_of(agency), form).status_code == 404, form


def test_the_last_owner_reads_why_they_cannot_leave(owner, agency):
    answer = sign_in_as(owner).post(page_of(agency), {"leave": "yes"}, follow=True)
    assert b"An organisation needs an owner" in answer.content


def test_a_creator_is_asked_by_their_page_and_answers(owner, agency):
    creator, client = make_user("creator", name="Cleo"), sign_in_as(owner)
    wrong = client.post(page_of(agency), {"ask": "yes", "user_id": "Cleo"})
    assert (wrong.status_code, b"Copy the address" in wrong.content) == (422, True)
    client.post(page_of(agency), {"ask": "yes", "user_id": f"https://x.example/creators/{creator.uid}/"})
    found, theirs = Representation.objects.get(), sign_in_as(creator)
    assert b"Who represents you" in theirs.get(LIST).content
    theirs.post(LIST, {"accept": str(found.uid)})
    code = certify(creator).code
    assert code.encode() in client.get(page_of(agency)).content
    theirs.post(LIST, {"end": str(found.uid)})
    assert code.encode() not in client.get(page_of(agency)).content
    assert theirs.post(LIST, {"accept": str(found.uid)}).status_code == 404


def test_a_webhooks_secret_is_on_one_page_and_never_again(owner, agency, receiver):
    client = sign_in_as(owner)
    wrong = client.post(page_of(agency), {"webhook": "yes", "target_url": "http://example.org/", "events": EVENTS[0]})
    assert (wrong.status_code, b"port 443 or 8443" in wrong.content) == (422, True)
    made = client.post(page_of(agency), {"webhook": "yes", "target_url": receiver.url(), "events": list(EVENTS)})
    (secret,) = set(re.findall(r"whsec_[\w-]+", made.content.decode()))
    row = Webhook.objects.get()
    assert webhooks.open_secret(webhook=row) == secret
    for path in (page_of(agency), hook_page(row)):
        answer = client.get(path)
        assert (answer.status_code, secret in answer.content.decode()) == (200, False)


def test_a_webhook_is_paused_resumed_changed_and_removed(owner, agency, hook):
    client = sign_in_as(owner)
    for deed, is_active in (("pause", False), ("resume", True)):
        client.post(hook_page(hook), {deed: "yes"})
        hook.refresh_from_db()
        assert hook.is_active is is_active
    assert client.post(hook_page(hook), {"save": "yes"}).status_code == 422
    client.post(hook_page(hook), {"save": "yes", "events": [EVENTS[1]]})
    hook.refresh_from_db()
    assert hook.events == [EVENTS[1]]
    assert client.post(hook_page(hook), {}).status_code == 404
    assert client.post(hook_page(hook), {"remove": "yes"})["Location"] == page_of(agency)
    assert client.get(hook_page(hook)).status_code == 404


def test_what_was_given_up_stands_first_and_is_sent_again(owner, hook):
    row, client = dead(hook), sign_in_as(owner)
    Delivery.objects.create(
        webhook=hook, event=EVENTS[1], event_id=uuid7(), payload={}, state="delivered", ended_at=timezone.now()
    )
    text = client.get(hook_page(hook)).content.decode()
    assert text.index(f'<code dir="ltr">{EVENTS[0]}') < text.index(f'<code dir="ltr">{EVENTS[1]}')
    assert f'<code dir="ltr">{EVENTS[1]}' not in client.get(f"{hook_page(hook)}?state=dead").content.decode()
    client.post(hook_page(hook), {"again": str(row.uid)})
    row.refresh_from_db()
    assert row.state == "pending"
    stranger = sign_in_as(make_user("creator"))
    assert stranger.post(hook_page(hook), {"remove": "yes"}).status_code == 404
    assert Webhook.objects.exists()


def test_staff_see_what_was_given_up_with_the_host_alone(hook, receiver):
    dead(hook)
    text = sign_in_as(make_staff("support")).get("/staff/webhooks/").content.decode()
    assert receiver.netloc in text
    assert "/notices" not in text
    assert "of theirs" not in text
    assert sign_in_as(make_staff("finance")).get("/staff/webhooks/").status_code == 403
    assert sign_in_as(make_user()).get("/staff/webhooks/").status_code == 404
