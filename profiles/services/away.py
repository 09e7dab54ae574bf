"""Being away: until a day writing is free and no answer is promised."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pairly.common.after_commit import enqueue
from pairly.common.problems import InvalidInput
from users.models import User

from .. import selectors
from ..constants import AWAY_DAYS_MAX, AWAY_NOTE_MAX
from ..models import Profile


@transaction.atomic
def set_away(*, user: User, until: datetime, note: str = "") -> Profile:
    """The creator is away until `until` (in the future, AWAY_DAYS_MAX days ahead at most), or longer or shorter than
    said before. From the commit on a message to them costs nothing (`profiles_prices_in_force`), and open pages are
    told; what is held by then keeps its deadline. Locks the profile. Raises NotFound without a profile, InvalidInput
    also for who is no creator.
    """
    profile = selectors.get_own_profile(user=user, for_update=True)
    _check(user=user, until=until, note=note.strip())
    profile.away_until, profile.away_note = until, note.strip()
    _save(profile)
    return profile


@transaction.atomic
def come_back(*, user: User) -> Profile:
    """The creator is back: messages cost what they did. Nothing happens to who is not away. Raises NotFound."""
    profile = selectors.get_own_profile(user=user, for_update=True)
    if profile.away_until is not None:
        profile.away_until, profile.away_note = None, ""
        _save(profile)
    return profile


def _save(profile: Profile) -> None:
    profile.save(update_fields=["away_until", "away_note", "updated_at"])
    enqueue(task="messaging.tell_price", user_id=profile.user_id)


def _check(*, user: User, until: datetime, note: str) -> None:
    now, errors = timezone.now(), []
    if not user.is_creator:
        errors.append({"pointer": "/until", "code": "creators_only", "detail": _("Only creators can be away.")})
    elif not now < until <= now + timedelta(days=AWAY_DAYS_MAX):
        detail = _("Choose a day from tomorrow on, %(n)d days ahead at most.") % {"n": AWAY_DAYS_MAX}
        errors.append({"pointer": "/until", "code": "range", "detail": detail})
    if len(note) > AWAY_NOTE_MAX:
        errors.append({"pointer": "/note", "code": "length", "detail": _("Keep the note under 200 characters.")})
    if errors:
        raise InvalidInput(errors=errors)
