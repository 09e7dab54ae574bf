"""What discovery finds is what a plain look at everybody finds."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pairly.testing.people import make_user
from profiles import discovery, filters, services
from profiles.constants import SORTS
from profiles.filters import DiscoverFilter, list_conditions, text_query
from profiles.folding import fold
from profiles.models import Listing, Profile
from profiles.types import Whereabouts
from users.models import Block, Restriction, User

pytestmark = pytest.mark.django_db

WORDS = [
    "Ana",
    "Anabel",
    "ánå",
    "Łukasz",
    "हिन्दी",
    "هِنْد",
    "İstanbul",
    "ISTANBUL",
    "straße",
    "strasse",
    "x",
    "100",
    "O'Neil",
]
LANGUAGES, TOPICS = ["en", "de", "pt-BR"], ["clay", "o'clock", "back\\slash", "two words"]
TYPED = [*WORDS, "an", "hin", "हिन", "stra", "istan", "neil", "o", "xx", "1", "nobody"]


def ids_of(user=None, sort="newest", size=200, **wanted):
    page = discovery.get_creator_page(user=user, wanted=DiscoverFilter(**wanted), sort=sort, size=size)
    return {profile.pk for profile in page.rows}


def make_creator(name="Somebody", **fields):
    """Somebody with a profile that was changed by the service, as people change theirs."""
    user = make_user("creator", name=name)
    services.update_profile(user=user, display_name=name, **fields)
    return Profile.objects.get(user=user)


# -- words ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Renée Ångström", "renee angstrom"),
        ("Renee Angstrom", "RENÉE ångström"),
        ("Øystein Łukasz", "oystein lukasz"),
        ("Ærø", "aero"),
        ("हिन्दी कविता", "हिन्दी"),
        ("हिन्दी कविता", "कवि"),
        ("مُحَمَّد", "محمد"),
        ("محمد", "مُحَمَّد"),
        ("İSTANBUL", "istanbul"),
        ("ıstanbul", "İstanbul"),
        ("Straße", "STRASSE"),
        ("O'Neil-Smith", "neil smith"),
        ("ﬁnance", "finance"),
        ("Ｔｏｋｙｏ", "tokyo"),
        ("東京の陶芸", "東京"),
        ("snake_case", "case"),
        ("100% wool", "100%"),
        ("C3PO", "c3"),
        ("Ana", "  ana  "),
    ],
)
def test_a_word_is_found_however_it_is_written(name, typed):
    found, _other = make_creator(name), make_creator("Quentin")
    assert ids_of(q=typed) == {found.pk}


def test_a_word_is_looked_for_at_the_beginning_of_words_and_one_letter_as_a_whole():
    anna, joanna, initial = make_creator("Anna"), make_creator("Jo Anna"), make_creator("A Nna")
    assert ids_of(q="ann") == {anna.pk, joanna.pk}
    assert ids_of(q="nna") == {initial.pk}
    assert ids_of(q="a") == {initial.pk}
    assert ids_of(q="na") == set()


@pytest.mark.parametrize("typed", ["la", "lang", "lang:en", "to", "topic:clay", "ne", "near", "#near", "20"])
def test_what_is_kept_beside_the_words_is_no_word(typed):
    make_creator("Ana", languages=["en"], topics=["clay"], location=Whereabouts(lat=38.7, lon=-9.1, cell_km=5))
    assert ids_of(q=typed) == set()
    assert len(ids_of(q="ana")) == 1


def test_every_word_is_needed_wherever_it_stands():
    both = make_creator("Ana", headline="Kilns", bio="I live with two cats.", topics=["clay"])
    make_creator("Ana", bio="Nothing about animals")
    assert ids_of(q="cats ana") == ids_of(q="cla kil ana") == {both.pk}
    assert ids_of(q="ana cats dogs") == set()


@pytest.mark.parametrize("typed", ["!", "%", "_", "' | 'a", "🎨", "\\", ":*", "''", "\0"])
def test_what_holds_no_word_finds_nobody_and_breaks_nothing(typed):
    make_creator("Ba")
    assert ids_of(q=typed) == set()


@pytest.mark.parametrize("typed", ["ana' | 'zed", "ana:* | zed", "ana & !zed", "ana'::tsquery", "ana\\' | zed", "<->"])
def test_what_looks_like_a_query_is_words(typed):
    make_creator("Ana")
    make_creator("Zed")
    assert ids_of(q=typed) == set()


@given(st.text(max_size=80))
@settings(
    max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
def test_no_text_makes_a_query_that_the_database_cannot_read(text):
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_tsquery('simple', %s)::text", [text_query(text=text)])
        _conditions, params = list_conditions(wanted=DiscoverFilter(topic=text))
        cursor.execute("SELECT %s::tsquery::text", [params.get("lexemes", "")])


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_found_whole_and_case_aside(topic):
    talker = make_creator(topics=[topic])
    make_creator(topics=[topic + "x", "x " + topic], headline=topic)
    assert ids_of(topic=topic) == ids_of(topic=f" {topic.upper()} ") == {talker.pk}
    assert ids_of(topic=topic[:-1]) == set()


def test_one_of_several_languages_is_enough():
    english, german, both = (make_creator(languages=codes) for codes in (["en"], ["de"], ["de", "en", "pt-BR"]))
    make_creator(languages=["fr"])
    assert ids_of(languages=("en",)) == {english.pk, both.pk}
    assert ids_of(languages=("en", "de")) == {english.pk, german.pk, both.pk}
    assert ids_of(languages=("pt-BR",)) == {both.pk}
    assert ids_of(languages=("pt",)) == set()


# -- everything together --------------------------------------------------------------------------------------
@pytest.fixture
def crowd():
    """Forty creators, of each kind of everything some, and people around them that nobody is to find."""
    today = timezone.now().date()
    births = [
        date(today.year - 19, today.month, min(today.day, 28)),
        date(1990, 2, 28),
        date(2004, 2, 29),
        date(1950, 12, 31),
    ]
    for n in range(40):
        profile = make_creator(
            f"{WORDS[n % len(WORDS)]} {WORDS[(n * 5 + 1) % len(WORDS)]}",
            bio=WORDS[(n * 3) % len(WORDS)],
            languages=LANGUAGES[: n % 4],
            topics=TOPICS[n % 3 : n % 5],
            price_per_message_centi=[0, 5_000, 5_000, 20_000][n % 4],
        )
        User.objects.filter(pk=profile.user_id).update(birth_date=births[n % 4], verification_level=n % 3)
        Listing.objects.filter(pk=profile.pk).update(is_online=n % 3 == 0, answered_permille=n % 4 * 250)
    viewer = make_user("fan")
    shown = list(Profile.objects.filter(user__role="creator").select_related("user").order_by("pk"))
    Block.objects.create(blocker=viewer, blocked=shown[0].user)
    Block.objects.create(blocker=shown[1].user, blocked=viewer)
    Restriction.objects.create(user=shown[2].user, kind="hide")
    Restriction.objects.create(user=shown[3].user, kind="suspension")
    User.objects.filter(pk=shown[4].user_id).update(is_active=False)
    Profile.objects.filter(pk=shown[5].pk).update(is_listed=False)
    User.objects.filter(pk=shown[6].user_id).update(role="fan")
    return viewer, Profile.objects.filter(pk__in=[one.pk for one in shown[7:]]).select_related("user", "listing")


def words_match(profile, typed):
    """Without an index and without SQL: the beginnings of the words of all texts."""
    country = ""
    texts = (profile.display_name, profile.headline, " ".join(profile.topics), profile.city, country, profile.bio)
    written = " ".join(fold(text) for text in texts).split()
    return all(
        any(word == wanted or (len(wanted) > 1 and word.startswith(wanted)) for word in written)
        for wanted in fold(typed).split()
    )


def age_of(born):
    today = timezone.now().date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def fits(profile, wanted):
    age, price = age_of(profile.user.birth_date), profile.price_per_message_centi
    return (
        words_match(profile, wanted.q)
        and (wanted.min_price is None or price >= wanted.min_price)
        and (wanted.max_price is None or price <= wanted.max_price)
        and (wanted.min_age is None or age >= wanted.min_age)
        and (wanted.max_age is None or age <= wanted.max_age)
        and (not wanted.online or profile.listing.is_online)
        and (not wanted.verified or profile.user.verification_level >= 2)
        and (not wanted.languages or bool({*wanted.languages} & {*profile.languages}))
        and (not wanted.topic or wanted.topic in profile.topics)
    )


FILTERS = st.builds(
    DiscoverFilter,
    q=st.sampled_from(["", "", *TYPED]) | st.tuples(st.sampled_from(TYPED), st.sampled_from(TYPED)).map(" ".join),
    min_price=st.sampled_from([None, None, 0, 1, 5_000, 20_001]),
    max_price=st.sampled_from([None, None, 0, 4_999, 5_000, 20_000]),
    min_age=st.sampled_from([None, None, 18, 19, 22, 37, 80]),
    max_age=st.sampled_from([None, None, 18, 19, 22, 36, 80, 120]),
    online=st.booleans(),
    verified=st.sampled_from([False, False, True]),
    languages=st.sampled_from([(), (), ("en",), ("de", "pt-BR"), ("fr",)]),
    topic=st.sampled_from(["", "", *TOPICS]),
)
ABOUT = st.tuples(FILTERS, st.sampled_from(SORTS), st.integers(1, 50), st.sampled_from([(500, 1), (2, 0), (4, 1e9)]))


def walk(viewer, wanted, sort, size):
    found, after = [], ""
    for _ in range(50):
        page = discovery.get_creator_page(user=viewer, wanted=wanted, sort=sort, after=after, size=size)
        found += page.rows
        after = page.after
        if not after:
            return found
        assert len(page.rows) == size
    raise AssertionError("the pages do not end")


@pytest.fixture
def every_way(monkeypatch):
    """Short walks, so that a small crowd is found in each of the three ways that a large one is."""
    taken = set()
    for way in ("_walk", "_gather", "_straight"):
        real = getattr(discovery._Search, way)
        monkeypatch.setattr(
            discovery._Search,
            way,
            lambda *args, real=real, way=way, **more: taken.add(way) or real(*args, **more),
            raising=True,
        )
    return taken


def test_discovery_finds_what_a_look_at_everybody_finds(crowd, monkeypatch, every_way):
    viewer, listed = crowd
    everybody = list(listed)
    assert len(everybody) == 33

    @given(ABOUT, st.sampled_from([0, 0.1, 1e9]))
    @settings(max_examples=120, deadline=None)
    def check(about, united):
        wanted, sort, size, (sample, most) = about
        monkeypatch.setattr(filters, "UNITED_PLACE", united)
        monkeypatch.setattr(discovery, "SAMPLE", sample)
        monkeypatch.setattr(discovery, "GATHERED_ROW", most)
        found = [profile.pk for profile in walk(viewer, wanted, sort, size)]
        assert len(found) == len(set(found))
        assert set(found) == {profile.pk for profile in everybody if fits(profile, wanted)}

    check()
    assert every_way == {"_walk", "_gather", "_straight"}


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("wanted", [{}, {"min_age": 18}, {"q": "ana"}, {"languages": ("en",), "max_price": 5_000}])
def test_the_order_is_the_same_however_it_is_found(crowd, monkeypatch, sort, wanted):
    viewer, _listed = crowd
    orders = []
    for sample, most in ((500, 1), (2, 0), (3, 1e9)):
        monkeypatch.setattr(filters, "UNITED_PLACE", 1e9 if most else 0)  # by one word, or by all
        monkeypatch.setattr(discovery, "SAMPLE", sample)
        monkeypatch.setattr(discovery, "GATHERED_ROW", most)
        orders.append([profile.pk for profile in walk(viewer, DiscoverFilter(**wanted), sort, 4)])
    assert orders[0]
    assert orders[0] == orders[1] == orders[2]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("sort", ["newest", "best"])
def test_the_newest_are_found_in_runs_of_ids_and_then_in_the_rest(monkeypatch, sort, size):
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('profiles_profile', 'id')) %% %s", [filters.RUN])
        [(now,)] = cursor.fetchall()
        skipped = 2 * filters.RUN - 12 - now  # until shortly before a run begins, the third one or a later one
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('profiles_profile', 'id')) FROM generate_series(1, %s)", [skipped]
        )
    fitting = [make_creator("Ana Berg" if n % 2 else "Ana Carl").pk for n in range(10)][1::2]
    for n in range(10):
        make_creator("Ana Carl" if n % 9 else "Ana")
    fitting += [make_creator("Ana Berg" if n % 2 else "Berg").pk for n in range(4)][1::2]
    assert fitting[0] // filters.RUN + 1 == fitting[-1] // filters.RUN
    asked = []
    real = discovery._Search._gather

    def gather(self, n, rare, among="TRUE", **more):
        asked.append(among)
        return real(self, n, rare, among, **more)

    monkeypatch.setattr(discovery._Search, "_gather", gather)
    monkeypatch.setattr(discovery, "SAMPLE", 4)
    monkeypatch.setattr(discovery, "GATHERED_ROW", 1e-9)
    monkeypatch.setattr(discovery, "CANDIDATES", 4)
    found = [profile.pk for profile in walk(None, DiscoverFilter(q="berg ana"), sort, size)]
    assert found == fitting[::-1][: 4 if sort == "best" else None]
    if sort == "best" or size == 3:
        assert any("runs" in one for one in asked)
        assert asked[1] == asked[0]  # and then in the run before it


# -- who is never shown ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("wanted", [{}, {"q": "somebody"}, {"q": "somebody", "min_age": 18}])
@pytest.mark.parametrize("sort", ["", *SORTS])
def test_nobody_is_shown_who_is_hidden_gone_unlisted_or_blocked(wanted, sort):
    viewer = make_user("fan")
    shown = make_creator()
    hidden, suspended, gone, unlisted, mine, theirs, fan = (make_creator() for _ in range(7))
    Restriction.objects.create(user=hidden.user, kind="hide")
    Restriction.objects.create(user=suspended.user, kind="suspension")
    User.objects.filter(pk=gone.user_id).update(is_active=False)
    Profile.objects.filter(pk=unlisted.pk).update(is_listed=False)
    User.objects.filter(pk=fan.user_id).update(role="fan")
    Block.objects.create(blocker=viewer, blocked=mine.user)
    Block.objects.create(blocker=theirs.user, blocked=viewer)
    assert ids_of(user=viewer, sort=sort, **wanted) == {shown.pk}
    assert ids_of(user=None, sort=sort, **wanted) == {shown.pk, mine.pk, theirs.pk}


# -- the listing follows --------------------------------------------------------------------------------------
def test_the_listing_follows_the_account_and_the_profile():
    profile = make_creator("Ana", topics=["clay"], price_per_message_centi=5_000)
    user = profile.user

    def change(**fields):
        User.objects.filter(pk=user.pk).update(**fields)

    assert ids_of(q="ana") == {profile.pk}
    change(role="fan")
    assert ids_of() == set()
    change(role="creator")
    assert (ids_of(), ids_of(verified=True)) == ({profile.pk}, set())
    change(verification_level=2)
    assert ids_of(verified=True) == {profile.pk}
    change(is_active=False)
    assert ids_of() == set()
    change(is_active=True, birth_date=date(1940, 1, 1))
    assert (ids_of(min_age=80), ids_of(max_age=79)) == ({profile.pk}, set())
    services.update_profile(user=user, price_per_message_centi=20_000, display_name="Berta", topics=["glass"])
    assert (ids_of(max_price=5_000), ids_of(min_price=20_000)) == (set(), {profile.pk})
    assert (ids_of(q="ana"), ids_of(q="berta")) == (set(), {profile.pk})
    assert (ids_of(topic="clay"), ids_of(topic="glass")) == (set(), {profile.pk})
    Profile.objects.filter(pk=profile.pk).update(is_listed=False)
    assert ids_of() == set()
    Profile.objects.filter(pk=profile.pk).update(is_listed=True)
    services.delete_profile(user=user)
    assert (ids_of(), Listing.objects.count()) == (set(), 0)


def test_with_the_account_goes_its_listing():
    profile = make_creator()
    Profile.objects.filter(pk=profile.pk).delete()
    assert not Listing.objects.exists()


def test_who_switches_presence_off_is_not_online_any_more():
    profile = make_creator()
    Listing.objects.update(is_online=True)
    assert ids_of(online=True) == {profile.pk}
    Profile.objects.filter(pk=profile.pk).update(shows_online=False)
    assert ids_of(online=True) == set()


# -- the indexes ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("sort", "wanted", "index"),
    [
        ("newest", {}, "profiles_listing_pkey"),
        ("newest", {"verified": True}, "listing_verified_idx"),
        ("price", {"max_price": 100}, "listing_price_newest_idx"),
        ("-price", {}, "listing_price_newest_idx"),
        ("active", {}, "listing_active_idx"),
        ("active", {"online": True}, "listing_online_now_idx"),
        ("answer", {}, "listing_answer_idx"),
    ],
)
def test_an_order_goes_along_its_index_and_on_from_a_place(sort, wanted, index, monkeypatch):
    """The planner finds an index for the whole condition: no other sort and no rows read before the place."""
    plans = []
    real = discovery._rows

    def explained(sql, params):
        with connection.cursor() as cursor:
            for way in ("seqscan", "bitmapscan", "sort", "incremental_sort"):  # what is left is what an index can do
                cursor.execute(f"SET LOCAL enable_{way} = off")
            cursor.execute("EXPLAIN " + sql, params)
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
        return real(sql, params)

    for _ in range(3):
        make_creator(price_per_message_centi=0)
    Listing.objects.update(is_online=True, is_verified=True)
    monkeypatch.setattr(discovery, "_rows", explained)
    first = discovery.get_creator_page(user=None, wanted=DiscoverFilter(**wanted), sort=sort, size=1)
    discovery.get_creator_page(user=None, wanted=DiscoverFilter(**wanted), sort=sort, after=first.after, size=1)
    assert all(re.search(rf"Index.* {index} ", plan) for plan in plans), plans
    assert "Index Cond: " in plans[1]
    assert not any("Sort" in plan for plan in plans)
