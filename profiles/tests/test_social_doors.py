from __future__ import annotations

import uuid

import pytest
from django.test import Client
from rest_framework.test import APIClient

from pairly.testing.people import make_user, sign_in_as
from profiles.constants import CONNECTIONS_ASKED_A_DAY, LISTS_MAX
from profiles.models import Connection, Follow, ListEntry, PeopleList
from profiles.services import connections, follows, lists, visits
from profiles.social_selectors import PAGE
from users.models import Block

from .knowing import stage

API = "/api/v1"


def api_of(user):
    client = APIClient()
    client.force_authenticate(user=user)
    return client


@pytest.fixture
def fan(db):
    return make_user("fan")


@pytest.fixture
def creator(db):
    return make_user("creator", name="Cleo")


# -- API ----------------------------------------------------------------------------------------------------
def test_the_api_follows_and_unfollows_and_is_idempotent(fan, creator):
    app, body = api_of(fan), {"user_id": str(creator.uid)}
    assert [app.post(f"{API}/follows", body, format="json").status_code for _ in range(2)] == [201, 200]
    [row] = app.get(f"{API}/follows").json()["results"]
    assert set(row["user"]) == {
        "user_id",
        "role",
        "display_name",
        "headline",
        "profile_picture_url",
        "is_verified",
    }
    assert (row["user"]["user_id"], row["user"]["display_name"]) == (str(creator.uid), "Cleo")
    assert app.get(f"{API}/follows/{creator.uid}").json() == row
    assert [app.delete(f"{API}/follows/{creator.uid}").status_code for _ in range(2)] == [204, 204]
    assert app.get(f"{API}/follows/{creator.uid}").status_code == 404
    assert app.post(f"{API}/follows", {"user_id": str(fan.uid)}, format="json").status_code == 404
    assert app.post(f"{API}/follows", {"user_id": "x"}, format="json").status_code == 422


def test_the_api_asks_accepts_declines_and_ends(fan, creator):
    one, other = api_of(fan), api_of(creator)
    asked = one.post(f"{API}/connections", {"user_id": str(creator.uid)}, format="json")
    assert (asked.status_code, asked.json()["state"], asked.json()["direction"]) == (201, "requested", "out")
    assert one.post(f"{API}/connections/{creator.uid}/accept").status_code == 404
    [waiting] = other.get(f"{API}/connections?state=requested&direction=in").json()["results"]
    assert (waiting["user"]["user_id"], waiting["direction"]) == (str(fan.uid), "in")
    assert other.post(f"{API}/connections/{fan.uid}/decline").status_code == 204
    assert other.get(f"{API}/connections").json()["results"] == []
    assert one.get(f"{API}/connections/{creator.uid}").json() == asked.json()  # who declined is not told of
    assert other.post(f"{API}/connections", {"user_id": str(fan.uid)}, format="json").json()["state"] == "accepted"
    assert [row["state"] for row in one.get(f"{API}/connections?state=accepted").json()["results"]] == ["accepted"]
    assert [one.delete(f"{API}/connections/{creator.uid}").status_code for _ in range(2)] == [204, 204]
    assert other.get(f"{API}/connections/{fan.uid}").status_code == 404
    assert one.get(f"{API}/connections/{fan.uid}").status_code == 404
    assert one.get(f"{API}/connections?state=declined").status_code == 422


def test_the_api_says_when_to_ask_again(fan, creator):
    for _ in range(CONNECTIONS_ASKED_A_DAY):
        connections.ask(user=fan, uid=make_user("creator").uid)
    refused = api_of(fan).post(f"{API}/connections", {"user_id": str(creator.uid)}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["Retry-After"]) > 86_000


def test_the_api_makes_fills_renames_and_deletes_lists(fan, creator):
    app, body = api_of(fan), {"user_id": str(creator.uid)}
    made = app.post(f"{API}/lists", {"name": "Tea"}, format="json")
    assert (made.status_code, made.json()["n_people"]) == (201, 0)
    path = f"{API}/lists/{made.json()['id']}"
    assert [app.post(f"{path}/people", body, format="json").status_code for _ in range(2)] == [204, 204]
    [row] = app.get(f"{path}/people").json()["results"]
    assert row["user"]["display_name"] == "Cleo"
    assert app.get(f"{API}/lists").json() == [{**made.json(), "n_people": 1}]
    assert app.put(path, {"name": "Coffee"}, format="json").json()["name"] == "Coffee"
    assert app.post(f"{API}/lists", {"name": "coffee"}, format="json").json()["code"] == "conflict"
    assert app.post(f"{API}/lists", {"name": " "}, format="json").status_code == 422
    assert [app.delete(f"{path}/people/{creator.uid}").status_code for _ in range(2)] == [204, 204]
    assert app.delete(path).status_code == 204
    assert app.get(path).status_code == 404


