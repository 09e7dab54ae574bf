"""After a backup was restored: what was ended or used up since it was made must not live again."""

from __future__ import annotations

from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from ..models import EmailChange, EmailCode, PasskeyCeremony, PasswordReset, Session, SignInChallenge, UnlockCode


def end_all() -> str:
    """End every sign-in and every open code, challenge and change of address; what was done, in words.

    Nobody can know which of them were revoked after the backup. People sign in again and ask for another code.
    Backup codes used since are valid again: they are written down, not asked for anew. No server may run yet, for
    sockets are not told. Safe to run again.
    """
    now = timezone.now()
    going_on = Session.objects.filter(pk=F("family"), ended_at__isnull=True)
    n_sessions = going_on.update(ended_at=Now(), end_reason="restored")
    n_codes = EmailCode.objects.filter(used_at__isnull=True).delete()[0]
    n_codes += UnlockCode.objects.filter(used_at__isnull=True).delete()[0]
    n_codes += PasswordReset.objects.filter(used_at__isnull=True).delete()[0]
    n_codes += PasskeyCeremony.objects.filter(used_at__isnull=True).delete()[0]
    n_codes += SignInChallenge.objects.filter(done_at__isnull=True, expires_at__gt=now).update(expires_at=now)
    pending = EmailChange.objects.filter(confirmed_at__isnull=True, cancelled_at__isnull=True)
    n_codes += pending.update(cancelled_at=Now(), code_hash=None)
    return f"{n_sessions} sign-ins, {n_codes} codes"
