from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction
from django.template import Context, Template
from django.test import Client
from django.utils import translation
from rest_framework.test import APIClient

from pairly.common.problems import InvalidInput
from pairly.testing.people import make_user
from profiles import names, selectors, services
from profiles.constants import OFFERED_LANGUAGES
from profiles.models import Profile
from users.models import User

from .browsing import browser_of

pytestmark = pytest.mark.django_db

FIELDS = {
    "headline": "Glazes and kilns",
    "city": "Malmö",
    "country": "SE",
    "languages": ["sv", "pt-BR", "dse"],
    "topics": ["ceramics", "small studio"],
}


def api_of(user):
    client = APIClient()
    client.force_authenticate(user=user)
    return client


def test_the_fields_are_kept_and_everybody_sees_them():
    user = make_user("creator")
    services.update_profile(user=user, **FIELDS)
    document = APIClient().get("/api/v1/discover").json()["results"][0]
    assert {name: document[name] for name in FIELDS} == FIELDS


def test_topics_are_kept_in_lower_case_and_once():
    user = make_user("creator")
    services.update_profile(user=user, topics=[" Street  Food ", "street food", "", "ÉTÉ"], languages=["en", "en"])
    profile = selectors.get_own_profile(user=user)
    assert (profile.topics, profile.languages) == (["street food", "été"], ["en"])


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"headline": "x" * 121}, "/headline"),
        ({"city": "x" * 81}, "/city"),
        ({"country": "Sweden"}, "/country"),
        ({"country": "se"}, "/country"),
        ({"country": "ZZ"}, "/country"),
        ({"country": "EU"}, "/country"),
        ({"languages": ["English"]}, "/languages"),
        ({"languages": ["qq"]}, "/languages"),
        ({"languages": ["en\n"]}, "/languages"),
        ({"languages": ["EN"]}, "/languages"),
        ({"languages": list(OFFERED_LANGUAGES[:9])}, "/languages"),
        ({"topics": ["x" * 41]}, "/topics"),
        ({"topics": ["one, two"]}, "/topics"),
        ({"topics": ["bell\x07"]}, "/topics"),
        ({"topics": [f"topic {n}" for n in range(9)]}, "/topics"),
    ],
)
def test_each_refused_value_has_its_pointer(fields, pointer):
    user = make_user("creator")
    with pytest.raises(InvalidInput) as caught:
        services.update_profile(user=user, **fields)
    assert [row["pointer"] for row in caught.value.errors or []] == [pointer]


@pytest.mark.parametrize(
    "fields",
    [
        {"country": "se"},
        {"country": "S"},
        {"languages": ["english"]},
        {"languages": ["en"] * 9},
        {"languages": [None]},
        {"topics": ["Upper"]},
        {"topics": ["a,b"]},
        {"topics": [" padded"]},
        {"topics": [""]},
        {"topics": ["x"] * 9},
    ],
)
def test_the_database_refuses_what_the_service_refuses(fields):
    user = make_user("creator")
    with pytest.raises(IntegrityError), transaction.atomic():
        Profile.objects.filter(user=user).update(**fields)


@pytest.mark.parametrize("code", OFFERED_LANGUAGES)
def test_every_offered_language_is_one(code):
    assert names.is_language(code=code)
    user = make_user()
    assert services.update_profile(user=user, languages=[code]).languages == [code]


def test_the_api_takes_headline_languages_and_topics_and_no_place():
    user = make_user("creator")
    body = {"display_name": "Cleo", **FIELDS}
    document = api_of(user).put("/api/v1/profiles", body, format="json").json()
    assert (document["headline"], document["languages"]) == (FIELDS["headline"], FIELDS["languages"])
    assert (document["city"], document["country"]) == ("", "")
    refused = api_of(user).put("/api/v1/profiles", {"display_name": "C", "topics": ["a,b"]}, format="json")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/topics")
    for wrong in ({"topics": "text"}, {"topics": [{}]}, {"languages": ["\x00"]}, {"languages": [None]}):
        assert api_of(user).put("/api/v1/profiles", {"display_name": "C", **wrong}, format="json").status_code == 422


def test_the_form_keeps_what_was_chosen_also_a_language_that_is_not_offered():
    user = make_user("fan")
    services.update_profile(user=user, **FIELDS)
    browser = browser_of(user)
    page = browser.get("/profile/edit/").content.decode()
    assert '<option value="dse" selected>Dutch Sign Language</option>' in page
    assert 'value="ceramics, small studio"' in page
    form = {"display_name": "Robin", "headline": "Hi", "languages": ["dse", "hi"], "topics": "Chess,  chess , go"}
    assert browser.post("/profile/edit/", form).status_code == 302
    profile = selectors.get_own_profile(user=user)
    assert (profile.headline, profile.languages, profile.topics) == ("Hi", ["dse", "hi"], ["chess", "go"])
    assert profile.city == "Malmö"


