"""The way back for who lost their second factor: two people of staff, a waiting time, and mails at each step.

Whoever asks has given the right password and waits for the second step of a sign-in. The owner, if it is somebody
else, is told at once and has RECOVERY_WAIT to cancel: by a button, or by just signing in with the factor.
"""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django_otp_webauthn.utils import get_credential_model

from pairly.common.problems import Forbidden, NotFound
from security import limits
from security.models import AuditEntry
from security.services import audit
from security.types import Client

from .. import selectors, staff_selectors
from ..constants import RECOVERIES_PER_DAY, RECOVERY_WAIT
from ..errors import ChallengeOver, RecoveryApproved, RecoveryOver
from ..models import FactorRecovery, SignInChallenge, User
from ..registry import run_recovery_cancelled_hooks, run_recovery_hooks
from ..types import Device
from . import backup_codes, entrance, security_mails, sessions, totp

Severity = AuditEntry.Severity


def request(*, token: str, reason: str, client: Client) -> FactorRecovery:
    """Ask for the removal of the second factor of the account whose sign-in waits under `token`.

    A second request while one is open gives the one that is there. Raises ChallengeOver (no sign-in waits, or it
    does not wait for a second factor) or RateLimited (per account).
    """
    challenge = _get_challenge(token)
    user = challenge.user
    known = staff_selectors.find_open_recovery(user=user)
    if known is not None:
        return known
    _check_limit(user)
    device = Device(name=challenge.device_name, fingerprint=challenge.device_fingerprint)
    now = timezone.now()
    with transaction.atomic():
        recovery = _insert(
            user=user, reason=reason.strip(), ip=client.ip or None, requested_at=now, wait_until=now + RECOVERY_WAIT
        )
        if recovery is None:
            raise RecoveryOver
        described = entrance.describe(client=client, device=device)
        security_mails.write(user=user, notice="recovery_requested", until=_until(recovery), **described)
        _record("second_factor.recovery_requested", recovery, actor_uid=user.uid, client=client)
        run_recovery_hooks(recovery=recovery)
    return recovery


def find_asker(*, token: str) -> User | None:
    """Whose sign-in waits for its second factor under `token`; None where none does."""
    try:
        return _get_challenge(token).user
    except ChallengeOver:
        return None


def approve(*, staff: User, uid: uuid.UUID) -> FactorRecovery:
    """One of the two approvals; the row is locked meanwhile, and a constraint keeps the two people apart.

    Raises Forbidden (no permission; a colleague's needs an admin), NotFound (also for one's own), RecoveryOver, or
    RecoveryApproved for who has approved it already. Once both have, `finish_due` does the rest in its time.
    """
    with transaction.atomic():
        recovery = _hold(staff, uid)
        now = timezone.now()
        if recovery.first_approver_id is None:
            recovery.first_approver, recovery.first_approved_at = staff, now
            recovery.save(update_fields=["first_approver", "first_approved_at"])
        elif staff.pk in (recovery.first_approver_id, recovery.second_approver_id):
            raise RecoveryApproved
        elif recovery.second_approver_id is None:
            recovery.second_approver, recovery.second_approved_at = staff, now
            recovery.save(update_fields=["second_approver", "second_approved_at"])
        else:
            raise RecoveryOver
        n_approved = 2 if recovery.second_approver else 1
        security_mails.write(
            user=recovery.user, notice="recovery_approved", n_approved=n_approved, until=_until(recovery)
        )
        _record("second_factor.recovery_approved", recovery, actor_uid=staff.uid, n=n_approved)
    return recovery


def reject(*, staff: User, uid: uuid.UUID, reason: str) -> FactorRecovery:
    """Refuse a request, also one that somebody approved. Raises Forbidden, NotFound or RecoveryOver."""
    with transaction.atomic():
        recovery = _hold(staff, uid)
        recovery.rejected_by, recovery.rejected_at = staff, timezone.now()
        recovery.save(update_fields=["rejected_by", "rejected_at"])
        security_mails.write(user=recovery.user, notice="recovery_rejected")
        _record("second_factor.recovery_rejected", recovery, actor_uid=staff.uid, reason=reason)
    return recovery


def cancel(*, user: User) -> None:
    """The owner, signed in, wants to keep their second factor. Raises NotFound where nothing is asked for, or
    RecoveryOver."""
    recovery = staff_selectors.find_open_recovery(user=user)
    if recovery is None:
        raise NotFound
    with transaction.atomic():
        _cancel(recovery, actor_uid=user.uid)


