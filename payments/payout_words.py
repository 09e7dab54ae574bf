"""What payouts' codes say to people. A code without words stays a code: better an odd word than a hidden reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from .models import PayoutMethod
from .types import Withdrawable


def _waits_at_stripe() -> str:
    """What happens to money that a bank sent back: it is the creator's still."""
    return _("The money waits in your account with Stripe: correct the bank account there, and it is sent again.")


def reason_words(*, code: str) -> str:
    """Why a payout is where it is, for its creator: a sentence, "" for no reason."""
    words = {
        "review": _("A person looks at every payout before it is sent."),
        "first": _("It is the first one to this account, and a person looks at every first one."),
        "risk": _("Something about it is new or unusual, so we look more closely."),
        "second_look": _("One person has approved it. The amount is large, so a second one looks at it too."),
        "approved": _("It is approved and is sent next."),
        "by_hand": _("It is approved. Somebody makes the transfer by hand."),
        "restricted": _("Payouts of your account are on hold. It is sent when that ends."),
        "verification": _("Your identity has to be verified again before it can be sent."),
        "method_not_ready": _("The provider needs something from you about this account. It is sent after that."),
        "method_changed": _("The account behind it was changed, and rests for your safety before it is used."),
        "method_removed": _("You removed the account that it was meant for."),
        "balance_low": _("It is approved, and waits until our balance with the payment provider is filled up."),
        "provider_away": _("The payment provider cannot be reached. We keep trying; nothing is lost."),
        "provider_differs": _("The payment provider says something that does not fit. A person looks at it."),
        "sent": _("It is on its way. Banks need a few days at times."),
        "paid": _("The money has left. Your bank may need some days to show it."),
        "arrived": _("Your bank has it."),
        "bank_failed": _("Your bank did not take it. ") + _waits_at_stripe(),
        "bank_failed_closed": _("Your bank says that the account is closed. ") + _waits_at_stripe(),
        "bank_failed_unknown": _("Your bank does not know the account. ") + _waits_at_stripe(),
        "bank_failed_name": _("The bank account is not in your name. ") + _waits_at_stripe(),
        "bank_failed_long": _("It still waits in your account with Stripe. We look at it and write to you."),
        "bank_again": _("Stripe sends it to your bank once more."),
        "cancelled": _("You cancelled it. The credits are ready to be paid out again."),
        "came_back": _("The bank sent the money back. The credits are ready to be paid out again."),
        "provider_failed": _("The payment provider could not send it. The credits are yours again: ask once more."),
        "account_wrong": _("The bank did not take these details. Add the account once more and ask again."),
        "account_closed": _("The bank says that this account is closed. Add another one and ask again."),
        "account_unknown": _("The bank does not know this account. Check its number, add it once more and ask again."),
        "name_mismatch": _("The account is not in your verified name. Add one in your own name and ask again."),
        "unusual_payments": _("Payments behind these earnings are being looked at. Ask again when that is done."),
        "self_dealing": _("The credits seem to come from an account of your own."),
        "refused_by_bank": _("The bank did not take it. Ask them why, or use another account."),
        "other": _("Read what we wrote to you."),
    }
    return words.get(code, code)


def rate_of(*, rate_micro: int) -> Decimal:
    """What one credit is worth in units of the currency: 1_000_000 millionths of a cent are Decimal("0.01")."""
    return (Decimal(rate_micro) / Decimal(100_000_000)).normalize()


def worth_of_100(*, rate_micro: int, currency: str) -> str:
    """What a hundred credits are worth: "USD 1.00"."""
    return f"{currency} {number_format(rate_of(rate_micro=rate_micro) * 100, 2, force_grouping=True)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Obstacle:
    """What stands in the way of a payout: what to do about it, and where."""

    words: str
    link: str = ""
    page: str = ""


def list_obstacles(*, state: Withdrawable, methods: Sequence[PayoutMethod]) -> list[Obstacle]:
    """What stands in the way, in words, for a creator."""
    found = [_obstacle(code, state, methods) for code in state.obstacles]
    return [one for one in found if one is not None]


def _obstacle(code: str, state: Withdrawable, methods: Sequence[PayoutMethod]) -> Obstacle | None:
    match code:
        case "verification_required":
            words = _("Show us a document first: payouts go to people whose identity is verified.")
            return Obstacle(words=words, link=_("Get verified"), page="trust:verifications")
        case "second_factor_required":
            words = _("Set up a second factor first. It is asked for at every payout.")
            return Obstacle(words=words, link=_("Set it up"), page="users:two-factor")
        case "payout_held":
            words = _("Your payouts are on hold at present. What you have earned stays yours.")
            return Obstacle(words=words, link=_("Read why"), page="users:privacy")
        case "payout_method_not_ready":
            if any(method.state == PayoutMethod.State.PENDING for method in methods):
                words = _("The payment provider still needs details of your account.")
                return Obstacle(words=words, link=_("Go on there"), page="payments:payout-methods")
            words = _("Say where your earnings should go.")
            return Obstacle(words=words, link=_("Add an account"), page="payments:payout-method-add")
        case "payout_method_locked":
            first = min(method.usable_at for method in methods if method.state == PayoutMethod.State.READY)
            words = _("Your account is new and rests for your safety. It can be used from %(at)s UTC on.")
            return Obstacle(words=words % {"at": date_format(first, "j M Y, H:i")})
        case "debt_outstanding":
            words = _("You owe credits from a payment that was taken back. Settle that first.")
            return Obstacle(words=words, link=_("Your wallet"), page="credits:wallet")
        case "below_minimum":
            words = _("A payout begins at %(least)s credits.")
            least = number_format(Decimal(state.minimum_centi) / 100, 0, force_grouping=True)
            return Obstacle(words=words % {"least": least})
    return None


def risk_words(*, risk: Mapping[str, Any]) -> list[str]:
    """What speaks for looking closely, for staff: a sentence for each fact."""
    words = {
        "first_payout": _("Their first payout."),
        "linked_accounts": _("Other people have, or had, the same bank account."),
        "new_method": _("The bank account was added recently."),
        "large_amount": _("Far more than their largest payout before."),
        "few_payers": _("Most of it comes from very few people."),
        "disputes": _("Payments behind these earnings are disputed."),
        "fraud": _("What is known of this account and of those linked to it speaks against it: see the fraud alert."),
        "new_device": _("Asked for from a device that is new."),
    }
    rows = [words.get(code, f"{code}: {value}") for code, value in risk.items() if code != "unknown"]
    if risk.get("unknown"):
        rows.append(_("Could not be found out: %(facts)s.") % {"facts": ", ".join(map(str, risk["unknown"]))})
    return rows
