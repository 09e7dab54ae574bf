"""The filters of the logs, from the URL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from security.audit_selectors import AuditFilter
from security.log_selectors import DOORS, OUTCOMES, LogFilter, parse_network
from security.models import AuditEntry

from . import people_panel
from .constants import FIGURES_DAYS, FIGURES_DAYS_MAX


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "off"})
    return forms.DateField(label=label, required=False, widget=widget)


def _before() -> forms.IntegerField:
    return forms.IntegerField(min_value=1, max_value=2**62, required=False, widget=forms.HiddenInput)


class PersonField(forms.CharField):
    """An e-mail address or a public id; cleaned to the id, None when nothing was typed."""

    def __init__(self, *, label: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"})
        super().__init__(label=label, required=False, max_length=254, widget=widget)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        uid = people_panel.find_uid(text=text)
        if uid is None:
            raise forms.ValidationError(_("No account has this e-mail address."), code="unknown")
        return uid


class SignInLogForm(forms.Form):
    user = PersonField(label=_("E-mail address or id"))
    network = forms.CharField(
        label=_("IP address or network"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "192.0.2.0/24"}),
    )
    since = _day(_("First day"))
    until = _day(_("Last day"))
    outcome = forms.ChoiceField(
        label=_("Result"), required=False, choices=lambda: [("", gettext("All")), *OUTCOMES.items()]
    )
    door = forms.ChoiceField(label=_("Door"), required=False, choices=lambda: [("", gettext("All")), *DOORS.items()])
    before = _before()

    def clean_network(self) -> str:
        text: str = self.cleaned_data["network"]
        try:
            return parse_network(text=text) if text else ""
        except ValueError:
            raise forms.ValidationError(
                _("Write an address like 192.0.2.7 or a network like 192.0.2.0/24."), code="invalid"
            ) from None

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        data["until"] = data["until"] or datetime.now(UTC).date()
        data["since"] = data["since"] or data["until"] - timedelta(days=FIGURES_DAYS - 1)
        n_days = (data["until"] - data["since"]).days + 1
        if n_days < 1:
            self.add_error("until", forms.ValidationError(_("The last day is before the first."), code="order"))
        if n_days > FIGURES_DAYS_MAX:
            text = ngettext("At most %(n)d day at a time.", "At most %(n)d days at a time.", FIGURES_DAYS_MAX)
            self.add_error("since", forms.ValidationError(text % {"n": FIGURES_DAYS_MAX}, code="too_long"))
        return data

    def get_wanted(self) -> LogFilter:
        """The filter; call only when `is_valid`."""
        data = self.cleaned_data
        return LogFilter(
            user_uid=data["user"],
            **{name: data[name] for name in ("since", "until", "network", "outcome", "door")},
        )


class AuditLogForm(forms.Form):
    actor = PersonField(label=_("Who did it (e-mail address or id)"))
    subject = PersonField(label=_("About whom (e-mail address or id)"))
    action = forms.CharField(
        label=_("Action, or its beginning"),
        required=False,
        max_length=48,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "staff."}),
    )
    severity = forms.ChoiceField(
        label=_("Severity"), required=False, choices=lambda: [("", gettext("All")), *AuditEntry.Severity.choices]
    )
    since = _day(_("First day"))
    until = _day(_("Last day"))
    before = _before()

    def get_wanted(self) -> AuditFilter:
        """The filter; call only when `is_valid`."""
        data = self.cleaned_data
        return AuditFilter(
            actor_uid=data["actor"],
            subject_uid=data["subject"],
            **{name: data[name] for name in ("action", "severity", "since", "until")},
        )
