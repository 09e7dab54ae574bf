"""What the pages of buying need besides the purchase itself."""

from __future__ import annotations

from collections.abc import Mapping

from security import event_log
from users.models import User

from ..constants import PACKAGES
from ..gateways.registry import RAZORPAY, get_razorpay, list_providers
from ..models import Payment
from ..types import Verdict
from . import risk

_AT_HOME = {"INR": RAZORPAY}


def list_providers_for(*, currency: str) -> list[str]:
    """The providers that are set up, first the one that is at home in the currency."""
    home = _AT_HOME.get(currency)
    return sorted(list_providers(), key=lambda provider: provider != home)


def preview(*, user: User) -> Verdict:
    """What would be said of the smallest purchase: the page tells it before anything is chosen. Nothing is kept."""
    return risk.check(user=user, amount_centi=min(package.credits_centi for package in PACKAGES))


def is_way_back(*, payment: Payment, query: Mapping[str, str]) -> bool:
    """Whether the buyer comes from the provider's page with its signed parameters.

    Nothing is credited for them: the provider is asked in any case. Parameters that Razorpay did not sign, or signed
    for another payment, stand in the security log.
    """
    if payment.provider != RAZORPAY or "razorpay_signature" not in query:
        return False
    is_ours = query.get("razorpay_payment_link_reference_id") == str(payment.uid)
    is_known = RAZORPAY in list_providers()
    if is_known and not (is_ours and get_razorpay().is_return_signed(query=query)):
        event_log.write(
            action="webhook.return_refused",
            outcome="failure",
            severity="warning",
            user_uid=payment.user.uid,
            reason="not_signed",
            provider=RAZORPAY,
        )
    return True
