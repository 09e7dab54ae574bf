"""A seeded crowd is what it says: people as sign-ups make them, listings as the triggers write them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime

import pytest
from django.conf import settings
from django.db import connection

from credits import invariants
from pairly.benchmarks.crowd import filling, people, places
from pairly.testing import databases
from pairly.testing.people import make_user
from profiles.models import Listing, Place, Profile
from profiles.services import profiles as profile_services
from users.models import Restriction, User

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SIZE = 300


def seed(name, *options):
    env = {
        **databases.server_environment(settings.VAR_DIR, name=name, role="owner"),
        "REDIS_URL": settings.REDIS_URL,
    }
    command = [sys.executable, "manage.py", "seed_scale", "--now", NOW.isoformat(), "--seed", "7", *options]
    return subprocess.run(command, cwd=databases.ROOT, env=env, capture_output=True, text=True, check=False)


def made(number):
    return people.make_person(seed=7, number=number, now=NOW)


def rows(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def test_a_seeded_database_holds_whole_people_and_right_listings(committed_db):
    assert seed(committed_db, "--profiles", "200").returncode == 0
    further = seed(committed_db, "--profiles", str(SIZE), "--pictures", "--accounts")  # goes on where it was
    assert further.returncode == 0, further.stderr
    assert f"{SIZE} of {SIZE} people" in further.stdout

    there = {
        profile.user.email: profile for profile in Profile.objects.select_related("user", "cell", "user__presence")
    }
    assert sorted(there) == sorted(people.email_of(seed=7, number=number) for number in range(SIZE))
    for number in range(SIZE):
        assert_is(there[people.email_of(seed=7, number=number)], made(number))

    listings = "SELECT * FROM profiles_listing ORDER BY profile_id"
    before = rows(listings)
    assert len(before) == SIZE
    rows("SELECT count(profiles_list(p)) FROM profiles_profile p")  # what the triggers would write
    assert rows(listings) == before

    assert not [finding for finding in invariants.check_all() if not finding.is_ok]
    n_creators = User.objects.filter(role="creator", id__gt=there[people.email_of(seed=7, number=199)].user_id).count()
    assert rows("SELECT count(*) FROM credits_account WHERE owner IS NOT NULL") == [(100 * 3 + n_creators * 3,)]
    # The trigger works again: a profile that changes takes its listing along.
    first = there[people.email_of(seed=7, number=0)]
    Profile.objects.filter(pk=first.pk).update(price_per_message_centi=77_700)
    assert Listing.objects.get(pk=first.pk).price_centi == 77_700


def assert_is(profile, person):
    """The row says what the person is, and its searched texts are those that the form would have written."""
    user = profile.user
    assert (user.uid, user.role, user.birth_date) == (person.uid, person.role, person.birth_date)
    assert (profile.display_name, profile.topics, profile.languages) == (
        person.display_name,
        person.topics,
        person.languages,
    )
    assert profile.search_texts == profile_services.search_texts(profile=profile)
    assert profile.cell_id == (person.cell and person.cell.id)
    if person.cell:
        assert (profile.cell.size_km, profile.cell.lat) == (person.cell.size_km, pytest.approx(person.cell.lat))
    assert (user.presence.is_online, user.presence.last_seen_at) == (person.is_online, person.last_seen_at)
    profile_services.check_fields(
        user=user,
        fields={
            name: getattr(profile, name)
            for name in ("display_name", "headline", "bio", "city", "country", "languages", "topics")
        },
    )


def test_people_are_refused_company(committed_db):
    make_user("creator", name="Ida")
    refused = seed(committed_db, "--profiles", "10")
    assert (refused.returncode, Profile.objects.count(), Place.objects.count()) == (1, 1, 0)
    assert "holds 1 accounts that are not made up" in refused.stderr


def test_a_crowd_is_as_various_as_a_real_one():
    crowd = [made(number) for number in range(2000)]
    assert 0.01 < share(crowd, lambda one: not one.is_listed or not one.is_active or one.role == "fan") < 0.03
    assert 0.01 < share(crowd, lambda one: one.is_online) < 0.03
    assert share(crowd, lambda one: one.city == places.atlas().dense) > 0.03
    assert share(crowd, lambda one: one.cell is not None and one.cell.size_km == 1) > 0.2
    lats, lons = ([getattr(one.cell, name) for one in crowd if one.cell] for name in ("lat", "lon"))
    assert max(abs(lat) for lat in lats) > 88
    assert (min(lons), max(lons)) == (pytest.approx(-180, abs=2), pytest.approx(180, abs=2))
    ages = [(date(2026, 5, 1) - one.birth_date).days / 365.25 for one in crowd]
    assert 18 <= min(ages) < 19
    assert 75 < max(ages) <= 81
    assert 150 < sum(len(one.bio) for one in crowd) / len(crowd) < 250
    assert {Restriction.Kind(one.restriction[0]) for one in crowd if one.restriction}


def share(crowd, fits):
    return sum(1 for one in crowd if fits(one)) / len(crowd)


def test_the_same_number_makes_the_same_person_and_another_seed_another():
    assert made(5) == made(5)
    assert people.make_person(seed=8, number=5, now=NOW) != made(5)


def test_a_demo_and_a_benchmark_are_no_strangers(db):
    for email in ("fan@demo.pairly.example", "p1-1@scale.invalid", "fan1@bench.invalid"):
        User.objects.create(email=email, name="X", role="fan", birth_date=date(1990, 1, 1))
    assert filling.count_strangers() == 0
    User.objects.create(email="ida@invalid.org", name="X", role="fan", birth_date=date(1990, 1, 1))
    assert filling.count_strangers() == 1
