from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm

from .constants import CURRENCIES
from .types import Offer


class BuyForm(ProblemForm):
    """The cards: one radio button a package, and one a provider. `nonce` makes a double click one purchase."""

    package_id = forms.ChoiceField(
        label=_("How many credits?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how many credits you want.")},
    )
    provider = forms.ChoiceField(
        label=_("Where do you want to pay?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose where you want to pay.")},
    )
    currency = forms.ChoiceField(choices=[(code, code) for code in CURRENCIES], widget=forms.HiddenInput)
    nonce = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, offers: list[Offer], providers: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("package_id", [offer.package_id for offer in offers])
        self._choose("provider", providers)

    def _choose(self, name: str, ids: list[str]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one, one) for one in ids]

    def get_request_id(self) -> uuid.UUID:
        """The idempotency key: the page's nonce and the choice, so that choosing anew is a new purchase."""
        chosen = "|".join(self.cleaned_data[name] for name in ("package_id", "currency", "provider"))
        return uuid.uuid5(self.cleaned_data["nonce"], chosen)
