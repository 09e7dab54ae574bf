from __future__ import annotations

import uuid

from .types import Package

# What is sold (design, section 8). An id is never given to other content: payments keep it.
PACKAGES = (
    Package(id="credits-500", credits_centi=500_00, prices_minor={"USD": 500, "EUR": 500, "INR": 449_00}),
    Package(id="credits-1050", credits_centi=1_050_00, prices_minor={"USD": 1000, "EUR": 1000, "INR": 899_00}),
    Package(id="credits-2200", credits_centi=2_200_00, prices_minor={"USD": 2000, "EUR": 2000, "INR": 1_799_00}),
    Package(id="credits-5750", credits_centi=5_750_00, prices_minor={"USD": 5000, "EUR": 5000, "INR": 4_499_00}),
)
CURRENCIES = ("USD", "EUR", "INR")
DEFAULT_CURRENCY = "USD"

# A ledger operation's id is uuid5 of the provider's payment object in this namespace. Never change it.
OP_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://pairly.example/payments")

CHECKOUTS_PER_MINUTE = 60
WEBHOOK_MAX_BYTES = 256_000

# Providers keep an idempotency key 24 hours: after that a lost session cannot be asked for again.
SESSION_LIFE_HOURS = 24
RECONCILE_AFTER_SECONDS = 120
SWEEP_AFTER_SECONDS = 60
BATCH = 100
