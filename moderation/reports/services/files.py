"""Looking at a picture that a reporter added: for who works on the case, written down."""

from __future__ import annotations

import io
import uuid

from django.utils import timezone

from pairly.common.problems import NotFound
from profiles import picture_files
from security.types import Client
from users.models import User
from users.types import SignIn

from ... import selectors as work_selectors
from ...services import trail, vault
from .. import selectors
from ..constants import KIND, VIEW_WIDTH_PX

_QUALITY = 85


def look(*, staff: User, sign_in: SignIn, client: Client, uid: uuid.UUID) -> bytes:
    """The picture with the file `uid` as WebP, without what else its file held.

    Raises NotFound, also where `staff` may not see its case; FileGone, Overloaded.
    """
    row = selectors.find_file(uid=uid)
    if row is None:
        raise NotFound
    case = row.report.case
    item = work_selectors.get_item_about(user=staff, kind=KIND, ref=case.uid)
    trail.note_view(
        staff=staff,
        sign_in=sign_in,
        client=client,
        action="staff.case_viewed",
        subject_uid=case.subject.uid,
        reason=f"{case.get_target_display()}",
        details={"kind": KIND, "case": str(item.uid), "file": str(uid), "at": timezone.now().isoformat()},
    )
    image = picture_files.read(data=vault.read(file=row.file), max_width=VIEW_WIDTH_PX)
    out = io.BytesIO()
    image.save(out, "WEBP", quality=_QUALITY, method=2)
    return out.getvalue()
