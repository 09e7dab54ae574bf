"""What staff do about other people's sign-ins."""

from __future__ import annotations

import uuid

from django.db import transaction

from pairly.common.problems import NotFound
from security.types import Client
from users.models import Session, User
from users.services import sessions
from users.types import SignIn

from . import trail

ENDED_BY_STAFF = "ended_by_staff"


def end_sign_in(*, family: uuid.UUID, staff: User, sign_in: SignIn, client: Client, reason: str = "") -> bool:
    """End somebody's sign-in with its tokens and sockets, and record it. Returns whether it was still going on.

    Raises NotFound for an unknown one.
    """
    session = Session.objects.select_related("user").filter(pk=family, parent__isnull=True).first()
    if session is None:
        raise NotFound
    with transaction.atomic():
        if not sessions.end_family(family=family, reason=ENDED_BY_STAFF):
            return False
        trail.note_deed(
            staff=staff,
            action="staff.sign_in_ended",
            subject_uid=session.user.uid,
            reason=reason,
            severity=trail.Severity.WARNING,
            details={"family": str(family)},
            sign_in=sign_in,
            client=client,
        )
    return True
