"""Spending caps and cool-offs: what people let themselves spend. The database decides with the send itself."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from pairly.common.problems import InvalidInput, NotFound
from pairly.common.sql import call_value
from users.models import User

from .. import caps_selectors
from ..constants import CAP_MAX_CENTI, CAP_RAISE_WAIT, COOL_OFFS
from ..errors import CoolingOff
from ..types import Caps


def set_caps(
    *, user: User, day_centi: int | None, week_centi: int | None, month_centi: int | None, at: datetime
) -> Caps:
    """Want these caps, in hundredths of a credit; None is no cap. Lower ones hold at once, higher ones after
    CAP_RAISE_WAIT; wanting what is takes a raise back that waits. Raises InvalidInput, NotFound (no account)."""
    wanted = {"day_centi": day_centi, "week_centi": week_centi, "month_centi": month_centi}
    errors = [
        {"pointer": f"/{name}", "code": "out_of_range", "detail": _("Choose a limit from 0 to 10,000,000 credits")}
        for name, centi in wanted.items()
        if centi is not None and not 0 <= centi <= CAP_MAX_CENTI
    ]
    if errors:
        raise InvalidInput(errors=errors)
    is_known = call_value(
        sql="SELECT credits_set_caps(%s::bigint, %s::bigint, %s::bigint, %s::bigint, %s::bigint, %s::timestamptz, "
        "%s::interval)",
        params=[user.pk, *wanted.values(), ceiling_centi(user=user), at, CAP_RAISE_WAIT],
    )
    if not is_known:
        raise NotFound()
    return caps_selectors.get_caps(user_id=user.pk, at=at)


def keep_cap(*, user: User, name: str, at: datetime) -> Caps:
    """Take back the raise of one cap that waits; others wait on. Raises NotFound for a cap that there is not."""
    found = caps_selectors.get_caps(user_id=user.pk, at=at)
    if name not in {cap.name for cap in found.caps}:
        raise NotFound()
    wanted = {
        f"{cap.name}_centi": cap.raise_to_centi if cap.raise_at and cap.name != name else cap.own_centi
        for cap in found.caps
    }
    return set_caps(user=user, at=at, **wanted)


def cool_off(*, user: User, length: str, at: datetime) -> datetime:
    """Let nothing be spent for a while (a key of COOL_OFFS), which cannot be ended earlier; returns until when. A
    shorter one than what still lasts changes nothing. Raises InvalidInput."""
    if length not in COOL_OFFS:
        raise InvalidInput(errors=[{"pointer": "/length", "code": "unknown_length", "detail": _("Choose how long")}])
    until = call_value(
        sql="SELECT credits_cool_off(%s::bigint, %s::timestamptz, %s::timestamptz)",
        params=[user.pk, at + COOL_OFFS[length], at],
    )
    assert isinstance(until, datetime)
    return until


def require_not_cooling_off(*, user: User, at: datetime) -> None:
    """For what leads to spending. Raises CoolingOff."""
    until = caps_selectors.get_caps(user_id=user.pk, at=at).cool_off_until
    if until is not None:
        raise CoolingOff(until=until.isoformat())


def ceiling_centi(*, user: User) -> int | None:
    """The most that this account may hold a day whatever its owner chose; None once address and age are verified."""
    is_verified = user.email_verified_at is not None and user.verification_level > User.VerificationLevel.NONE
    return None if is_verified else settings.UNVERIFIED_DAILY_CAP_CENTI


def refresh(*, user: User, at: datetime) -> int:
    """Raises that are due, and the ceiling as it is now: call it when `user` was verified, or is not any more. Returns
    how many raises took effect."""
    return int(
        call_value(
            sql="SELECT credits_refresh_caps(%s::bigint, %s::bigint, %s::timestamptz)",
            params=[user.pk, ceiling_centi(user=user), at],
        )
    )


def refresh_due(*, at: datetime, limit: int = 500) -> int:
    """The job: returns how many raises took effect."""
    owners = caps_selectors.list_to_refresh(at=at, limit=limit)
    return sum(refresh(user=user, at=at) for user in User.objects.filter(pk__in=owners))
