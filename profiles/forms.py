from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from users.models import User

from .constants import BIO_MAX, NAME_MAX
from .models import Profile


class ProfileForm(forms.Form):
    """The owner's view of a profile; prices are typed in credits and kept in hundredths."""

    display_name = forms.CharField(label=_("Name"), max_length=NAME_MAX)
    bio = forms.CharField(label=_("About me"), max_length=BIO_MAX, required=False, widget=forms.Textarea)
    price = forms.DecimalField(
        label=_("Price of a message, in credits"),
        help_text=_("0, or between 50 and 50,000. Fans pay it when they write, you earn it when you answer."),
        min_value=0,
        decimal_places=2,
        max_digits=8,
    )
    reply_window_hours = forms.IntegerField(
        label=_("Hours you take at most to answer"),
        help_text=_("24 to 168. After that the fan's credits go back."),
        min_value=24,
        max_value=168,
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.is_creator:
            del self.fields["price"], self.fields["reply_window_hours"]

    @staticmethod
    def initial_of(profile: Profile) -> dict[str, Any]:
        """The form's values for a profile."""
        return {
            "display_name": profile.display_name,
            "bio": profile.bio,
            "price": profile.price_per_message_centi / 100,
            "reply_window_hours": profile.reply_window_hours,
        }

    def as_fields(self) -> dict[str, Any]:
        """Cleaned values as the service takes them."""
        data = dict(self.cleaned_data)
        if "price" in data:
            data["price_per_message_centi"] = int(data.pop("price") * 100)
        return data
