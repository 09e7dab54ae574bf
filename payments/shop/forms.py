from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Problem
from profiles.constants import PICTURE_MAX_BYTES
from users.forms import ProblemForm

from ..models import ShopItem
from .constants import DESCRIPTION_MAX, TITLE_MAX

_TYPES = "image/jpeg,image/png,image/webp"


class ItemForm(ProblemForm):
    """What an item is and costs; prices are typed in credits and kept in hundredths."""

    title = forms.CharField(label=_("Title"), max_length=TITLE_MAX)
    description = forms.CharField(
        label=_("What one gets"),
        help_text=_("Buyers see the pictures only after they paid. Say what they show."),
        max_length=DESCRIPTION_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    price = forms.DecimalField(
        label=_("Price, in credits"),
        help_text=_("Between 50 and 50,000. You earn it as soon as somebody buys, less our fee."),
        min_value=0,
        decimal_places=2,
        max_digits=9,
    )

    @staticmethod
    def initial_of(item: ShopItem) -> dict[str, Any]:
        """The form's values for an item."""
        return {"title": item.title, "description": item.description, "price": Decimal(item.price_centi) / 100}

    def as_fields(self) -> dict[str, Any]:
        """Cleaned values as the service takes them."""
        data = dict(self.cleaned_data)
        data["price_centi"] = int(data.pop("price") * 100)
        return data

    def add_problem(self, problem: Problem) -> None:
        """As for every form; the price has another name here."""
        for row in problem.errors or []:
            row["pointer"] = row["pointer"].replace("/price_centi", "/price")
        super().add_problem(problem)


class PictureForm(ProblemForm):
    """One more picture. Whether the file is one says the service."""

    file = forms.FileField(
        label=_("A new picture"),
        help_text=_("JPEG, PNG or WebP, at most 10 MB."),
        allow_empty_file=True,
        error_messages={"required": _("Choose a picture first.")},
        widget=forms.FileInput(attrs={"accept": _TYPES}),
    )

    def read(self) -> bytes:
        """The file, and one byte more than is taken at most."""
        data: bytes = self.cleaned_data["file"].read(PICTURE_MAX_BYTES + 1)
        return data


class UnlockForm(ProblemForm):
    """Buying: the price that was shown is the buyer's consent, `nonce` makes a double click one purchase."""

    price_centi = forms.IntegerField(min_value=1, max_value=10**9, widget=forms.HiddenInput)
    nonce = forms.UUIDField(widget=forms.HiddenInput)

    def as_fields(self) -> dict[str, Any]:
        """Cleaned values as the service takes them: choosing another price is another purchase."""
        price_centi: int = self.cleaned_data["price_centi"]
        key = uuid.uuid5(self.cleaned_data["nonce"], str(price_centi))
        return {"price_centi": price_centi, "idempotency_key": key}
