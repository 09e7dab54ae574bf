"""What people are told of: every kind with its words, its drawing, where it leads, who gets it and how by default.

Words are made when they are read, in the reader's language, from the actor's present name, ids and numbers: nothing
that somebody wrote is kept or mailed. `KINDS` is the only list of kinds; settings, pages, digests and pushes follow it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

Payload = dict[str, Any]


class Mail(StrEnum):
    """How often mails tell of a kind; the values of `NotificationChoice.Mail`."""

    OFF = "off"
    NOW = "now"
    DAILY = "daily"
    WEEKLY = "weekly"


class For(StrEnum):
    """Who gets notifications of a kind, and so who is asked about them."""

    EVERYONE = "everyone"
    FANS = "fan"
    CREATORS = "creator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of notification. In the app all of them show unless turned off; `mail` and `push` are the defaults.

    `words` says what happened, of one (with the actor's name); `many` says it of n, for digests. `page` is where it
    leads. A kind that `returns` is told again under the same key once the first was read, any other never.
    """

    code: str
    label: Promise
    hint: Promise
    icon: str
    words: Callable[[str, Payload], str]
    many: Callable[[int], str]
    page: Callable[[Payload, uuid.UUID | None], str]
    audience: For = For.EVERYONE
    mail: Mail = Mail.DAILY
    push: bool = False
    returns: bool = False

    def is_for(self, *, is_creator: bool) -> bool:
        """Whether somebody of this role gets such notifications."""
        return self.audience in (For.EVERYONE, For.CREATORS if is_creator else For.FANS)


def isolated(name: str) -> str:
    """A name within a sentence, whose direction it must not change: what `<bdi>` is to pages (Unicode UAX #9, 2.4)."""
    return f"\u2068{name}\u2069" if name else ""


def get_kind(*, code: str) -> Kind:
    """The kind with this code; raises KeyError."""
    return KINDS[code]


def list_kinds(*, is_creator: bool) -> list[Kind]:
    """The kinds that somebody of this role gets, in the order of settings."""
    return [kind for kind in KINDS.values() if kind.is_for(is_creator=is_creator)]


def _to(name: str) -> Callable[[Payload, uuid.UUID | None], str]:
    return lambda payload, actor: reverse(name)


def _conversation(payload: Payload, actor: uuid.UUID | None) -> str:
    """The conversation, or the list of them where the payload of old knows none."""
    named = payload.get("conversation")
    return reverse("messaging:conversation", args=[named]) if named else reverse("messaging:inbox")


def _credits(payload: Payload) -> str:
    """Hundredths of a credit as people read them: 5000 is 50, 5050 is 50.50."""
    centi = int(payload.get("amount_centi", 0))
    return number_format(centi / 100, 2 if centi % 100 else 0, force_grouping=True)


def _refunded(name: str, payload: Payload) -> str:
    values = {"name": name, "n": _credits(payload)}
    if payload.get("why") == "given_back":
        return gettext("%(name)s gave your credits back. In your wallet again: %(n)s") % values
    if payload.get("why") == "unreadable":
        return gettext("%(name)s could not open your message. You can send it again. Credits back: %(n)s") % values
    if payload.get("why") == "reversed":
        return (
            gettext("What was held for your message to %(name)s went back: its payment was reversed. Credits: %(n)s")
            % values
        )
    return gettext("%(name)s did not answer in time. Credits back in your wallet: %(n)s") % values


def _disputed(name: str, payload: Payload) -> str:
    values = {"name": name, "n": _credits(payload)}
    return gettext("%(name)s says that your reply was not an answer. Frozen until we have looked: %(n)s") % values


def _decided(name: str, payload: Payload) -> str:
    values = {"name": name, "n": _credits(payload), "day": payload.get("delayed_until", "")}
    is_mine, state = payload.get("is_mine"), payload.get("state")
    if state == "rejected":
        if is_mine:
            return gettext("We looked: the reply of %(name)s was an answer. They keep the credits: %(n)s") % values
        return gettext("We looked: your reply to %(name)s was an answer. Your credits: %(n)s") % values
    if is_mine:
        return gettext("The reply of %(name)s was not an answer. Credits back in your wallet: %(n)s") % values
    if payload.get("delayed_until"):
        return (
            gettext("Credits went back to %(name)s: %(n)s. Your replies are paid a day later until %(day)s.") % values
        )
    return gettext("Your reply to %(name)s was not an answer. Credits that went back: %(n)s") % values


def _library(payload: Payload, actor: uuid.UUID | None) -> str:
    """What was bought, or the whole library where it went back."""
    named = payload.get("unlock")
    return reverse("payments:library-item", args=[named]) if named else reverse("payments:library")


