from __future__ import annotations

from datetime import UTC
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7
from users.constants import ANNOUNCEMENT_BODY_MAX, ANNOUNCEMENT_TITLE_MAX
from users.forms import ProblemForm
from users.models import Announcement

_MOMENT = "%Y-%m-%dT%H:%M"


def _moment(label: Any, help_text: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_MOMENT)
    return forms.DateTimeField(label=label, help_text=help_text, required=False, widget=widget, input_formats=[_MOMENT])


class AnnouncementForm(ProblemForm):
    """What to tell whom, from when until when. `uid` makes a form sent twice one announcement."""

    uid = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)
    title = forms.CharField(
        label=_("Title"), max_length=ANNOUNCEMENT_TITLE_MAX, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    body = forms.CharField(
        label=_("Text"),
        max_length=ANNOUNCEMENT_BODY_MAX,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Plain text. Line breaks stay; an address is shown, but nobody can click it."),
    )
    audience = forms.ChoiceField(label=_("Who it is for"), choices=Announcement.Audience.choices)
    starts_at = _moment(_("From (UTC)"), _("Leave it empty to publish at once."))
    ends_at = _moment(_("Until (UTC)"), _("From then on it stands under earlier news. Leave it empty for no end."))

    def get_words(self) -> dict[str, Any]:
        """What `announcements.publish` takes; after `is_valid`."""
        moments = {name: self.cleaned_data[name] for name in ("starts_at", "ends_at")}
        return self.cleaned_data | {name: at and at.replace(tzinfo=UTC) for name, at in moments.items()}
