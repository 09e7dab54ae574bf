"""Banning networks: the limits do it for an hour, staff for as long as they say."""

from __future__ import annotations

import ipaddress
import uuid
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from redis import RedisError

from pairly.common import redis_health
from pairly.common.problems import InvalidInput, NotFound
from pairly.common.redis import get_client

from ..ban_list import ban_list
from ..client_ip import network_of
from ..constants import BAN_MAX, BAN_WIDEST_V4, BAN_WIDEST_V6
from ..models import AuditEntry, IpBan
from ..request_limits import versions_key
from ..types import Client
from . import audit

log = structlog.get_logger(__name__)


def ban_for_flood(*, ip: str) -> None:
    """Ban the network of `ip` for BAN_SECONDS because it sent too many requests; nothing if it is banned for as long.

    Called outside a transaction, by as many threads as there are requests: one row comes of it.
    """
    _impose(
        network=str(ipaddress.ip_network(network_of(ip=ip))),
        lasts=timedelta(seconds=settings.BAN_SECONDS),
        reason="too_many_requests",
        by_uid=None,
        client=Client(ip=ip),
    )


def ban(*, network: str, lasts: timedelta, reason: str, by_uid: uuid.UUID, client: Client) -> IpBan:
    """Ban an address or a network (CIDR) from now on for `lasts`, in the name of a member of staff.

    Raises InvalidInput: not a network, wider than /16 (IPv6: /32), longer than a year, no reason, or one that the
    caller comes from.
    """
    found = _readable(network)
    if client.ip and ipaddress.ip_address(client.ip) in found:
        raise InvalidInput(_("You come from this network yourself."), errors=[_error("/network", "own_network")])
    if not timedelta(0) < lasts <= BAN_MAX:
        raise InvalidInput(errors=[_error("/duration_seconds", "out_of_range")])
    if not reason.strip():
        raise InvalidInput(errors=[_error("/reason", "required")])
    return _impose(network=str(found), lasts=lasts, reason=reason.strip()[:200], by_uid=by_uid, client=client)


def lift(*, by_uid: uuid.UUID, client: Client, uid: uuid.UUID | None = None, network: str = "") -> IpBan:
    """End a ban, named by its id or its network. Raises NotFound when none stands."""
    wanted = {"uid": uid} if uid else {"network": str(_readable(network))}
    with transaction.atomic():
        row = IpBan.objects.select_for_update().filter(lifted_at=None, until__gt=timezone.now(), **wanted).first()
        if row is None:
            raise NotFound
        row.lifted_at, row.lifted_by_uid = timezone.now(), by_uid
        row.save(update_fields=["lifted_at", "lifted_by_uid"])
        _record("ban.ended", row, by_uid=by_uid, client=client)
        transaction.on_commit(_tell, robust=True)
    return row


def _impose(*, network: str, lasts: timedelta, reason: str, by_uid: uuid.UUID | None, client: Client) -> IpBan:
    now = timezone.now()
    wanted = {"until": now + lasts, "reason": reason, "banned_by_uid": by_uid, "created_at": now}
    with transaction.atomic():
        # An expired ban makes room for the new one; of racing ones the unique constraint lets one in.
        IpBan.objects.filter(network=network, lifted_at=None, until__lte=now).update(lifted_at=now)
        row, is_new = IpBan.objects.get_or_create(network=network, lifted_at=None, defaults=wanted)
        if not is_new and (by_uid is None or row.until >= now + lasts):
            return row
        if not is_new:
            row.until, row.reason, row.banned_by_uid = now + lasts, reason, by_uid
            row.save(update_fields=["until", "reason", "banned_by_uid"])
        _record("ban.started", row, by_uid=by_uid, client=client)
        transaction.on_commit(_tell, robust=True)
    return row


def _record(action: str, row: IpBan, *, by_uid: uuid.UUID | None, client: Client) -> None:
    audit.record(
        action=action,
        actor_uid=by_uid,
        by_staff=by_uid is not None,
        severity=AuditEntry.Severity.NOTICE,
        reason=row.reason,
        details={"ban": str(row.uid), "network": row.network, "until": row.until.isoformat()},
        client=client,
    )


def _tell() -> None:
    """Every process reads the list anew: this one at once, the others with their next request, or within 30 s."""
    ban_list.forget()
    if redis_health.is_away():
        return
    try:
        get_client().incr(versions_key())
    except RedisError as error:
        redis_health.note_failure(error=error)


def _readable(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        found = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise InvalidInput(errors=[_error("/network", "not_a_network")]) from error
    if found.version == 6 and found.prefixlen == 128:
        found = found.supernet(new_prefix=64)  # one host owns all of it
    if found.prefixlen < (BAN_WIDEST_V4 if found.version == 4 else BAN_WIDEST_V6):
        raise InvalidInput(errors=[_error("/network", "too_wide")])
    return found


def _error(pointer: str, code: str) -> dict[str, str]:
    texts = {
        "own_network": _("You come from this network yourself."),
        "out_of_range": _("Choose a time of up to a year."),
        "required": _("Say why."),
        "not_a_network": _("Write an address, as 203.0.113.7, or a network, as 203.0.113.0/24."),
        "too_wide": _("This network is too wide: at most /16, or /32 of IPv6 addresses."),
    }
    return {"pointer": pointer, "code": code, "detail": texts[code]}
