from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from pairly.common.problems import InvalidInput, NotFound
from pairly.testing.people import make_user
from profiles import discovery, selectors, services
from profiles.models import Profile
from users.models import Block, Restriction

pytestmark = pytest.mark.django_db


def signed_in(user):
    client = APIClient()
    client.force_authenticate(user=user)
    return client


def test_a_creator_sets_a_price_and_everybody_sees_it():
    creator, visitor = make_user("creator", name="Cleo"), APIClient()
    body = {"display_name": "Cleo", "bio": "hello", "price_per_message_centi": 12_000}
    assert signed_in(creator).put("/api/v1/profiles", body, format="json").status_code == 200
    page = visitor.get("/api/v1/discover").json()
    assert [(row["display_name"], row["price_per_message_centi"]) for row in page["results"]] == [("Cleo", 12_000)]
    assert "total_earnings_centi" not in page["results"][0]
    assert b"120" in Client().get(f"/creators/{creator.uid}/").content


@pytest.mark.parametrize("price", [1, 4_999, 5_000_001])
def test_a_price_outside_the_range_is_refused_by_service_and_database(price):
    creator = make_user("creator")
    with pytest.raises(InvalidInput) as caught:
        services.update_profile(user=creator, price_per_message_centi=price)
    assert caught.value.errors[0]["pointer"] == "/price_per_message_centi"
    with pytest.raises(IntegrityError), transaction.atomic():
        Profile.objects.filter(user=creator).update(price_per_message_centi=price)


def test_a_fan_cannot_set_a_price():
    with pytest.raises(InvalidInput):
        services.update_profile(user=make_user("fan"), price_per_message_centi=10_000)


def shown_to(user):
    page = discovery.get_creator_page(user=user, wanted=discovery.DiscoverFilter())
    return {profile.user_id for profile in page.rows}


def test_a_block_hides_both_from_each_other_and_from_nobody_else():
    creator, fan, stranger = make_user("creator"), make_user("creator"), make_user("fan")
    Block.objects.create(blocker=creator, blocked=fan)
    for viewer, other in ((creator, fan), (fan, creator)):
        with pytest.raises(NotFound):
            selectors.get_profile(user=viewer, uid=other.uid)
        assert other.pk not in shown_to(viewer)
    assert len(shown_to(stranger)) == 2


@pytest.mark.parametrize("kind", ["hide", "suspension"])
def test_a_hidden_or_suspended_creator_is_not_found(kind):
    creator = make_user("creator")
    Restriction.objects.create(user=creator, kind=kind)
    assert APIClient().get("/api/v1/discover").json()["results"] == []
    assert Client().get(f"/creators/{creator.uid}/").status_code == 404


def test_a_stranger_changes_only_what_is_the_strangers():
    creator, stranger = make_user("creator", name="Cleo"), make_user("fan")
    signed_in(stranger).put("/api/v1/profiles", {"display_name": "Mine", "user_id": str(creator.uid)}, format="json")
    assert Profile.objects.get(user=creator).display_name == "Cleo"
    assert signed_in(stranger).delete(f"/api/v1/profiles/{creator.uid}").status_code == 403
    assert Profile.objects.filter(user=creator).exists()
    assert APIClient().put("/api/v1/profiles", {"display_name": "x"}, format="json").status_code == 401


def test_an_old_version_is_refused_and_a_second_profile_conflicts():
    client = signed_in(make_user("creator"))
    etag = client.get("/api/v1/profiles").headers["ETag"]
    first = client.put("/api/v1/profiles", {"display_name": "A"}, format="json", headers={"If-Match": etag})
    assert first.status_code == 200
    again = client.put("/api/v1/profiles", {"display_name": "B"}, format="json", headers={"If-Match": etag})
    assert (again.status_code, again.json()["code"]) == (412, "version_conflict")
    assert client.post("/api/v1/profiles", {"display_name": "C"}, format="json").status_code == 409


def test_discover_needs_the_same_number_of_queries_for_n_and_2n():
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert Client().get("/discover/").status_code == 200
        return len(queries)

    for _ in range(3):
        make_user("creator")
    at_n = count()
    for _ in range(3):
        make_user("creator")
    assert count() == at_n
    assert at_n <= 3


def test_search_and_highest_price_narrow_the_list_without_scripts():
    make_user("creator", name="Ana", price_centi=10_000)
    make_user("creator", name="Zed", price_centi=20_000)
    assert b"Zed" not in Client().get("/discover/?q=ana").content
    found = Client().get("/discover/?max_price=150").content
    assert b"Ana" in found
    assert b"Zed" not in found
    assert b"Nobody fits" in Client().get("/discover/?q=zzz").content
