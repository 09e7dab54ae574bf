"""Asking to be verified, and thinking better of it."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pairly.common import after_commit
from pairly.common.problems import InvalidInput
from profiles.names import is_country
from security.services import audit
from users.models import User

from ...models import Verification, VerificationFile
from ...services import vault, work
from .. import selectors
from ..constants import KIND, PURPOSE_MAX, REQUESTS_A_DAY
from ..errors import TooManyRequests, VerificationNotOpen, VerificationOpen
from . import lifecycle, notices, pictures

State = Verification.State
CHECK = "moderation.check_document"


def submit(
    *,
    user: User,
    document: bytes,
    selfie: bytes,
    document_type: str,
    document_country: str = "",
    purpose: str = "",
    has_consented: bool,
    ip: str = "",
) -> Verification:
    """Send a document and a selfie in. They are encrypted before anything is written; the checks run afterwards.
    `document_country` is ISO 3166-1 alpha-2, "" for not said.

    Raises InvalidInput (`/document`, `/selfie`: too_large, unreadable, too_small, same; `/document_type`,
    `/document_country`: unknown; `/consent`),
    VerificationOpen, TooManyRequests.
    """
    _check_words(document_type, document_country, has_consented)
    mimes = _check_pictures(document, selfie)
    now = timezone.now()
    if selectors.get_standing(user=user).open:
        raise VerificationOpen
    if selectors.count_since(user=user, at=now) >= REQUESTS_A_DAY:
        raise TooManyRequests(retry_after_s=24 * 3600)
    fields: dict[str, Any] = {
        "document_type": document_type,
        "document_country": document_country,
        "purpose": purpose.strip()[:PURPOSE_MAX],
        "consent_at": now,
        "submitted_at": now,
        "ip": ip or None,
    }
    try:
        with transaction.atomic():
            verification = Verification.objects.create(user=user, state=State.SUBMITTED, **fields)
            for kind, data in (("document", document), ("selfie", selfie)):
                file = vault.store(data=data, mime=mimes[kind])
                VerificationFile.objects.create(verification=verification, kind=kind, file=file)
            audit.record(action="verification.submitted", actor_uid=user.uid, subject_uid=user.uid)
            notices.tell(verification=verification)
            after_commit.enqueue(task=CHECK, uid=str(verification.uid))
    except IntegrityError as error:  # two at once: the table takes one
        if "verification_one_open" not in str(error):
            raise
        raise VerificationOpen from error
    return verification


@transaction.atomic
def withdraw(*, user: User, uid: uuid.UUID) -> Verification:
    """Take a request back: its pictures cannot be opened from now on. Raises NotFound, VerificationNotOpen."""
    verification = selectors.get_own(user=user, uid=uid)
    rows = Verification.objects.filter(pk=verification.pk, state__in=selectors.OPEN)
    if not rows.update(state=State.WITHDRAWN, ip=None):
        raise VerificationNotOpen
    lifecycle.destroy_files(verification=verification)
    work.close_item(kind=KIND, ref=verification.uid, outcome="withdrawn")
    audit.record(action="verification.withdrawn", actor_uid=user.uid, subject_uid=user.uid)
    verification.refresh_from_db()
    return verification


@transaction.atomic
def destroy_now(*, user: User, uid: uuid.UUID) -> Verification:
    """Have the pictures of a decided request destroyed before their time. What was decided stands. Raises NotFound."""
    verification = selectors.get_own(user=user, uid=uid)
    if verification.state in selectors.OPEN:
        return withdraw(user=user, uid=uid)
    lifecycle.destroy_files(verification=verification)
    verification.refresh_from_db()
    return verification


def _check_words(document_type: str, document_country: str, has_consented: bool) -> None:
    if document_type not in Verification.DocumentType.values:
        raise _refused("/document_type", "unknown", _("Choose the kind of your document."))
    if document_country and not is_country(code=document_country):
        raise _refused("/document_country", "unknown", _("Choose a country from the list."))
    if not has_consented:
        raise _refused("/consent", "required", _("We may look at your document only if you agree to it."))


def _check_pictures(document: bytes, selfie: bytes) -> dict[str, str]:
    mimes = {
        "document": pictures.inspect(data=document, pointer="/document"),
        "selfie": pictures.inspect(data=selfie, pointer="/selfie"),
    }
    if document == selfie:
        raise _refused("/selfie", "same", _("This is the same picture twice. The second one shows your face."))
    return mimes


def _refused(pointer: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[{"pointer": pointer, "code": code, "detail": detail}])
