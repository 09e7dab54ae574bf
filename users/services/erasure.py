"""What remains of a deleted account: a row without a person, so that the ledger and other people's messages stand.

One account, one transaction: every app lets go of what it holds, then this one. The public id stays with what cannot
change (ledger, audit, risk decisions, the chain of messages), none of which holds a name or an address.
"""

from __future__ import annotations

import uuid
from datetime import date

import structlog
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django_otp_webauthn.utils import get_credential_model

from pairly.outbox import services as outbox
from security.services import audit
from security.services import privacy as security_privacy

from .. import registry
from ..constants import ERASED_DOMAIN, ERASED_NAME
from ..models import (
    AccountClosure,
    BackupCode,
    Block,
    Digest,
    EmailChange,
    EmailCode,
    FactorRecovery,
    Notification,
    NotificationChoice,
    PasswordReset,
    PushDevice,
    Session,
    SignInChallenge,
    StaffInvitation,
    TotpDevice,
    UnlockCode,
    User,
)
from . import closures, entrance, exports

log = structlog.get_logger(__name__)

# Nobody's: the column knows no NULL.
_NO_DATE = date(1900, 1, 1)
_OWNED = (
    PushDevice,
    Session,
    SignInChallenge,
    EmailCode,
    EmailChange,
    PasswordReset,
    UnlockCode,
    FactorRecovery,
    BackupCode,
    TotpDevice,
    Notification,
    NotificationChoice,
    Digest,
)


def erase_due(*, limit: int = 50) -> int:
    """Erase the accounts whose time of grace is over; returns how many. One that fails is tried again next time."""
    due = AccountClosure.objects.filter(
        kind=AccountClosure.Kind.DELETION,
        erase_at__lte=timezone.now(),
        cancelled_at__isnull=True,
        erased_at__isnull=True,
    ).order_by("erase_at")
    n_erased = 0
    for closure_uid in list(due.values_list("pk", flat=True)[:limit]):
        try:
            n_erased += erase(closure_uid=closure_uid)
        except Exception as error:  # whatever one account runs into, the others must not wait for it
            log.exception("erasure_failed", closure=str(closure_uid), error=type(error).__name__)
    return n_erased


@transaction.atomic
def erase(*, closure_uid: uuid.UUID) -> bool:
    """Erase the account of a deletion that is due. False where it was called off, or something is still unsettled.

    What its owner agreed to lose is lost.
    """
    closure = AccountClosure.objects.select_related("user").get(pk=closure_uid)
    user = entrance.hold(user=closure.user)
    open_one = AccountClosure.objects.filter(
        pk=closure_uid, erase_at__lte=timezone.now(), cancelled_at__isnull=True, erased_at__isnull=True
    )
    # Asked again under the lock: its owner may have kept the account a moment ago.
    if user is None or not open_one.exists():
        return False
    if unsettled := [one.code for one in closures.list_obstacles(user=user) if not one.can_agree]:
        log.warning("erasure_waits", closure=str(closure_uid), obstacles=unsettled)
        return False
    for hook in registry.list_erasures():
        hook(user=user)
    erase_account(user=user)
    open_one.update(erased_at=timezone.now())
    audit.record(action="account.erased", subject_uid=user.uid)
    return True


def erase_account(*, user: User) -> None:
    """This app's part, the last: sign-ins, factors, codes, copies, and then who it was."""
    exports.forget(user=user)
    security_privacy.erase(user_uid=user.uid)
    outbox.forget(user_uid=user.uid)
    for model in _OWNED:
        model.objects.filter(user=user).delete()
    get_credential_model().objects.filter(user=user).delete()
    Notification.objects.filter(actor=user).delete()  # what others were told of them
    Block.objects.filter(blocker=user).delete()
    Block.objects.filter(blocked=user).delete()
    email = f"erased-{user.uid}@{ERASED_DOMAIN}"
    StaffInvitation.objects.filter(email=user.email).update(email=email, code_hash=None)
    user.groups.clear()
    user.user_permissions.clear()
    User.objects.filter(pk=user.pk).update(
        email=email,
        name=ERASED_NAME,
        phone=None,
        birth_date=_NO_DATE,
        password=make_password(None),
        language="en",
        email_verified_at=None,
        email_factor_at=None,
        last_login=None,
        verification_level=User.VerificationLevel.NONE,
        is_active=False,
        is_staff=False,
        is_superuser=False,
    )
