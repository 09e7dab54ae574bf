"""A copy of everything about a person: a ZIP of JSON files, made by a job, kept for a week, fetched by its owner only.

The row is the truth: a job claims it by one conditional UPDATE that also sets `started_at`, and every later step of
that job names this time. A job that was killed is begun again by the sweeper; the one before it, should it live on,
finds its claim gone. Files lie in the storage "private" under a folder of the export's id.
"""

from __future__ import annotations

import json
import tempfile
import uuid
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import IO, Any

import structlog
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext

from pairly.common import after_commit
from pairly.common.problems import NotFound, RateLimited
from security.models import AuditEntry
from security.services import audit
from security.types import Client

from .. import privacy_selectors, registry
from ..constants import EXPORT_EVERY, EXPORT_GIVEN_UP, EXPORT_KEPT, EXPORT_STUCK
from ..errors import ExportNotReady, ExportRunning
from ..models import DataExport, User
from ..types import SignIn
from . import entrance, security_mails, step_up

log = structlog.get_logger(__name__)

State = DataExport.State
TASK = "users.make_export"
_WAITING = [State.PENDING, State.RUNNING]


def request(*, user: User, sign_in: SignIn, client: Client) -> DataExport:
    """Have a copy made; its owner is told by mail when it is ready.

    Raises StepUpRequired, ExportRunning (one at a time) or RateLimited (one in EXPORT_EVERY, one that failed not
    counted). The account is held, so of two requests at once one is refused.
    """
    step_up.require(user=user, sign_in=sign_in)
    with transaction.atomic():
        held = entrance.hold(user=user)
        if held is None:
            raise NotFound
        _check(held)
        export = DataExport.objects.create(user=held, n_parts=len(registry.list_export_parts()))
        audit.record(
            action="account.export_requested",
            actor_uid=held.uid,
            subject_uid=held.uid,
            severity=AuditEntry.Severity.NOTICE,
            family=sign_in.family,
            client=client,
        )
        after_commit.enqueue(task=TASK, export=str(export.pk))
    return export


def make(*, export_uid: uuid.UUID) -> bool:
    """Make the copy, as a job; returns whether it is ready. False where another job has it, or it was called off.

    Must not run inside a transaction: progress is shown while it runs.
    """
    now = timezone.now()
    n_parts = len(registry.list_export_parts())
    rows = DataExport.objects.filter(pk=export_uid).filter(
        Q(state=State.PENDING) | Q(state=State.RUNNING, started_at__lte=now - EXPORT_STUCK)
    )
    if not rows.update(state=State.RUNNING, started_at=now, n_done=0, n_parts=n_parts):
        return False
    export = DataExport.objects.select_related("user").get(pk=export_uid)
    _delete_files(export.pk)  # what a job before this one may have left
    try:
        with tempfile.TemporaryFile() as file:
            _write(export, file, now)
            return _keep(export, file, now)
    except _ClaimLost:
        return False
    except Exception as error:
        log.exception("export_failed", export=str(export.pk), error=type(error).__name__)
        _fail(export.pk, now)
        return False


def sweep() -> int:
    """Begin again what a crash left undone, give up what never ends, delete what was kept long enough; returns how
    many copies it touched."""
    now = timezone.now()
    n = 0
    waiting = DataExport.objects.filter(state__in=_WAITING)
    for export in waiting.filter(requested_at__lte=now - EXPORT_GIVEN_UP):
        n += _fail(export.pk, export.started_at)
    stuck = Q(state=State.PENDING, requested_at__lte=now - EXPORT_STUCK) | Q(
        state=State.RUNNING, started_at__lte=now - EXPORT_STUCK
    )
    for export_uid in list(waiting.filter(stuck).values_list("pk", flat=True)):
        after_commit.enqueue(task=TASK, export=str(export_uid))
        n += 1
    old = DataExport.objects.filter(state=State.READY, expires_at__lte=now)
    for export_uid in list(old.values_list("pk", flat=True)):
        _delete_files(export_uid)
        n += old.filter(pk=export_uid).update(state=State.EXPIRED)
    return n + _delete_strays()


def open_file(*, user: User, sign_in: SignIn, uid: uuid.UUID, client: Client) -> tuple[DataExport, File[bytes]]:
    """The file of a copy, open for reading. Raises NotFound, also for somebody else's, StepUpRequired or
    ExportNotReady."""
    export = privacy_selectors.get_export(user=user, uid=uid)
    step_up.require(user=user, sign_in=sign_in)
    if export.state != State.READY or export.expires_at is None or export.expires_at <= timezone.now():
        raise ExportNotReady
    try:
        file: File[bytes] = _storage().open(export.file_name)
    except FileNotFoundError as error:
        raise ExportNotReady from error
    audit.record(
        action="account.export_fetched",
        actor_uid=user.uid,
        subject_uid=user.uid,
        details={"export": str(export.pk)},
        family=sign_in.family,
        client=client,
    )
    return export, file


def forget(*, user: User) -> None:
    """Delete the copies of someone who is erased; their files go after the commit."""
    uids = list(DataExport.objects.filter(user=user).values_list("pk", flat=True))
    DataExport.objects.filter(pk__in=uids).delete()
    for uid in uids:
        transaction.on_commit(partial(_delete_files, uid), robust=True)


