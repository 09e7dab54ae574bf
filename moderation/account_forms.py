"""Accounts for staff: the filter of the list, from the URL, and what is asked for to suspend or to let back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm
from users.models import User

from . import people_panel
from .account_selectors import STAFF, STATES, AccountFilter
from .sanctions.constants import FACTS_MAX, REASON_MAX, RULES, SCOPES

FOREVER = "forever"
_HOURS = {24: _("1 day"), 72: _("3 days"), 168: _("1 week"), 720: _("30 days"), 8760: _("1 year")}
DURATIONS = [*((str(hours), words) for hours, words in _HOURS.items()), (FOREVER, _("For good"))]


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "off"})
    return forms.DateField(label=label, required=False, widget=widget)


class AccountsForm(forms.Form):
    """Which accounts are wanted."""

    q = forms.CharField(
        label=_("E-mail address, id or name"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        required=False,
        choices=lambda: [("", gettext("All")), *User.Role.choices, (STAFF, gettext("Staff"))],
    )
    state = forms.ChoiceField(label=_("State"), required=False, choices=lambda: [("", gettext("All")), *STATES.items()])
    verified = forms.TypedChoiceField(
        label=_("Verification"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=lambda: [("", gettext("All")), *User.VerificationLevel.choices],
    )
    since = _day(_("Joined since"))
    until = _day(_("Joined until"))
    before = forms.IntegerField(min_value=1, max_value=2**62, required=False, widget=forms.HiddenInput)

    def get_wanted(self) -> AccountFilter:
        """The filter; call only when `is_valid`."""
        data = self.cleaned_data
        names = ("role", "state", "verified", "since", "until")
        return AccountFilter(text=data["q"], **{name: data[name] for name in names})

    def get_asked(self) -> dict[str, Any]:
        """What was asked for as the record wants it, `person` by address or id. After `is_valid`."""
        text = self.cleaned_data["q"]
        return {"wanted": self.cleaned_data, "person": people_panel.find_uid(text=text) if text else None}


class SuspendForm(ProblemForm):
    """What somebody did, and for how long they stay out. They read all of it."""

    rule = forms.ChoiceField(label=_("Rule that was broken"), choices=[("", _("Choose")), *RULES.items()])
    facts = forms.CharField(
        label=_("What happened"),
        max_length=FACTS_MAX,
        help_text=_("What they did, when and where. They read it, word for word."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    scope = forms.ChoiceField(label=_("It reaches"), choices=list(SCOPES.items()))
    duration = forms.ChoiceField(label=_("For how long"), choices=DURATIONS)
    automated = forms.BooleanField(label=_("A program found it, and I only enter it"), required=False)
    # The same form sent twice suspends once.
    nonce = forms.UUIDField(widget=forms.HiddenInput)

    def as_fields(self) -> dict[str, Any]:
        """Cleaned values as the service takes them."""
        data = self.cleaned_data
        return {
            "rule": data["rule"],
            "facts": data["facts"],
            "scope": data["scope"],
            "duration_hours": None if data["duration"] == FOREVER else int(data["duration"]),
            "is_automated": data["automated"],
            "uid": data["nonce"],
        }


class UnsuspendForm(ProblemForm):
    """Why somebody is let back."""

    reason = forms.CharField(
        label=_("Why they may come back"),
        max_length=REASON_MAX,
        help_text=_("They read it, and it stands in the audit log."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
