from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Problem
from users.models import User

from . import names
from .constants import BIO_MAX, HEADLINE_MAX, NAME_MAX, OFFERED_LANGUAGES, TOPIC_MAX, TOPICS_MAX
from .models import Profile
from .place_forms import PlaceForm


class ProfileForm(PlaceForm):
    """The owner's view of a profile; prices are typed in credits and kept in hundredths."""

    display_name = forms.CharField(
        label=_("Name"), max_length=NAME_MAX, widget=forms.TextInput(attrs={"autocomplete": "nickname"})
    )
    headline = forms.CharField(
        label=_("Headline"),
        help_text=_("What you do, in one line."),
        max_length=HEADLINE_MAX,
        required=False,
    )
    bio = forms.CharField(
        label=_("About me"), max_length=BIO_MAX, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        help_text=_("Up to 8 that people can write to you in."),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )
    topics = forms.CharField(
        label=_("Topics"),
        help_text=_("Up to 8, with commas between them."),
        max_length=(TOPIC_MAX + 2) * TOPICS_MAX * 2,
        required=False,
    )
    price = forms.DecimalField(
        label=_("Price of a message, in credits"),
        help_text=_("0, or between 50 and 50,000. Fans pay it when they write, you earn it when you answer."),
        min_value=0,
        decimal_places=2,
        max_digits=9,
    )
    reply_window_hours = forms.IntegerField(
        label=_("Hours you take at most to answer"),
        help_text=_("24 to 168. After that the fan's credits go back."),
        min_value=settings.REPLY_WINDOW_MIN_HOURS,
        max_value=settings.REPLY_WINDOW_MAX_HOURS,
    )

    def __init__(
        self, *args: Any, user: User, spoken: Iterable[str] = (), profile: Profile | None = None, **kwargs: Any
    ) -> None:
        """`spoken`: the languages of the profile, which can be kept whether we offer them or not. `profile`: whose
        place is changed."""
        super().__init__(*args, profile=profile, **kwargs)
        languages = self.fields["languages"]
        assert isinstance(languages, forms.MultipleChoiceField)
        languages.choices = _language_choices({*OFFERED_LANGUAGES, *spoken})
        if not user.is_creator:
            del self.fields["price"], self.fields["reply_window_hours"]

    @staticmethod
    def initial_of(profile: Profile) -> dict[str, Any]:
        """The form's values for a profile."""
        return {
            "display_name": profile.display_name,
            "headline": profile.headline,
            "bio": profile.bio,
            "languages": profile.languages,
            "topics": ", ".join(profile.topics),
            "price": Decimal(profile.price_per_message_centi) / 100,
            "reply_window_hours": profile.reply_window_hours,
        }

    def as_fields(self) -> dict[str, Any]:
        """Cleaned values as the service takes them."""
        data = self.as_place(dict(self.cleaned_data))
        data["topics"] = data["topics"].split(",")
        if "price" in data:
            data["price_per_message_centi"] = int(data.pop("price") * 100)
        return data

    def add_problem(self, problem: Problem) -> None:
        """As for every form; some fields have other names here."""
        for row in problem.errors or []:
            row["pointer"] = _POINTERS.get(row["pointer"], row["pointer"])
        super().add_problem(problem)


_POINTERS = {"/price_per_message_centi": "/price", "/location": "/near"}


def _language_choices(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Codes with their names in the viewer's language, by name."""
    choices = [(code, names.language_name(code=code)) for code in codes]
    return sorted(choices, key=lambda choice: choice[1].casefold())
