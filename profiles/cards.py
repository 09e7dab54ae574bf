"""Profiles for lists: who is on the page is decided elsewhere, what is shown of them is read here."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from .models import Picture, Profile
from .types import Seen, ShownFacts


class Card(NamedTuple):
    """A profile as lists of the API show it: read by one statement, without models (a tenth of their time).

    `pictures`, those for everyone: (kind, what names the files, stored widths in pixels, ascending), in their order.
    """

    pk: int
    user_uid: uuid.UUID
    role: str
    birth_date: date
    verification_level: int
    display_name: str
    headline: str
    bio: str
    city: str
    country: str
    languages: list[str]
    topics: list[str]
    price_per_message_centi: int
    reply_window_hours: int
    view_count: int
    seen: Seen
    facts: ShownFacts | None
    pictures: list[tuple[str, str, list[int]]]


_CARDS = """
    SELECT p.id, u.uid, u.role, u.birth_date, u.verification_level, p.display_name, p.headline, p.bio, p.city,
           p.country, p.languages, p.topics, p.price_per_message_centi, p.reply_window_hours, p.view_count,
           l.is_online, COALESCE(f.n_paid, 0), COALESCE(f.n_answered, 0), COALESCE(f.n_refunded, 0), f.median_reply_s,
           COALESCE((SELECT jsonb_agg(jsonb_build_array(i.kind, COALESCE(i.file_key, i.uid), i.widths)
                                      ORDER BY i.position)
                       FROM profiles_picture i WHERE i.profile_id = p.id AND i.audience = %s), '[]')
      FROM unnest(%s::bigint[]) WITH ORDINALITY AS wanted (id, place)
      JOIN profiles_profile p ON p.id = wanted.id
      JOIN profiles_listing l ON l.profile_id = p.id
      JOIN users_user u ON u.id = p.user_id
      LEFT JOIN profiles_responsefacts f ON f.profile_id = p.id
     ORDER BY wanted.place
"""


def list_in_order(*, ids: Sequence[int]) -> list[Profile]:
    """The profiles with these ids, in their order, with account, pictures, listing and facts: two queries, however
    many they are. Who is gone meanwhile is left out. Asks nobody's permission: that was done when the ids were read.
    """
    if not ids:
        return []
    rows = Profile.objects.filter(pk__in=ids).select_related("user", "listing", "facts").prefetch_related("pictures")
    found = {profile.pk: profile for profile in rows.defer("search_texts", "listing__words")}
    for profile in found.values():
        # As of the last time it was written down: a list asks Redis nothing. A profile is never without its listing.
        profile.seen = Seen(is_online=profile.listing.is_online)
    return [found[pk] for pk in ids if pk in found]


def card_of(*, profile: Profile) -> Card:
    """The card of a profile; no query where a selector gave it."""
    user, portrait = profile.user, profile.portrait
    pictures = [*([portrait] if portrait else []), *profile.gallery]
    return Card(
        pk=profile.pk,
        user_uid=user.uid,
        role=user.role,
        birth_date=user.birth_date,
        verification_level=user.verification_level,
        display_name=profile.display_name,
        headline=profile.headline,
        bio=profile.bio,
        city=profile.city,
        country=profile.country,
        languages=profile.languages,
        topics=profile.topics,
        price_per_message_centi=profile.price_per_message_centi,
        reply_window_hours=profile.reply_window_hours,
        view_count=profile.view_count,
        seen=profile.seen,
        facts=profile.shown_facts,
        pictures=[(one.kind, str(one.file_key or one.uid), one.widths) for one in pictures],
    )


def list_cards(*, ids: Sequence[int]) -> list[Card]:
    """As `list_in_order`, only what the API shows: one query."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_CARDS, [Picture.Audience.EVERYONE, list(ids)])
        return [_card(row) for row in cursor.fetchall()]


def _card(row: tuple[Any, ...]) -> Card:
    *fields, is_online, n_paid, n_answered, n_refunded, median_reply_s, pictures = row
    facts = ShownFacts.of(n_paid=n_paid, n_answered=n_answered, n_refunded=n_refunded, median_reply_s=median_reply_s)
    # Online as of the last time it was written down: a list asks Redis nothing. Django leaves JSON as text.
    return Card._make((*fields, Seen(is_online=is_online), facts, json.loads(pictures)))