class ZipWriter:
    """`ExportWriter` into a ZIP: nothing is held in memory but one row or one chunk."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def rows(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        with self._archive.open(f"{name}.json", "w", force_zip64=True) as file:
            file.write(b"[")
            for number, row in enumerate(rows):
                file.write((",\n" if number else "\n").encode() + _json(row))
            file.write(b"\n]\n")

    def document(self, name: str, document: Mapping[str, Any]) -> None:
        with self._archive.open(f"{name}.json", "w") as file:
            file.write(_json(document) + b"\n")

    def file(self, name: str, chunks: Iterable[bytes]) -> None:
        with self._archive.open(name, "w", force_zip64=True) as file:
            for chunk in chunks:
                file.write(chunk)


class _ClaimLost(Exception):
    """Another job has taken over, or the account was erased meanwhile."""


class _Encoder(DjangoJSONEncoder):
    """Bytes (ciphertext, keys, signatures) as lower-case hex."""

    def default(self, value: Any) -> Any:
        if isinstance(value, bytes | memoryview):
            return bytes(value).hex()
        return super().default(value)


def _json(value: Any) -> bytes:
    return json.dumps(value, cls=_Encoder, ensure_ascii=False).encode()


def _check(user: User) -> None:
    mine = DataExport.objects.filter(user=user)
    if mine.filter(state__in=_WAITING).exists():
        raise ExportRunning
    latest = mine.exclude(state=State.FAILED).order_by("-requested_at").first()
    wait_s = (latest.requested_at + EXPORT_EVERY - timezone.now()).total_seconds() if latest else 0
    if wait_s > 0:
        raise RateLimited(gettext("You can ask for one copy a day."), retry_after_s=wait_s)


def _write(export: DataExport, file: IO[bytes], claimed_at: datetime) -> None:
    mine = DataExport.objects.filter(pk=export.pk, state=State.RUNNING, started_at=claimed_at)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, translation.override(export.user.language):
        out = ZipWriter(archive)
        out.file("README.txt", [_read_me(export, claimed_at).encode()])
        for part in registry.list_export_parts():
            part(user=export.user, out=out)
            if not mine.update(n_done=F("n_done") + 1):
                raise _ClaimLost


def _read_me(export: DataExport, made_at: datetime) -> str:
    return gettext(
        "This is the copy of your data that you asked Pairly for, made on %(at)s UTC.\n\n"
        "Every file is JSON (RFC 8259); times are UTC, amounts are hundredths of a credit, or the smallest unit of the "
        "currency, and bytes are hexadecimal. Your messages are here as they are stored: encrypted. Only your own "
        "devices, or your recovery code, can open them.\n\n"
        "Keep this file safe. Whoever has it knows a lot about you.\n"
    ) % {"at": f"{made_at:%Y-%m-%d %H:%M}"}


def _keep(export: DataExport, file: IO[bytes], claimed_at: datetime) -> bool:
    """Store the file and tell its owner; a job whose claim is gone takes its file away again."""
    n_bytes = file.tell()
    file.seek(0)
    name = _storage().save(f"{_folder(export.pk)}/{uuid.uuid4().hex}.zip", File(file))
    now = timezone.now()
    with transaction.atomic():
        is_mine = DataExport.objects.filter(pk=export.pk, state=State.RUNNING, started_at=claimed_at).update(
            state=State.READY, file_name=name, n_bytes=n_bytes, ready_at=now, expires_at=now + EXPORT_KEPT
        )
        if is_mine:
            security_mails.write(user=export.user, notice="export_ready", day=f"{now + EXPORT_KEPT:%Y-%m-%d}")
    if not is_mine:
        _storage().delete(name)
    return bool(is_mine)


@transaction.atomic
def _fail(export_uid: uuid.UUID, claimed_at: datetime | None) -> int:
    rows = DataExport.objects.filter(pk=export_uid, state__in=_WAITING, started_at=claimed_at)
    export = rows.select_related("user").first()
    if export is None or not rows.update(state=State.FAILED):
        return 0
    security_mails.write(user=export.user, notice="export_failed")
    return 1


def _delete_strays() -> int:
    """Files that no row names: of a job that died after storing one, of an account that was erased just then."""
    try:
        folders, _names = _storage().listdir("exports")
    except FileNotFoundError:  # nothing was ever stored
        return 0
    kept = DataExport.objects.filter(state__in=[State.RUNNING, State.READY]).values_list("pk", flat=True)
    strays = set(folders) - {str(uid) for uid in kept}
    for folder in strays:
        _delete_files(uuid.UUID(folder))
    return len(strays)


def _storage() -> Storage:
    return storages["private"]


def _folder(export_uid: uuid.UUID) -> str:
    return f"exports/{export_uid}"


def _delete_files(export_uid: uuid.UUID) -> None:
    folder = _folder(export_uid)
    with suppress(FileNotFoundError):  # nothing was ever stored
        _folders, names = _storage().listdir(folder)
        for name in names:
            _storage().delete(f"{folder}/{name}")
        _storage().delete(folder)
