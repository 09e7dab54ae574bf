"""Where creators want their money: added, completed at the provider, asked after, removed.

A method never changes to another account: another account is another row, and waits PAYOUT_METHOD_LOCK_DAYS before it
is used, told to the account's address and to the one it had lately, so that who takes an account over gains nothing
unseen. Where the account changes at the provider's, the same time begins anew.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from pairly.common.ids import uuid7
from pairly.common.problems import InvalidInput, NotFound
from security import encryption, limits
from security.services import audit
from users.models import User
from users.services import entrance, security_mails, step_up
from users.types import SignIn

from .. import payout_selectors as selectors
from ..constants import PAYOUT_METHODS_MAX, PAYOUT_METHODS_PER_HOUR
from ..errors import MethodInUse, MethodNotReady, ProviderUnavailable, TooManyMethods
from ..gateways.base import GatewayError, ProviderRefused
from ..gateways.payout_registry import get_payout_gateway
from ..gateways.payouts import AccountRequest, PayoutGateway, ProviderAccount
from ..models import PayoutMethod
from . import fraud_reports, payout_details

log = structlog.get_logger(__name__)

Kind: TypeAlias = PayoutMethod.Kind
State: TypeAlias = PayoutMethod.State


def add_method(
    *, user: User, kind: str, currency: str, country: str, details: Mapping[str, str], sign_in: SignIn | None = None
) -> PayoutMethod:
    """Add a way to be paid and return it; the same account added twice is one method.

    For creators with a verified document, and a fresh proof: of `sign_in`, unless the door has asked for it. Must not
    run inside a transaction: the provider is asked first. Raises CreatorsOnly, VerificationRequired, StepUpRequired,
    RateLimited, InvalidInput (pointers by the names of `details`), TooManyMethods, ProviderUnavailable.
    """
    selectors.require_payee(user=user)
    if sign_in is not None:
        step_up.require(user=user, sign_in=sign_in)
    limits.require(name="payout-methods", key=str(user.uid), limit=PAYOUT_METHODS_PER_HOUR, window_s=3600)
    cleaned = payout_details.read(kind=kind, currency=currency, country=country, details=details)
    waiting = selectors.find_unfinished_method(user=user, kind=kind, currency=currency, country=country)
    if waiting is not None:
        return waiting
    if selectors.list_methods(user=user).count() >= PAYOUT_METHODS_MAX:
        raise TooManyMethods
    request = AccountRequest(
        method_id=uuid7(),
        payee_id=user.uid,
        name=cleaned.get("account_holder", user.name),
        email=user.email,
        country=country,
        currency=currency,
        details=cleaned,
    )
    account = _open_account(get_payout_gateway(kind=kind), request)
    return _keep(user, kind, request, account)


def _open_account(gateway: PayoutGateway, request: AccountRequest) -> ProviderAccount:
    try:
        return gateway.open_account(request=request)
    except ProviderRefused as error:
        log.warning("payout_account_refused", method=str(request.method_id), reason=error.code)
        detail = _("The payment provider did not accept these details; compare them with your bank's")
        raise InvalidInput(errors=[{"pointer": "/details", "code": "refused", "detail": detail}]) from error
    except GatewayError as error:
        raise ProviderUnavailable(retry_after_s=5) from error


@transaction.atomic
def _keep(user: User, kind: str, request: AccountRequest, account: ProviderAccount) -> PayoutMethod:
    """The row, its mails and its line in the record. The account's row makes parallel requests take turns."""
    held = entrance.hold(user=user)
    if held is None or not held.is_active:
        raise NotFound
    fingerprint = make_fingerprint(kind=kind, identity=account.identity or account.id)
    mine = selectors.list_methods(user=user).select_for_update(no_key=True)
    for method in mine:
        if bytes(method.fingerprint) == fingerprint and method.currency == request.currency:
            return method
        if method.kind == kind == Kind.STRIPE and method.state == State.PENDING and _is_same_place(method, request):
            return method
    if len(mine) >= PAYOUT_METHODS_MAX:
        raise TooManyMethods
    now = timezone.now()
    method = PayoutMethod.objects.create(
        uid=request.method_id,
        user=user,
        kind=kind,
        currency=request.currency,
        country=request.country,
        label=account.label[:80],
        provider_account_id=account.id,
        sealed_details=seal(user=user, details=request.details) if kind == Kind.MANUAL else None,
        fingerprint=fingerprint,
        state=State.READY if account.is_ready else State.PENDING,
        usable_at=now + lock_span(),
        created_at=now,
    )
    _tell(held, method, "payout_method_added")
    _record(method, "payout_method.added")
    fraud_reports.note_method(method=method)
    return method


def _is_same_place(method: PayoutMethod, request: AccountRequest) -> bool:
    return (method.currency, method.country) == (request.currency, request.country)


def lock_span() -> timedelta:
    """How long a new account waits before money goes there."""
    return timedelta(days=settings.PAYOUT_METHOD_LOCK_DAYS)


