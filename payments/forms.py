from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm

from .constants import CURRENCIES
from .models import Provider
from .types import Offer


class BuyForm(ProblemForm):
    """The cards: one radio button a package. `nonce` makes a double click one purchase."""

    package_id = forms.ChoiceField(
        label=_("How many credits?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how many credits you want.")},
    )
    currency = forms.ChoiceField(choices=[(code, code) for code in CURRENCIES], widget=forms.HiddenInput)
    nonce = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, offers: list[Offer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["package_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(offer.package_id, offer.package_id) for offer in offers]

    def get_request_id(self) -> uuid.UUID:
        """The idempotency key: the page's nonce and the choice, so that choosing anew is a new purchase."""
        choice = f"{self.cleaned_data['package_id']}|{self.cleaned_data['currency']}|{Provider.STRIPE}"
        return uuid.uuid5(self.cleaned_data["nonce"], choice)
