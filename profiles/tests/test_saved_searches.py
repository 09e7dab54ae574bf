from __future__ import annotations

import threading
import uuid

import pytest
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from pairly.common.problems import InvalidInput, NotFound
from pairly.testing.people import make_user, sign_in_as
from profiles import selectors
from profiles.constants import SEARCHES_MAX
from profiles.errors import SearchNameTaken, TooManySearches
from profiles.services import privacy, searches
from users.tests.helpers import at_once

API = "/api/v1/saved-searches"
PAGE = "/discover/searches/"
db = pytest.mark.django_db


def api_of(user):
    client = APIClient()
    client.force_authenticate(user=user)
    return client


def names_of(user):
    return [search.name for search in selectors.list_searches(user=user)]


# -- the service ----------------------------------------------------------------------------------------------
@db
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("q=clay", "q=clay"),
        ("?q=clay&after=abc&cursor=x&limit=3", "q=clay"),
        ("q=&max_price=&topic=two+words&language=en&language=de", "topic=two+words&language=en&language=de"),
        ("q=%E0%A4%AE%E0%A4%BF%E0%A4%9F", "q=%E0%A4%AE%E0%A4%BF%E0%A4%9F"),
        ("q=<b>&csrfmiddlewaretoken=secret", "q=%3Cb%3E"),
    ],
)
def test_a_search_is_kept_without_what_is_blank_or_says_where_one_was(given, kept):
    assert searches.save_search(user=make_user(), name="Clay", query=given).query == kept


@db
@pytest.mark.parametrize("query", ["", "?", "q=", "after=abc", "q=%00", "q=" + "x" * 1_001, "&".join(["q=a"] * 60)])
def test_what_is_no_filter_is_not_kept(query):
    user = make_user()
    with pytest.raises(InvalidInput) as refusal:
        searches.save_search(user=user, name="Clay", query=query)
    assert refusal.value.errors[0]["pointer"] == "/query"
    assert names_of(user) == []


@db
@pytest.mark.parametrize("name", ["", "   ", "\0", "x" * 61])
def test_a_search_has_a_name_of_a_line(name):
    user = make_user()
    kept = searches.save_search(user=user, name="  Clay   pots ", query="q=clay")
    assert kept.name == "Clay pots"
    for refused in (
        lambda: searches.save_search(user=user, name=name, query="q=clay"),
        lambda: searches.rename_search(user=user, uid=kept.pk, name=name),
    ):
        with pytest.raises(InvalidInput) as refusal:
            refused()
        assert refusal.value.errors[0]["pointer"] == "/name"
    assert names_of(user) == ["Clay pots"]


@db
def test_a_name_is_given_once_a_person():
    user, other = make_user(), make_user()
    searches.save_search(user=user, name="Clay", query="q=clay")
    glass = searches.save_search(user=user, name="Glass", query="q=glass")
    searches.save_search(user=other, name="clay", query="q=clay")
    with pytest.raises(SearchNameTaken):
        searches.save_search(user=user, name="CLAY", query="q=other")
    with pytest.raises(SearchNameTaken):
        searches.rename_search(user=user, uid=glass.pk, name="cLAY")
    searches.rename_search(user=user, uid=glass.pk, name="GLASS")
    assert names_of(user) == ["Clay", "GLASS"]


@db
def test_twenty_are_kept_and_no_more():
    user = make_user()
    for n in range(SEARCHES_MAX):
        searches.save_search(user=user, name=f"No. {n}", query="q=clay")
    with pytest.raises(TooManySearches):
        searches.save_search(user=user, name="One more", query="q=clay")
    searches.delete_search(user=user, uid=selectors.list_searches(user=user)[0].pk)
    searches.save_search(user=user, name="One more", query="q=clay")
    assert len(names_of(user)) == SEARCHES_MAX


def save(user):
    def one(n):
        try:
            searches.save_search(user=user, name=f"No. {n}", query="q=clay")
        except TooManySearches:
            return 0
        return 1

    return one


