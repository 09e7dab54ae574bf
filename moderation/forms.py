from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm
from users.models import User

from .constants import ANALYTICS_DAYS, NOTE_MAX
from .models import WorkItem

STATES = [("open", _("Open")), ("mine", _("Mine")), ("free", _("Nobody’s")), ("decided", _("Decided"))]


class QueueForm(forms.Form):
    """The filter of a queue, from the URL. What cannot be read is named and left out."""

    state = forms.ChoiceField(label=_("Show"), required=False, choices=STATES)
    severity = forms.TypedChoiceField(
        label=_("Severity"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=lambda: [("", gettext("All")), *WorkItem.Severity.choices],
    )
    before = forms.IntegerField(min_value=1, max_value=2**62, required=False, widget=forms.HiddenInput)

    def get_wanted(self) -> dict[str, Any]:
        """The readable part, as `selectors.list_items` takes it; call after `is_valid`."""
        data = self.cleaned_data
        return {
            "state": data.get("state") or "open",
            "severity": data.get("severity"),
            "before_id": data.get("before"),
        }


class DecisionForm(ProblemForm):
    outcome = forms.CharField(max_length=24, widget=forms.HiddenInput, required=False)
    note = forms.CharField(
        label=_("Reason"),
        max_length=NOTE_MAX,
        required=False,
        help_text=_("What you saw and why you decide like this. Colleagues read it, and it stays."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class NoteForm(ProblemForm):
    text = forms.CharField(
        label=_("Note"),
        max_length=NOTE_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AssignForm(ProblemForm):
    """Whom to give a case to, of `people`. `seen`: whom it was kept for when the form was made."""

    to = forms.TypedChoiceField(label=_("Colleague"), coerce=uuid.UUID)
    seen = forms.UUIDField(required=False, widget=forms.HiddenInput)
    back = forms.ChoiceField(choices=[("case", ""), ("queue", "")], required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to = self.fields["to"]
        assert isinstance(to, forms.ChoiceField)
        to.choices = [("", gettext("Choose")), *((str(one.uid), one.name) for one in people)]


class BulkForm(ProblemForm):
    """Cases of one queue, and what is to be done with all of them. `run` makes a form that is sent twice one run."""

    action = forms.CharField(max_length=24)
    item = forms.TypedMultipleChoiceField(required=False, coerce=uuid.UUID)
    to = forms.UUIDField(required=False)
    run = forms.UUIDField(required=False)
    note = forms.CharField(
        label=_("Reason"),
        max_length=NOTE_MAX,
        required=False,
        help_text=_("One reason for all of them. Colleagues read it with each case, and it stays."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        item = self.fields["item"]
        assert isinstance(item, forms.ChoiceField)
        item.valid_value = _is_uuid  # type: ignore[method-assign]  # any id: the service says which of them exist


def _is_uuid(value: object) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True


class AnalyticsForm(forms.Form):
    """How many days analytics cover, from the URL."""

    days = forms.TypedChoiceField(
        label=_("Days"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[(n, ngettext_lazy("%(n)d day", "%(n)d days", n) % {"n": n}) for n in ANALYTICS_DAYS],
    )

    def get_days(self) -> int:
        """The days that were asked for; the usual ones where they cannot be read, which the form names."""
        if not self.is_bound or not self.is_valid():
            return ANALYTICS_DAYS[1]
        return int(self.cleaned_data["days"] or ANALYTICS_DAYS[1])
