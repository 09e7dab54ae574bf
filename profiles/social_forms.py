from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm

from .constants import LIST_NAME_MAX


class ListForm(ProblemForm):
    """A list's name; `person_id` is who goes into a new one at once, from a person's page."""

    name = forms.CharField(
        label=_("Name of the list"), max_length=LIST_NAME_MAX, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    person_id = forms.UUIDField(required=False, widget=forms.HiddenInput)


class PersonForm(forms.Form):
    """Who is meant."""

    user_id = forms.UUIDField()
