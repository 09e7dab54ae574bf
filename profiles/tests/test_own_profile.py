from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from rest_framework.test import APIClient

from pairly.common.problems import InvalidInput, Problem
from pairly.testing.people import make_user
from profiles import selectors, services
from profiles.errors import ProfileExists
from profiles.models import Profile
from users.models import User
from users.tests.helpers import at_once

from .browsing import browser_of


def api_of(user):
    client = APIClient()
    client.force_authenticate(user=user)
    return client


@pytest.mark.django_db
def test_signing_up_makes_the_profile_with_the_given_name():
    user = make_user("creator", name="Cleo <b>")
    profile = selectors.get_own_profile(user=user)
    assert (profile.display_name, profile.price_per_message_centi, profile.reply_window_hours) == ("Cleo <b>", 0, 72)
    assert b"Cleo &lt;b&gt;" in Client().get(f"/creators/{user.uid}/").content


@pytest.mark.django_db
def test_a_creator_types_credits_and_hundredths_are_kept():
    user = make_user("creator")
    form = {"display_name": "Cleo", "bio": "Hello", "price": "120.50", "reply_window_hours": "48"}
    answer = browser_of(user).post("/profile/edit/", form)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/profile/edit/")
    profile = selectors.get_own_profile(user=user)
    assert (profile.price_per_message_centi, profile.reply_window_hours) == (12_050, 48)
    page = browser_of(user).get("/profile/edit/").content.decode()
    assert 'value="120.5"' in page
    assert "120.50" in Client().get(f"/creators/{user.uid}/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("price", ["10", "49.99", "50000.01", "-1", "1.001", "nan", "many"])
def test_a_price_that_cannot_be_is_named_and_the_rest_stays_typed(price):
    user = make_user("creator")
    form = {"display_name": "Cleo", "bio": "What I typed", "price": price, "reply_window_hours": "72"}
    answer = browser_of(user).post("/profile/edit/", form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_price_error"' in page
    assert "What I typed" in page
    assert selectors.get_own_profile(user=user).display_name != "Cleo"


@pytest.mark.django_db
def test_a_fan_has_no_price_to_set():
    user = make_user("fan")
    browser = browser_of(user)
    assert 'name="price"' not in browser.get("/profile/edit/").content.decode()
    browser.post("/profile/edit/", {"display_name": "Robin", "bio": "", "price": "100"})
    profile = selectors.get_own_profile(user=user)
    assert (profile.display_name, profile.price_per_message_centi) == ("Robin", 0)


@pytest.mark.django_db
def test_the_form_is_for_who_is_signed_in():
    answer = Client().get("/profile/edit/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/?next=/profile/edit/")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"display_name": "   "}, "/display_name"),
        ({"display_name": "x" * 81}, "/display_name"),
        ({"bio": "x" * 2_001}, "/bio"),
        ({"reply_window_hours": 23}, "/reply_window_hours"),
        ({"reply_window_hours": 169}, "/reply_window_hours"),
        ({"user_id": 1}, "/user_id"),
    ],
)
def test_each_refused_value_has_its_pointer(fields, pointer):
    user = make_user("creator")
    with pytest.raises(InvalidInput) as caught:
        services.update_profile(user=user, **fields)
    assert [row["pointer"] for row in caught.value.errors or []] == [pointer]


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{"reply_window_hours": 23}, {"reply_window_hours": 169}, {"display_name": ""}])
def test_the_database_refuses_what_the_service_refuses(fields):
    user = make_user("creator")
    with pytest.raises(IntegrityError), transaction.atomic():
        Profile.objects.filter(user=user).update(**fields)


@pytest.mark.django_db
def test_the_own_profile_has_two_addresses_and_a_deleted_one_can_be_made_again():
    user = make_user("creator")
    client, path = api_of(user), f"/api/v1/profiles/{user.uid}"
    assert client.put(path, {"display_name": "A"}, format="json").json()["display_name"] == "A"
    assert client.get(path).json()["total_earnings_centi"] == 0
    assert client.get(path).headers["ETag"] == client.get("/api/v1/profiles").headers["ETag"]
    assert client.delete(path).status_code == 204
    assert client.get("/api/v1/profiles").status_code == 404
    made = client.post("/api/v1/profiles", {"display_name": "B"}, format="json")
    assert (made.status_code, made.json()["display_name"]) == (201, "B")


@pytest.mark.django_db
def test_who_deleted_the_profile_is_still_somebody_to_the_people_they_write_with():
    user = User.objects.get(pk=make_user("creator", name="Cleo", price_centi=10_000).pk)
    services.delete_profile(user=user)
    left = User.objects.get(pk=user.pk)
    shown = selectors.shown_profile(user=left)
    assert (shown.display_name, shown.price_per_message_centi, shown.user) == ("Cleo", 0, left)
    assert not Profile.objects.exists()
    other = make_user("creator", name="Ada")
    assert selectors.shown_profile(user=other).pk == other.profile.pk


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "status"), [("*", 200), ('"other"', 412), ('"other", {etag}', 200), ("W/{etag}", 412), ("", 412)]
)
def test_if_match_follows_rfc_9110(given, status):
    client = api_of(make_user("creator"))
    etag = client.get("/api/v1/profiles").headers["ETag"]
    headers = {"If-Match": given.format(etag=etag)}
    assert client.put("/api/v1/profiles", {"display_name": "A"}, format="json", headers=headers).status_code == status


@pytest.mark.django_db
def test_a_stranger_learns_neither_earnings_nor_address():
    creator = make_user("creator")
    document = api_of(make_user("fan")).get(f"/api/v1/profiles/{creator.uid}").json()
    assert set(document) >= {"user_id", "role", "display_name", "bio", "price_per_message_centi"}
    assert not {"total_earnings_centi", "email", "birth_date", "id"} & set(document)
    assert creator.email not in Client().get(f"/creators/{creator.uid}/").content.decode()


def test_of_two_profiles_made_at_once_one_is_refused(committed_db):
    user = make_user("creator")
    services.delete_profile(user=user)

    def create(number):
        try:
            return services.create_profile(user=user, display_name=f"Name {number}")
        except Problem as problem:
            return problem

    made = at_once(4, create)
    assert [type(one) for one in made].count(Profile) == 1
    assert [type(one) for one in made].count(ProfileExists) == 3


@pytest.mark.django_db
def test_a_profile_is_removed_after_a_question_and_made_again():
    user = make_user("creator", price_centi=5_000)
    browser = browser_of(user)
    assert "Remove my profile" in browser.get("/profile/remove/").content.decode()
    assert Profile.objects.filter(user=user).exists()
    assert browser.post("/profile/remove/").url == "/profile/create/"
    assert not Profile.objects.filter(user=user).exists()
    assert browser.get("/profile/edit/").url == "/profile/create/"
    assert browser.get("/profile/remove/").status_code == 404
    wrong = browser.post("/profile/create/", {"display_name": "", "price": "1", "reply_window_hours": "72"})
    assert wrong.status_code == 422
    made = browser.post("/profile/create/", {"display_name": "Ada", "price": "50", "reply_window_hours": "72"})
    assert made.url == "/profile/edit/"
    profile = Profile.objects.get(user=user)
    assert (profile.display_name, profile.price_per_message_centi) == ("Ada", 5_000)
    assert browser.get("/profile/create/").url == "/profile/edit/"
