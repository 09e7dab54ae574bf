from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm

from .constants import TEXT_MAX


class WordsForm(ProblemForm):
    """What one side of an appeal says."""

    text = forms.CharField(
        label=_("What you want to say"), max_length=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 6})
    )
