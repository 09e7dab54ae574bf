"""Starting a purchase."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from credits.services import caps
from pairly.common import idempotency
from security import limits
from users.models import User

from .. import selectors
from ..constants import CHECKOUTS_PER_MINUTE
from ..errors import ProviderUnavailable
from ..gateways.base import (
    CheckoutRequest,
    CheckoutSession,
    PaymentGateway,
    ProviderRefused,
    ProviderUnreachable,
)
from ..gateways.registry import get_gateway
from ..models import Payment
from . import fraud_reports, risk

log = structlog.get_logger(__name__)


def start_checkout(*, user: User, package_id: str, provider: str, currency: str, idempotency_key: uuid.UUID) -> Payment:
    """Open a checkout and return the payment with its `checkout_url`.

    The same key with the same choice returns the same payment, also after a failure half-way. Raises
    InvalidInput, IdempotencyConflict (same key, other choice), CoolingOff, PurchaseRefused, RateLimited,
    ProviderUnavailable.
    """
    caps.require_not_cooling_off(user=user, at=timezone.now())
    offer = selectors.get_offer(package_id=package_id, currency=currency)
    gateway = get_gateway(provider=provider)
    agreed = {
        "provider": provider,
        "package": offer.package_id,
        "currency": offer.currency,
        "amount_minor": offer.amount_minor,
        "credits_centi": offer.credits_centi,
    }
    if not selectors.has_request(user=user, request_id=idempotency_key):
        risk.require(user=user, amount_centi=offer.credits_centi)
    payment = _reserve(user, idempotency_key, agreed)
    fraud_reports.note_checkout(payment=payment)
    if payment.provider_session_id is None:
        session = _open_session(gateway, payment)
        _keep_session(payment, session)
    return payment


def _reserve(user: User, request_id: uuid.UUID, agreed: dict[str, Any]) -> Payment:
    """The payment's row, committed before the provider hears of it. A price changed since is no conflict."""
    limits.require(name="checkout", key=str(user.uid), limit=CHECKOUTS_PER_MINUTE, window_s=60)
    key, chosen = {"user": user, "request_id": request_id}, ("provider", "package", "currency")
    return idempotency.claim(Payment.objects.all(), key=key, agreed=agreed, same=chosen)[0]


def _open_session(gateway: PaymentGateway, payment: Payment) -> CheckoutSession:
    request = CheckoutRequest(
        payment_id=payment.uid,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        # Not translated: a retry in another language must be the same request to the provider.
        description=f"{payment.credits_centi // 100:,} Pairly credits",
        success_url=f"{settings.PUBLIC_URL}{reverse('payments:payment-detail', args=[payment.uid])}",
        cancel_url=f"{settings.PUBLIC_URL}{reverse('payments:buy')}",
        metadata={"package": payment.package},
    )
    try:
        return gateway.create_checkout(request=request)
    except ProviderUnreachable as error:
        raise ProviderUnavailable(_("The payment provider does not answer."), retry_after_s=5) from error
    except ProviderRefused as error:
        log.error("checkout_refused", payment=str(payment.uid), provider=payment.provider, reason=error.code)
        raise ProviderUnavailable(_("The payment provider refused to open a checkout.")) from error


def _keep_session(payment: Payment, session: CheckoutSession) -> None:
    """Parallel requests of one key were given one session, so whoever comes second changes nothing."""
    with transaction.atomic():
        Payment.objects.filter(pk=payment.pk, provider_session_id__isnull=True).update(provider_session_id=session.id)
        Payment.objects.filter(pk=payment.pk, provider_session_id=session.id, checkout_url="").update(
            checkout_url=session.url
        )
    payment.refresh_from_db()
