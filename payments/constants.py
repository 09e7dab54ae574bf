from __future__ import annotations

import uuid
from datetime import timedelta

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

# What is odd about a purchase (services/risk.py). Days are the last 24 hours, amounts in hundredths of a credit.
RISK_NEW_ACCOUNT_HOURS = 24
RISK_UNCONFIRMED_DAY_CENTI = 6_000_00
RISK_NEW_DAY_CENTI = 12_000_00
RISK_DAY_CENTI = 60_000_00
RISK_STARTED_DAY = 30
RISK_FAILED_REVIEW, RISK_FAILED_REFUSE = 3, 10
RISK_LOST_REFUSE = 2

CHECKOUTS_PER_MINUTE = 60
WEBHOOK_MAX_BYTES = 256_000

# Providers keep an idempotency key 24 hours: after that a lost session cannot be asked for again.
SESSION_LIFE_HOURS = 24
RECONCILE_AFTER_SECONDS = 120
SWEEP_AFTER_SECONDS = 60
# Refunds and disputes under way: a notice may have been lost.
ASK_AGAIN_SECONDS = 3600
# Razorpay: a page is open for SESSION_LIFE_HOURS, a try on it that failed may be authorised up to three days later, and
# a bank may take a day more. So long a payment that failed or expired is asked about every ASK_AGAIN_SECONDS.
LATE_PAYMENT_SPAN = timedelta(days=5)
BATCH = 100

# Why staff refund a payment.
REFUND_REASONS = ("asked_for", "duplicate", "fraudulent", "our_mistake", "goodwill", "other")
# Why a refund was made that nobody asked for.
EARLY_FRAUD_WARNING = "early_fraud_warning"

# Refunds and disputes that touched a creator, the newest.
TOUCHED_SHOWN = 20
# One's payments on a page.
PAYMENTS_PAGE = 20

# -- payouts
# What one earned credit is worth, in millionths of the currency's minor unit: what it costs in the smallest package
# (design, section 8: USD 0.01). Kept on each payout, so a change touches none that was asked for. Euros are worth more
# than dollars and the packages cost as many of them: at par whoever buys in one and is paid in the other would gain.
PAYOUT_RATES_MICRO = {"USD": 1_000_000, "EUR": 850_000, "INR": 89_800_000}
# Through whom what currency is paid, and to where.
PAYOUT_CURRENCIES = {"stripe": ("USD", "EUR"), "razorpayx": ("INR",), "manual": ("USD", "EUR", "INR")}
_CONNECT_COUNTRIES = (
    "AT", "AU", "BE", "BG", "CA", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE",
    "IT", "LT", "LU", "LV", "MT", "NL", "NO", "NZ", "PL", "PT", "RO", "SE", "SI", "SK", "US",
)  # fmt: skip
PAYOUT_COUNTRIES = {"stripe": frozenset(_CONNECT_COUNTRIES), "razorpayx": frozenset({"IN"})}
PAYOUT_METHODS_MAX = 5
PAYOUT_METHODS_PER_HOUR = 10
PAYOUT_REQUESTS_PER_MINUTE = 10
PAYOUT_NOTE_MAX = 1_000
# Requests within this time count together towards PAYOUT_TWO_PEOPLE_CENTI.
TWO_PEOPLE_SPAN = timedelta(hours=24)

# The latest day of each next step, as the timeline promises it.
REVIEW_SPAN = timedelta(days=3)
SECOND_REVIEW_SPAN = timedelta(days=2)
SENDING_SPAN = timedelta(days=1)
ARRIVAL_SPANS = {"stripe": timedelta(days=7), "razorpayx": timedelta(days=2), "manual": timedelta(days=5)}

# The creator's bank did not take what their account at the provider sent it: codes that begin so. Until then they are
# to correct their details there; after that somebody here looks.
BANK_FAILED, BANK_FAILED_LONG = "bank_failed", "bank_failed_long"
BANK_FIX_SPAN = timedelta(days=30)

# Our balance with a provider is filled up by hand: this often is asked whether it is enough.
BALANCE_LOW = "balance_low"
BALANCE_SPAN = timedelta(days=3)
BALANCE_RETRY = timedelta(minutes=15)

# A call to the provider ends long before this; until then nobody repeats it.
SEND_LEASE = timedelta(minutes=2)
CHECK_PAYOUT_AFTER = timedelta(minutes=5)
# So long money may come back by itself; once a day the provider is asked.
RETURN_WATCH = timedelta(days=30)
PAID_CHECK_AFTER = timedelta(days=1)

# What raises a payout's risk.
RISK_METHOD_DAYS = 30
RISK_LARGE_TIMES = 3
RISK_PAYER_DAYS = 90
RISK_PAYER_SHARE_BASIS_POINTS = 6_000

# Codes of `Payout.reason` and `PayoutStep.reason`, besides those of refusals: "review", "first", "risk" (or unknown),
# "second_look", "approved", "restricted", "verification", "method_not_ready", "method_changed", "method_removed",
# "by_hand", "sent", "balance_low", "provider_away", "provider_differs", "paid", "cancelled", "provider_failed",
# "came_back", "arrived", "bank_failed", "bank_failed_closed", "bank_failed_unknown", "bank_failed_name",
# "bank_failed_long", "bank_again".
# Why staff refuses a payout, or says that its money came back; providers' reasons are told in the same codes.
REJECT_REASONS = (
    "account_wrong", "account_closed", "account_unknown", "name_mismatch", "unusual_payments", "self_dealing", "other"
)  # fmt: skip
RETURN_REASONS = ("came_back", "account_closed", "account_unknown", "name_mismatch", "refused_by_bank", "other")

# -- comparing with a provider's list
# Days around the one that is compared: a payment may be heard of late (a try that failed is authorised up to three days
# later, and asked about once more a day), and dates differ by moments.
LIST_DAYS_BEFORE, LIST_DAYS_AFTER = 5, 1
# Days that the nightly job goes back for what was not compared.
RECONCILE_DAYS = 3
