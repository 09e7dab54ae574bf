"""Webhooks of organisations: who registers them, where they may lead, and that only what was checked is called."""

from __future__ import annotations

import hashlib
import hmac
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.conf import settings as product
from django.db import transaction
from django.utils import timezone

from moderation import tasks
from moderation.certificates.services import privacy as certificate_privacy
from moderation.certificates.services import revoking
from moderation.models import Certificate, Delivery, Membership, Organisation, Representation, Webhook
from moderation.organisations import selectors
from moderation.organisations.constants import DELIVERIES_KEPT, EVENTS, LEASE, MAX_TRIES, WEBHOOKS_MAX
from moderation.organisations.errors import AddressRefused, DeliveryWaiting, TooManyWebhooks
from moderation.organisations.gateways import receivers
from moderation.organisations.services import deliveries, founding, happenings, privacy, representing, webhooks
from pairly.common import after_commit, public_requests
from pairly.common.problems import Forbidden, InvalidInput, NotFound
from pairly.testing.people import make_user, sign_in_as
from users.models import Notification, User

from .certifying import certify, make_certified
from .receiving import Receiver, running_receiver

pytestmark = pytest.mark.django_db
JSON: dict[str, Any] = {"content_type": "application/json"}
State = Delivery.State


@pytest.fixture
def receiver(settings, monkeypatch, tmp_path):
    with running_receiver(tmp_path) as running:
        settings.WEBHOOK_EXTRA_HOSTS = [running.netloc]
        monkeypatch.setattr(public_requests, "trusted", lambda: running.trusted)
        yield running


@pytest.fixture
def owner() -> User:
    return make_user("creator", name="Olga")


@pytest.fixture
def agency(owner) -> Organisation:
    return founding.create(user=owner, name="Agency").organisation


@pytest.fixture
def hook(receiver, owner, agency) -> Webhook:
    """One that hears of everything."""
    return register(owner, agency, receiver)[0]


def register(owner: User, agency: Organisation, receiver: Receiver, path: str = "/notices", events: Any = EVENTS):
    return webhooks.register(user=owner, organisation=agency.uid, target_url=receiver.url(path), events=events)


def add(agency: Organisation, role: str) -> User:
    user = make_user()
    Membership.objects.create(organisation=agency, user=user, role=role, accepted_at=timezone.now())
    return user


def represented(agency: Organisation) -> User:
    creator = make_user("creator")
    Representation.objects.create(organisation=agency, creator=creator, accepted_at=timezone.now())
    return creator


def deliver(hook: Webhook, **fields: Any) -> Delivery:
    """One that is due."""
    n = Delivery.objects.count()
    values = {"event": EVENTS[0], "event_id": f"00000000-0000-5000-8000-{n:012}", "payload": {"n": n}}
    return Delivery.objects.create(
        webhook=hook, **{**values, "next_at": timezone.now() - timedelta(seconds=1), **fields}
    )


def events_of(hook: Webhook) -> list[str]:
    return list(Delivery.objects.filter(webhook=hook).order_by("pk").values_list("event", flat=True))


# -- registering
def test_a_secret_is_shown_once_and_kept_sealed(receiver, owner, agency):
    client = sign_in_as(owner)
    body = {"organisation_id": str(agency.uid), "target_url": receiver.url(), "events": ["certificate.revoked"]}
    made = client.post("/api/v1/webhooks", body, **JSON)
    assert made.status_code == 201
    secret = made.json()["secret"]
    row = Webhook.objects.get()
    assert secret.startswith("whsec_")
    assert secret.encode() not in bytes(row.sealed_secret)
    assert webhooks.open_secret(webhook=row) == secret
    for path in ("/api/v1/webhooks", f"/api/v1/webhooks/{row.uid}"):
        assert secret not in client.get(path).content.decode()
    assert receiver.received == []  # registering calls nobody


