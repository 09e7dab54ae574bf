"""Sanctions and their end. None is without its reasons: the person gets them by mail, and reads them while banned."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pairly.common.problems import Forbidden, InvalidInput, NotFound
from payments.shop.services import items
from security.models import AuditEntry
from security.services import audit
from security.types import Client
from users.constants import SUSPENSION_REASONS
from users.models import User
from users.services import entrance, restrictions, suspensions

from ...models import ReportCase, Sanction
from .. import selectors
from ..constants import APPEAL_TIME, DURATION_MAX, FACTS_MAX, REASON_MAX, RULES, SCOPES
from ..errors import NotSuspended, SanctionOver
from . import drafts, statements

Kind = Sanction.Kind
WITH_END = (Kind.MUTE, Kind.TEMPORARY_BAN)
WITHOUT_END = (Kind.WARNING, Kind.PERMANENT_BAN, Kind.CONTENT_REMOVAL)
_SCOPE = {
    Kind.MUTE: "messages",
    Kind.HIDE: "profile",
    Kind.PAYOUT_HOLD: "payouts",
    Kind.CONTENT_REMOVAL: "shop_item",
}


@transaction.atomic
def impose(
    *,
    user: User,
    kind: str,
    rule: str,
    facts: str,
    is_automated: bool,
    by: User | None,
    until: datetime | None = None,
    scope: str = "",
    case: ReportCase | None = None,
    content_ref: uuid.UUID | None = None,
    client: Client | None = None,
    uid: uuid.UUID | None = None,
) -> Sanction:
    """Do to `user` what `kind` says, for breaking `rule` (of RULES); `facts` are what they did, for them to read.

    `until` (UTC) is asked of a mute and a temporary ban, and refused where there is no end; `scope` is one of SCOPES,
    by default that of the kind; `by` may be None only where no person had a part in it (`is_automated`). A removal
    names the shop item (`content_ref`); `uid` is a new one unless given. A statement of reasons leaves by mail. Raises
    InvalidInput (`/kind`, `/rule`, `/facts`, `/scope`, `/until`, `/automated`, `/content`), Forbidden (oneself),
    NotFound (who or what is gone).
    """
    scope = _scope_of(kind, scope)
    _check(kind, rule, facts, scope, until, is_automated, by, content_ref)
    if by is not None and by.pk == user.pk:
        raise Forbidden
    sanction = draft(user=user, kind=kind, rule=rule, facts=facts, until=until, is_automated=is_automated, scope=scope)
    sanction.decided_by, sanction.case, sanction.content_ref = by, case, content_ref
    sanction.uid = uid or sanction.uid
    sanction.save(force_insert=True)
    _apply(sanction, by, client)
    audit.record(
        action="sanction.imposed",
        actor_uid=by.uid if by else None,
        subject_uid=user.uid,
        by_staff=by is not None,
        severity=AuditEntry.Severity.WARNING,
        details=_details(sanction),
        client=client,
    )
    statements.write(sanction=sanction)
    return sanction


def draft(
    *, user: User, kind: str, rule: str, facts: str, until: datetime | None, is_automated: bool, scope: str = ""
) -> Sanction:
    """The sanction as `impose` makes it, in no table yet: what it says can be read before it is imposed."""
    return Sanction(
        user=user,
        kind=kind,
        rule=rule,
        facts=facts.strip(),
        scope=_scope_of(kind, scope),
        until=until,
        is_automated=is_automated,
        appeal_until=timezone.now() + APPEAL_TIME,
    )


@transaction.atomic
def suspend(
    *,
    user: User,
    rule: str,
    facts: str,
    scope: str,
    duration_hours: int | None,
    is_automated: bool,
    by: User,
    uid: uuid.UUID | None = None,
    client: Client | None = None,
) -> Sanction:
    """Suspend `user` for `duration_hours`, or for good (None). With `uid` the same request sent twice suspends once.
    Placeholders in `facts` are filled, and so they are kept.

    Raises as `impose`, EmptyPlaceholder (`/facts`); NotFound too where `uid` is somebody else's.
    """
    if entrance.hold(user=user) is None:
        raise NotFound
    made = selectors.find_by_uid(uid=uid) if uid else None
    if made is not None:
        if made.user_id != user.pk:
            raise NotFound
        return made
    until = until_of(duration_hours=duration_hours)
    return impose(
        user=user,
        kind=Kind.PERMANENT_BAN if duration_hours is None else Kind.TEMPORARY_BAN,
        rule=rule,
        facts=drafts.fill(user=user, rule=rule, facts=facts, until=until),
        scope=scope,
        until=until,
        is_automated=is_automated,
        by=by,
        client=client,
        uid=uid,
    )


@transaction.atomic
def lift(*, sanction: Sanction, by: User, reason: str = "", client: Client | None = None) -> Sanction:
    """End a sanction before its time, with all that it did; what others did stays. The person reads `reason`, which
    is in the audit log too. Raises SanctionOver, Forbidden."""
    if by.pk == sanction.user_id:
        raise Forbidden
    now = timezone.now()
    rows = Sanction.objects.filter(pk=sanction.pk, lifted_at__isnull=True)
    if not rows.update(lifted_at=now, lifted_by=by, lifted_reason=reason):
        raise SanctionOver
    sanction.lifted_at, sanction.lifted_by, sanction.lifted_reason = now, by, reason
    _undo(sanction, by, client)
    audit.record(
        action="sanction.lifted",
        actor_uid=by.uid,
        subject_uid=sanction.user.uid,
        by_staff=True,
        severity=AuditEntry.Severity.NOTICE,
        reason=reason,
        details=_details(sanction),
        client=client,
    )
    statements.write_lifted(sanction=sanction)
    return sanction


@transaction.atomic
def unsuspend(*, user: User, by: User, reason: str, client: Client | None = None) -> None:
    """End every suspension of `user`, also what a rule did by itself. `reason` is told to them, and written to the
    audit log. Raises InvalidInput (`/reason`), NotSuspended, Forbidden, NotFound."""
    reason = reason.strip()
    if not reason or len(reason) > REASON_MAX:
        code, detail = ("too_long", _("Use at most %(n)d characters.")) if reason else ("required", _("Say why."))
        raise InvalidInput(errors=[{"pointer": "/reason", "code": code, "detail": detail % {"n": REASON_MAX}}])
    found = selectors.list_bans_in_force(user=user)
    if not found and not restrictions.is_suspended(user=user):
        raise NotSuspended
    for sanction in found:
        lift(sanction=sanction, by=by, reason=reason, client=client)
    suspensions.lift(user=user, by=by, reason=reason, client=client)


def until_of(*, duration_hours: int | None) -> datetime | None:
    """When a suspension that begins now ends."""
    return None if duration_hours is None else timezone.now() + timedelta(hours=duration_hours)


def _scope_of(kind: str, scope: str) -> str:
    """What it reaches: as given, or by default what the kind does."""
    return scope or _SCOPE.get(Kind(kind), "all") if kind in Kind.values else scope


def _apply(sanction: Sanction, by: User | None, client: Client | None) -> None:
    match sanction.kind:
        case Kind.TEMPORARY_BAN | Kind.PERMANENT_BAN:
            reason = sanction.rule if sanction.rule in SUSPENSION_REASONS else "rules"
            suspensions.suspend(
                user=sanction.user, until=sanction.until, reasons=[reason], case_ref=sanction.uid, by=by, client=client
            )
        case Kind.MUTE | Kind.HIDE | Kind.PAYOUT_HOLD:
            restrictions.restrict(
                user=sanction.user,
                kind=sanction.kind,
                until=sanction.until,
                reasons=[sanction.rule],
                scope=sanction.scope,
                case_ref=sanction.uid,
            )
        case Kind.CONTENT_REMOVAL:
            assert sanction.content_ref is not None
            items.withdraw(seller=sanction.user, uid=sanction.content_ref)


def _undo(sanction: Sanction, by: User, client: Client | None) -> None:
    match sanction.kind:
        case Kind.TEMPORARY_BAN | Kind.PERMANENT_BAN:
            suspensions.lift(user=sanction.user, by=by, only=sanction.uid, client=client)
        case Kind.MUTE | Kind.HIDE | Kind.PAYOUT_HOLD:
            restrictions.lift(user=sanction.user, case_ref=sanction.uid)
        case Kind.CONTENT_REMOVAL:
            assert sanction.content_ref is not None
            items.give_back(seller=sanction.user, uid=sanction.content_ref)


def _details(sanction: Sanction) -> dict[str, str | bool | None]:
    return {
        "sanction": str(sanction.uid),
        "kind": sanction.kind,
        "rule": sanction.rule,
        "scope": sanction.scope,
        "until": sanction.until.isoformat() if sanction.until else None,
        "automated": sanction.is_automated,
        "case": str(sanction.case.uid) if sanction.case else None,
    }


def _check(
    kind: str,
    rule: str,
    facts: str,
    scope: str,
    until: datetime | None,
    is_automated: bool,
    by: User | None,
    content_ref: uuid.UUID | None,
) -> None:
    now = timezone.now()
    wrong = [
        (kind not in Kind.values, "/kind", "unknown", _("There is no such sanction.")),
        (rule not in RULES, "/rule", "unknown", _("Name the rule that was broken.")),
        (not facts.strip(), "/facts", "required", _("Write down what happened; the person reads it.")),
        (len(facts) > FACTS_MAX, "/facts", "too_long", _("Use at most %(n)d characters.") % {"n": FACTS_MAX}),
        (scope not in SCOPES, "/scope", "unknown", _("Say what it reaches.")),
        (kind in WITH_END and until is None, "/until", "required", _("Say until when.")),
        (kind in WITHOUT_END and until is not None, "/until", "not_of_this_kind", _("This has no end.")),
        (until is not None and until <= now, "/until", "past", _("Choose a time that is still to come.")),
        (until is not None and until > now + DURATION_MAX, "/until", "too_far", _("That is more than ten years.")),
        (by is None and not is_automated, "/automated", "required", _("Somebody decides, or a rule does.")),
        (
            kind == Kind.CONTENT_REMOVAL and content_ref is None,
            "/content",
            "required",
            _("Name what is removed."),
        ),
    ]
    rows = [{"pointer": where, "code": code, "detail": detail} for is_wrong, where, code, detail in wrong if is_wrong]
    if rows:
        raise InvalidInput(errors=rows)
