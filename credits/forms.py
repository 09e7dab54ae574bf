"""Forms of the wallet, in whole credits."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm

from .constants import CAP_MAX_CENTI, CENTI
from .types import Caps


def _limit(**texts: Any) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off", "placeholder": _("no limit")})
    return forms.IntegerField(min_value=0, max_value=CAP_MAX_CENTI // CENTI, required=False, widget=widget, **texts)


class CapsForm(ProblemForm):
    """Empty is no limit."""

    day = _limit(label=_("Credits a day"), help_text=_("Days begin at midnight UTC."))
    week = _limit(label=_("Credits a week"), help_text=_("From Monday to Sunday."))
    month = _limit(label=_("Credits a month"))

    @classmethod
    def showing(cls, caps: Caps) -> CapsForm:
        """What was last wanted: a raise that waits, else what holds."""
        wanted = {cap.name: cap.raise_to_centi if cap.raise_at else cap.own_centi for cap in caps.caps}
        return cls(initial={name: None if centi is None else centi // CENTI for name, centi in wanted.items()})

    def wanted(self) -> dict[str, Any]:
        """As the service takes it."""
        return {
            f"{name}_centi": None if number is None else number * CENTI for name, number in self.cleaned_data.items()
        }

    def add_problem(self, problem: Any) -> None:
        """The service names amounts in hundredths."""
        for row in problem.errors or []:
            row["pointer"] = row["pointer"].removesuffix("_centi")
        super().add_problem(problem)


class CoolOffForm(ProblemForm):
    length = forms.ChoiceField(
        label=_("Spend nothing for"),
        choices=[("day", _("1 day")), ("week", _("1 week")), ("month", _("1 month")), ("half_year", _("6 months"))],
        widget=forms.RadioSelect,
    )
    is_sure = forms.BooleanField(
        label=_("I know that nobody can end this earlier, not even Pairly."),
        error_messages={"required": _("Tick this to go on: it cannot be ended earlier.")},
    )
