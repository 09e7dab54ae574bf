"""Opening accounts and the spending-cap hook."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from users.models import User


def open_accounts(*, user: User) -> None:
    """The ledger accounts of a user, with the daily cap of an unverified account. Safe to run twice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT credits_open_accounts(%s::bigint, %s::boolean, %s::bigint)",
            [user.pk, user.is_creator, settings.UNVERIFIED_DAILY_CAP_CENTI],
        )


def set_day_limit(*, user: User, limit_centi: int | None) -> None:
    """The most that may be held in one UTC day, in hundredths; None lifts the cap."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT credits_set_day_limit(%s::bigint, %s::bigint)", [user.pk, limit_centi])
