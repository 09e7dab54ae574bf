from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import MalformedRequest, Problem


class ProviderUnavailable(Problem):
    """Nothing was charged, and the same request may be sent again."""

    code, status, title = "provider_unavailable", 503, _("This payment provider cannot be used at the moment")


class PurchaseRefused(Problem):
    """The risk check says no, or not now; `reasons` names the facts, `detail` says what to do next."""

    code, status, title = "purchase_refused", 403, _("This purchase cannot be made now")


class BadWebhookSignature(MalformedRequest):
    """The notice does not come from the provider as it was sent, or it is too old."""

    code, title = "bad_signature", _("The signature does not match")


class WrongMode(MalformedRequest):
    """A test notice where real money moves, or the reverse."""

    code, title = "wrong_mode", _("Test and live payments do not mix")


class WebhookTooLarge(Problem):
    code, status, title = "too_large", 413, _("The request is too large")


# -- payouts
class CreatorsOnly(Problem):
    code, status, title = "creators_only", 403, _("Only creators are paid out")


class VerificationRequired(Problem):
    """A verified document is what payouts begin with."""

    code, status, title = "verification_required", 403, _("Verify your identity first; then you can be paid out")


class PayoutHeld(Problem):
    """A sanction or a suspension; the page of restrictions says which."""

    code, status, title = "payout_held", 403, _("Your payouts are on hold; your restrictions say why")


class TooManyMethods(Problem):
    code, status, title = "too_many_methods", 409, _("Remove a payout method before you add another")


class MethodNotReady(Problem):
    code, status, title = "payout_method_not_ready", 409, _("This payout method is not ready; finish setting it up")


class MethodLocked(Problem):
    """`usable_at` says from when; the time is for who did not ask for the change."""

    code, status, title = "payout_method_locked", 409, _("This payout method is new and cannot be used yet")


class MethodInUse(Problem):
    code, status, title = "payout_method_in_use", 409, _("A payout to this method is on its way; remove it afterwards")


class PayoutNotOpen(Problem):
    """`payout_status` is what it is by now: somebody else was faster, or it was done before."""

    code, status, title = "payout_not_open", 409, _("This payout has moved on; look at it again")


class OwnPayout(Problem):
    code, status, title = "own_payout", 403, _("Nobody decides on a payout to themselves")


class SecondPersonNeeded(Problem):
    code, status, title = "second_person_needed", 409, _("You have approved this one; a second person has to")


class OwnPayment(Problem):
    """Nobody sends money to themselves."""

    code, status, title = "own_payment", 403, _("Somebody else has to refund your own payment")


class NotRefundable(Problem):
    """Not paid, paid back, or with the buyer's bank: what a dispute took is gone already."""

    code, status, title = "not_refundable", 409, _("This payment cannot be refunded")


class RefundTooLarge(Problem):
    code, status, title = "refund_too_large", 422, _("So much of this payment is not left")


class RefundRefused(Problem):
    """`reason` is the provider's own word."""

    code, status, title = "refund_refused", 409, _("The payment provider refused the refund")
