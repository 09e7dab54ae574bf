"""Cases: opened once, taken by one at a time, decided once by who holds them."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from pairly.common.problems import Problem
from users.errors import StepUpRequired
from users.models import User
from users.services import step_up
from users.types import SignIn

from .. import queues, selectors
from ..constants import LOCK_TIME, NOTE_MAX
from ..errors import CaseAssigned, CaseNotHeld, CaseTaken, ReasonMissing, UnknownOutcome
from ..models import WorkItem, WorkNote
from . import letters, trail

Severity = WorkItem.Severity
# Neither taken by anybody nor kept for anybody.
NOBODYS: dict[str, None] = {"taken_by": None, "taken_until": None, "assigned_to": None, "assigned_until": None}


def open_item(
    *,
    kind: str,
    ref: uuid.UUID,
    subject_uid: uuid.UUID | None = None,
    severity: Severity = Severity.NORMAL,
    due_at: datetime | None = None,
    not_by: User | None = None,
) -> WorkItem:
    """Put a case into a queue, in the caller's transaction; `due_at` is the queue's target time from now by default.
    `not_by` has had their say in it, and never gets it.

    One `ref` is one case: opening it again gives the case that is there, and changes nothing.
    """
    due_at = due_at or timezone.now() + queues.get_kind(kind=kind).target
    fields = {"subject_uid": subject_uid, "severity": severity, "due_at": due_at, "passed_by": not_by}
    item, _is_new = WorkItem.objects.get_or_create(kind=kind, ref=ref, defaults=fields)
    return item


def raise_severity(*, kind: str, ref: uuid.UUID, severity: Severity, due_at: datetime | None = None) -> bool:
    """Make an open case more severe, and due earlier; never less, nor later. Returns whether it changed."""
    rows = WorkItem.objects.filter(kind=kind, ref=ref, decided_at__isnull=True)
    n_raised = rows.filter(severity__lt=severity).update(severity=severity)
    n_hurried = rows.filter(due_at__gt=due_at).update(due_at=due_at) if due_at else 0
    return n_raised + n_hurried > 0


def close_item(*, kind: str, ref: uuid.UUID, outcome: str) -> bool:
    """Take a case off the queue that needs nobody any more (its owner cancelled it). Returns whether it was open."""
    rows = WorkItem.objects.filter(kind=kind, ref=ref, decided_at__isnull=True)
    return rows.update(decided_at=timezone.now(), outcome=outcome, **NOBODYS) > 0


def reopen_item(*, kind: str, ref: uuid.UUID) -> bool:
    """Put a decided case back: what was decided could not be done. Returns whether it was decided."""
    rows = WorkItem.objects.filter(kind=kind, ref=ref, decided_at__isnull=False)
    return rows.update(decided_by=None, decided_at=None, outcome="", **NOBODYS) > 0


def take_next(*, kind: str, user: User) -> WorkItem | None:
    """Give `user` the most severe, then oldest open case for LOCK_TIME: one they hold already, else one that is kept
    for them, else a free one.

    Never one about themselves, nor one that they had their say in or that is kept for somebody else. None when there
    is none. Cases that others are just taking are skipped (FOR UPDATE SKIP LOCKED), so nobody waits and nobody gets
    the same.
    """
    queues.get_kind_for(kind=kind, user=user)
    with transaction.atomic():
        rows = _takeable(user=user, kind=kind)
        held = _held(rows, user).order_by("due_at").first()
        item = held or _lock_first(rows.filter(is_kept_for(user))) or _lock_first(rows.filter(is_kept_for_nobody()))
        if item is not None:
            _give(item, user)
    return item


def take(*, uid: uuid.UUID, user: User) -> WorkItem:
    """Give `user` this case for LOCK_TIME. Raises NotFound, CaseTaken, CaseAssigned, or CaseNotHeld for what is decided
    or theirs to leave to somebody else."""
    item = selectors.get_item(user=user, uid=uid)
    with transaction.atomic():
        n_taken = (
            _takeable(user=user, kind=item.kind)
            .filter(pk=item.pk)
            .filter(_is_free() | Q(taken_by=user))
            .filter(is_kept_for(user) | is_kept_for_nobody())
            .update(taken_by=user, taken_until=timezone.now() + LOCK_TIME)
        )
    if not n_taken:
        item.refresh_from_db()
        raise _why_not(item, user)
    return selectors.get_item(user=user, uid=uid)


def release(*, uid: uuid.UUID, user: User) -> WorkItem:
    """Put a case back that `user` holds or that is kept for them; for who has neither nothing changes. Raises
    NotFound."""
    item = selectors.get_item(user=user, uid=uid)
    own = WorkItem.objects.filter(Q(taken_by=user) | Q(assigned_to=user), pk=item.pk, decided_at__isnull=True)
    with transaction.atomic():
        kept = own.filter(is_kept_for(user)).select_for_update().first()
        own.update(**NOBODYS)
        if kept is not None:
            trail.note_deed(
                staff=user,
                action="staff.case_unassigned",
                subject_uid=item.subject_uid,
                details={**_facts(item), "before": str(user.uid)},
            )
    return item


def renew(*, item: WorkItem, user: User) -> bool:
    """Begin the time of a case anew while `user` holds it. Returns whether they do."""
    until = timezone.now() + LOCK_TIME
    rows = WorkItem.objects.filter(pk=item.pk, taken_by=user, taken_until__gt=timezone.now(), decided_at__isnull=True)
    is_held = rows.update(taken_until=until) > 0
    if is_held:
        item.taken_until = until
    return is_held


def decide(*, uid: uuid.UUID, user: User, outcome: str, note: str = "", sign_in: SignIn | None = None) -> WorkItem:
    """Settle a case as one of its queue's decisions, and do what that means, in one transaction.

    Only who holds it, once: one conditional UPDATE. A decision that takes two is passed on by the first. `sign_in` is
    whose fresh proof counts, for decisions that need one. Placeholders in a note that its person reads are filled, and
    so it is kept. Raises NotFound, UnknownOutcome, StepUpRequired, ReasonMissing, EmptyPlaceholder, CaseNotHeld, and
    whatever the decision refuses with.
    """
    item = selectors.get_item(user=user, uid=uid)
    decision = queues.get_kind(kind=item.kind).find_decision(outcome)
    if decision is None:
        raise UnknownOutcome
    if decision.needs_proof:
        _check_proof(user, sign_in)
    if decision.needs_reason and not note.strip():
        raise ReasonMissing(errors=[{"pointer": "/note", "code": "required", "detail": str(ReasonMissing.title)}])
    note = letters.fill(item=item, outcome=outcome, note=note)
    with transaction.atomic():
        if item.passed_by_id is None and decision.is_for_two(ref=item.ref):
            _pass_on(item, user, decision, note)
        else:
            _close(item, user, decision, note)
    item.refresh_from_db()
    return item


def pass_on(*, uid: uuid.UUID, user: User, note: str = "") -> WorkItem:
    """Leave a case that `user` holds to somebody else, for good. Raises NotFound or CaseNotHeld."""
    item = selectors.get_item(user=user, uid=uid)
    with transaction.atomic():
        _mark_passed(item, user)
        _write(item, user, note)
        trail.note_deed(staff=user, action="staff.case_passed_on", subject_uid=item.subject_uid, details=_facts(item))
    return item


def leave_to_another(*, item: WorkItem, staff: User) -> None:
    """Keep a case open for a second person, in the transaction of its decision.

    Usually the queue does this itself. But whoever leaves a case to others without a word counts for it as the
    first person too, and the next one's approval, which is the first there is, would close it.
    """
    WorkItem.objects.filter(pk=item.pk).update(passed_by=staff, decided_by=None, decided_at=None, outcome="", **NOBODYS)


def add_note(*, uid: uuid.UUID, user: User, text: str) -> WorkNote:
    """Write something down about a case; it is for staff only. Raises NotFound, ReasonMissing for an empty one."""
    item = selectors.get_item(user=user, uid=uid)
    if not text.strip():
        raise ReasonMissing(errors=[{"pointer": "/text", "code": "required", "detail": str(ReasonMissing.title)}])
    renew(item=item, user=user)
    return WorkNote.objects.create(item=item, author=user, text=text.strip()[:NOTE_MAX])


def _check_proof(user: User, sign_in: SignIn | None) -> None:
    if sign_in is None:
        raise StepUpRequired(methods=step_up.list_methods(user=user))
    step_up.require(user=user, sign_in=sign_in)


def _takeable(*, user: User, kind: str) -> QuerySet[WorkItem]:
    rows = WorkItem.objects.filter(kind=kind, decided_at__isnull=True)
    return rows.exclude(subject_uid=user.uid).exclude(passed_by=user)


def is_kept_for(user: User) -> Q:
    """Which cases were given to `user`, and are theirs to take still."""
    return Q(assigned_to=user, assigned_until__gt=timezone.now())


def is_kept_for_nobody() -> Q:
    """Which cases were given to nobody, or too long ago."""
    return Q(assigned_until__isnull=True) | Q(assigned_until__lte=timezone.now())


def _why_not(item: WorkItem, user: User) -> Problem:
    """Why `user` cannot take a case."""
    if item.decided_at or item.passed_by_id == user.pk:
        return CaseNotHeld()
    return CaseAssigned() if item.is_assigned and not item.is_taken else CaseTaken()


def _is_free() -> Q:
    return Q(taken_until__isnull=True) | Q(taken_until__lte=timezone.now())


def _held(rows: QuerySet[WorkItem], user: User) -> QuerySet[WorkItem]:
    return rows.filter(taken_by=user, taken_until__gt=timezone.now()).select_for_update(skip_locked=True)


def _lock_first(rows: QuerySet[WorkItem]) -> WorkItem | None:
    """The first free case, its row locked; those that somebody else has locked are passed over."""
    free = rows.filter(_is_free()).order_by("-severity", "created_at", "pk")
    return free.select_for_update(skip_locked=True).first()


def _give(item: WorkItem, user: User) -> None:
    item.taken_by, item.taken_until = user, timezone.now() + LOCK_TIME
    item.save(update_fields=["taken_by", "taken_until"])


def _held_by(item: WorkItem, user: User) -> QuerySet[WorkItem]:
    """The case while `user` holds it: their time may have run out if nobody took it since."""
    return WorkItem.objects.filter(pk=item.pk, taken_by=user, decided_at__isnull=True)


def _close(item: WorkItem, user: User, decision: queues.Decision, note: str) -> None:
    closed = (
        _held_by(item, user)
        .exclude(passed_by=user)
        .update(decided_by=user, decided_at=timezone.now(), outcome=decision.outcome, **NOBODYS)
    )
    if not closed:
        raise CaseNotHeld
    _write(item, user, note)
    _record(item, user, decision, note, action="staff.case_decided")
    if decision.apply:
        decision.apply(item=item, staff=user, note=note)


def _pass_on(item: WorkItem, user: User, decision: queues.Decision, note: str) -> None:
    _mark_passed(item, user)
    _write(item, user, note)
    _record(item, user, decision, note, action="staff.case_seconded")
    if decision.on_pass:
        decision.on_pass(item=item, staff=user, note=note)


def _mark_passed(item: WorkItem, user: User) -> None:
    """One person's say: the case goes back for another, and never to the first again."""
    rows = _held_by(item, user).filter(passed_by__isnull=True)
    if not rows.update(passed_by=F("taken_by"), **NOBODYS):
        raise CaseNotHeld


def _write(item: WorkItem, user: User, text: str) -> None:
    if text.strip():
        WorkNote.objects.create(item=item, author=user, text=text.strip()[:NOTE_MAX])


def _record(item: WorkItem, user: User, decision: queues.Decision, note: str, *, action: str) -> None:
    trail.note_deed(
        staff=user,
        action=action,
        subject_uid=item.subject_uid,
        reason=note,
        details={**_facts(item), "outcome": decision.outcome},
    )


def _facts(item: WorkItem) -> dict[str, str]:
    return {"kind": item.kind, "case": str(item.uid)}
