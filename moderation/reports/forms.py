from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from profiles.constants import PICTURE_MAX_BYTES
from users.forms import ProblemForm

from ..models import ReportCase
from .constants import DETAILS_MAX, PICTURES_MAX

_READ_MAX = PICTURE_MAX_BYTES + 1  # one byte more than is taken


class _ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class _PicturesField(forms.FileField):
    """Any number of files; whether they are pictures says the service."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(_PicturesField, self).clean(one, initial) for one in data or [] if one]


class ReportForm(ProblemForm):
    """What is wrong, in a word and in more of them, with pictures if there are any."""

    category = forms.ChoiceField(
        label=_("What is wrong"),
        choices=ReportCase.Category.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is wrong.")},
    )
    details = forms.CharField(
        label=_("What happened"),
        max_length=DETAILS_MAX,
        required=False,
        help_text=_("What you saw, when and where. The person never reads this, nor who you are."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    pictures = _PicturesField(
        label=_("Screenshots"),
        required=False,
        help_text=_("Up to 5 pictures: JPEG, PNG or WebP, 10 MB each at most."),
        widget=_ManyFiles(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )

    def as_fields(self) -> dict[str, Any]:
        """Cleaned values as the service takes them; one picture more than is taken, at most."""
        data = self.cleaned_data
        pictures = [file.read(_READ_MAX) for file in data["pictures"][: PICTURES_MAX + 1]]
        return {"category": data["category"], "details": data["details"], "pictures": pictures}