def _purchased(name: str, payload: Payload) -> str:
    values = {"name": name, "n": _credits(payload)}
    if payload.get("what") == "refunded":
        return gettext("%(name)s took back what you bought. Credits in your wallet again: %(n)s") % values
    return gettext("What you bought from %(name)s is in your library. Credits paid: %(n)s") % values


def _payout(payload: Payload, actor: uuid.UUID | None) -> str:
    """The payout's own page, or all of them where the payload of old names none."""
    named = payload.get("payout")
    return reverse("payments:payout", args=[named]) if named else reverse("payments:payouts")


def _money(payload: Payload) -> str:
    """The amount in the currency it is paid in: `USD 12.50`."""
    amount = number_format(int(payload.get("amount_minor", 0)) / 100, 2, force_grouping=True)
    return f"{payload.get('currency', '')} {amount}".strip()


def _paid_out(name: str, payload: Payload) -> str:
    values = {"amount": _money(payload)}
    match payload.get("state"):
        case "requested":
            return gettext("You asked for a payout of %(amount)s. We look at it before it is sent.") % values
        case "approved":
            return gettext("Your payout of %(amount)s is approved and is sent next.") % values
        case "waiting":
            return gettext("Your payout of %(amount)s is approved and waits at our payment provider; see why.") % values
        case "processing":
            return gettext("Your payout of %(amount)s is on its way to your bank.") % values
        case "paid":
            return gettext("Your payout of %(amount)s is paid.") % values
        case "bank_failed":
            return gettext("Your bank did not take your payout of %(amount)s. See what to do.") % values
        case "rejected":
            return gettext("Your payout of %(amount)s was not made. The credits are yours again; see why.") % values
        case "returned":
            return gettext("Your payout of %(amount)s came back. The credits are yours again; see why.") % values
    return gettext("There is news about your payout")


def _money_back(payload: Payload, actor: uuid.UUID | None) -> str:
    """The buyer's page of the case, or the wallet where the payload of old names none."""
    named = payload.get("case")
    return reverse("payments:money-back", args=[named]) if named else reverse("credits:wallet")


def _touched(payload: Payload, actor: uuid.UUID | None) -> str:
    """The creator's page of the case."""
    named = payload.get("case")
    return reverse("payments:touched-case", args=[named]) if named else reverse("payments:touched")


def _fans_reversed(name: str, payload: Payload) -> str:
    if payload.get("amount_centi"):
        words = gettext(
            "A payment of a fan was reversed: credits held for you went back: %(n)s. What you earned stays."
        )
        return words % {"n": _credits(payload)}
    return gettext("A payment of a fan was reversed. What you earned with it stays yours.")


def _reversed(name: str, payload: Payload) -> str:
    owed_centi = int(payload.get("owed_centi", 0))
    values = {"n": _credits(payload), "owed": _credits({"amount_centi": owed_centi})}
    if payload.get("is_back"):
        return gettext("A payment of yours that was reversed counts again. Credits back: %(n)s") % values
    if owed_centi:
        words = gettext("A payment of yours was reversed. Credits taken back: %(n)s. Credits you owe: %(owed)s")
        return words % values
    return gettext("A payment of yours was reversed. Credits taken back: %(n)s") % values


def _organised(name: str, payload: Payload) -> str:
    match payload.get("state"):
        case "invited":
            return gettext("%(name)s invites you to an organisation.") % {"name": name}
        case "joined":
            return gettext("%(name)s has joined your organisation.") % {"name": name}
        case "removed":
            return gettext("%(name)s has removed you from an organisation.") % {"name": name}
        case "asked":
            return gettext("%(name)s asks to represent you with their organisation.") % {"name": name}
        case "represented":
            return gettext("%(name)s lets your organisation represent them.") % {"name": name}
        case "ended":
            return gettext("An organisation does not represent you any more.")
        case "given_up":
            return gettext("A webhook of your organisation has not taken our notices for a week.")
        case "left":
            return gettext("%(name)s is not represented by your organisation any more.") % {"name": name}
    return gettext("There is news about an organisation of yours")


def _verified(name: str, payload: Payload) -> str:
    match payload.get("state"):
        case "submitted":
            return gettext("We have your document and look at it next.")
        case "in_review":
            return gettext("The checks of your document are done. Now a person looks at it.")
        case "approved":
            return gettext("You are verified.")
        case "rejected":
            return gettext("Your verification was not approved. See why, and what you can do.")
        case "expired":
            return gettext("Your verification has ended. Send a document again to stay verified.")
    return gettext("There is news about your verification")