def test_the_api_refuses_the_21st_list(fan):
    PeopleList.objects.bulk_create([PeopleList(owner=fan, name=f"List {n}") for n in range(LISTS_MAX)])
    refused = api_of(fan).post(f"{API}/lists", {"name": "One more"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many")


def test_a_stranger_gets_404_for_a_list_and_changes_nothing(fan, creator):
    made = lists.create_list(user=fan, name="Tea", with_uid=creator.uid)
    app, browser, path = api_of(creator), sign_in_as(creator), f"{API}/lists/{made.pk}"
    body = {"user_id": str(fan.uid), "name": "Mine"}
    answers = [
        app.get(path),
        app.put(path, body, format="json"),
        app.delete(path),
        app.get(f"{path}/people"),
        app.post(f"{path}/people", body, format="json"),
        app.delete(f"{path}/people/{creator.uid}"),
        browser.get(f"/people/lists/{made.pk}/"),
        *(browser.post(f"/people/lists/{made.pk}/{deed}", body) for deed in ("", "add/", "remove/", "delete/")),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert (PeopleList.objects.get().name, ListEntry.objects.get().user) == ("Tea", creator)


def test_the_api_tells_visitors_to_the_owner_alone(fan, creator):
    shy = make_user("fan")
    shy.profile.leaves_visits = False
    shy.profile.save()
    for who in (fan, shy):
        visits.note_look(user=who, profile=creator.profile)
    visits.flush()
    document = api_of(creator).get(f"{API}/visitors").json()
    assert [row["user"]["user_id"] for row in document["results"]] == [str(fan.uid)]
    assert (document["n_unnamed"], document["results"][0]["n_days"]) == (1, 1)
    assert api_of(fan).get(f"{API}/visitors").json() == {"results": [], "next": None, "n_unnamed": 0}


@pytest.mark.parametrize("path", ["follows", "connections", "visitors"])
def test_the_pages_of_the_api_are_walked_by_cursor(fan, creator, path):
    people = [make_user("creator") for _ in range(5)]
    for who in people:
        follows.follow(user=fan, uid=who.uid)
        connections.ask(user=fan, uid=who.uid)
        visits.note_look(user=who, profile=fan.profile)
    visits.flush()
    seen, address = [], f"{API}/{path}?limit=2"
    while address:
        page = api_of(fan).get(address).json()
        seen += [row["user"]["user_id"] for row in page["results"]]
        address = page["next"]
    assert sorted(seen) == sorted(str(who.uid) for who in people)
    assert api_of(fan).get(f"{API}/{path}?cursor=x").status_code == 404


# -- pages --------------------------------------------------------------------------------------------------
def test_every_button_does_what_it_says_and_leads_back(fan, creator):
    one, other, page = sign_in_as(fan), sign_in_as(creator), f"/creators/{creator.uid}/"

    def press(browser, whom, deed, at):
        answer = browser.post(f"/people/{whom.uid}/{deed}/", {"next": at})
        assert (answer.status_code, answer.headers["Location"]) == (302, at)
        return answer

    press(one, creator, "follow", page)
    assert "Following" in one.get(page).content.decode()
    press(one, creator, "connect", page)
    assert "Take back request" in one.get(page).content.decode()
    asking = "/people/connections/?show=asking"
    assert fan.name in other.get(asking).content.decode()
    press(other, fan, "accept", asking)
    assert fan.name in other.get("/people/connections/").content.decode()
    assert "Connected" in one.get(page).content.decode()
    press(other, fan, "disconnect", "/people/connections/")
    press(other, fan, "connect", "/people/connections/")
    assert "asks to connect with you" in one.get(page).content.decode()
    press(one, creator, "decline", page)
    press(other, fan, "withdraw", asking)
    press(one, creator, "unfollow", "/people/")
    assert not Follow.objects.exists()
    assert (stage(fan, creator), stage(creator, fan)) == ("", "")


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example/", "/\\evil.example", "", "javascript:alert(1)"]
)
def test_a_button_leads_to_no_other_site(fan, creator, to):
    answer = sign_in_as(fan).post(f"/people/{creator.uid}/follow/", {"next": to})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/people/")


def test_a_button_about_somebody_who_cannot_be_seen_is_404_and_a_get_is_none(fan, creator):
    Block.objects.create(blocker=creator, blocked=fan)
    browser = sign_in_as(fan)
    for uid in (creator.uid, uuid.uuid4()):
        for deed in ("follow", "connect", "accept"):
            assert browser.post(f"/people/{uid}/{deed}/").status_code == 404
            assert browser.get(f"/people/{uid}/{deed}/").status_code == 405
    assert not Follow.objects.exists()
    assert not Connection.objects.exists()


def test_asking_too_many_people_is_said_on_the_page(fan, creator):
    for _ in range(CONNECTIONS_ASKED_A_DAY):
        connections.ask(user=fan, uid=make_user("creator").uid)
    browser, page = sign_in_as(fan), f"/creators/{creator.uid}/"
    answer = browser.post(f"/people/{creator.uid}/connect/", {"next": page}, follow=True)
    assert "ask again tomorrow" in answer.content.decode()


def test_a_list_is_made_on_a_persons_page_and_they_are_in_it(fan, creator):
    browser, page = sign_in_as(fan), f"/creators/{creator.uid}/"
    made = browser.post("/people/lists/", {"name": "Tea <b>", "person_id": str(creator.uid), "next": page}, follow=True)
    assert made.redirect_chain == [(page, 302)]
    assert "Tea &lt;b&gt;" in made.content.decode()
    people_list = PeopleList.objects.get()
    path = f"/people/lists/{people_list.pk}/"
    assert "Cleo" in browser.get(path).content.decode()
    body = {"user_id": str(creator.uid), "next": page}
    for deed, n in (("remove", 0), ("add", 1), ("add", 1)):
        assert browser.post(f"{path}{deed}/", body).headers["Location"] == page
        assert ListEntry.objects.count() == n
    assert browser.post(f"{path}add/", {"user_id": "x"}).status_code == 404
    assert browser.post(path, {"name": "Coffee"}).headers["Location"] == path
    assert browser.post(f"{path}delete/").headers["Location"] == "/people/lists/"
    assert not PeopleList.objects.exists()


@pytest.mark.parametrize(("name", "status"), [("", 422), ("x" * 61, 422), ("tea", 409)])
def test_a_name_that_will_not_do_is_said_beside_the_form(fan, name, status):
    lists.create_list(user=fan, name="Tea")
    other = lists.create_list(user=fan, name="Other")
    browser = sign_in_as(fan)
    for path in ("/people/lists/", f"/people/lists/{other.pk}/"):
        answer = browser.post(path, {"name": name})
        assert answer.status_code == status
        assert "notice-error" in answer.content.decode() or "id_name_error" in answer.content.decode()
    assert {one.name for one in PeopleList.objects.all()} == {"Tea", "Other"}


def test_visitors_of_a_creators_page_see_the_views_and_no_buttons(fan, creator):
    visits.note_look(user=fan, profile=creator.profile)
    visits.flush()
    for browser, has_buttons in ((Client(), False), (sign_in_as(creator), False), (sign_in_as(fan), True)):
        page = browser.get(f"/creators/{creator.uid}/").content.decode()
        assert "1 person has looked" in page
        assert ("/follow/" in page) == has_buttons


def test_who_looked_is_on_the_owners_page_and_who_left_no_name_is_counted(fan, creator):
    shy = make_user("fan", name="Shy Sam")
    shy.profile.leaves_visits = False
    shy.profile.save()
    for who in (fan, shy):
        sign_in_as(who).get(f"/creators/{creator.uid}/")
    visits.flush()
    page = sign_in_as(creator).get("/people/visitors/").content.decode()
    assert fan.name in page
    assert "Shy Sam" not in page
    assert "1 person looked in the last 90 days without leaving a name" in page


def _acquaint(fan, n):
    people_list = lists.create_list(user=fan, name="All")
    for _ in range(n):
        who = make_user("creator")
        follows.follow(user=fan, uid=who.uid)
        lists.add(user=fan, list_uid=people_list.pk, uid=who.uid)
        connections.ask(user=who, uid=fan.uid)
        visits.note_look(user=who, profile=fan.profile)
    visits.flush()
    return people_list


QUERIES = {"follows": 2, "connections": 3, "lists": 1, "lists/{}/people": 3, "visitors": 3}


@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize("path", QUERIES)
def test_the_api_takes_as_many_queries_for_4_people_as_for_2(fan, n, path, django_assert_num_queries):
    people_list, app = _acquaint(fan, n), api_of(fan)
    with django_assert_num_queries(QUERIES[path]):
        document = app.get(f"{API}/{path.format(people_list.pk)}").json()
    assert len(document if path == "lists" else document["results"]) == (1 if path == "lists" else n)


PAGES = {"": 3, "connections/?show=asking": 4, "lists/": 2, "lists/{}/": 4, "visitors/": 4}


@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_takes_as_many_queries_for_4_people_as_for_2(fan, n, path, django_assert_num_queries):
    people_list, browser = _acquaint(fan, n), sign_in_as(fan)
    browser.get("/how-it-works/")  # the sign-in and its balance are known
    with django_assert_num_queries(PAGES[path] + OF_A_SIGN_IN):
        browser.get(f"/people/{path.format(people_list.pk)}")


OF_A_SIGN_IN = 4  # who it is, the two of the balance, the bell


def test_a_page_is_followed_by_the_rest(fan):
    people = [make_user("creator") for _ in range(PAGE + 2)]
    for who in people:
        follows.follow(user=fan, uid=who.uid)
    browser = sign_in_as(fan)
    first = browser.get("/people/").content.decode()
    second = browser.get(f"/people/?after={first.split('?after=')[1].split(chr(34))[0]}").content.decode()
    assert [who.name for who in people if f">{who.name}<" in second] == [who.name for who in people[:2]]
    assert 'rel="next"' in first
    assert 'rel="next"' not in second
    assert browser.get("/people/?after=nonsense").content.decode().count("/unfollow/") == PAGE