def test_owners_and_managers_have_them_members_do_not_and_strangers_do_not_know(receiver, owner, agency, hook):
    manager, member, stranger = add(agency, "manager"), add(agency, "member"), make_user("creator")
    row = deliver(hook, state=State.DEAD, next_at=None, ended_at=timezone.now())
    change = {"uid": hook.uid, "events": EVENTS, "is_active": False}
    for user, refusal in ((member, Forbidden), (stranger, NotFound)):
        for refused in (
            lambda user=user: register(user, agency, receiver),
            lambda user=user: webhooks.change(user=user, **change),
            lambda user=user: webhooks.remove(user=user, uid=hook.uid),
            lambda user=user: selectors.get_webhook(user=user, uid=hook.uid),
            lambda user=user: selectors.list_deliveries(user=user, webhook=hook.uid),
            lambda user=user: deliveries.redeliver(user=user, webhook=hook.uid, uid=row.uid),
        ):
            with pytest.raises(refusal):
                refused()
        assert not selectors.list_webhooks(user=user).exists()
        assert sign_in_as(user).delete(f"/api/v1/webhooks/{hook.uid}").status_code == refusal.status
    hook.refresh_from_db()
    assert hook.is_active
    assert selectors.list_webhooks(user=manager).count() == 1
    register(manager, agency, receiver)
    assert sign_in_as(manager).delete(f"/api/v1/webhooks/{hook.uid}").status_code == 204


def test_there_are_a_few_at_most_and_only_for_events_that_there_are(receiver, owner, agency):
    for events in ([], ["certificate.eaten"]):
        with pytest.raises(InvalidInput):
            register(owner, agency, receiver, events=events)
    for number in range(WEBHOOKS_MAX):
        register(owner, agency, receiver, f"/{number}")
    with pytest.raises(TooManyWebhooks):
        register(owner, agency, receiver)


STRANGE = [
    "",
    "x",
    "/notices",
    "http://example.org/a",
    "ftp://example.org/a",
    "file:///etc/passwd",
    "https:///a",
    "https://EXAMPLE.org/a",
    "https://example.org./a",
    "https://example.org:22/a",
    "https://example.org:99999/a",
    "https://example.org:/a",
    "https://user@example.org/a",
    "https://user:word@example.org/a",
    "https://example.org/a#b",
    "https://example.org/a b",
    "https://example.org/a\r\nX-Evil: 1",
    "https://example.org\\@evil.example/a",
    " https://example.org/a",
    "https://example.org/\x00",
    "https://ｅxample.org/a",
    "https://localhost/a",
    "https://localhost:443/a",
    "https://127.0.0.1/a",
    "https://127.1/a",
    "https://2130706433/a",
    "https://0x7f.1/a",
    "https://0177.0.0.1/a",
    "https://10.0.0.1/a",
    "https://100.64.0.1/a",
    "https://169.254.169.254/latest/meta-data",
    "https://8.8.8.8/a",
    "https://[::1]/a",
    "https://[::ffff:10.0.0.1]/a",
    "https://[fd00:ec2::254]/a",
    "https://[fe80::1%25eth0]/a",
    "https://example.org/" + "a" * 500,
]


@pytest.mark.parametrize("address", STRANGE)
def test_what_is_no_name_on_the_internet_by_https_is_refused(owner, agency, monkeypatch, address):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: pytest.fail("it was looked up"))
    with pytest.raises(AddressRefused):
        webhooks.register(user=owner, organisation=agency.uid, target_url=address, events=EVENTS)
    assert not Webhook.objects.exists()


