"""`/design/`: every component in every state, for people who build Pairly. Its words are not translated."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pairly.common.charts import BarChart, Group, Series
from pairly.common.problems import NotFound
from profiles import discovery

ICONS = settings.BASE_DIR / "frontend" / "art" / "icons.svg"
COLOURS = (
    "paper", "surface", "sunken", "ink", "ink-soft", "line", "line-strong", "accent", "accent-soft",
    "held", "held-soft", "good", "good-soft", "danger", "danger-soft", "night",
)  # fmt: skip
WEEKS = ((4, 0, 1), (6, 0, 0), (3, 0, 2), (8, 0, 1), (5, 0, 0), (9, 1, 1), (4, 3, 0), (2, 6, 0))


@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """Raises NotFound unless SHOW_DESIGN."""
    if not settings.SHOW_DESIGN:
        raise NotFound()
    context = {
        "colours": COLOURS,
        "icons": re.findall(r'<symbol id="(\w+)"', ICONS.read_text()),
        "form": _example_form(),
        "chart": _example_chart(),
        "creators": discovery.get_creator_page(user=None, wanted=discovery.DiscoverFilter(), size=4).rows,
    }
    return render(request, "site/design.html", context)


class _ExampleForm(forms.Form):
    text = forms.CharField(label="A text", help_text="With a line of help.", initial="What was typed stays")
    empty = forms.CharField(label="Empty", widget=forms.TextInput(attrs={"placeholder": "An example"}))
    wrong = forms.EmailField(label="With an error")
    closed = forms.CharField(label="Cannot be changed", initial="Fixed", disabled=True)
    choice = forms.ChoiceField(label="One of several", choices=[("1", "Newest first"), ("2", "Lowest price first")])
    long = forms.CharField(label="A longer text", widget=forms.Textarea(attrs={"rows": 4}))


def _example_form() -> _ExampleForm:
    data: dict[str, Any] = {"text": "What was typed stays", "empty": "x", "wrong": "not an address", "choice": "1"}
    form = _ExampleForm({**data, "long": "Two lines,\nas they were typed."})
    form.is_valid()
    return form


def _example_chart() -> BarChart:
    return BarChart(
        title="Paid messages, by the week they were sent",
        series=[
            Series(name="Answered", look="a"),
            Series(name="Waiting", look="b"),
            Series(name="Returned", look="c"),
        ],
        groups=[
            Group(label=f"{n} Oct", values=[value * 10_000 for value in values]) for n, values in enumerate(WEEKS, 1)
        ],
    )
