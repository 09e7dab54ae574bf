"""Writing the texts that reasons begin with. Every change stands in the audit log, with what was there before."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from pairly.common.problems import Forbidden, InvalidInput
from users.models import User

from .. import placeholders, reason_selectors
from ..constants import CANNED_MAX, CANNED_TITLE_MAX, EDIT_REASONS
from ..errors import TextChanged, TitleTaken
from ..models import CannedReason
from . import trail

Kind = CannedReason.Kind


def write(*, user: User, kind: str, language: str, title: str, text: str) -> CannedReason:
    """Keep a new text. Placeholders are those of `placeholders.NAMES`. Raises Forbidden, InvalidInput (`/kind`,
    `/language`, `/title`, `/text`), UnknownPlaceholder, TitleTaken."""
    if not user.has_perm(EDIT_REASONS):
        raise Forbidden
    title, text = _checked(kind, language, title, text)
    with _one_title(), transaction.atomic():
        row = CannedReason.objects.create(kind=kind, language=language, title=title, text=text, changed_by=user)
        _record(row, user, "staff.reason_written", {"text": text})
    return row


def change(*, user: User, uid: uuid.UUID, version: int, language: str, title: str, text: str) -> CannedReason:
    """Write a text anew, as who saw `version` of it; its kind stays. What was sent with it before stays as it was.
    Raises as `write`, NotFound, TextChanged."""
    row = reason_selectors.get_reason(user=user, uid=uid)
    title, text = _checked(row.kind, language, title, text)
    before = {"title_before": row.title, "text_before": row.text}
    with _one_title(), transaction.atomic():
        rows = CannedReason.objects.filter(pk=row.pk, version=version)
        fields = {"language": language, "title": title, "text": text, "changed_by": user, "changed_at": timezone.now()}
        if not rows.update(version=F("version") + 1, **fields):
            raise TextChanged
        row = reason_selectors.get_reason(user=user, uid=uid)
        _record(row, user, "staff.reason_changed", {"text": text, **before})
    return row


def retire(*, user: User, uid: uuid.UUID) -> CannedReason:
    """Offer a text no more. Nothing changes where it is retired already. Raises Forbidden, NotFound."""
    row = reason_selectors.get_reason(user=user, uid=uid)
    with transaction.atomic():
        rows = CannedReason.objects.filter(pk=row.pk, retired_at__isnull=True)
        if rows.update(retired_at=timezone.now(), version=F("version") + 1):
            _record(row, user, "staff.reason_retired", {})
    return row


def restore(*, user: User, uid: uuid.UUID) -> CannedReason:
    """Offer a retired text again. Raises Forbidden, NotFound, TitleTaken."""
    row = reason_selectors.get_reason(user=user, uid=uid)
    with _one_title(), transaction.atomic():
        rows = CannedReason.objects.filter(pk=row.pk, retired_at__isnull=False)
        if rows.update(retired_at=None, version=F("version") + 1):
            _record(row, user, "staff.reason_restored", {})
    return row


@contextmanager
def _one_title() -> Iterator[None]:
    """The table refuses a second text of the same title; this says it in words."""
    try:
        yield
    except IntegrityError as error:
        if "canned_reason_title_once" not in str(error):
            raise
        detail = str(TitleTaken.title)
        raise TitleTaken(errors=[{"pointer": "/title", "code": TitleTaken.code, "detail": detail}]) from error


def _checked(kind: str, language: str, title: str, text: str) -> tuple[str, str]:
    """Title and text without what stands around them."""
    title, text = title.strip(), text.strip()
    long = gettext("Use at most %(n)d characters.")
    wrong = [
        (kind not in Kind.values, "/kind", "unknown", gettext("There is no such kind.")),
        (language not in dict(settings.LANGUAGES), "/language", "unknown", gettext("There is no such language.")),
        (not title, "/title", "required", gettext("Give it a title.")),
        (len(title) > CANNED_TITLE_MAX, "/title", "too_long", long % {"n": CANNED_TITLE_MAX}),
        (not text, "/text", "required", gettext("Write the text.")),
        (len(text) > CANNED_MAX, "/text", "too_long", long % {"n": CANNED_MAX}),
    ]
    rows = [{"pointer": where, "code": code, "detail": detail} for is_wrong, where, code, detail in wrong if is_wrong]
    if rows:
        raise InvalidInput(errors=rows)
    placeholders.check(text=text)
    return title, text


def _record(row: CannedReason, user: User, action: str, texts: dict[str, str]) -> None:
    details = {"text_id": str(row.uid), "kind": row.kind, "language": row.language, "title": row.title, **texts}
    trail.note_deed(staff=user, action=action, details=details)
