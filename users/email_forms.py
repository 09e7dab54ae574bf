from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from .forms import ProblemForm


class EmailChangeForm(ProblemForm):
    new_email = forms.EmailField(
        label=_("New e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"type": "email", "autocomplete": "email"}),
    )


class EmailUndoForm(ProblemForm):
    email = forms.EmailField(
        label=_("Your e-mail address before"),
        max_length=254,
        widget=forms.EmailInput(attrs={"type": "email", "autocomplete": "email"}),
    )
    code = forms.CharField(
        label=_("Code from the mail"),
        max_length=32,
        widget=forms.TextInput(
            attrs={
                "type": "text",
                "autocomplete": "one-time-code",
                "autocapitalize": "characters",
                "spellcheck": "false",
            }
        ),
    )
