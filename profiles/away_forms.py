from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm

from .constants import AWAY_DAYS_MAX, AWAY_NOTE_MAX


class AwayForm(ProblemForm):
    """The day on which a creator is back: away until its first minute, in UTC."""

    until = forms.DateField(
        label=_("Back on"),
        help_text=_("60 days ahead at most. The day begins at midnight UTC."),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}),
    )
    note = forms.CharField(
        label=_("A note for those who write"),
        help_text=_("On your page and in your chats, for everybody to read."),
        max_length=AWAY_NOTE_MAX,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.now().date()
        days = {"min": today + timedelta(days=1), "max": today + timedelta(days=AWAY_DAYS_MAX)}
        self.fields["until"].widget.attrs.update({name: day.isoformat() for name, day in days.items()})

    def as_fields(self) -> dict[str, Any]:
        """Cleaned values as the service takes them."""
        until = datetime.combine(self.cleaned_data["until"], time(), tzinfo=UTC)
        return {"until": until, "note": self.cleaned_data["note"]}
