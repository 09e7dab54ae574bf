from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from payments.constants import RETURN_REASONS
from users.forms import ProblemForm

RETURN_WORDS = {
    "came_back": _("The bank gave no reason"),
    "account_closed": _("The account is closed"),
    "account_unknown": _("The bank does not know the account"),
    "name_mismatch": _("The name does not fit the account"),
    "refused_by_bank": _("The bank refused it"),
    "other": _("Something else"),
}


class SentForm(ProblemForm):
    reference = forms.CharField(
        label=_("The bank's reference"),
        max_length=60,
        help_text=_("As the bank names the transfer that you made. Each is of one payout."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ReturnedForm(ProblemForm):
    reason = forms.ChoiceField(
        label=_("Why it came back"),
        choices=lambda: [(code, RETURN_WORDS[code]) for code in RETURN_REASONS],
        help_text=_("The creator reads it."),
    )
