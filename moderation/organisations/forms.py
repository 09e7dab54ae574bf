from __future__ import annotations

import re
import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm

from ..models import Membership
from .constants import ADDRESS_MAX, EVENT_NAMES, NAME_MAX

_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.I)


class NameForm(ProblemForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": _("Write a name.")},
    )


class InviteForm(ProblemForm):
    """Whom to invite; `roles` are those that one may give."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=_("If somebody here has this address, they hear of it. Only then do you see them."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices, initial=Membership.Role.MEMBER)

    def __init__(self, *args: Any, roles: list[tuple[str, Any]] | None = None, **how: Any) -> None:
        super().__init__(*args, **how)
        choices: Any = roles or Membership.Role.choices
        self.fields["role"].choices = choices  # type: ignore[attr-defined]


class RoleForm(ProblemForm):
    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices)


class AddressForm(ProblemForm):
    """Whose invitation to take back."""

    email = forms.EmailField(
        label=_("Address you invited"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )


class CreatorForm(ProblemForm):
    """A creator by the address of their page, or by their id, which is in it."""

    user_id = forms.CharField(
        label=_("Address of the creator's page"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Copy the address of their page here.")},
    )

    def clean_user_id(self) -> uuid.UUID:
        found = _ID.search(self.cleaned_data["user_id"])
        if found is None:
            raise forms.ValidationError(_("Copy the address of their page here."), code="invalid")
        return uuid.UUID(found.group())


class EventsForm(ProblemForm):
    events = forms.MultipleChoiceField(
        label=_("Tell of"),
        choices=list(EVENT_NAMES.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )


class WebhookForm(EventsForm):
    target_url = forms.CharField(
        label=_("Address"),
        max_length=ADDRESS_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url", "placeholder": "https://"}),
        help_text=_("By https, on port 443 or 8443. We send notices there by POST."),
    )
    field_order = ("target_url", "events")
