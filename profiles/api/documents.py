"""Profiles as JSON, without the serializers: a page of 24 costs a tenth of what they take.

`serializers.ProfileOut` stays the description of these documents, and a test holds them to one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from pairly.common.clock import age_on

from ..cards import Card, card_of
from ..constants import GALLERY_WIDTHS, PORTRAIT_WIDTHS
from ..models import Picture, Profile, file_name, storage_for
from ..nearby import Neighbour
from ..types import ShownFacts
from .nearby_serializers import BUCKETS

_NAME = "x"


def profile_document(*, profile: Profile) -> dict[str, Any]:
    """What `ProfileOut` says of a profile; no query where a selector gave it."""
    return card_documents(cards=[card_of(profile=profile)])[0]


def card_documents(*, cards: Sequence[Card]) -> list[dict[str, Any]]:
    """What `ProfileOut` says of each, in their order."""
    today, base = timezone.now().date(), _base_url()
    return [_card_document(card, today, base) for card in cards]


def neighbour_documents(*, rows: Sequence[Neighbour[Card]]) -> list[dict[str, Any]]:
    """What `NeighbourOut` says of each, in their order."""
    documents = card_documents(cards=[row.profile for row in rows])
    return [{**one, "distance_bucket": BUCKETS[row.bucket]} for one, row in zip(documents, rows, strict=True)]


def _card_document(card: Card, today: date, base: str) -> dict[str, Any]:
    portrait, gallery = None, []
    for kind, key, widths in card.pictures:
        wanted = PORTRAIT_WIDTHS[-1] if kind == "portrait" else GALLERY_WIDTHS[-1]
        fitting = next((one for one in widths if one >= wanted), widths[-1])
        url = f"{base}{file_name(owner=card.user_uid, picture=key, width=fitting)}"
        if kind == "portrait":
            portrait = url
        else:
            gallery.append(url)
    return {
        "user_id": str(card.user_uid),
        "role": card.role,
        "display_name": card.display_name,
        "headline": card.headline,
        "bio": card.bio,
        "city": card.city,
        "country": card.country,
        "languages": card.languages,
        "topics": card.topics,
        "profile_picture_url": portrait,
        "gallery_urls": gallery,
        "age": age_on(birth_date=card.birth_date, day=today),
        "price_per_message_centi": card.price_per_message_centi,
        "reply_window_hours": card.reply_window_hours,
        "is_verified": card.verification_level >= 2,
        "is_online": card.seen.is_online,
        "last_seen_at": _time(card.seen.last_seen_at),
        "view_count": card.view_count,
        "response_facts": card.facts and _facts_document(card.facts),
    }


def _base_url() -> str:
    """What the addresses of public files begin with: names of pictures hold nothing that has to be escaped."""
    return storage_for(audience=Picture.Audience.EVERYONE).url(_NAME).removesuffix(_NAME)


def _time(at: datetime | None) -> str | None:
    """As DRF writes times of UTC."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def _facts_document(facts: ShownFacts) -> dict[str, int | None]:
    return {
        "n_paid_at_least": facts.n_paid_at_least,
        "answered_percent": facts.answered_percent,
        "refunded_percent": facts.refunded_percent,
        "median_reply_s": facts.median_reply_s,
    }
