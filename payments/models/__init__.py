from .event import WebhookEvent
from .money_back import MoneyBack
from .payment import Payment, Provider
from .payout import Payout, PayoutMethod, PayoutStep
from .reconciliation import Difference, Reconciliation
from .shop import ShopFile, ShopItem, Unlock

__all__ = [
    "Difference",
    "MoneyBack",
    "Payment",
    "Payout",
    "PayoutMethod",
    "PayoutStep",
    "Provider",
    "Reconciliation",
    "ShopFile",
    "ShopItem",
    "Unlock",
    "WebhookEvent",
]