class Names:
    """A name server that says something else each time it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    def __call__(self, host: str, port: int, **_how: Any) -> list[Any]:
        found = self.answers.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


INSIDE = [
    ["127.0.0.1"], ["10.0.0.1"], ["172.16.0.1"], ["192.168.1.1"], ["169.254.169.254"], ["100.64.0.1"], ["0.0.0.1"],
    ["::1"], ["fc00::1"], ["fd00:ec2::254"], ["fe80::1"], ["::ffff:10.0.0.1"], ["64:ff9b::7f00:1"],
    ["8.8.8.8", "10.0.0.1"], [],
]  # fmt: skip
ELSEWHERE = "https://hooks.example.org/a?b=c"


@pytest.fixture
def calls(monkeypatch):
    """Connections that would be made to the Internet, which no test reaches."""
    made = []

    def handle(self, request):
        made.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(b"taken"))

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle)
    return made


@pytest.mark.parametrize("found", INSIDE, ids=",".join)
def test_a_name_that_leads_into_a_private_network_is_neither_registered_nor_called(
    owner, agency, hook, monkeypatch, calls, found
):
    monkeypatch.setattr(socket, "getaddrinfo", Names(found, found))
    with pytest.raises(AddressRefused):
        webhooks.register(user=owner, organisation=agency.uid, target_url=ELSEWHERE, events=EVENTS)
    Webhook.objects.filter(pk=hook.pk).update(target_url=ELSEWHERE)
    row = deliver(hook)
    assert deliveries.send_due() == 0
    row.refresh_from_db()
    assert (row.state, row.last_error, calls) == (State.PENDING, "not_public", [])


def test_the_call_goes_to_the_address_that_was_checked_and_to_no_second_look_up(hook, monkeypatch, calls):
    Webhook.objects.filter(pk=hook.pk).update(target_url=ELSEWHERE)
    monkeypatch.setattr(socket, "getaddrinfo", Names(["8.8.8.8"], ["127.0.0.1"]))
    deliver(hook)
    assert deliveries.send_due() == 1
    (request,) = calls
    assert (request.url.host, request.url.scheme, request.url.raw_path) == ("8.8.8.8", "https", b"/a?b=c")
    assert request.headers["Host"] == "hooks.example.org"
    assert request.extensions["sni_hostname"] == "hooks.example.org"  # whose certificate it has to be


def test_a_name_that_is_unknown_is_refused_and_later_tried_again(owner, agency, hook, monkeypatch, calls):
    def unknown(*_args: Any, **_how: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(AddressRefused):
        webhooks.register(user=owner, organisation=agency.uid, target_url=ELSEWHERE, events=EVENTS)
    Webhook.objects.filter(pk=hook.pk).update(target_url=ELSEWHERE)
    row = deliver(hook)
    deliveries.send_due()
    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.PENDING, "unknown_host")


def test_a_server_has_no_receiver_of_its_own_unless_it_is_told(settings):
    assert product.WEBHOOK_EXTRA_HOSTS == []
    settings.WEBHOOK_EXTRA_HOSTS = ["10.0.0.7:443", "hooks.internal:443"]
    for host in settings.WEBHOOK_EXTRA_HOSTS:
        with pytest.raises(receivers.AddressRefused):
            receivers.check(address=f"https://{host}/a".replace("hooks.internal:443", "hooks"))


# -- what is sent
def test_an_event_of_a_represented_creator_arrives_signed_with_an_id_to_drop_repeats_by(receiver, owner, agency):
    hook, secret = register(owner, agency, receiver)
    register(owner, agency, receiver, "/second")
    certificate = certify(represented(agency))
    assert deliveries.send_due() == 2
    first, second = sorted(receiver.received, key=lambda one: one.path)
    times, mac = (part.split("=", 1)[1] for part in first.headers["Pairly-Signature"].split(","))
    expected = hmac.new(secret.encode(), times.encode() + b"." + first.body, hashlib.sha256).hexdigest()
    assert (first.path, mac) == ("/notices", expected)
    assert abs(int(times) - timezone.now().timestamp()) < 600
    assert first.headers["Pairly-Event-Id"] == first.facts["id"] == second.facts["id"]
    assert first.headers["Pairly-Event"] == first.facts["type"] == "certificate.issued"
    assert first.facts["organisation_id"] == str(agency.uid)
    assert first.facts["data"]["code"] == certificate.code
    assert first.facts["data"]["user_id"] == str(certificate.user.uid)
    assert first.headers["Pairly-Signature"] != second.headers["Pairly-Signature"]  # each has its own secret
    row = Delivery.objects.get(webhook=hook)
    assert (row.state, row.last_status, row.n_tries) == (State.DELIVERED, 204, 1)
    assert deliveries.send_due() == 0


def test_the_signature_is_as_stripe_describes_it():
    at = datetime(2026, 1, 2, tzinfo=UTC)
    made = receivers.signature_of(secrets=["whsec_x"], body=b'{"a":1}', at=at)
    # printf '1767312000.{"a":1}' | openssl dgst -sha256 -hmac whsec_x
    expected = hmac.digest(b"whsec_x", b'1767312000.{"a":1}', "sha256").hex()
    assert made == f"t=1767312000,v1={expected}"


def test_who_is_not_represented_paused_or_did_not_ask_for_it_hears_nothing(receiver, owner, agency, hook):
    other = register(owner, agency, receiver, "/other", events=["representation.ended"])[0]
    paused = register(owner, agency, receiver, "/paused")[0]
    webhooks.change(user=owner, uid=paused.uid, events=EVENTS, is_active=False)
    make_certified("Nobody's")
    asked = make_user("creator")
    Representation.objects.create(organisation=agency, creator=asked)
    certify(asked)
    assert not Delivery.objects.exists()
    certify(represented(agency))
    assert (events_of(hook), events_of(other), events_of(paused)) == (["certificate.issued"], [], [])


def test_a_revocation_and_both_sides_of_a_representation_are_told(agency, owner, hook):
    creator = make_user("creator")
    asked = representing.ask(user=owner, uid=agency.uid, creator=creator.uid)
    representing.accept(user=creator, uid=asked.uid)
    certificate = certify(creator)
    revoking.revoke(code=certificate.code, because="staff")
    revoking.revoke(code=certificate.code, because="staff")
    representing.end(user=creator, uid=asked.uid)
    assert events_of(hook) == [
        "representation.accepted", "certificate.issued", "certificate.revoked", "representation.ended",
    ]  # fmt: skip
    told = Delivery.objects.get(event="certificate.revoked").payload["data"]
    assert (told["reason"], bool(told["revoked_at"])) == ("staff", True)


def test_one_that_was_refused_or_not_answered_ends_without_an_event(agency, owner, hook):
    asked = representing.ask(user=owner, uid=agency.uid, creator=make_user("creator").uid)
    representing.end(user=owner, uid=asked.uid)
    assert events_of(hook) == []


def test_a_certificate_that_has_run_out_is_told_of_once(agency, hook):
    certificate, now = certify(represented(agency)), timezone.now()
    Certificate.objects.filter(pk=certificate.pk).update(
        issued_at=now - timedelta(days=2), expires_at=now - timedelta(minutes=5)
    )
    for _ in range(2):
        assert happenings.tell_expired(at=now) == 1
    assert events_of(hook) == ["certificate.issued", "certificate.expired"]
    assert happenings.tell_expired(at=now + timedelta(days=2)) == 0


def test_what_did_not_happen_is_not_told_and_what_did_is_sent_after_the_commit(
    agency, hook, monkeypatch, django_capture_on_commit_callbacks
):
    started: list[str] = []
    monkeypatch.setattr(after_commit, "enqueue_now", lambda *, task, kwargs: started.append(task))
    creator = represented(agency)
    with transaction.atomic():
        certify(creator)
        transaction.set_rollback(True)
    assert (events_of(hook), started) == ([], [])
    with django_capture_on_commit_callbacks(execute=True):
        certify(creator)
        assert "moderation.send_deliveries" not in started
    assert started.count("moderation.send_deliveries") == 1


# -- receivers that do not behave
@pytest.mark.parametrize(("status", "error"), [(400, "status"), (410, "status"), (429, "status"), (500, "status")])
def test_what_is_not_taken_is_tried_again(receiver, hook, status, error):
    receiver.status, row = status, deliver(hook)
    assert tasks.send_deliveries() == 0
    row.refresh_from_db()
    assert (row.state, row.last_status, row.last_error, row.n_tries) == (State.PENDING, status, error, 1)
    assert row.next_at > timezone.now()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(receiver, hook, status):
    receiver.status, receiver.headers = status, {"Location": receiver.url("/elsewhere")}
    row = deliver(hook)
    deliveries.send_due()
    row.refresh_from_db()
    assert [one.path for one in receiver.received] == ["/notices"]
    assert (row.state, row.last_error) == (State.PENDING, "redirect")


def test_an_answer_that_drips_in_is_cut_off(receiver, hook, monkeypatch):
    monkeypatch.setattr(receivers, "TIMEOUT_SECONDS", 0.3)
    receiver.drips, row = True, deliver(hook)
    deliveries.send_due()
    row.refresh_from_db()
    assert len(receiver.received) == 1
    assert (row.state, row.last_error) == (State.PENDING, "timeout")


def test_of_a_long_answer_a_kilobyte_is_read(receiver, hook):
    receiver.status, receiver.body = 200, b"x" * 64 * 1024 * 1024
    target = receivers._parse(receiver.url())
    answer = public_requests.post(target=target, headers={}, timeout_s=30, read_max=receivers.ANSWER_MAX_BYTES)
    assert (answer.status, len(answer.body)) == (200, receivers.ANSWER_MAX_BYTES)
    assert receiver.ended.wait(60)
    assert receiver.n_answered < len(receiver.body)


def test_a_certificate_of_somebody_else_gets_nothing(settings, monkeypatch, tmp_path, owner, agency):
    with running_receiver(tmp_path, name="elsewhere.example") as running:
        settings.WEBHOOK_EXTRA_HOSTS = [running.netloc]
        monkeypatch.setattr(public_requests, "trusted", lambda: running.trusted)
        row = deliver(register(owner, agency, running)[0])
        deliveries.send_due()
        row.refresh_from_db()
        assert (running.received, row.last_error) == ([], "connection")


def test_one_that_does_not_take_a_notice_is_left_alone_for_the_run_and_holds_up_nobody(receiver, owner, agency, hook):
    gone = register(owner, agency, receiver, "/gone")[0]
    Webhook.objects.filter(pk=gone.pk).update(target_url=receiver.url("/gone").replace(str(receiver.port), "1"))
    first, second = deliver(gone), deliver(gone)
    deliver(hook)
    assert deliveries.send_due() == 1
    tries = sorted(Delivery.objects.filter(pk__in=[first.pk, second.pk]).values_list("n_tries", flat=True))
    assert tries == [0, 1]


def test_the_pauses_grow_and_end_after_seven_days(receiver, owner, hook):
    waits = [deliveries.wait_after(n_tries=n) for n in range(1, MAX_TRIES)]
    assert waits == sorted(waits)
    assert timedelta(days=6, hours=12) < sum(waits, timedelta(0)) <= timedelta(days=7)
    receiver.status = 500
    row = deliver(hook, n_tries=MAX_TRIES - 2)
    for state in (State.PENDING, State.DEAD):
        deliveries.send_due()
        row.refresh_from_db()
        assert row.state == state
        Delivery.objects.filter(pk=row.pk, state=State.PENDING).update(next_at=timezone.now())
    assert (row.next_at, row.n_tries) == (None, MAX_TRIES)
    assert Notification.objects.get(user=owner, kind="organisation").payload["state"] == "given_up"
    assert deliveries.send_due() == 0
    assert len(receiver.received) == 2


# -- again
def test_what_was_given_up_is_sent_again_at_once_with_the_same_id(receiver, owner, hook):
    row = deliver(hook, state=State.DEAD, next_at=None, ended_at=timezone.now(), n_tries=MAX_TRIES)
    client, path = sign_in_as(owner), f"/api/v1/webhooks/{hook.uid}"
    assert [one["state"] for one in client.get(f"{path}/deliveries?state=dead").json()["results"]] == ["dead"]
    answer = client.post(f"{path}/redeliver", {"delivery_id": str(row.uid)}, **JSON)
    assert (answer.status_code, answer.json()["state"], answer.json()["n_tries"]) == (200, "pending", 0)
    again = client.post(f"{path}/redeliver", {"delivery_id": str(row.uid)}, **JSON)
    assert (again.status_code, again.json()["code"]) == (409, DeliveryWaiting.code)
    assert deliveries.send_due() == 1
    assert receiver.received[0].headers["Pairly-Event-Id"] == str(row.event_id)
    assert client.get(f"{path}/deliveries?state=dead").json()["results"] == []
    assert client.get(f"{path}/deliveries?state=lost").status_code == 422


def test_a_delivery_of_another_webhook_is_not_there(receiver, owner, agency, hook):
    other = register(owner, agency, receiver, "/other")[0]
    row = deliver(other, state=State.DEAD, next_at=None, ended_at=timezone.now())
    with pytest.raises(NotFound):
        deliveries.redeliver(user=owner, webhook=hook.uid, uid=row.uid)


def test_what_waits_while_it_is_paused_goes_out_afterwards(receiver, owner, hook):
    deliver(hook)
    webhooks.change(user=owner, uid=hook.uid, events=EVENTS, is_active=False)
    assert deliveries.send_due() == 0
    webhooks.change(user=owner, uid=hook.uid, events=EVENTS, is_active=True)
    assert deliveries.send_due() == 1


def test_one_whose_lease_ran_out_settles_nothing_any_more(hook):
    deliver(hook)
    late = deliveries.claim()
    assert late is not None
    Delivery.objects.filter(pk=late.pk).update(next_at=timezone.now() - LEASE)
    second = deliveries.claim()
    assert second is not None
    deliveries._postpone(late, "timeout", None)
    row = Delivery.objects.get(pk=late.pk)
    assert (row.n_tries, row.next_at) == (0, second.next_at)
    assert deliveries._send(second)
    deliveries._postpone(late, "timeout", None)
    row.refresh_from_db()
    assert row.state == State.DELIVERED


# -- what is kept
def test_what_is_over_goes_after_thirty_days_and_with_the_person(agency, owner, hook):
    now = timezone.now()
    old = deliver(hook, state=State.DELIVERED, next_at=None, ended_at=now - DELIVERIES_KEPT - timedelta(seconds=1))
    dead = deliver(hook, state=State.DEAD, next_at=None, ended_at=now)
    waiting = deliver(hook)
    assert deliveries.retain(at=now) == 1
    assert set(Delivery.objects.values_list("pk", flat=True)) == {dead.pk, waiting.pk}
    assert not Delivery.objects.filter(pk=old.pk).exists()


def test_an_erased_creators_end_is_told_and_what_was_told_before_is_forgotten(agency, receiver, hook):
    creator = represented(agency)
    certify(creator)
    deliveries.send_due()
    certificate_privacy.erase(user=creator)
    privacy.erase(user=creator)
    assert events_of(hook) == ["certificate.revoked", "representation.ended"]
    deliveries.send_due()
    assert [one.facts["type"] for one in receiver.received][1:] == ["certificate.revoked", "representation.ended"]


def test_a_closed_organisation_hears_nothing_any_more(agency, owner, hook):
    certify(represented(agency))
    founding.close(user=owner, uid=agency.uid)
    assert not Delivery.objects.exists()
    assert deliveries.send_due() == 0
