from __future__ import annotations

from datetime import timedelta

from .types import CapName

CENTI = 100  # hundredths of a credit in a credit
UNIT = "CRD"
SPENDABLE_KINDS = ("fan:paid", "fan:promo")
EARNED_KINDS = ("creator:earned", "creator:promo_earned")
# States of a hold whose credits lie in escrow, and of those the ones after a reply.
ESCROW_STATES = ("open", "answered", "frozen")
BETWEEN_STATES = ("answered", "frozen")
CURRENCIES = ("USD", "EUR", "INR")

# A higher spending cap waits that long, so that it is not raised in the heat of the moment.
CAP_RAISE_WAIT = timedelta(hours=24)
CAP_MAX_CENTI = 10_000_000 * CENTI
CAP_NAMES: tuple[CapName, ...] = ("day", "week", "month")
COOL_OFFS = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "half_year": timedelta(days=182),
}

# Between two checks of the ledger that read all of it: a day, and time for the nightly one to be late.
FULL_CHECK_SPAN = timedelta(hours=26)

# Requests a minute of one account to its wallet, pages and API together.
WALLET_PER_MINUTE = 60

# Movements on a page of the wallet and of a statement, and read at once for a file.
WALLET_PAGE = 30
STATEMENT_PAGE = 100
STATEMENT_CHUNK = 500
# Purchases on a page.
LOTS_PAGE = 20
