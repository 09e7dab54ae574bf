"""Writing profiles."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from pairly.common.problems import InvalidInput
from users.models import User

from . import selectors
from .constants import BIO_MAX, NAME_MAX
from .errors import ProfileChanged, ProfileExists
from .models import Profile

FIELDS = ("display_name", "bio", "price_per_message_centi", "reply_window_hours")


def create_for_new_user(*, user: User) -> None:
    """The profile that every account starts with; a creator sets a price later."""
    Profile.objects.create(user=user, display_name=user.name, reply_window_hours=settings.REPLY_WINDOW_DEFAULT_HOURS)


def create_profile(*, user: User, **fields: Any) -> Profile:
    """A profile after the old one was deleted. Raises ProfileExists, InvalidInput."""
    if selectors.find_own_profile(user=user) is not None:
        raise ProfileExists()
    check_fields(user=user, fields=fields)
    try:
        with transaction.atomic():
            return Profile.objects.create(user=user, **fields)
    except IntegrityError as error:  # another request was faster
        raise ProfileExists() from error


@transaction.atomic
def update_profile(*, user: User, versions: Collection[str] | None = None, **fields: Any) -> Profile:
    """Change the named fields of the caller's own profile and leave the others.

    `versions`: the ETags the change is meant for, None for any. A price (hundredths of a credit) is 0 or within
    PRICE_MIN_CENTI to PRICE_MAX_CENTI, and for creators only. Raises NotFound, ProfileChanged, InvalidInput.
    """
    profile = selectors.get_own_profile(user=user, for_update=True)
    if versions is not None and selectors.version_of(profile=profile) not in versions:
        raise ProfileChanged()
    check_fields(user=user, fields=fields)
    for name, value in fields.items():
        setattr(profile, name, value)
    profile.save(update_fields=[*fields, "updated_at"])
    return profile


def delete_profile(*, user: User) -> None:
    """Remove the caller's own profile; the account stays. Raises NotFound."""
    selectors.get_own_profile(user=user).delete()


def check_fields(*, user: User, fields: dict[str, Any]) -> None:
    """The rules that concern more than one field or a setting. Raises InvalidInput with a pointer each."""
    errors = [_error(name, "unknown", _("This cannot be changed here.")) for name in fields if name not in FIELDS]
    if not 0 < len(fields.get("display_name", "x").strip()) <= NAME_MAX:
        errors.append(_error("display_name", "length", _("Choose a name of 1 to 80 characters.")))
    if len(fields.get("bio", "")) > BIO_MAX:
        errors.append(_error("bio", "length", _("Keep the text under 2,000 characters.")))
    errors += _price_errors(user, fields.get("price_per_message_centi", 0))
    errors += _window_errors(fields.get("reply_window_hours", settings.REPLY_WINDOW_DEFAULT_HOURS))
    if errors:
        raise InvalidInput(errors=errors)


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
