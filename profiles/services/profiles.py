"""Writing profiles."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from pairly.common.after_commit import enqueue
from pairly.common.problems import InvalidInput
from users.models import User

from .. import names, selectors
from ..constants import (
    BIO_MAX,
    CITY_MAX,
    HEADLINE_MAX,
    LANGUAGE_PATTERN,
    LANGUAGES_MAX,
    NAME_MAX,
    TOPIC_MAX,
    TOPICS_MAX,
)
from ..errors import ProfileChanged, ProfileExists
from ..folding import fold
from ..models import Profile
from ..types import Whereabouts
from .places import place_user

FIELDS = (
    "display_name",
    "headline",
    "bio",
    "city",
    "country",
    "languages",
    "topics",
    "price_per_message_centi",
    "reply_window_hours",
)


def create_for_new_user(*, user: User) -> None:
    """The profile that every account starts with; a creator sets a price later."""
    profile = Profile(user=user, display_name=user.name, reply_window_hours=settings.REPLY_WINDOW_DEFAULT_HOURS)
    profile.search_texts = search_texts(profile=profile)
    profile.save()


def create_profile(*, user: User, **fields: Any) -> Profile:
    """A profile after the old one was deleted; fields as `update_profile` takes them.

    Raises ProfileExists, InvalidInput.
    """
    if selectors.find_own_profile(user=user) is not None:
        raise ProfileExists()
    fields, places = _tidied(fields)
    check_fields(user=user, fields=fields)
    try:
        with transaction.atomic():
            profile = Profile(user=user, **fields)
            for at in places:
                place_user(profile=profile, at=at)
            profile.search_texts = search_texts(profile=profile)
            profile.save()
            enqueue(task="messaging.tell_price", user_id=user.pk)
            return profile
    except IntegrityError as error:  # another request was faster
        raise ProfileExists() from error


@transaction.atomic
def update_profile(*, user: User, versions: Collection[str] | None = None, **fields: Any) -> Profile:
    """Change the named fields of the caller's own profile and leave the others.

    `versions`: those the change is meant for (`selectors.version_of`), None for any. A price (hundredths of a credit)
    is 0 or within PRICE_MIN_CENTI to PRICE_MAX_CENTI, and for creators only. Topics are kept in lower case, each once.
    `location` is a Whereabouts, or None to take the place away (`places.place_user`). What is so already stays
    untouched, its version with it. Raises NotFound, ProfileChanged, InvalidInput, MovedTooOften.
    """
    profile = selectors.get_own_profile(user=user, for_update=True)
    if versions is not None and selectors.version_of(profile=profile) not in versions:
        raise ProfileChanged()
    fields, places = _tidied(fields)
    check_fields(user=user, fields=fields)
    changed = [name for name, value in fields.items() if getattr(profile, name) != value]
    for name in changed:
        setattr(profile, name, fields[name])
    for at in places:
        changed += place_user(profile=profile, at=at)
    if changed:
        profile.search_texts = search_texts(profile=profile)
        profile.save(update_fields=[*changed, "search_texts", "updated_at"])
    if "price_per_message_centi" in changed:
        enqueue(task="messaging.tell_price", user_id=user.pk)
    return profile


def search_texts(*, profile: Profile) -> list[str]:
    """What the search compares, in the order that `Profile.search_texts` has."""
    country = names.country_name_in_english(code=profile.country) if profile.country else ""
    texts = (
        profile.display_name,
        profile.headline,
        " ".join(profile.topics),
        f"{profile.city} {country}",
        profile.bio,
    )
    return [fold(text) for text in texts]


def delete_profile(*, user: User) -> None:
    """Remove the caller's own profile; the account stays. Raises NotFound."""
    with transaction.atomic():
        selectors.get_own_profile(user=user).delete()
        enqueue(task="messaging.tell_price", user_id=user.pk)