def _reported(name: str, payload: Payload) -> str:
    match payload.get("outcome"):
        case "upheld":
            return gettext("We looked at your report: a rule was broken, and we acted.")
        case "dismissed":
            return gettext("We looked at your report and found no rule broken.")
        case "overturned":
            return gettext("A decision after your report was appealed. Another person found no rule broken.")
    return gettext("There is news about your report")


def _sanctioned(name: str, payload: Payload) -> str:
    if payload.get("state") == "lifted":
        return gettext("A decision about your account was lifted.")
    return gettext("We have made a decision about your account. Read why, and how to appeal.")


def _appealed(name: str, payload: Payload) -> str:
    state = payload.get("state")
    if payload.get("is_first"):
        return (
            gettext("Somebody appealed a decision of yours. A colleague lifted it.")
            if state == "granted"
            else gettext("Somebody appealed a decision of yours. It stands.")
        )
    match state:
        case "granted":
            return gettext("Your appeal is granted: the decision is lifted.")
        case "refused":
            return gettext("Another person looked at your appeal. The decision stands.")
    return gettext("There is an answer to your appeal")


def _restriction(payload: Payload, actor: uuid.UUID | None) -> str:
    named = payload.get("sanction")
    return reverse("trust:restriction", args=[named]) if named else reverse("trust:restrictions")


def _appeal(payload: Payload, actor: uuid.UUID | None) -> str:
    """The appeal's own page; for who decided first there is none of theirs."""
    if payload.get("is_first") or not payload.get("appeal"):
        return reverse("users:notifications")
    return reverse("trust:appeal", args=[payload["appeal"]])


