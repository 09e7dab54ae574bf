"""The filter of discovery as a form in the URL, and the names of saved searches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.formats import number_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm

from . import names
from .constants import AGES, OFFERED_LANGUAGES, QUERY_MAX, SEARCH_NAME_MAX, TOPIC_MAX
from .filters import DiscoverFilter

MOST_CREDITS = 10**7


@dataclass(frozen=True, kw_only=True, slots=True)
class Chip:
    """A filter that is set, in words; `rest` is the query string without it. `text`: somebody's own words."""

    label: str
    rest: str
    text: str = ""


class LanguagesField(forms.MultipleChoiceField):
    """Codes of languages that have a name, whether the list offers them or not."""

    def to_python(self, value: Any) -> list[str]:
        return list(dict.fromkeys(code for code in super().to_python(value) if code))

    def valid_value(self, value: str) -> bool:
        return names.is_language(code=value)


_LIMITS = {"min_value": _("Choose %(limit_value)s or more."), "max_value": _("Choose %(limit_value)s or less.")}


def _price(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=0, max_value=MOST_CREDITS, decimal_places=2, required=False, error_messages=_LIMITS
    )


def _age(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=AGES[0], max_value=AGES[1], required=False, error_messages=_LIMITS)


class DiscoverForm(forms.Form):
    """The filter of the page, from the URL. What cannot be read is named and left out of the search."""

    q = forms.CharField(
        label=_("Name or words"),
        max_length=QUERY_MAX,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    sort = forms.ChoiceField(label=_("Order"), required=False)
    min_price = _price(_("At least"))
    max_price = _price(_("At most"))
    min_age = _age(_("From"))
    max_age = _age(_("To"))
    topic = forms.CharField(label=_("Topic"), max_length=TOPIC_MAX, required=False)
    language = LanguagesField(
        label=_("Languages"), required=False, error_messages={"invalid_choice": _("Choose a language from the list.")}
    )
    online = forms.BooleanField(label=_("Online now"), required=False)
    verified = forms.BooleanField(label=_("Verified only"), required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        sort = self.fields["sort"]
        assert isinstance(sort, forms.ChoiceField)
        # The first is what happens when nobody chooses, which depends on whether there are words.
        first = [("", _("Best fit first")), ("newest", _("Newest first"))] if data.get("q", "").strip() else []
        sort.choices = [
            *(first or [("", _("Newest first"))]),
            ("price", _("Lowest price first")),
            ("-price", _("Highest price first")),
            ("active", _("Lately active first")),
            ("answer", _("Likely to answer first")),
        ]
        if data.get("sort") == "best" or (not first and data.get("sort") == "newest"):  # names of the first one
            self.data = data.copy()
            self.data["sort"] = ""

    # -- what was asked for -----------------------------------------------------------------------------------

    def get_wanted(self) -> DiscoverFilter:
        """The readable part of the filter; call after `is_valid`."""
        data = self.cleaned_data
        return DiscoverFilter(
            q=data.get("q", ""),
            min_price=_centi(data.get("min_price")),
            max_price=_centi(data.get("max_price")),
            min_age=data.get("min_age"),
            max_age=data.get("max_age"),
            online=data.get("online", False),
            verified=data.get("verified", False),
            languages=tuple(data.get("language", ())),
            topic=data.get("topic", ""),
        )

    def get_sort(self) -> str:
        """One of SORTS, or "" for what is usual; call after `is_valid`."""
        sort: str = self.cleaned_data.get("sort", "")
        return sort

    def list_pairs(self) -> list[tuple[str, str]]:
        """The readable part as the URL has it, with nothing that is empty; call after `is_valid`."""
        pairs = []
        for name in self.fields:
            value = self.cleaned_data.get(name)
            if value in (None, "", False, []):
                continue
            values = value if isinstance(value, list) else ["on" if value is True else str(value)]
            pairs += [(name, one) for one in values]
        return pairs

    def get_query(self) -> str:
        """`list_pairs` as a query string."""
        return urlencode(self.list_pairs())

    def list_chips(self) -> list[Chip]:
        """The filters that are set beside the words and the order; call after `is_valid`."""
        pairs = self.list_pairs()
        return [
            Chip(
                label=_LABELS[name](value), rest=urlencode([*pairs[:n], *pairs[n + 1 :]]), text=_own_words(name, value)
            )
            for n, (name, value) in enumerate(pairs)
            if name in _LABELS
        ]

    # -- what the template shows ------------------------------------------------------------------------------

    @property
    def has_unreadable(self) -> bool:
        """Whether one of the filters behind the fold has something to say."""
        return any(name not in ("q", "sort") for name in self.errors)

    def list_chosen_languages(self) -> list[tuple[str, str]]:
        """Codes and names of the languages that are set."""
        return [(code, names.language_name(code=code)) for code in self.cleaned_data.get("language", [])]

    def list_other_languages(self) -> list[tuple[str, str]]:
        """Codes and names of those that can be added, by name."""
        chosen = self.cleaned_data.get("language", [])
        choices = [(code, names.language_name(code=code)) for code in OFFERED_LANGUAGES if code not in chosen]
        return sorted(choices, key=lambda choice: choice[1].casefold())


def _centi(credits: Decimal | None) -> int | None:
    return None if credits is None else int(credits * 100)


def _own_words(name: str, value: str) -> str:
    return value if name == "topic" else ""


def _credits(value: str) -> str:
    return number_format(Decimal(value).normalize(), force_grouping=True)


_LABELS: dict[str, Callable[[str], str]] = {
    "min_price": lambda value: _t("From %(price)s credits") % {"price": _credits(value)},
    "max_price": lambda value: _t("Up to %(price)s credits") % {"price": _credits(value)},
    "min_age": lambda value: _t("From %(age)s years") % {"age": value},
    "max_age": lambda value: _t("Up to %(age)s years") % {"age": value},
    "topic": lambda value: _t("Topic:"),
    "language": lambda value: names.language_name(code=value),
    "online": lambda value: _t("Online now"),
    "verified": lambda value: _t("Verified"),
}


class SearchNameForm(ProblemForm):
    """A saved search's name."""

    name = forms.CharField(
        label=_("Name"), max_length=SEARCH_NAME_MAX, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class SaveSearchForm(SearchNameForm):
    """A filter that is to be kept: which page's, and its query string."""

    query = forms.CharField(widget=forms.HiddenInput, max_length=4_000)
    page = forms.CharField(widget=forms.HiddenInput, max_length=8, required=False)