def check_fields(*, user: User, fields: dict[str, Any]) -> None:
    """The rules that concern more than one field or a setting. Raises InvalidInput with a pointer each."""
    errors = [_error(name, "unknown", _("This cannot be changed here.")) for name in fields if name not in FIELDS]
    if not 0 < len(fields.get("display_name", "x").strip()) <= NAME_MAX:
        errors.append(_error("display_name", "length", _("Choose a name of 1 to 80 characters.")))
    if len(fields.get("headline", "")) > HEADLINE_MAX:
        errors.append(_error("headline", "length", _("Keep the headline under 120 characters.")))
    if len(fields.get("bio", "")) > BIO_MAX:
        errors.append(_error("bio", "length", _("Keep the text under 2,000 characters.")))
    errors += _place_errors(fields.get("city", ""), fields.get("country", ""))
    errors += _language_errors(fields.get("languages", []))
    errors += _topic_errors(fields.get("topics", []))
    errors += _price_errors(user, fields.get("price_per_message_centi", 0))
    errors += _window_errors(fields.get("reply_window_hours", settings.REPLY_WINDOW_DEFAULT_HOURS))
    if errors:
        raise InvalidInput(errors=errors)


def _tidied(fields: dict[str, Any]) -> tuple[dict[str, Any], list[Whereabouts | None]]:
    """The fields as they are kept: lists without repetition, topics in lower case and single-spaced; and `location`,
    where it is among them."""
    tidied = dict(fields)
    places = [tidied.pop("location")] if "location" in tidied else []
    if "languages" in fields:
        tidied["languages"] = _once(fields["languages"])
    if "topics" in fields:
        topics = (" ".join(topic.split()).lower() for topic in fields["topics"])
        tidied["topics"] = _once(topic for topic in topics if topic)
    return tidied, places


def _once(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _place_errors(city: str, country: str) -> list[dict[str, str]]:
    errors = []
    if len(city) > CITY_MAX:
        errors.append(_error("city", "length", _("Keep the city under 80 characters.")))
    if country and not names.is_country(code=country):
        errors.append(_error("country", "unknown", _("Choose a country from the list.")))
    return errors


def _language_errors(languages: list[str]) -> list[dict[str, str]]:
    if len(languages) > LANGUAGES_MAX:
        return [_error("languages", "too_many", _("Choose at most 8 languages."))]
    if all(re.fullmatch(LANGUAGE_PATTERN, code) and names.is_language(code=code) for code in languages):
        return []
    return [_error("languages", "unknown", _("Choose languages from the list."))]


def _topic_errors(topics: list[str]) -> list[dict[str, str]]:
    if len(topics) > TOPICS_MAX:
        return [_error("topics", "too_many", _("Name at most 8 topics."))]
    if all(len(topic) <= TOPIC_MAX and topic.isprintable() and "," not in topic for topic in topics):
        return []
    return [_error("topics", "length", _("Keep each topic under 40 characters, without commas."))]


def _price_errors(user: User, price_centi: int) -> list[dict[str, str]]:
    if price_centi == 0:
        return []
    if not user.is_creator:
        return [_error("price_per_message_centi", "creators_only", _("Only creators set a price."))]
    low, high = settings.PRICE_MIN_CENTI, settings.PRICE_MAX_CENTI
    if low <= price_centi <= high:
        return []
    text = _("The price is 0, or between %(low)s and %(high)s credits.") % {"low": _whole(low), "high": _whole(high)}
    return [_error("price_per_message_centi", "range", text)]


def _window_errors(hours: int) -> list[dict[str, str]]:
    low, high = settings.REPLY_WINDOW_MIN_HOURS, settings.REPLY_WINDOW_MAX_HOURS
    if low <= hours <= high:
        return []
    text = _("Choose between %(low)d and %(high)d hours.") % {"low": low, "high": high}
    return [_error("reply_window_hours", "range", text)]


def _whole(centi: int) -> str:
    return number_format(centi // 100, 0, force_grouping=True)


def _error(name: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{name}", "code": code, "detail": detail}