@pytest.mark.parametrize(
    ("field", "value"),
    [("languages", ["xx"]), ("topics", "x" * 41), ("topics", ",".join(map(str, range(9)))), ("headline", "x" * 121)],
)
def test_the_form_names_what_cannot_be(field, value):
    answer = browser_of(make_user("fan")).post("/profile/edit/", {"display_name": "Robin", field: value})
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()


def found(query):
    return {row["display_name"] for row in APIClient().get(f"/api/v1/discover?{query}").json()["results"]}


def test_words_are_looked_for_in_every_text():
    for name, fields in {
        "Ana": {"headline": "Glazes and kilns"},
        "Bo": {"topics": ["small studio", "kilns"]},
        "Cy": {"city": "Kilnsey"},
        "Di": {"bio": "My kilns"},
        "Ed": {"headline": "Chess"},
    }.items():
        services.update_profile(user=make_user("creator", name=name), **fields)
    assert found("q=KILNS") == {"Ana", "Bo", "Cy", "Di"}
    assert found("q=small stu") == {"Bo"}
    assert found("q={") == set()  # as the database writes lists
    assert found('q="') == set()


def test_a_topic_is_met_exactly_and_kept_by_the_page():
    for n in range(25):
        services.update_profile(user=make_user("creator", name=f"Ida {n}"), topics=["small studio", "kilns"])
    services.update_profile(user=make_user("creator", name="Otto"), topics=["studio"])
    assert found("topic=studio") == {"Otto"}
    assert found("topic= Studio") == {"Otto"}
    assert found("topic=stud") == set()
    assert APIClient().get("/api/v1/discover?topic=" + "x" * 41).status_code == 422
    page = Client().get("/discover/?topic=Small+studio&sort=price").content.decode()
    assert page.count('class="person"') == 24
    assert "topic=Small+studio" in page.split('rel="next"')[1].split(">")[0]
    assert 'name="topic"' in page
    assert "Otto" not in page
    assert 'value="Small studio"' in page
    assert "Small studio" not in Client().get("/discover/").content.decode()


def render(source, **context):
    return Template("{% load profiles %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("language", "country", "languages"),
    [
        ("en", "Sweden", "Swedish, Brazilian Portuguese, Dutch Sign Language, Chinese (Cyrillic, Sweden), x"),
        ("hi", "स्वीडन", "स्वीडिश, ब्राज़ीली पुर्तगाली, "),
        ("ar", "السويد", "السويدية, البرتغالية البرازيلية, "),
    ],
)
def test_countries_and_languages_are_named_in_the_viewers_language(language, country, languages):
    with translation.override(language):
        assert render('{{ "SE"|country_name }}') == country
        source = "{% for code in codes %}{{ code|language_name }}{% if not forloop.last %}, {% endif %}{% endfor %}"
        assert render(source, codes=["sv", "pt-BR", "dse", "zh-Cyrl-SE", "x"]).startswith(languages)


def test_an_unknown_code_is_its_own_name():
    with translation.override("en-gb"):
        assert names.country_name(code="SE") == "Sweden"
    with translation.override("tlh"):
        assert names.country_name(code="SE") == "Sweden"
    assert names.country_name(code="Q1") == "Q1"


def test_who_sees_no_profile_sees_no_field_of_it():
    left = selectors.shown_profile(user=make_user())
    assert (left.headline, left.city, left.languages, left.topics) == ("", "", [], [])
    gone = Profile(user=make_user())
    assert (gone.headline, gone.country, gone.topics, gone.portrait, gone.gallery) == ("", "", [], None, [])


@pytest.mark.parametrize(
    ("birth_date", "years"),
    [("2000-11-21", 26), ("2000-11-22", 25), ("2000-11-20", 26), ("2004-02-29", 22), ("1930-01-01", 96)],
)
def test_age_grows_on_the_birthday(monkeypatch, birth_date, years):
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    monkeypatch.setattr("profiles.models.profile.timezone.now", lambda: now)
    assert Profile(user=User(birth_date=date.fromisoformat(birth_date))).age == years


def test_someone_of_the_29th_of_february_is_older_on_the_1st_of_march(monkeypatch):
    profile = Profile(user=User(birth_date=date(2004, 2, 29)))
    for day, years in ((datetime(2026, 2, 28, 23, tzinfo=UTC), 21), (datetime(2026, 3, 1, tzinfo=UTC), 22)):
        monkeypatch.setattr("profiles.models.profile.timezone.now", lambda at=day: at)
        assert profile.age == years
