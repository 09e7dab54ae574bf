from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Problem
from users.forms import ProblemForm
from users.models import User

from . import names
from .constants import BIO_MAX, HEADLINE_MAX, NAME_MAX, OFFERED_LANGUAGES, TOPIC_MAX, TOPICS_MAX
from .models import Profile
from .selectors import DiscoverFilter

MOST_CREDITS = 10**7


class ProfileForm(ProblemForm):
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

    def __init__(self, *args: Any, user: User, spoken: Iterable[str] = (), **kwargs: Any) -> None:
        """`spoken`: the languages of the profile, which can be kept whether we offer them or not."""
        super().__init__(*args, **kwargs)
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
        data = dict(self.cleaned_data)
        data["topics"] = data["topics"].split(",")
        if "price" in data:
            data["price_per_message_centi"] = int(data.pop("price") * 100)
        return data

    def add_problem(self, problem: Problem) -> None:
        """As for every form; the price has another name here."""
        for row in problem.errors or []:
            if row["pointer"] == "/price_per_message_centi":
                row["pointer"] = "/price"
        super().add_problem(problem)


def _language_choices(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Codes with their names in the viewer's language, by name."""
    choices = [(code, names.language_name(code=code)) for code in codes]
    return sorted(choices, key=lambda choice: choice[1].casefold())


class DiscoverForm(forms.Form):
    """The filter of the page, from the URL. What cannot be read is named and left out of the search."""

    q = forms.CharField(
        label=_("Name or words"), max_length=80, required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    topic = forms.CharField(label=_("Topic"), max_length=TOPIC_MAX, required=False)
    max_price = forms.DecimalField(
        label=_("Credits at most"), min_value=0, max_value=MOST_CREDITS, decimal_places=2, required=False
    )
    sort = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            ("newest", _("Newest first")),
            ("price", _("Lowest price first")),
            ("-price", _("Highest price first")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.data.get("topic"):  # nobody types a topic: links bring one, and then it can be taken away
            del self.fields["topic"]

    def get_wanted(self) -> DiscoverFilter:
        """The readable part of the filter; call after `is_valid`."""
        max_price = self.cleaned_data.get("max_price")
        return DiscoverFilter(
            q=self.cleaned_data.get("q", ""),
            topic=self.cleaned_data.get("topic", ""),
            max_price=None if max_price is None else int(max_price * 100),
        )

    def get_sort(self) -> str:
        """A key of SORTS; call after `is_valid`."""
        return self.cleaned_data.get("sort") or "newest"
