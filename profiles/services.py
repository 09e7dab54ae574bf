"""Writing profiles."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
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
    return Profile.objects.create(user=user, **fields)


@transaction.atomic
def update_profile(*, user: User, version: str | None = None, **fields: Any) -> Profile:
    """Change the caller's own profile; `version` is the ETag the caller saw. Raises ProfileChanged, InvalidInput."""
    profile = selectors.get_own_profile(user=user, for_update=True)
    if version is not None and version != selectors.version_of(profile=profile):
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
    price = fields.get("price_per_message_centi", 0)
    if price and not user.is_creator:
        errors.append(_error("price_per_message_centi", "creators_only", _("Only creators set a price.")))
    elif price and not settings.PRICE_MIN_CENTI <= price <= settings.PRICE_MAX_CENTI:
        errors.append(
            _error("price_per_message_centi", "range", _("The price is 0, or between 50 and 50,000 credits."))
        )
    hours = fields.get("reply_window_hours", settings.REPLY_WINDOW_DEFAULT_HOURS)
    if not settings.REPLY_WINDOW_MIN_HOURS <= hours <= settings.REPLY_WINDOW_MAX_HOURS:
        errors.append(_error("reply_window_hours", "range", _("Choose between 24 and 168 hours.")))
    if errors:
        raise InvalidInput(errors=errors)


def _error(name: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{name}", "code": code, "detail": detail}
