"""What a certificate's page says in words."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

REASONS = {
    "replaced": _("A newer certificate took its place."),
    "holder": _("Its holder took it back."),
    "staff": _("We took it back."),
    "verification_ended": _("The verification it rests on has ended."),
    "suspended": _("The account was closed by us."),
    "erased": _("The account was deleted; what the certificate said was erased with it."),
}
LEVELS = {
    "age": _("of age"),
    "document": _("of age, by an official document"),
    "selfie": _("of age, by an official document, and the face of its holder"),
}


def reason_of(*, because: str) -> str:
    """Why a certificate was taken back; for a code of later versions that it was."""
    return str(REASONS.get(because) or gettext("It was taken back."))


def level_of(*, level: str) -> str:
    """What was looked at; the code itself where it has no words."""
    return str(LEVELS.get(level) or level)
