from __future__ import annotations

CENTI = 100  # hundredths of a credit in a credit
UNIT = "CRD"
SPENDABLE_KINDS = ("fan:paid", "fan:promo")
EARNED_KINDS = ("creator:earned", "creator:promo_earned")
CURRENCIES = ("USD", "EUR", "INR")

# Requests a minute of one account to its wallet, pages and API together.
WALLET_PER_MINUTE = 60
