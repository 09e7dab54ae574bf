"""Texts that reasons begin with: choosing one for a decision, finding and writing them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm

from .constants import CANNED_MAX, CANNED_TITLE_MAX
from .models import CannedReason
from .queues import Decision
from .reason_selectors import ReasonFilter
from .services.letters import Preview

STATES = [("offered", _("Offered")), ("retired", _("Retired"))]


class CannedForm(forms.Form):
    """A kept text to begin with, of `reasons` in their order, and the decision that the preview is of."""

    canned = forms.TypedChoiceField(label=_("Kept text"), required=False, coerce=uuid.UUID, empty_value=None)
    shown = forms.ChoiceField(label=_("Preview of"), required=False)

    def __init__(
        self, *args: Any, reasons: Sequence[CannedReason], decisions: Sequence[Decision] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        canned, shown = self.fields["canned"], self.fields["shown"]
        assert isinstance(canned, forms.ChoiceField)
        assert isinstance(shown, forms.ChoiceField)
        groups = groupby(reasons, key=lambda row: row.language_name)
        named = [(name, [(str(row.uid), row.title) for row in rows]) for name, rows in groups]
        canned.choices = [("", gettext("Choose")), *named]
        shown.choices = [(decision.outcome, decision.label) for decision in decisions]
        self.has_texts = bool(reasons)
        self._first = decisions[0].outcome if decisions else ""

    def get_wanted(self, *, is_fill: bool) -> tuple[uuid.UUID | None, str]:
        """The text to put in, where one is to be, and the decision to show. Call after `is_valid`."""
        return self.cleaned_data["canned"] if is_fill else None, self.cleaned_data["shown"] or self._first


def preview_answer(*, text: str, form: forms.Form, preview: Preview | None) -> dict[str, Any]:
    """What a script shows: the text as it stands, what is wrong with it, and how it reads."""
    words = [str(error) for errors in form.errors.values() for error in errors]
    return {"text": text, "problem": " ".join(words), **(preview.as_dict() if preview else {"letters": []})}


class ReasonsForm(forms.Form):
    """Which texts are wanted, from the URL."""

    q = forms.CharField(
        label=_("Title or words"), required=False, max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=lambda: [("", gettext("All")), *CannedReason.Kind.choices]
    )
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=lambda: [("", gettext("All")), *settings.LANGUAGES]
    )
    state = forms.ChoiceField(label=_("State"), required=False, choices=lambda: [("", gettext("All")), *STATES])
    before = forms.IntegerField(min_value=1, max_value=2**62, required=False, widget=forms.HiddenInput)

    def get_wanted(self) -> ReasonFilter:
        """The filter; call only when `is_valid`."""
        data = self.cleaned_data
        return ReasonFilter(text=data["q"], kind=data["kind"], language=data["language"], state=data["state"])


class ReasonForm(ProblemForm):
    """A text. `version`: which one was seen, where it is changed."""

    kind = forms.ChoiceField(label=_("Kind"), choices=CannedReason.Kind.choices)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    title = forms.CharField(
        label=_("Title"),
        max_length=CANNED_TITLE_MAX,
        help_text=_("For colleagues alone."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    text = forms.CharField(
        label=_("Text"),
        max_length=CANNED_MAX,
        help_text=_("The person reads it. Write it in the language above, without who reported."),
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    version = forms.IntegerField(required=False, min_value=1, max_value=2**31, widget=forms.HiddenInput)
