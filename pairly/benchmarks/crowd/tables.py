"""People as rows: one text for COPY a table, and the listings as the triggers would write them.

postgresql.org/docs/18/sql-copy.html, text format. The vocabulary holds no character that has to be escaped, as
`require_plain` makes sure of.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from profiles.cells import GridCell

from .people import Person
from .places import City

USERS = (
    "users_user (id, uid, email, name, role, birth_date, verification_level, is_active, created_at, email_verified_at, "
    "password, is_superuser, is_staff, language)"
)
PROFILES = (
    "profiles_profile (id, user_id, display_name, headline, bio, city, country, languages, topics, search_texts, "
    "price_per_message_centi, reply_window_hours, place_id, cell_id, is_listed, shows_online, shows_last_seen, "
    "created_at, updated_at)"
)
PRESENCES = "profiles_presence (user_id, is_online, last_seen_at)"
FACTS = "profiles_responsefacts (profile_id, n_paid, n_answered, n_refunded, median_reply_s, counted_at)"
PICTURES = "profiles_picture (uid, profile_id, kind, position, alt, width_px, height_px, widths, created_at)"
RESTRICTIONS = "users_restriction (uid, user_id, kind, scope, starts_at, until, lifted_at)"

# As `profiles_list` (profiles/sql/0005_near.sql) leaves them, with what presence and facts add later.
LISTINGS = """
INSERT INTO profiles_listing (profile_id, user_id, is_shown, is_verified, birth_date, price_centi, words, cell_id,
                              is_online, active_at, answered_permille)
SELECT p.id, u.id, u.is_active AND u.role = 'creator' AND p.is_listed, u.verification_level >= 2, u.birth_date,
       p.price_per_message_centi, profiles_words(p, u.verification_level >= 2), p.cell_id,
       s.is_online AND p.shows_online,
       date_trunc(CASE WHEN p.shows_last_seen THEN 'hour' ELSE 'day' END,
                  CASE WHEN p.shows_last_seen THEN s.last_seen_at ELSE p.created_at END),
       CASE WHEN f.n_paid >= %s THEN f.n_answered * 1000 / f.n_paid ELSE 0 END
  FROM profiles_profile p
  JOIN users_user u ON u.id = p.user_id
  JOIN profiles_presence s ON s.user_id = p.user_id
  LEFT JOIN profiles_responsefacts f ON f.profile_id = p.id
 WHERE p.id >= %s AND p.id < %s
"""
# Fewer answers than this say nothing of a creator.
MIN_PAID = 5


@dataclass(slots=True)
class Batch:
    """What COPY takes, by its target, in the order of the foreign keys; the ids; the cells and cities they need."""

    texts: dict[str, str]
    users: range
    profiles: range
    cells: dict[int, GridCell]
    cities: dict[int, City]


def render(*, people: list[Person], first_user: int, first_profile: int, pictures: bool, now: datetime) -> Batch:
    """The rows of people whose ids are consecutive from the first ones."""
    numbered = [(person, first_user + n, first_profile + n) for n, person in enumerate(people)]
    texts = {
        USERS: "".join(_user(person, user) for person, user, _ in numbered),
        PROFILES: "".join(_profile(person, user, profile) for person, user, profile in numbered),
        PRESENCES: "".join(_line(user, person.is_online, person.last_seen_at) for person, user, _ in numbered),
        FACTS: "".join(_facts(person, profile, now) for person, _, profile in numbered if person.n_paid),
        RESTRICTIONS: "".join(_restriction(person, user) for person, user, _ in numbered),
    }
    if pictures:
        texts[PICTURES] = "".join(_picture(person, profile) for person, _, profile in numbered)
    return Batch(
        texts=texts,
        users=range(first_user, first_user + len(people)),
        profiles=range(first_profile, first_profile + len(people)),
        cells={person.cell.id: person.cell for person in people if person.cell},
        cities={person.city.id: person.city for person in people if person.city.id is not None},
    )


def _user(person: Person, user: int) -> str:
    return _line(
        user, person.uid, person.email, person.display_name, person.role, person.birth_date, person.verification_level,
        person.is_active, person.joined_at, person.joined_at, "!", False, False, "en",
    )  # fmt: skip


def _profile(person: Person, user: int, profile: int) -> str:
    return _line(
        profile, user, person.display_name, person.headline, person.bio, person.city.name, person.city.country,
        person.languages, person.topics, person.search_texts, person.price_centi, person.reply_window_hours,
        person.city.id, person.cell and person.cell.id, person.is_listed, person.shows_online, person.shows_last_seen,
        person.joined_at, person.joined_at,
    )  # fmt: skip


def _facts(person: Person, profile: int, now: datetime) -> str:
    return _line(profile, person.n_paid, person.n_answered, person.n_refunded, person.median_reply_s, now)


def _picture(person: Person, profile: int) -> str:
    if person.portrait is None:
        return ""
    return _line(person.portrait, profile, "portrait", 0, "", 640, 640, ["96", "192", "384", "640"], person.joined_at)


def _restriction(person: Person, user: int) -> str:
    if person.restriction is None:
        return ""
    kind, until, lifted_at = person.restriction
    return _line(uuid.uuid5(person.uid, kind), user, kind, "all", person.joined_at, until, lifted_at)


def _line(*values: object) -> str:
    return "\t".join([_text(value) for value in values]) + "\n"


def _text(value: object) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, list):
        return '{"' + '","'.join(value) + '"}' if value else "{}"
    return str(value)


def require_plain(texts: Iterable[Iterable[str]]) -> None:
    """Raises ValueError where a text of the vocabulary would have to be escaped in COPY or in an array."""
    for text in chain.from_iterable(texts):
        if any(sign in text for sign in '\t\n\r\\"{}'):
            raise ValueError(f"this text would have to be escaped: {text!r}")