def finish_due() -> int:
    """Do what is decided and has waited long enough; returns for how many accounts. Run by Celery's beat.

    Where the owner has given their factor since, the request is cancelled instead, decided or not.
    """
    n_done = 0
    for recovery in list(staff_selectors.list_open_recoveries().select_related("user")):
        with contextlib.suppress(RecoveryOver), transaction.atomic():
            n_done += _finish(recovery)
    return n_done


def _finish(recovery: FactorRecovery) -> bool:
    """Whether the second factor was removed. The account is held: a sign-in with it comes before this or after it."""
    user = entrance.hold(user=recovery.user)
    if user is None:
        raise RecoveryOver
    if staff_selectors.has_used_factor_since(recovery=recovery):
        _cancel(recovery, actor_uid=None)
        return False
    held, now = _lock(recovery.pk), timezone.now()
    if held is None or held.second_approver_id is None or held.wait_until > now:
        return False
    FactorRecovery.objects.filter(pk=held.pk).update(done_at=now)
    remove_factors(user=user)
    sessions.end_sessions(user=user, reason="factor_removed")
    security_mails.write(user=user, notice="recovery_done")
    _record("second_factor.recovered", held, severity=Severity.CRITICAL)
    return True


def remove_factors(*, user: User) -> None:
    """Every second factor that an account has, and its backup codes; part of the caller's transaction."""
    totp.remove(user=user)
    get_credential_model().objects.filter(user=user).delete()
    backup_codes.remove(user=user)
    User.objects.filter(pk=user.pk).update(email_factor_at=None)


def _get_challenge(token: str) -> SignInChallenge:
    challenge = selectors.get_challenge(token_sha256=sessions.sha256(token))
    if challenge.needs != SignInChallenge.Needs.FACTOR:
        raise ChallengeOver
    return challenge


def _hold(staff: User, uid: uuid.UUID) -> FactorRecovery:
    """An open request, locked, that `staff` may decide on."""
    if not staff.has_perm("users.staff_review_recoveries"):
        raise Forbidden
    recovery = _lock(uid)
    if recovery is None:
        if staff_selectors.find_recovery(uid=uid) is None:
            raise NotFound
        raise RecoveryOver
    if recovery.user == staff:
        raise NotFound
    if recovery.user.is_staff and not staff.has_perm("users.staff_invite"):
        raise Forbidden
    return recovery


def _lock(uid: uuid.UUID) -> FactorRecovery | None:
    """The request as it is now if it is still open; it stays so until the transaction ends.

    Without a join: who waited for the lock would get the new row beside what the join had found before it.
    """
    return staff_selectors.list_open_recoveries().select_for_update(no_key=True).filter(pk=uid).first()


def _cancel(recovery: FactorRecovery, *, actor_uid: uuid.UUID | None) -> None:
    """The hooks come first: who decides a case locks the case and then the request, and so does this."""
    run_recovery_cancelled_hooks(recovery=recovery)
    held = _lock(recovery.pk)
    if held is None:
        raise RecoveryOver
    FactorRecovery.objects.filter(pk=held.pk).update(cancelled_at=timezone.now())
    security_mails.write(user=held.user, notice="recovery_cancelled")
    _record("second_factor.recovery_cancelled", held, actor_uid=actor_uid)


def _insert(**fields: Any) -> FactorRecovery | None:
    """None where another request of the same account was a moment faster."""
    try:
        with transaction.atomic():
            return FactorRecovery.objects.create(**fields)
    except IntegrityError:
        return None


def _check_limit(user: User) -> None:
    key, day_s = str(user.uid), 24 * 3600
    limits.require(name="factor-recovery", key=key, limit=RECOVERIES_PER_DAY, window_s=day_s, is_strict=True)


def _until(recovery: FactorRecovery) -> str:
    return f"{recovery.wait_until:%Y-%m-%d %H:%M}"


def _record(
    action: str,
    recovery: FactorRecovery,
    *,
    actor_uid: uuid.UUID | None = None,
    severity: Severity = Severity.WARNING,
    client: Client | None = None,
    reason: str = "",
    **details: Any,
) -> None:
    audit.record(
        action=action,
        actor_uid=actor_uid,
        subject_uid=recovery.user.uid,
        by_staff=actor_uid is not None and actor_uid != recovery.user.uid,
        severity=severity,
        details={"recovery": str(recovery.pk), **details},
        reason=reason[:500],
        client=client,
    )
