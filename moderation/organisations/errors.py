from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import InvalidInput, Problem


class LastOwner(Problem):
    """An organisation that nobody owns could not be closed."""

    code, status, title = "last_owner", 409, _("An organisation needs an owner. Make somebody else an owner first")


class TooManyOrganisations(Problem):
    code, status, title = "too_many_organisations", 409, _("You are in as many organisations as one can be")


class TooManyMembers(Problem):
    code, status, title = "too_many_members", 409, _("This organisation has as many members as it can have")


class TooManyCreators(Problem):
    code, status, title = "too_many_creators", 409, _("This organisation has as many creators as it can have")


class AlreadyThere(Problem):
    """They were asked before; nothing more is to be done."""

    code, status, title = "already_there", 409, _("They were invited before")


class InvitationOver(Problem):
    """It was not answered for thirty days."""

    code, status, title = "invitation_over", 409, _("This invitation has ended. Ask for another one")


class AddressRefused(InvalidInput):
    """Not an address of the Internet by https."""

    code, title = "address_refused", _("This address cannot be used for a webhook")


class TooManyWebhooks(Problem):
    code, status, title = "too_many_webhooks", 409, _("This organisation has as many webhooks as it can have")


class DeliveryWaiting(Problem):
    """It is sent again by itself."""

    code, status, title = "delivery_waiting", 409, _("This is waiting to be sent already")


class SecretChanging(Problem):
    """Receivers have a day to follow; a second change would take the secret that they still use."""

    code, status = "secret_changing", 409
    title = _("The secret was changed less than a day ago. End the old one at once, or wait")
