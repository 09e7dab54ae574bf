from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from pairly.common.problems import NotFound, RateLimited
from pairly.outbox import services as outbox
from pairly.outbox.models import OutboxRow
from pairly.testing.people import make_user
from security.types import Client as Visitor
from users import push_selectors, selectors
from users.constants import PUSH_DEVICES_MAX, PUSH_KIND
from users.errors import PushEndpointRefused, TooManyPushDevices
from users.gateways import web_push
from users.models import PushDevice, Session, User
from users.services import erasure, own_data, push_devices, retention, sessions, tokens

from .helpers import Meeting, at_once, bearer, post, start_api
from .push_services import running_push_service

PHONE = Visitor(ip="192.0.2.7", user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")


@pytest.fixture
def service(settings):
    with running_push_service() as running:
        settings.WEB_PUSH_EXTRA_HOSTS = [running.netloc]
        web_push._away_until.clear()
        yield running
        web_push._away_until.clear()


@pytest.fixture
def no_limits(monkeypatch):
    monkeypatch.setattr(push_devices, "_limit", lambda *_: None)


def enter(user):
    started = sessions.start_session(user=user, kind=Session.Kind.WEB, client=PHONE)
    return selectors.sign_in_of(started.session)


def register(user, endpoint, sign_in=None):
    return push_devices.register(user=user, sign_in=sign_in or enter(user), endpoint=endpoint, client=PHONE)


def tell(user):
    """What `notify` does."""
    outbox.write(kind=PUSH_KIND, payload={}, user_uid=user.uid)


def deliver():
    while outbox.deliver_due():
        pass


@pytest.mark.django_db
def test_news_wakes_every_device_of_a_person_and_nobody_elses(service):
    ada, eve = make_user(), make_user()
    for name, user in [("phone", ada), ("laptop", ada), ("eve", eve)]:
        register(user, service.endpoint(name))
    tell(ada)
    deliver()
    assert sorted(service.names()) == ["laptop", "phone"]
    assert service.problems == []
    assert not OutboxRow.objects.exclude(state="sent").exists()
    assert PushDevice.objects.filter(pushed_at__isnull=False).count() == 2


@pytest.mark.django_db
def test_a_device_that_fails_is_tried_again_and_no_other_is_woken_twice(service):
    ada = make_user()
    for name in ("phone", "laptop"):
        register(ada, service.endpoint(name))
    service.answer("phone", 500)
    tell(ada)
    deliver()
    service.answers.clear()
    OutboxRow.objects.filter(state="pending").update(deliver_at=F("created_at"))
    deliver()
    assert sorted(service.names()) == ["laptop", "phone", "phone"]
    assert not OutboxRow.objects.filter(state="pending").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_its_service_forgot_is_forgotten(service, status):
    ada = make_user()
    register(ada, service.endpoint("gone"))
    register(ada, service.endpoint("stays"))
    service.answer("gone", status)
    tell(ada)
    deliver()
    assert [row.endpoint for row in PushDevice.objects.all()] == [service.endpoint("stays")]
    assert not OutboxRow.objects.filter(state="pending").exists()


@pytest.mark.django_db
def test_a_device_of_a_service_that_is_on_the_list_no_more_is_forgotten(service, settings):
    ada = make_user()
    register(ada, service.endpoint("phone"))
    settings.WEB_PUSH_EXTRA_HOSTS = []
    tell(ada)
    deliver()
    assert not PushDevice.objects.exists()
    assert service.received == []


@pytest.mark.django_db
def test_a_service_is_left_alone_for_as_long_as_it_asks(service):
    ada = make_user()
    register(ada, service.endpoint("phone"))
    service.answer("phone", 429, Retry_After="600")
    tell(ada)
    deliver()
    row = OutboxRow.objects.get(state="pending")
    assert row.deliver_at > timezone.now() + timedelta(seconds=590)
    assert row.last_error == "TryLater"
    assert PushDevice.objects.exists()


@pytest.mark.django_db
def test_old_news_wakes_nobody(service, monkeypatch):
    ada = make_user()
    register(ada, service.endpoint("phone"))
    monkeypatch.setattr(push_devices, "PUSH_TRIED", timedelta(0))
    tell(ada)
    deliver()
    assert service.received == []
    assert not OutboxRow.objects.exclude(state="sent").exists()


def _end(user, family):
    sessions.end_session(user=user, family=family)


def _expire(user, family):
    Session.objects.filter(pk=family).update(expires_at=F("created_at"))


def _limit(user, family):
    Session.objects.filter(pk=family).update(limit="suspended")


def _suspend(user, family):
    User.objects.filter(pk=user.pk).update(is_active=False)


@pytest.mark.django_db
@pytest.mark.parametrize("end", [_end, _expire, _limit, _suspend])
def test_a_device_falls_silent_with_its_sign_in(service, end):
    ada = make_user()
    sign_in = enter(ada)
    register(ada, service.endpoint("phone"), sign_in)
    tell(ada)
    outbox.deliver_due(limit=1)  # its own row is written by now
    end(ada, sign_in.family)
    deliver()
    assert service.received == []
    assert push_selectors.list_push_devices(user=ada, family=sign_in.family) == []
    with pytest.raises(NotFound):
        push_devices.test(user=ada, sign_in=sign_in, uid=PushDevice.objects.get().pk)


@pytest.mark.django_db
def test_devices_that_fell_silent_are_removed_within_the_hour_and_no_others(service):
    ada = make_user()
    over = enter(ada)
    register(ada, service.endpoint("old"), over)
    register(ada, service.endpoint("new"))
    _end(ada, over.family)
    assert retention.retain()["push_devices"] == 1
    assert PushDevice.objects.get().endpoint == service.endpoint("new")


@pytest.mark.django_db
def test_a_sign_in_that_is_over_registers_nothing(service):
    ada = make_user()
    sign_in = enter(ada)
    _end(ada, sign_in.family)
    with pytest.raises(NotFound):
        register(ada, service.endpoint("phone"), sign_in)
    assert not PushDevice.objects.exists()


@pytest.mark.django_db
def test_a_browser_that_registers_again_stays_one_device_and_goes_to_the_new_sign_in(service):
    ada = make_user()
    first = register(ada, service.endpoint("phone"))
    second_sign_in = enter(ada)
    second = register(ada, service.endpoint("phone"), second_sign_in)
    device = PushDevice.objects.get()
    assert (first.uid, second.uid) == (device.pk, device.pk)
    assert device.family == second_sign_in.family


@pytest.mark.django_db
def test_a_browser_that_two_people_share_wakes_for_the_last_of_them(service):
    ada, eve = make_user(), make_user()
    first = register(ada, service.endpoint("shared"))
    second = register(eve, service.endpoint("shared"))
    assert PushDevice.objects.get().user == eve
    assert second.uid != first.uid
    tell(ada)
    deliver()
    assert service.received == []


@pytest.mark.django_db
def test_only_known_services_are_registered(service):
    with pytest.raises(PushEndpointRefused):
        register(make_user(), "https://169.254.169.254/latest")
    assert not PushDevice.objects.exists()


@pytest.mark.django_db
def test_as_many_devices_as_an_account_may_have_make_room_only_when_some_are_silent(service, no_limits):
    ada = make_user()
    over, going_on = enter(ada), enter(ada)
    for number in range(PUSH_DEVICES_MAX):
        register(ada, service.endpoint(str(number)), over if number == 0 else going_on)
    register(ada, service.endpoint("0"), over)  # known already
    with pytest.raises(TooManyPushDevices):
        register(ada, service.endpoint("one-more"), going_on)
    _end(ada, over.family)
    register(ada, service.endpoint("one-more"), going_on)
    assert PushDevice.objects.count() == PUSH_DEVICES_MAX


@pytest.mark.django_db
def test_registering_and_trying_have_limits(service):
    ada = make_user()
    sign_in = enter(ada)
    device = register(ada, service.endpoint("phone"), sign_in)
    for _ in range(5):
        push_devices.test(user=ada, sign_in=sign_in, uid=device.uid)
    with pytest.raises(RateLimited):
        push_devices.test(user=ada, sign_in=sign_in, uid=device.uid)


@pytest.mark.django_db
def test_somebody_elses_device_is_neither_seen_nor_touched(service):
    ada, eve = make_user(), make_user()
    device = register(ada, service.endpoint("phone"))
    sign_in = enter(eve)
    for deed in (
        lambda: push_devices.remove(user=eve, uid=device.uid),
        lambda: push_devices.test(user=eve, sign_in=sign_in, uid=device.uid),
        lambda: push_selectors.get_push_device(user=eve, family=sign_in.family, uid=device.uid),
    ):
        with pytest.raises(NotFound):
            deed()
    assert push_selectors.list_push_devices(user=eve, family=sign_in.family) == []
    assert PushDevice.objects.filter(user=ada).exists()
    assert not OutboxRow.objects.exists()


@pytest.mark.django_db
def test_an_app_registers_lists_tries_and_removes_a_device(service):
    started = start_api(make_user())
    headers = bearer(tokens.issue(started=started)["access_token"])
    key = Client().get("/api/v1/push-devices/key", **headers).json()["public_key"]
    assert len(key) == 87  # 65 bytes in base64url
    body = {"endpoint": service.endpoint("phone"), "name": "My phone"}
    made = post("/api/v1/push-devices", body, **headers)
    assert (made.status_code, made.json()["current"], made.json()["name"]) == (201, True, "My phone")
    where = f"/api/v1/push-devices/{made.json()['id']}"
    assert post(f"{where}/test", {}, **headers).status_code == 202
    deliver()
    assert service.names() == ["phone"]
    (row,) = Client().get("/api/v1/push-devices", **headers).json()["results"]
    assert row["pushed_at"] is not None
    assert "endpoint" not in row
    assert Client().delete(where, **headers).status_code == 204
    assert Client().get(where, **headers).status_code == 404


@pytest.mark.django_db
def test_an_app_that_names_another_address_is_told_where_it_is_wrong(service):
    headers = bearer(tokens.issue(started=start_api(make_user()))["access_token"])
    for endpoint in ("https://evil.example/a", " " + service.endpoint("a"), "https://fcm.googleapis.com/\n"):
        answer = post("/api/v1/push-devices", {"endpoint": endpoint}, **headers)
        assert answer.status_code == 422, endpoint
        assert answer.json()["errors"][0]["pointer"] == "/endpoint"


class Copy:
    """What an export writes."""

    def __init__(self):
        self.files = {}

    def rows(self, name, rows):
        self.files[name] = list(rows)

    def document(self, name, document):
        self.files[name] = document


@pytest.mark.django_db
def test_the_copy_of_ones_data_names_ones_devices_and_not_how_to_wake_them(service):
    ada, copy = make_user(), Copy()
    register(ada, service.endpoint("phone"))
    register(make_user(), service.endpoint("eve"))
    own_data.export_account(user=ada, out=copy)
    (device,) = copy.files["account/push-devices"]
    assert device["name"] == "Firefox on Linux"
    assert service.netloc not in str(copy.files)


@pytest.mark.django_db
def test_with_an_account_its_devices_are_erased(service):
    ada, eve = make_user(), make_user()
    register(ada, service.endpoint("phone"))
    register(eve, service.endpoint("eve"))
    tell(ada)
    erasure.erase_account(user=ada)
    assert [device.user for device in PushDevice.objects.all()] == [eve]
    deliver()
    assert service.received == []


@pytest.mark.django_db
def test_the_list_takes_one_query_however_long_it_is(service, django_assert_num_queries, no_limits):
    ada = make_user()
    sign_in = enter(ada)
    for n_more in (3, 3):
        for number in range(n_more):
            register(ada, service.endpoint(f"{n_more}-{number}-{PushDevice.objects.count()}"))
        with django_assert_num_queries(1):
            push_selectors.list_push_devices(user=ada, family=sign_in.family)


def test_of_30_registrations_of_one_browser_one_device_stays(committed_db, settings, no_limits):
    settings.WEB_PUSH_EXTRA_HOSTS = ["127.0.0.1:9"]
    people = [make_user() for _ in range(3)]
    sign_ins = [enter(user) for user in people]
    at_once(30, lambda n: _try(people[n % 3], "http://127.0.0.1:9/same", sign_ins[n % 3]))
    assert PushDevice.objects.count() == 1


def _try(user, endpoint, sign_in):
    try:
        return register(user, endpoint, sign_in)
    except TooManyPushDevices:
        return None


def test_of_30_new_devices_at_once_no_more_stay_than_an_account_may_have(committed_db, settings, no_limits):
    settings.WEB_PUSH_EXTRA_HOSTS = ["127.0.0.1:9"]
    ada = make_user()
    sign_in = enter(ada)
    made = at_once(30, lambda n: _try(ada, f"http://127.0.0.1:9/{n}", sign_in))
    assert PushDevice.objects.count() == PUSH_DEVICES_MAX == sum(device is not None for device in made)


def test_without_the_hold_on_the_account_more_would_stay(committed_db, settings, no_limits, monkeypatch):
    settings.WEB_PUSH_EXTRA_HOSTS = ["127.0.0.1:9"]
    monkeypatch.setattr(push_devices.entrance, "hold", lambda user: user)
    ada = make_user()
    sign_in = enter(ada)
    for number in range(PUSH_DEVICES_MAX - 1):
        register(ada, f"http://127.0.0.1:9/before-{number}", sign_in)
    has_counted, make_room = Meeting(), push_devices._make_room

    def make_room_together(user, hashed):
        make_room(user, hashed)
        has_counted.wait()

    monkeypatch.setattr(push_devices, "_make_room", make_room_together)
    at_once(30, lambda n: _try(ada, f"http://127.0.0.1:9/{n}", sign_in))
    assert PushDevice.objects.count() > PUSH_DEVICES_MAX
