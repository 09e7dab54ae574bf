from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from .constants import RECOVERY_REASON_MAX
from .forms import ProblemForm, SignUpForm


class AcceptForm(ProblemForm):
    """What somebody types who is signed in and invited."""

    code = forms.CharField(
        label=_("Code from the mail"),
        max_length=32,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


class InvitationForm(AcceptForm, SignUpForm):
    """An invitation and the account that it makes, which nobody chooses a role for."""

    role = None  # type: ignore[assignment]  # Django's way to leave a field out
    field_order = ("email", "code", "name", "password", "birth_date")


class RecoveryForm(ProblemForm):
    reason = forms.CharField(
        label=_("What happened?"),
        max_length=RECOVERY_REASON_MAX,
        help_text=_("What you lost, since when, and what only you can know about your account. Two people read it."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
