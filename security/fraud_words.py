"""What the rules of fraud say, in words for staff: with the numbers of the case, from its snapshot of features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


def patterns() -> dict[str, str]:
    """What it looks like; "" where no rule says."""
    return {
        "": _("Unusual"),
        "stolen_card": _("Stolen cards"),
        "taken_over": _("Taken over account"),
        "self_dealing": _("Paying oneself"),
        "promo_ring": _("Given credits collected"),
    }


def links() -> dict[str, str]:
    """By what accounts hang together."""
    return {"device": _("same device"), "ip": _("same address"), "card": _("same card"), "bank": _("same bank account")}


def doors() -> dict[str, str]:
    """Where a decision was made."""
    return {
        "sign_in": _("Sign-in"),
        "purchase": _("Purchase"),
        "unlock": _("Unlock"),
        "payout": _("Payout"),
        "account": _("The account as a whole"),
    }


def sentence(*, code: str, features: Mapping[str, Any]) -> str:
    """One rule in words; a rule of an older book that has none stays its code."""
    words = sentences().get(code)
    return words % _Shown(features) if words else code


class _Shown(dict[str, Any]):
    """Features as people read them: credits and per cent; what is missing is a dash."""

    def __getitem__(self, name: str) -> Any:
        value = self.get(name)
        if value is None:
            return "–"
        if name.endswith("_share"):
            return f"{round(100 * value)} %"
        return f"{value // 100:,}" if name.endswith("_centi") else value


def sentences() -> dict[str, str]:
    """Every rule's words, by its code."""
    return _of_cards() | _of_accounts() | _of_earnings()


def _of_cards() -> dict[str, str]:
    return {
        "declines_day": _("%(n_declined_24h)s payments were declined in 24 hours"),
        "declines_many": _("Many payments were declined: %(n_declined_24h)s in 24 hours"),
        "declines_hour": _("%(n_declined_1h)s payments were declined within an hour"),
        "many_cards": _("%(n_cards_24h)s different cards in 24 hours"),
        "card_of_several_accounts": _("A card that %(n_users_on_card)s accounts paid with"),
        "card_of_other_country": _("A new account pays with a card of another country than it comes from"),
        "new_and_much": _("Bought %(bought_24h_centi)s credits in a day, %(account_age_hours)s hours after signing up"),
        "far_above_usual": _("Bought %(bought_24h_times_usual)s times as much as on a usual day"),
        "many_checkouts": _("%(n_checkouts_1h)s purchases were started within an hour"),
        "disputed_before": _("Payments that a bank disputed: %(n_disputes)s"),
        "disputed_often": _("Payments were disputed more than once"),
        "ring_of_declines": _(
            "%(cluster_size)s linked accounts had %(cluster_declined_24h)s payments declined in a day"
        ),
        "ring_of_disputes": _("%(cluster_size)s linked accounts have %(cluster_disputes)s disputed payments"),
        "payers_disputed": _("%(n_payers_disputed)s of those who paid them had payments disputed"),
    }


def _of_accounts() -> dict[str, str]:
    return {
        "impossible_travel": _("Signed in from two places too far apart for the time between"),
        "new_device_and_much": _("On a new device, %(bought_24h_times_usual)s times as much as usual was bought"),
        "hosting_network": _("Comes from a network of rented machines"),
        "disposable_mail": _("The e-mail address is one to throw away"),
        "device_of_several_accounts": _("A device that %(n_users_on_device)s accounts use"),
        "device_of_many_accounts": _("A device that many accounts use: %(n_users_on_device)s"),
        "many_unlocks": _("%(n_unlocks_1h)s items were unlocked within an hour"),
        "promo_ring": _(
            "%(cluster_size)s linked accounts spend given credits (%(cluster_promo_share)s of all), "
            "%(cluster_top_payee_share)s of it on one creator"
        ),
        "lives_on_promo": _("Spends almost nothing but given credits: %(promo_share)s"),
    }


def _of_earnings() -> dict[str, str]:
    return {
        "pays_from_own_device": _("%(linked_device_share)s of the earnings come from accounts on the creator's device"),
        "pays_from_own_device_at_payout": _(
            "Veto: %(linked_device_share)s of the earnings come from accounts on the creator's device"
        ),
        "pays_with_own_card": _("%(linked_card_share)s of the earnings come from accounts that share a card with them"),
        "pays_from_own_bank": _("%(linked_bank_share)s of the earnings come from accounts with the same bank account"),
        "pays_from_own_address": _("%(linked_ip_share)s of the earnings come from the creator's own address"),
        "one_payer": _("One person brought %(top_payer_share)s of %(earned_centi)s credits"),
        "few_messages_for_much": _("Who pays most did so with %(top_payer_items)s messages or unlocks"),
        "bank_of_several_accounts": _("A bank account that %(n_users_on_bank)s people gave"),
        "payout_at_once": _("A payout %(hours_since_first_earning)s hours after the first earnings"),
        "in_debt": _("Veto: %(debt_centi)s credits are owed"),
        "earns_promo": _("%(promo_earned_share)s of what was earned were given credits"),
    }