def test_of_thirty_at_once_twenty_are_kept(committed_db):
    user = make_user()
    assert sum(at_once(30, save(user))) == SEARCHES_MAX
    assert len(names_of(user)) == SEARCHES_MAX


def test_without_the_lock_more_would_be_kept(committed_db, monkeypatch):
    """The control: nobody waits for the others, and all count before any has saved."""
    user = make_user()
    for n in range(10):
        searches.save_search(user=user, name=f"Old no. {n}", query="q=clay")
    everybody = threading.Barrier(15)  # fewer than there are connections
    real = selectors.list_searches

    class Counted:
        def __init__(self, *, user):
            self.n = real(user=user).count()
            everybody.wait(timeout=30)

        def count(self):
            return self.n

    monkeypatch.setattr(searches, "_lock", lambda user: None)
    with monkeypatch.context() as patch:
        patch.setattr(searches.selectors, "list_searches", Counted)
        assert sum(at_once(15, save(user))) == 15
    assert len(names_of(user)) == 25 > SEARCHES_MAX


# -- one's own ------------------------------------------------------------------------------------------------
@db
def test_nobody_else_sees_renames_or_deletes_a_search():
    owner, stranger = make_user(), make_user()
    kept = searches.save_search(user=owner, name="Clay", query="q=clay")
    for asked in (
        lambda: selectors.get_search(user=stranger, uid=kept.pk),
        lambda: searches.rename_search(user=stranger, uid=kept.pk, name="Mine"),
        lambda: searches.delete_search(user=stranger, uid=kept.pk),
    ):
        with pytest.raises(NotFound):
            asked()
    browser, api = sign_in_as(stranger), api_of(stranger)
    answers = [
        browser.post(f"{PAGE}{kept.pk}/rename/", {"name": "Mine"}),
        browser.post(f"{PAGE}{kept.pk}/rename/", {"name": ""}),
        browser.post(f"{PAGE}{kept.pk}/delete/"),
        api.get(f"{API}/{kept.pk}"),
        api.put(f"{API}/{kept.pk}", {"name": "Mine"}, format="json"),
        api.delete(f"{API}/{kept.pk}"),
        api.delete(f"{API}/{uuid.uuid4()}"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 7
    assert "Clay" not in browser.get(PAGE).content.decode()
    assert api.get(API).json() == []
    assert names_of(owner) == ["Clay"]


# -- the doors ------------------------------------------------------------------------------------------------
@db
def test_the_api_keeps_lists_renames_and_deletes():
    api = api_of(make_user())
    made = api.post(API, {"name": "Clay", "query": "q=clay&max_price=100"}, format="json")
    assert made.status_code == 201
    assert {key: made.json()[key] for key in ("name", "page", "query")} == {
        "name": "Clay",
        "page": "discover",
        "query": "q=clay&max_price=100",
    }
    near = api.post(API, {"name": "Around", "query": "radius_km=25", "page": "nearby"}, format="json").json()
    assert [row["name"] for row in api.get(API).json()] == ["Around", "Clay"]
    path = f"{API}/{made.json()['id']}"
    assert api.put(path, {"name": "Pots"}, format="json").json()["name"] == "Pots"
    assert api.get(path).json()["name"] == "Pots"
    taken = api.put(path, {"name": "around"}, format="json")
    assert (taken.status_code, taken.json()["code"], taken.json()["errors"][0]["pointer"]) == (409, "conflict", "/name")
    assert api.delete(path).status_code == 204
    assert [row["id"] for row in api.get(API).json()] == [near["id"]]


@db
@pytest.mark.parametrize(
    "body",
    [{}, {"name": "A"}, {"query": "q=a"}, {"name": "A", "query": "q=a", "page": "inbox"}, {"name": "A", "query": "&"}],
)
def test_the_api_names_what_is_missing(body):
    answer = api_of(make_user()).post(API, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@db
def test_a_search_is_saved_from_the_page_and_opened_again():
    make_user("creator", name="Clay Maker", price_centi=10_000)
    make_user("creator", name="Clay Baker", price_centi=90_000)
    browser = sign_in_as(make_user())
    page = browser.get("/discover/?q=clay&max_price=100&min_age=&after=foreign").content.decode()
    assert 'name="query" value="q=clay&amp;max_price=100"' in page
    saved = browser.post(PAGE, {"name": "Cheap clay", "page": "discover", "query": "q=clay&max_price=100"}, follow=True)
    listed = saved.content.decode()
    assert "“Cheap clay” is saved." in listed
    assert "Up to 100 credits" in listed
    assert 'href="/discover/?q=clay&amp;max_price=100"' in listed
    found = browser.get("/discover/?q=clay&max_price=100").content.decode()
    assert ("Clay Maker" in found, "Clay Baker" in found) == (True, False)


@db
def test_a_refused_name_is_asked_for_again_with_the_filter_kept():
    user = make_user()
    searches.save_search(user=user, name="Clay", query="q=clay")
    browser = sign_in_as(user)
    taken = browser.post(PAGE, {"name": "clay", "page": "discover", "query": "q=pots"})
    assert taken.status_code == 409
    assert 'value="q=pots"' in taken.content.decode()
    assert "You have a search with this name already" in taken.content.decode()
    assert browser.post(PAGE, {"name": "", "query": "q=pots"}).status_code == 422
    empty = browser.post(PAGE, {"name": "Nothing", "query": "after=1"})
    assert empty.status_code == 422
    assert "There is no filter to save" in empty.content.decode()
    assert names_of(user) == ["Clay"]


@db
def test_a_search_is_renamed_and_deleted_on_its_page():
    user = make_user()
    kept = searches.save_search(user=user, name="Clay", query="q=clay")
    other = searches.save_search(user=user, name="Glass", query="q=glass")
    browser = sign_in_as(user)
    assert browser.post(f"{PAGE}{kept.pk}/rename/", {"name": "Pots"}).status_code == 302
    refused = browser.post(f"{PAGE}{other.pk}/rename/", {"name": "pots"})
    assert refused.status_code == 409
    assert f'id="id_{other.pk}_name_error"' in refused.content.decode()
    assert browser.post(f"{PAGE}{other.pk}/delete/").status_code == 302
    assert names_of(user) == ["Pots"]


@db
def test_strangers_are_asked_to_sign_in_and_see_nothing_to_save():
    assert Client().get(PAGE).status_code == 302
    assert Client().post(PAGE, {"name": "A", "query": "q=a"}).status_code == 302
    assert "Save this search" not in Client().get("/discover/?q=a").content.decode()
    assert "Save this search" not in sign_in_as(make_user()).get("/discover/").content.decode()


@db
def test_the_list_costs_the_same_queries_for_n_and_2n(django_assert_num_queries):
    user = make_user()
    browser = sign_in_as(user)
    for n in range(3):
        searches.save_search(user=user, name=f"No. {n}", query="q=clay&language=en")
    with django_assert_num_queries(5) as few:
        browser.get(PAGE)
    for n in range(3, 6):
        searches.save_search(user=user, name=f"No. {n}", query="q=clay&language=en")
    with django_assert_num_queries(len(few)):
        browser.get(PAGE)


# -- the copy of one's data and its end -----------------------------------------------------------------------
class Copy:
    def __init__(self):
        self.files = {}

    def rows(self, name, rows):
        self.files[name] = list(rows)

    def document(self, name, document):
        self.files[name] = document

    def file(self, name, chunks):
        self.files[name] = b"".join(chunks)


@db
def test_saved_searches_are_in_the_copy_and_go_with_the_account():
    user, other = make_user(), make_user()
    for owner in (user, other):
        searches.save_search(user=owner, name="Clay", query="q=clay")
    copy = Copy()
    privacy.export(user=user, out=copy)
    [row] = copy.files["profile/saved-searches"]
    assert (row["name"], row["page"], row["query"]) == ("Clay", "discover", "q=clay")
    with transaction.atomic():
        privacy.erase(user=user)
    assert (names_of(user), names_of(other)) == ([], ["Clay"])