def make_fingerprint(*, kind: str, identity: str) -> bytes:
    """HMAC-SHA256 under the site's secret: the same account under two names shows, and cannot be guessed back."""
    return salted_hmac("payments.payout_method", f"{kind}:{identity}", algorithm="sha256").digest()


def seal(*, user: User, details: Mapping[str, str]) -> bytes:
    """The details of a manual method, encrypted to their place."""
    text = json.dumps(dict(details), sort_keys=True)
    return encryption.encrypt(plaintext=text.encode(), place=_place(user.pk))


def open_details(*, method: PayoutMethod) -> dict[str, str]:
    """The details of a manual method in the clear; {} where none are kept. Whoever shows them to staff says so in the
    record (`payout_reviews.reveal_details`). Raises encryption.CannotDecrypt."""
    if not method.sealed_details:
        return {}
    text = encryption.decrypt(stored=bytes(method.sealed_details), place=_place(method.user_id))
    opened: dict[str, str] = json.loads(text)
    return opened


def _place(user_id: int) -> str:
    return f"payments_payoutmethod:{user_id}:sealed_details"


@transaction.atomic
def remove_method(*, user: User, uid: uuid.UUID) -> None:
    """Take a method away; the sealed details are gone for good. Raises NotFound, MethodInUse."""
    entrance.hold(user=user)
    method = selectors.get_method(user=user, uid=uid)
    if selectors.has_open_payouts(method=method):
        raise MethodInUse
    rows = PayoutMethod.objects.filter(pk=method.pk).exclude(state=State.REMOVED)
    if rows.update(state=State.REMOVED, removed_at=timezone.now(), sealed_details=None):
        _tell(user, method, "payout_method_removed")
        _record(method, "payout_method.removed")


def onboarding_url(*, user: User, uid: uuid.UUID) -> str:
    """The provider's page where what is missing is completed, made anew each time: it lives minutes.

    Raises NotFound, MethodNotReady (this kind has no such page), ProviderUnavailable.
    """
    method = selectors.get_method(user=user, uid=uid)
    if method.kind != Kind.STRIPE:
        raise MethodNotReady
    back = f"{settings.PUBLIC_URL}{reverse('payments:payout-method', args=[method.uid])}"
    try:
        return get_payout_gateway(kind=method.kind).account_link(
            account_id=method.provider_account_id, return_url=back, refresh_url=back
        )
    except GatewayError as error:
        log.warning("payout_onboarding_failed", method=str(method.uid), error=type(error).__name__)
        raise ProviderUnavailable(retry_after_s=5) from error


def refresh_method(*, uid: uuid.UUID) -> PayoutMethod:
    """Bring a method up to what the provider knows, and return it; from the return page, a notice, or before money
    leaves. Must not run inside a transaction. Raises NotFound, ProviderUnavailable.

    An account that is ready for the first time keeps its time; one that became another one begins it anew.
    """
    method = PayoutMethod.objects.filter(uid=uid).first()
    if method is None:
        raise NotFound
    if method.kind != Kind.STRIPE or method.state == State.REMOVED:
        return method
    try:
        account = get_payout_gateway(kind=method.kind).fetch_account(account_id=method.provider_account_id)
    except GatewayError as error:
        log.warning("payout_account_not_fetched", method=str(uid), error=type(error).__name__)
        raise ProviderUnavailable(retry_after_s=5) from error
    return _bring_up(method.pk, account)


@transaction.atomic
def _bring_up(method_pk: int, account: ProviderAccount) -> PayoutMethod:
    method = PayoutMethod.objects.select_for_update(no_key=True, of=("self",)).select_related("user").get(pk=method_pk)
    if method.state == State.REMOVED:
        return method
    # The first account that the provider names is the one whose time began when the method was added.
    unnamed = make_fingerprint(kind=method.kind, identity=method.provider_account_id)
    named = make_fingerprint(kind=method.kind, identity=account.identity or account.id)
    is_another = bytes(method.fingerprint) not in (named, unnamed) and bool(account.identity)
    if account.identity:
        method.fingerprint = named
    method.label = account.label[:80] or method.label
    method.state = State.READY if account.is_ready else State.PENDING
    if is_another:
        method.usable_at = max(method.usable_at, timezone.now() + lock_span())
        _tell(method.user, method, "payout_method_changed")
        _record(method, "payout_method.changed", severity=audit.Severity.WARNING)
    method.save(update_fields=["fingerprint", "label", "state", "usable_at"])
    fraud_reports.note_method(method=method)
    return method


def _tell(user: User, method: PayoutMethod, notice: str) -> None:
    """To the account's address, and to the one it had while its change can still be undone."""
    usable_from = _day(method.usable_at)
    security_mails.write_also_to_old_address(user=user, notice=notice, method=method.label, day=usable_from)


def _day(at: datetime) -> str:
    return at.date().isoformat()


def _record(method: PayoutMethod, action: str, *, severity: audit.Severity = audit.Severity.NOTICE) -> None:
    audit.record(
        action=action,
        actor_uid=method.user.uid,
        subject_uid=method.user.uid,
        severity=severity,
        details={"method": str(method.uid), "kind": method.kind},
    )
