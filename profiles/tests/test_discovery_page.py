"""The page of discovery: what the URL says, chips, and a real browser with and without scripts."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import translation

from pairly.testing.browser import Beside, Watch
from pairly.testing.people import PASSWORD, make_user
from profiles import services
from profiles.models import Listing, SavedSearch

db = pytest.mark.django_db


def page_of(query):
    answer = Client().get(f"/discover/?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def chips_of(page):
    """The words of each chip, and the query that its link leads to."""
    found = re.findall(r'<a class="chip" aria-current="true" href="([^"]*)">(.*?)<svg', page, re.S)
    return {
        " ".join(re.sub("<.*?>", "", text).split()): parse_qs(urlsplit(html.unescape(to)).query) for to, text in found
    }


def names_on(page):
    return re.findall(r'<a class="card-link"[^>]*><bdi>(.*?)</bdi>', page)


# -- the filter in the URL ------------------------------------------------------------------------------------
@db
def test_every_filter_narrows_the_page():
    cheap = make_user("creator", name="Cheap", price_centi=5_000)
    dear = make_user("creator", name="Dear", price_centi=50_000)
    services.update_profile(user=cheap, languages=["en"], topics=["clay"])
    services.update_profile(user=dear, languages=["de"], topics=["glass"])
    cheap.birth_date = cheap.birth_date.replace(year=1950)
    dear.verification_level = 2
    cheap.save(), dear.save()
    Listing.objects.filter(user_id=dear.pk).update(is_online=True, answered_permille=900)
    narrowed = {
        "q=chea": ["Cheap"],
        "min_price=50.01": ["Dear"],
        "max_price=50": ["Cheap"],
        "min_age=60": ["Cheap"],
        "max_age=60": ["Dear"],
        "online=on": ["Dear"],
        "verified=on": ["Dear"],
        "language=en": ["Cheap"],
        "language=en&language=de": ["Dear", "Cheap"],
        "topic=Clay": ["Cheap"],
        "sort=price": ["Cheap", "Dear"],
        "sort=-price": ["Dear", "Cheap"],
        "sort=answer": ["Dear", "Cheap"],
        "sort=best": ["Dear", "Cheap"],
        "q=&min_price=&max_price=&min_age=&max_age=&language=&topic=&sort=": ["Dear", "Cheap"],
    }
    assert {query: names_on(page_of(query)) for query in narrowed} == narrowed


@db
def test_each_filter_has_a_chip_whose_link_takes_it_alone_away():
    query = "q=clay&min_price=10&max_price=1500.50&min_age=20&max_age=40&online=on&verified=on"
    query += "&topic=a+b&language=en&language=de&sort=price"
    page = page_of(query)
    chips = chips_of(page)
    everything = {
        "From 10 credits": "min_price",
        "Up to 1,500.5 credits": "max_price",
        "From 20 years": "min_age",
        "Up to 40 years": "max_age",
        "Online now": "online",
        "Verified": "verified",
        "Topic: a b": "topic",
        "English": ("language", "en"),
        "German": ("language", "de"),
    }
    assert set(chips) == set(everything)
    assert re.search(r'badge-accent">9<', page)
    for label, gone in everything.items():
        rest = parse_qs(query)
        if isinstance(gone, tuple):
            rest["language"].remove(gone[1])
        else:
            del rest[gone]
        assert chips[label] == rest


@db
def test_the_filters_are_open_when_one_is_set_or_cannot_be_read():
    def is_open(query):
        return bool(re.search(r"<details[^>]* open", page_of(query)))

    assert [is_open(query) for query in ("", "q=clay", "sort=price", "topic=clay")] == [False] * 4
    assert [is_open(query) for query in ("min_age=20", "online=on", "topic=clay&verified=on", "min_age=7")] == [
        True
    ] * 4


@db
def test_what_cannot_be_read_is_named_and_goes_no_further():
    for n in range(25):
        make_user("creator", name=f"Ida {n}", price_centi=10_000)
    page = page_of("q=ida&max_price=-1&min_age=7&language=klingon&max_age=90")
    for name in ("max_price", "min_age", "language"):
        assert f'id="id_{name}_error"' in page
    assert len(names_on(page)) == 24
    following = html.unescape(re.search(r'rel="next" href="/discover/\?([^"]*)"', page)[1])
    assert set(parse_qs(following)) == {"q", "max_age", "after"}
    assert set(chips_of(page)) == {"Up to 90 years"}


@db
def test_a_language_that_is_set_goes_along_when_another_is_added():
    page = page_of("language=en&language=bfi")
    assert re.findall(r'type="hidden" name="language" value="([^"]*)"', page) == ["en", "bfi"]
    assert '<option value="en">' not in page
    assert "British Sign Language" in page


@db
def test_a_topic_has_a_page_with_its_own_heading():
    user = make_user("creator", name="Cleo")
    services.update_profile(user=user, topics=["slow <pots>"])
    page = page_of("topic=slow+%3Cpots%3E")
    assert "<h1>Who answers about <bdi>slow &lt;pots&gt;</bdi></h1>" in page
    assert "<title>Creators on slow &lt;pots&gt; · Pairly</title>" in page
    assert names_on(page) == ["Cleo"]
    assert "topic=slow%20%3Cpots%3E" in Client().get(f"/creators/{user.uid}/").content.decode()


@db
def test_an_empty_page_says_what_to_do():
    assert "Try fewer words" in page_of("q=nobody")
    assert "Take one of the filters away" in page_of("q=nobody&min_age=50")
    assert "Nobody fits" in page_of("q=%21")


@db
def test_the_last_page_leads_back_to_the_first():
    for n in range(25):
        make_user("creator", name=f"Ida {n}")
    first = page_of("q=ida&sort=newest")
    following = html.unescape(re.search(r'rel="next" href="/discover/\?([^"]*)"', first)[1])
    last = page_of(following)
    assert names_on(first) + names_on(last) == [f"Ida {n}" for n in range(24, -1, -1)]
    assert 'href="/discover/?q=ida&amp;sort=newest"' in last
    assert 'rel="next"' not in last


@db
@pytest.mark.parametrize("language", ["en", "hi", "ar", "de"])
def test_numbers_in_the_url_are_read_alike_in_every_language(language):
    make_user("creator", name="Cleo", price_centi=1_050_00)
    with translation.override(language):
        page = Client(headers={"accept-language": language}).get("/discover/?max_price=1050.00").content.decode()
    assert names_on(page) == ["Cleo"]


# -- the API --------------------------------------------------------------------------------------------------
@db
def test_the_api_filters_by_everything_that_the_page_does():
    old, verified = make_user("creator", name="Old"), make_user("creator", name="Verified")
    old.birth_date = old.birth_date.replace(year=1940)
    verified.verification_level = 2
    old.save(), verified.save()
    services.update_profile(user=old, languages=["en"], topics=["clay"])
    Listing.objects.filter(user_id=verified.pk).update(is_online=True)

    def names(query):
        answer = Client().get(f"/api/v1/discover?{query}")
        assert answer.status_code == 200, answer.content
        return [row["display_name"] for row in answer.json()["results"]]

    assert names("") == names("online=false&verified=0&language=&min_age=") == ["Verified", "Old"]
    assert names("online=true") == names("verified=true") == names("max_age=70") == ["Verified"]
    assert names("min_age=70") == names("language=en") == names("language=de&language=en") == ["Old"]
    assert names("topic=clay") == names("q=ol&sort=best") == ["Old"]


@db
@pytest.mark.parametrize(
    "query",
    ["min_age=17", "max_age=121", "online=maybe", "verified=2", "language=klingon", "sort=nearest", "topic=%00"],
)
def test_the_api_names_the_filter_that_it_cannot_read(query):
    answer = Client().get(f"/api/v1/discover?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["pointer"].startswith(f"/{query.partition('=')[0]}")


@db
@pytest.mark.parametrize("sort", ["newest", "price", "-price", "active", "answer", "best", ""])
def test_a_cursor_of_the_api_belongs_to_its_order(sort):
    for _ in range(3):
        make_user("creator", name="Ida")
    path = f"/api/v1/discover?q=ida&limit=1&sort={sort}"
    following = Client().get(path).json()["next"]
    assert len(Client().get(following).json()["results"]) == 1
    cursor = parse_qs(urlsplit(following).query)["cursor"][0]
    other = "price" if sort != "price" else "newest"
    assert Client().get(f"/api/v1/discover?q=ida&sort={other}&cursor={cursor}").status_code == 404
    assert Client().get(f"{path}&cursor=x{cursor}").status_code == 404


# -- in a real browser ----------------------------------------------------------------------------------------
@pytest.fixture(params=[False, pytest.param(True, marks=pytest.mark.prove)], ids=["without scripts", "with scripts"])
def tab(request, asgi_server, chromium):
    context = chromium.new_context(
        base_url=asgi_server.url, java_script_enabled=request.param, viewport={"width": 360, "height": 780}
    )
    page = context.new_page()
    page.watch = Watch(page)
    yield page
    context.close()


def fits(page):
    """Nothing is wider than the window."""
    return Beside(page).run("document.documentElement.scrollWidth") <= 360


def test_a_search_is_made_narrowed_widened_and_saved(tab):
    fan = make_user("fan")
    fan.set_password(PASSWORD)
    fan.save()
    for n in range(26):
        make_user("creator", name=f"Clay Maker {n}", price_centi=5_000 + n * 100)
    make_user("creator", name="Otto", price_centi=5_000)
    tab.goto("/sign-in/?next=/discover/")
    tab.fill("[name=email]", fan.email)
    tab.fill("[name=password]", PASSWORD)
    tab.click("main button[type=submit]")
    tab.wait_for_url("**/discover/")
    tab.fill("[name=q]", "cláy")
    tab.click(".filters > summary")
    tab.fill("[name=max_price]", "60")
    tab.select_option("[name=sort]", "-price")
    assert fits(tab)
    tab.click(".filters button")
    tab.wait_for_selector(".chip:has-text('Up to 60 credits')")
    assert tab.locator(".card-link").count() == 11
    assert tab.locator(".card-link").first.inner_text() == "Clay Maker 10"
    assert fits(tab)
    tab.click(".save-search summary")
    tab.fill(".save-search [name=name]", "Cheap clay")
    assert fits(tab)
    tab.click(".save-search button")
    tab.click(".line-title:has-text('Cheap clay')")
    tab.wait_for_selector(".chip:has-text('Up to 60 credits')")
    assert (tab.input_value("[name=q]"), tab.input_value("[name=sort]")) == ("cláy", "-price")
    tab.click(".chip:has-text('Up to 60 credits')")
    tab.click("[rel=next]")
    tab.wait_for_selector("text=Back to the first")
    assert tab.locator(".card-link").all_inner_texts() == ["Clay Maker 1", "Clay Maker 0"]
    assert fits(tab)
    tab.click("text=Back to the first")
    tab.fill("[name=q]", "nobody")
    tab.press("[name=q]", "Enter")
    tab.wait_for_selector("text=Nobody fits this search.")
    tab.goto("/discover/searches/")
    tab.click("summary")
    tab.fill(".line [name=name]", "Pots")
    assert fits(tab)
    tab.click("text=Rename >> nth=-1")
    tab.wait_for_selector("text=The search has its new name.")
    assert SavedSearch.objects.get(owner=fan).name == "Pots"
    tab.click("summary")
    tab.click("text=Delete this search")
    tab.wait_for_selector("text=No saved search yet")
    assert tab.watch.list_complaints() == []
