from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

NAME_MAX = 80
INVITATION_LIFE = timedelta(days=30)
# What one person may found, and what one organisation may have.
ORGANISATIONS_MAX = 10
MEMBERS_MAX = 50
CREATORS_MAX = 500

LOOKS_PER_MINUTE = 120
CHANGES_PER_MINUTE = 20
INVITATIONS_PER_MINUTE = 10  # an address is answered alike whether somebody has it or not

# -- webhooks
WEBHOOKS_MAX = 5
ADDRESS_MAX = 500
EVENT_NAMES = {
    "certificate.issued": _("a new certificate"),
    "certificate.revoked": _("a certificate that was taken back"),
    "certificate.expired": _("a certificate that has run out"),
    "representation.accepted": _("a creator who says yes"),
    "representation.ended": _("a creator you represent no more"),
}
EVENTS = tuple(EVENT_NAMES)
# Longer than any one call: a look-up, and twice the time of a step.
LEASE = timedelta(minutes=2)
# A minute, 4, 16, ... and from then on a day between two tries: the twelve pauses are 6 days and 23 hours.
FIRST_WAIT, WAIT_FACTOR, LONGEST_WAIT = timedelta(minutes=1), 4, timedelta(days=1)
MAX_TRIES = 13
DELIVERIES_KEPT = timedelta(days=30)
# How far back the job looks for certificates whose time is over.
EXPIRED_WITHIN = timedelta(days=1)
# How long the secret before the last change still signs beside the new one.
OLD_SECRET_LIFE = timedelta(hours=24)
STAFF_PERMISSION = "users.staff_view_webhooks"
RESEND_PERMISSION = "users.staff_resend_webhooks"
# On one page.
PEOPLE_SHOWN, DELIVERIES_SHOWN = 100, 50