_ALL = (
    Kind(
        code="message",
        label=_("Messages"),
        hint=_("Someone wrote to you. At most one for each conversation until you have looked."),
        icon="letter",
        words=lambda name, payload: gettext("%(name)s wrote to you") % {"name": name},
        many=lambda n: ngettext("%(n)d conversation has new messages", "%(n)d conversations have new messages", n),
        page=_conversation,
        push=True,
        returns=True,
    ),
    Kind(
        code="hold_refunded",
        label=_("Credits that came back"),
        hint=_("A message of yours was not answered in time, or its creator gave the credits back."),
        icon="return",
        words=_refunded,
        many=lambda n: ngettext(
            "The credits of %(n)d message came back to you",
            "The credits of %(n)d messages came back to you",
            n,
        ),
        page=_conversation,
    ),
    Kind(
        code="money_back",
        label=_("Payments that were reversed"),
        hint=_("A payment of yours was refunded or disputed, and its credits were taken back or given again."),
        icon="wallet",
        words=_reversed,
        many=lambda n: ngettext("%(n)d change of a payment of yours", "%(n)d changes of payments of yours", n),
        page=_money_back,
        mail=Mail.NOW,
        push=True,
    ),
    Kind(
        code="payment_reversed",
        label=_("Reversed payments of fans"),
        hint=_("A payment that had paid for messages to you, or for something in your shop, was refunded or disputed."),
        icon="return",
        words=_fans_reversed,
        many=lambda n: ngettext("%(n)d payment of a fan was reversed", "%(n)d payments of fans were reversed", n),
        page=_touched,
        audience=For.CREATORS,
    ),
    Kind(
        code="answer_disputed",
        label=_("Replies that were no answer"),
        hint=_("A fan says that your reply was not an answer."),
        icon="alert",
        words=_disputed,
        many=lambda n: ngettext(
            "%(n)d reply of yours was said to be no answer", "%(n)d replies of yours were said to be no answer", n
        ),
        page=_conversation,
        audience=For.CREATORS,
        push=True,
    ),
    Kind(
        code="answer_decided",
        label=_("Decisions about answers"),
        hint=_("We looked at a reply that was said to be no answer."),
        icon="check",
        words=_decided,
        many=lambda n: ngettext("%(n)d decision about an answer", "%(n)d decisions about answers", n),
        page=_conversation,
    ),
    Kind(
        code="follow",
        label=_("New followers"),
        hint=_("Someone follows you."),
        icon="people",
        words=lambda name, payload: gettext("%(name)s follows you now") % {"name": name},
        many=lambda n: ngettext("%(n)d person follows you now", "%(n)d people follow you now", n),
        page=_to("users:notifications"),
        audience=For.CREATORS,
        mail=Mail.WEEKLY,
    ),
    Kind(
        code="connection_request",
        label=_("Requests to connect"),
        hint=_("Someone asks to connect with you."),
        icon="plus",
        words=lambda name, payload: gettext("%(name)s would like to connect with you") % {"name": name},
        many=lambda n: ngettext(
            "%(n)d person would like to connect with you", "%(n)d people would like to connect with you", n
        ),
        page=_to("profiles:connections"),
        push=True,
    ),
    Kind(
        code="connection_accepted",
        label=_("Accepted requests"),
        hint=_("Someone accepted your request to connect."),
        icon="check",
        words=lambda name, payload: gettext("%(name)s accepted your request to connect") % {"name": name},
        many=lambda n: ngettext("%(n)d person accepted your request", "%(n)d people accepted your request", n),
        page=_to("profiles:connections"),
    ),
    Kind(
        code="key_device",
        label=_("Devices that ask to read your messages"),
        hint=_("A device that is signed in to your account waits for your word. A mail tells of it in any case."),
        icon="key",
        words=lambda name, payload: gettext("A new device asks to read your messages"),
        many=lambda n: ngettext(
            "%(n)d device asked to read your messages", "%(n)d devices asked to read your messages", n
        ),
        page=_to("messaging:keys"),
        mail=Mail.OFF,
        push=True,
    ),
    Kind(
        code="announcement",
        label=_("News from Pairly"),
        hint=_("What changes here, told by the people who make Pairly."),
        icon="spark",
        words=lambda name, payload: gettext("There is news from Pairly"),
        many=lambda n: ngettext("%(n)d piece of news from Pairly", "%(n)d pieces of news from Pairly", n),
        page=_to("users:announcements"),
        mail=Mail.WEEKLY,
    ),
    Kind(
        code="verification",
        label=_("Your verification"),
        hint=_("We looked at what you sent in."),
        icon="verified",
        words=_verified,
        many=lambda n: ngettext(
            "%(n)d piece of news about your verification", "%(n)d pieces of news about your verification", n
        ),
        page=_to("trust:verifications"),
        mail=Mail.NOW,
        push=True,
    ),
    Kind(
        code="organisation",
        label=_("Organisations"),
        hint=_("You were invited, a creator was asked or answered, or somebody came or went."),
        icon="people",
        words=_organised,
        many=lambda n: ngettext(
            "%(n)d piece of news about organisations", "%(n)d pieces of news about organisations", n
        ),
        page=_to("trust:organisations"),
        mail=Mail.NOW,
    ),
    Kind(
        code="report",
        label=_("Your reports"),
        hint=_("We decided on something that you reported."),
        icon="flag",
        words=_reported,
        many=lambda n: ngettext("%(n)d report of yours was decided", "%(n)d reports of yours were decided", n),
        page=_to("trust:reports"),
    ),
    Kind(
        code="sanction",
        label=_("Decisions about your account"),
        hint=_("We restricted something, or lifted that. A mail with the reasons comes in any case."),
        icon="alert",
        words=_sanctioned,
        many=lambda n: ngettext("%(n)d decision about your account", "%(n)d decisions about your account", n),
        page=_restriction,
        mail=Mail.OFF,
        push=True,
    ),
    Kind(
        code="appeal",
        label=_("Appeals"),
        hint=_("An appeal was answered or decided. A mail comes in any case."),
        icon="letter",
        words=_appealed,
        many=lambda n: ngettext("%(n)d piece of news about an appeal", "%(n)d pieces of news about appeals", n),
        page=_appeal,
        mail=Mail.OFF,
        push=True,
    ),
    Kind(
        code="sale",
        label=_("Sales"),
        hint=_("Someone bought something in your shop."),
        icon="credit",
        words=lambda name, payload: (
            gettext("%(name)s bought something in your shop. Credits: %(n)s") % {"name": name, "n": _credits(payload)}
        ),
        many=lambda n: ngettext("%(n)d sale in your shop", "%(n)d sales in your shop", n),
        page=_to("payments:sales"),
        audience=For.CREATORS,
    ),
    Kind(
        code="purchase",
        label=_("What you buy"),
        hint=_("Something you bought is in your library, or its creator gave the credits back."),
        icon="picture",
        words=_purchased,
        many=lambda n: ngettext("%(n)d change in your library", "%(n)d changes in your library", n),
        page=_library,
        mail=Mail.OFF,
    ),
    Kind(
        code="payout",
        label=_("Payouts"),
        hint=_("A payout was asked for, approved, sent, paid or turned down, or came back."),
        icon="wallet",
        words=_paid_out,
        many=lambda n: ngettext("%(n)d piece of news about your payouts", "%(n)d pieces of news about your payouts", n),
        page=_payout,
        audience=For.CREATORS,
        mail=Mail.NOW,
        push=True,
    ),
)
KINDS: dict[str, Kind] = {kind.code: kind for kind in _ALL}
