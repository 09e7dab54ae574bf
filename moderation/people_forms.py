from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm
from users.roles import ROLE_NAMES


class RolesForm(ProblemForm):
    """What somebody does here."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=list(ROLE_NAMES.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one role.")},
    )


class InviteForm(RolesForm):
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=_("The code in the mail works once, for 72 hours."),
    )
    field_order = ("email", "roles")
