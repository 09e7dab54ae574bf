from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import MalformedRequest, Problem


class ProviderUnavailable(Problem):
    """Nothing was charged, and the same request may be sent again."""

    code, status, title = "provider_unavailable", 503, _("This payment provider cannot be used at the moment")


class BadWebhookSignature(MalformedRequest):
    """The notice does not come from the provider as it was sent, or it is too old."""

    code, title = "bad_signature", _("The signature does not match")


class WrongMode(MalformedRequest):
    """A test notice where real money moves, or the reverse."""

    code, title = "wrong_mode", _("Test and live payments do not mix")


class WebhookTooLarge(Problem):
    code, status, title = "too_large", 413, _("The request is too large")
