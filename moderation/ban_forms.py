from __future__ import annotations

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm

_HOUR = 3_600
DURATIONS = [
    (_HOUR, _("1 hour")),
    (24 * _HOUR, _("1 day")),
    (7 * 24 * _HOUR, _("1 week")),
    (30 * 24 * _HOUR, _("30 days")),
    (365 * 24 * _HOUR, _("1 year")),
]


class BanForm(ProblemForm):
    """Which network, for how long and why."""

    network = forms.CharField(
        label=_("Address or network"),
        max_length=43,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("As 203.0.113.7 or 203.0.113.0/24. An IPv6 address stands for its /64."),
    )
    duration_seconds = forms.TypedChoiceField(label=_("For how long"), choices=DURATIONS, coerce=int)
    reason = forms.CharField(label=_("Why"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def get_lasts(self) -> timedelta:
        """How long the ban is to last; after `is_valid`."""
        return timedelta(seconds=self.cleaned_data["duration_seconds"])
