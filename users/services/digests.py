"""Mails of what somebody has not read: at once, once a day, once a week, as they chose for each kind.

The day's digest is due at DIGEST_HOUR UTC, the week's then on Mondays. Who is due is chosen and claimed by one
statement on their `Digest` row, so two jobs at once write one outbox row. What stands in it is decided when it leaves:
what was read meanwhile is left out, and where nothing is left no mail leaves.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import ngettext

from pairly.outbox import services as outbox

from .. import notification_selectors as selectors
from ..constants import DIGEST_HOUR, DIGEST_KIND, DIGEST_NAMES, DIGESTS_AT_ONCE, DIGESTS_SPREAD
from ..models import Notification, User
from ..notification_kinds import KINDS, Kind, Mail, isolated
from ..types import Actor
from .notification_choices import stop_token

# How far back a digest looks: its own period and one that was missed.
PERIODS = {Mail.DAILY: timedelta(days=1), Mail.WEEKLY: timedelta(days=7)}

# The names of columns come from `PERIODS`, not from anybody's data.
_CLAIM = """
WITH kinds AS (SELECT * FROM unnest(%(kinds)s::text[], %(mails)s::text[]) AS k (kind, mail)),
due AS (
    SELECT DISTINCT n.user_id
    FROM users_notification n
    JOIN kinds k ON k.kind = n.kind
    JOIN users_user u ON u.id = n.user_id AND u.is_active AND u.email_verified_at IS NOT NULL
    LEFT JOIN users_notificationchoice c ON c.user_id = n.user_id AND c.kind = n.kind
    LEFT JOIN users_digest d ON d.user_id = n.user_id
    WHERE n.read_at IS NULL AND n.mailed_at IS NULL AND n.created_at >= %(since)s AND n.created_at < %(slot)s
      AND coalesce(c.mail, k.mail) = %(how)s AND (d.{how}_at IS NULL OR d.{how}_at < %(slot)s)
    ORDER BY n.user_id LIMIT %(limit)s
), claimed AS (
    INSERT INTO users_digest AS old (user_id, {how}_at)
    SELECT user_id, %(now)s FROM due
    ON CONFLICT (user_id) DO UPDATE SET {how}_at = EXCLUDED.{how}_at
    WHERE old.{how}_at IS NULL OR old.{how}_at < %(slot)s
    RETURNING user_id
)
SELECT u.uid FROM claimed JOIN users_user u ON u.id = claimed.user_id ORDER BY u.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What a mail says of one kind: `words`, and whom it is about where it is about several."""

    words: str
    names: str
    icon: str


def write_due(*, now: datetime | None = None, limit: int = DIGESTS_AT_ONCE) -> int:
    """Write the digests that are due, up to `limit` of each frequency; returns how many. Safe to run twice at once."""
    at = now or timezone.now()
    return sum(_write_due(how, at, limit) for how in PERIODS)


def slot_of(*, how: Mail, now: datetime) -> datetime:
    """When the latest digest of this frequency became due: at DIGEST_HOUR, for weekly ones on Monday."""
    slot = now.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    if slot > now:
        slot -= timedelta(days=1)
    return slot - timedelta(days=slot.weekday()) if how is Mail.WEEKLY else slot


def deliver(user_uid: uuid.UUID | None, payload: dict[str, Any]) -> None:
    """Outbox handler: one mail of what `payload["how"]` is chosen for and was neither read nor mailed. Nobody gets one
    at an address that is not confirmed, or while they are suspended or resting.

    The rows are claimed before the mail leaves and given back if it fails; a crash in between costs this mail, and the
    list in the app still has everything.
    """
    people = User.objects.filter(is_active=True, email_verified_at__isnull=False)
    user = people.filter(uid=user_uid).first() if user_uid else None
    if user is None:
        return
    rows = _claim_rows(user, Mail(payload["how"]))
    if not rows:
        return
    try:
        with translation.override(user.language):
            _mail(user, rows).send()
    except Exception:
        Notification.objects.filter(pk__in=[row.pk for row in rows]).update(mailed_at=None)
        raise


def _write_due(how: Mail, now: datetime, limit: int) -> int:
    slot = slot_of(how=how, now=now)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                _CLAIM.format(how=how.value),
                {
                    "kinds": list(KINDS),
                    "mails": [kind.mail.value for kind in KINDS.values()],
                    "how": how.value,
                    "now": now,
                    "slot": slot,
                    "since": slot - 2 * PERIODS[how],
                    "limit": limit,
                },
            )
            due = [row[0] for row in cursor.fetchall()]
        outbox.write_each(kind=DIGEST_KIND, payloads={uid: {"how": how.value} for uid in due}, over=DIGESTS_SPREAD)
    return len(due)


def _claim_rows(user: User, how: Mail) -> list[Notification]:
    """What goes into the mail, the newest first, marked as mailed: a second worker finds none of it."""
    wanted = [one.kind for one in selectors.get_settings(user=user).settings if one.mail == how]
    rows = selectors.list_unmailed(user=user, kinds=wanted)
    if how in PERIODS:
        rows = rows.filter(created_at__gte=timezone.now() - 2 * PERIODS[how])
    now = timezone.now()
    found = list(rows.order_by("-pk"))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE users_notification SET mailed_at = %s "
            "WHERE id = ANY(%s) AND mailed_at IS NULL AND read_at IS NULL RETURNING id",
            [now, [row.pk for row in found]],
        )
        claimed = {row[0] for row in cursor.fetchall()}
    return [row for row in found if row.pk in claimed]


def _mail(user: User, rows: Sequence[Notification]) -> EmailMultiAlternatives:
    """Plain text and HTML, with the headers that end these mails by one press (RFC 8058, section 3.1)."""
    base = settings.PUBLIC_URL
    stop = f"{base}{reverse('users:notification-mails-stop', args=[stop_token(user=user)])}"
    groups = _groups(rows)
    context = {
        "name": _one_line(user.name),
        "groups": groups,
        "url": f"{base}{reverse('users:notifications')}",
        "settings_url": f"{base}{reverse('users:notification-settings')}",
        "stop_url": stop,
        "base_url": base,
        "language": translation.get_language(),
        "is_rtl": translation.get_language_bidi(),
    }
    mail = EmailMultiAlternatives(
        _subject(rows, groups),
        render_to_string("users/mail/digest.txt", context),
        None,
        [user.email],
        headers={"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )
    mail.attach_alternative(render_to_string("users/mail/digest.html", context), "text/html")
    return mail


def _subject(rows: Sequence[Notification], groups: Sequence[Group]) -> str:
    if len(rows) == 1:
        return groups[0].words
    n = len(rows)
    return ngettext("%(n)d thing is new on Pairly", "%(n)d things are new on Pairly", n) % {"n": n}


def _groups(rows: Sequence[Notification]) -> list[Group]:
    """What happened, by kind in the order of settings."""
    people = selectors.list_actors(user_ids={row.actor_id for row in rows if row.actor_id is not None})
    by_kind: dict[str, list[Notification]] = defaultdict(list)
    for row in rows:
        by_kind[row.kind].append(row)
    return [_group(kind, by_kind[code], people) for code, kind in KINDS.items() if code in by_kind]


def _group(kind: Kind, rows: Sequence[Notification], people: dict[int, Actor]) -> Group:
    names = list(
        dict.fromkeys(isolated(_one_line(people[row.actor_id].name)) for row in rows if row.actor_id in people)
    )
    if len(rows) == 1:
        words = kind.words(names[0] if names else "", rows[0].payload)
        return Group(words=words, names="", icon=kind.icon)
    return Group(words=kind.many(len(rows)) % {"n": len(rows)}, names=_enumerated(names), icon=kind.icon)


def _enumerated(names: Sequence[str]) -> str:
    """Some names, and how many more: "Ana, Ben and 3 more"."""
    shown, n_more = names[:DIGEST_NAMES], len(names) - DIGEST_NAMES
    if n_more <= 0:
        return ", ".join(shown)
    return ngettext("%(names)s and %(n)d more", "%(names)s and %(n)d more", n_more) % {
        "names": ", ".join(shown),
        "n": n_more,
    }


def _one_line(name: str) -> str:
    """What somebody calls themselves must not write lines of its own into our mails."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())
