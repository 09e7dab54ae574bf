from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Problem
from profiles.names import country_choices
from users.forms import ProblemForm

from ..models import Verification
from .constants import FILE_MAX_BYTES, PURPOSE_MAX

_TYPES = "image/jpeg,image/png,image/webp"


class VerificationForm(ProblemForm):
    """A document and a selfie. Whether the files are pictures says the service."""

    document_type = forms.ChoiceField(label=_("Your document"), choices=Verification.DocumentType.choices)
    document_country = forms.ChoiceField(
        label=_("Country that issued it"),
        help_text=_("You may leave this empty."),
        required=False,
        choices=lambda: [("", "–"), *country_choices()],
    )
    document = forms.FileField(
        label=_("A picture of the document"),
        help_text=_("The side with your photograph, all four corners in view, no glare. JPEG, PNG or WebP."),
        allow_empty_file=True,
        error_messages={"required": _("Choose a picture of your document.")},
        widget=forms.FileInput(attrs={"accept": _TYPES, "capture": "environment"}),
    )
    selfie = forms.FileField(
        label=_("A picture of your face"),
        help_text=_("Taken now, looking into the camera, nothing covering your face."),
        allow_empty_file=True,
        error_messages={"required": _("Choose a picture of your face.")},
        widget=forms.FileInput(attrs={"accept": _TYPES, "capture": "user"}),
    )
    reason = forms.CharField(
        label=_("What you want it for"),
        help_text=_("Such as selling in a shop, or payouts. You may leave this empty."),
        max_length=PURPOSE_MAX,
        required=False,
    )
    consent = forms.BooleanField(
        label=_("I agree that Pairly checks these pictures and keeps them until 30 days after the decision"),
        error_messages={"required": _("We may look at your document only if you agree to it.")},
    )

    def as_fields(self) -> dict[str, Any]:
        """Cleaned values as the service takes them; of each file one byte more than is taken, at most."""
        data = self.cleaned_data
        return {
            "document_type": data["document_type"],
            "document_country": data["document_country"],
            "document": data["document"].read(FILE_MAX_BYTES + 1),
            "selfie": data["selfie"].read(FILE_MAX_BYTES + 1),
            "purpose": data["reason"],
            "has_consented": data["consent"],
        }

    def add_problem(self, problem: Problem) -> None:
        """As for every form; the purpose has another name here."""
        for row in problem.errors or []:
            row["pointer"] = row["pointer"].replace("/purpose", "/reason")
        super().add_problem(problem)
