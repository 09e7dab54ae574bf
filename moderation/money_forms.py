from __future__ import annotations

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm


class CompareForm(ProblemForm):
    """Which day to compare with the providers' own lists."""

    day = forms.DateField(
        label=_("Day (UTC)"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("Choose a day."), "invalid": _("Choose a day.")},
    )

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if day > timezone.now().date():
            raise ValidationError(_("Choose a day that has begun."))
        return day
