"""The form of how one wants to hear of things: three fields a kind."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from .forms import ProblemForm
from .models import NotificationChoice
from .services.notification_choices import Choice
from .types import NotificationSetting


class NotificationSettingsForm(ProblemForm):
    """`version` is that of the settings the page showed: who saves a page of yesterday is told so."""

    version = forms.CharField(widget=forms.HiddenInput, required=False, max_length=16)

    def __init__(self, *args: object, settings: Sequence[NotificationSetting], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.settings = settings
        for one in settings:
            self.fields[f"{one.kind}-in_app"] = forms.BooleanField(
                label=_("In the app"), required=False, initial=one.in_app
            )
            self.fields[f"{one.kind}-mail"] = forms.ChoiceField(
                label=_("By mail"), choices=NotificationChoice.Mail.choices, initial=one.mail
            )
            self.fields[f"{one.kind}-push"] = forms.BooleanField(
                label=_("On my devices"), required=False, initial=one.push
            )

    def list_rows(self) -> list[tuple[NotificationSetting, BoundField, BoundField, BoundField]]:
        """Each kind with its three fields."""
        return [
            (one, self[f"{one.kind}-in_app"], self[f"{one.kind}-mail"], self[f"{one.kind}-push"])
            for one in self.settings
        ]

    def get_choices(self) -> list[Choice]:
        """What was chosen; after `is_valid`."""
        data = self.cleaned_data
        return [
            Choice(one.kind, data[f"{one.kind}-in_app"], data[f"{one.kind}-mail"], data[f"{one.kind}-push"])
            for one in self.settings
        ]
