"""Taking certificates back, for good."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from pairly.common.problems import NotFound
from security.services import audit
from users.models import User

from ...events import certificate_changed
from ...models import Certificate
from .. import published, selectors


@transaction.atomic
def revoke_all(*, user: User, because: str) -> int:
    """Take back every certificate of an account that holds. Returns how many."""
    rows = Certificate.objects.filter(user=user, revoked_at__isnull=True, expires_at__gt=timezone.now())
    return sum(revoke(code=code, because=because) for code in rows.values_list("code", flat=True))


@transaction.atomic
def revoke(*, code: str, because: str, by: User | None = None) -> bool:
    """Take one back; `because` is a code that its page shows (`words.REASONS`), `by` who did it, None for a rule.

    Kept copies of it go with the commit. Returns whether it had held until now.
    """
    rows = Certificate.objects.filter(code=code, revoked_at__isnull=True)
    if not rows.update(revoked_at=timezone.now(), revoked_because=because):
        return False
    certificate = Certificate.objects.select_related("user").get(code=code)
    holder = certificate.user
    audit.record(
        action="certificate.revoked",
        actor_uid=by.uid if by else None,
        subject_uid=holder.uid,
        by_staff=by is not None and by.pk != holder.pk,
        details={"code": code, "because": because},
    )
    published.drop_after_commit(codes=[code])
    certificate_changed(certificate=certificate, event="certificate.revoked")
    return True


@transaction.atomic
def take_back(*, user: User, code: str, oversees: bool = False) -> Certificate:
    """Take back a certificate of one's own, or anybody's for staff who oversee them. Repeating it changes nothing.

    Raises NotFound.
    """
    found = selectors.find_for_staff(code=code)
    if found is None or not (oversees or found.user_id == user.pk):
        raise NotFound
    revoke(code=code, because="holder" if found.user_id == user.pk else "staff", by=user)
    found.refresh_from_db()
    return found


def after_suspension(*, user: User, until: datetime | None) -> None:
    """Nobody whom we do not want back can show that we know them; a suspension that ends by itself changes nothing."""
    if until is None:
        revoke_all(user=user, because="suspended")


@transaction.atomic
def forget(*, user: User) -> None:
    """Erase what certificates said of somebody. That a code was given out and taken back stays, with nobody's name."""
    revoke_all(user=user, because="erased")
    rows = Certificate.objects.filter(user=user)
    codes = list(rows.values_list("code", flat=True))
    at = Coalesce("revoked_at", timezone.now())
    rows.update(revoked_at=at, revoked_because="erased", payload=b"", signature=b"")
    published.drop_after_commit(codes=codes)
