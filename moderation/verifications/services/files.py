"""Looking at a document: for who works on its case, with their name on it, written down for its owner to read."""

from __future__ import annotations

import uuid

from django.utils import timezone

from pairly.common.problems import NotFound
from security.types import Client
from users.models import User
from users.types import SignIn

from ...errors import NotYourCase
from ...services import trail, vault
from .. import selectors
from ..constants import PERMISSION
from . import pictures


def look(*, staff: User, sign_in: SignIn, client: Client, uid: uuid.UUID, kind: str) -> bytes:
    """One picture of a request as WebP, marked with who looks and when.

    Only while `staff` holds the case: NotYourCase otherwise, also for whoever decided it. Raises NotFound, FileGone,
    Overloaded. The view is written down before the picture is opened.
    """
    now = timezone.now()
    if not staff.has_perm(PERMISSION):
        raise NotYourCase
    verification = selectors.find_for_staff(uid=uid)
    if verification is None:
        raise NotFound
    if not selectors.holds_case(staff=staff, uid=uid, at=now):
        raise NotYourCase
    row = selectors.find_file(verification=verification, kind=kind)
    trail.note_view(
        staff=staff,
        sign_in=sign_in,
        client=client,
        action="staff.document_viewed",
        subject_uid=verification.user.uid,
        reason=str(row.get_kind_display()),
        details={"kind": row.kind, "verification": str(uid)},
    )
    return pictures.draw_for(data=vault.read(file=row.file), viewer=staff.name, at=now)
