"""When somebody first read what was decided about them: the time to appeal runs, and staff see whether it was read."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from users.models import User

from ...models import Sanction


def note_read(*, user: User, sanctions: Sequence[Sanction]) -> None:
    """`user` was shown these statements of theirs. The first time counts; the rows that were given say it too.

    Somebody else's are left alone, whoever is shown them.
    """
    fresh = [one for one in sanctions if one.read_at is None and one.user_id == user.pk]
    if not fresh:
        return
    now = timezone.now()
    Sanction.objects.filter(pk__in=[one.pk for one in fresh], user=user, read_at__isnull=True).update(read_at=now)
    for one in fresh:
        one.read_at = now
