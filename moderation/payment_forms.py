from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from payments.constants import REFUND_REASONS
from users.forms import ProblemForm

from . import people_panel

REFUND_WORDS = {
    "asked_for": _("The buyer asked for it"),
    "duplicate": _("It was paid twice"),
    "fraudulent": _("Not paid by the owner of the card"),
    "our_mistake": _("A mistake of ours"),
    "goodwill": _("Goodwill"),
    "other": _("Something else"),
}


class SearchForm(forms.Form):
    """One line: a payment's id, what the provider calls it, or who paid."""

    q = forms.CharField(
        label=_("Payment, provider's reference or the buyer's e-mail address"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": _("Type what to look for.")},
    )

    def get_buyer(self) -> uuid.UUID | None:
        """The public id of who paid, if that is what was typed."""
        return people_panel.find_uid(text=self.cleaned_data["q"])


class RefundForm(ProblemForm):
    """How much of what is left, in the payment's currency, and why."""

    amount = forms.DecimalField(
        label=_("Amount"),
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        help_text=_("All that is left, unless you change it."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=lambda: [("", _("Choose")), *((code, REFUND_WORDS[code]) for code in REFUND_REASONS)],
        error_messages={"required": _("Say why.")},
    )
    nonce = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, left_minor: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].initial = f"{left_minor // 100}.{left_minor % 100:02d}"

    @property
    def amount_minor(self) -> int:
        return int(self.cleaned_data["amount"] * 100)

    @property
    def reason_words(self) -> Any:
        return REFUND_WORDS[self.cleaned_data["reason"]]

    def get_request_id(self) -> uuid.UUID | None:
        """The idempotency key: the page's nonce and the choice; None where the page of what is chosen was passed by."""
        nonce = self.cleaned_data["nonce"]
        return uuid.uuid5(nonce, f"{self.amount_minor}|{self.cleaned_data['reason']}") if nonce else None
