from __future__ import annotations

import uuid
from dataclasses import asdict

import pytest
from django.core.files.storage import storages
from rest_framework.test import APIClient

from pairly.testing.people import make_user
from profiles.api.documents import card_documents, neighbour_documents, profile_document
from profiles.api.nearby_serializers import NeighbourOut
from profiles.api.serializers import ProfileOut
from profiles.cards import list_cards, list_in_order
from profiles.cells import cell_at
from profiles.models import Cell, Picture, Profile
from profiles.nearby import Neighbour

AROUND = cell_at(lat=48.4, lon=9.99, size_km=5)
pytestmark = pytest.mark.django_db


def make_full_creator():
    user = make_user("creator", name="Zoë <b>", price_centi=12_300)
    user.verification_level = 2
    user.save(update_fields=["verification_level"])
    Profile.objects.filter(user=user).update(
        headline="Tea", bio="Long\n\0text".replace("\0", ""), city="Ulm", country="DE", languages=["de", "zh-Hans"],
        topics=["tea", "slow maps"], cell=Cell.objects.get_or_create(**asdict(AROUND))[0],
    )  # fmt: skip
    profile = Profile.objects.get(user=user)
    for position in (1, 0):
        Picture.objects.create(
            profile=profile, kind="gallery", position=position, width_px=640, height_px=480, widths=[320, 640]
        )
    Picture.objects.create(profile=profile, kind="portrait", width_px=384, height_px=384, widths=[96, 192, 384])
    return user


@pytest.mark.parametrize("make", [make_full_creator, lambda: make_user("fan"), lambda: make_user("creator")])
def test_a_document_is_what_the_description_says(make):
    profile = Profile.objects.select_related("user").prefetch_related("pictures").get(user=make())
    document = profile_document(profile=profile)
    described = ProfileOut(profile).data
    assert document == described
    assert list(document) == list(described)


def test_the_list_and_the_profile_give_the_same_document():
    creator, fan = make_full_creator(), make_user("fan")
    api = APIClient()
    api.force_authenticate(user=fan)
    listed = api.get("/api/v1/discover").json()["results"]
    alone = api.get(f"/api/v1/profiles/{creator.uid}").json()
    assert len(listed) == 1
    assert {name: listed[0][name] for name in alone} == alone  # a list may say more of somebody
    assert alone["gallery_urls"][0] < alone["gallery_urls"][1] or len(set(alone["gallery_urls"])) == 2


def test_a_card_says_the_same_and_asks_once(django_assert_num_queries):
    creators = [make_full_creator(), make_user("creator"), make_full_creator()]
    moved = Picture.objects.filter(profile__user=creators[0])
    moved.filter(kind="portrait").update(file_key=uuid.uuid4())
    moved.filter(kind="gallery", position=1).update(audience="connections")  # of which lists say nothing
    profiles = list_in_order(ids=[user.profile.pk for user in creators])
    with django_assert_num_queries(1):
        cards = list_cards(ids=[profile.pk for profile in profiles])
    described = [ProfileOut(profile).data for profile in profiles]
    assert card_documents(cards=cards) == described
    assert [list(one) for one in card_documents(cards=cards)] == [list(one) for one in described]
    assert [len(one["gallery_urls"]) for one in described] == [1, 0, 2]
    rows = [Neighbour(profile=card, bucket=2) for card in cards]
    described = [NeighbourOut(Neighbour(profile=profile, bucket=2)).data for profile in profiles]
    assert neighbour_documents(rows=rows) == described
    assert list(neighbour_documents(rows=rows)[0]) == list(described[0])


def test_cards_come_in_their_order_and_without_those_who_are_gone():
    ids = [make_user("creator").profile.pk for _ in range(3)]
    assert [card.pk for card in list_cards(ids=[ids[1], ids[2] + 1, ids[0]])] == [ids[1], ids[0]]
    assert list_cards(ids=[]) == []


@pytest.mark.parametrize("base", ["https://cdn.example/media/", "/media/"])
def test_addresses_of_pictures_are_those_of_the_storage(base, monkeypatch):
    monkeypatch.setattr(storages["default"], "base_url", base)
    user = make_full_creator()
    document = card_documents(cards=list_cards(ids=[user.profile.pk]))[0]
    assert document["profile_picture_url"].startswith(f"{base}profiles/{user.uid}/")
    assert document == ProfileOut(Profile.objects.get(user=user)).data
