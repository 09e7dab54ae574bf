"""A month's movements as a page and as a file, and purchases with what became of them: parse, read, render."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pairly.common.charts import BarChart, Group, Series
from pairly.common.per_minute import per_minute
from users.requests import user_of

from . import lot_selectors, statement_files, statement_selectors, words
from .constants import LOTS_PAGE, STATEMENT_PAGE, WALLET_PER_MINUTE
from .statement_forms import find_month, find_number
from .statement_selectors import DaySum, Pocket, Statement


@per_minute("wallet", WALLET_PER_MINUTE)
@require_safe
@login_required
@never_cache
def statement(request: HttpRequest) -> HttpResponse:
    """One month: balances at both ends, sums by kind, every movement a page at a time."""
    found = _statement(request)
    after_id = find_number(request.GET.get("after"))
    names = pocket_names()
    lines, following = statement_selectors.list_lines(statement=found, after_id=after_id, limit=STATEMENT_PAGE)
    context: dict[str, Any] = {
        "statement": found,
        "balances": _balances(found),
        "lines": [(names[line.pocket], line) for line in lines],
        "following": following,
        "is_first": after_id is None,
    }
    if after_id is None and lines:
        sums = statement_selectors.list_day_sums(statement=found)
        context |= {"sums": _by_kind(sums), "chart": _days(found, sums)}
    return render(request, "credits/statement.html", context)


@per_minute("wallet", WALLET_PER_MINUTE)
@require_safe
@login_required
@never_cache
def statement_file(request: HttpRequest) -> HttpResponseBase:
    """The same as a file, `format` csv or json, sent while it is read."""
    found = _statement(request)
    if request.GET.get("format") == "json":
        return statement_files.json_file(statement=found)
    return statement_files.csv_file(statement=found)


@per_minute("wallet", WALLET_PER_MINUTE)
@require_safe
@login_required
@never_cache
def lots(request: HttpRequest) -> HttpResponse:
    """Purchases, the newest first."""
    before_id = find_number(request.GET.get("before"))
    rows = lot_selectors.list_lots(user_id=user_of(request).pk, before_id=before_id, limit=LOTS_PAGE + 1)
    shown = rows[:LOTS_PAGE]
    context = {
        "rows": [(row, _use_texts(row.uses)) for row in shown],
        "before": shown[-1].id if len(rows) > LOTS_PAGE else None,
        "is_first": before_id is None,
    }
    return render(request, "credits/lots.html", context)


def _use_texts(uses: dict[lot_selectors.Use, int]) -> list[tuple[str, int]]:
    names = {"messages": _("Messages"), "shop": _("Shop"), "debt": _("Owed before"), "lost": _("Taken back")}
    return [(names[use], centi) for use, centi in uses.items()]


def _statement(request: HttpRequest) -> Statement:
    """The statement that was asked for, of the running month unless told; 404 for a month that cannot be."""
    asked = request.GET.get("month")
    month = find_month(asked) if asked else statement_selectors.this_month()
    if month is None:
        raise Http404
    return statement_selectors.get_statement(user_id=user_of(request).pk, month=month)


def pocket_names() -> dict[Pocket, str]:
    """The pockets as people call them."""
    return {
        Pocket.SPEND: _("To spend"),
        Pocket.OWED: _("Owed"),
        Pocket.EARNED: _("Earned"),
        Pocket.EARNED_PROMO: _("Earned with given credits"),
        Pocket.SET_ASIDE: _("Set aside for payouts"),
    }


def _balances(found: Statement) -> list[tuple[str, int, int]]:
    """Name, opening and closing of the pockets that matter: the one to spend from, and whatever is or was in use."""
    names = pocket_names()
    return [
        (names[pocket], opening, found.closing[pocket])
        for pocket, opening in found.opening.items()
        if pocket in (Pocket.SPEND, Pocket.EARNED) or opening or found.closing[pocket]
    ]


def _by_kind(sums: Sequence[DaySum]) -> list[dict[str, Any]]:
    """Sums by kind and pocket, in the order of the first movement of each."""
    found: dict[tuple[str, Pocket], dict[str, Any]] = {}
    names = pocket_names()
    for one in sums:
        texts = {"description": words.describe(one.movement), "pocket": names[one.pocket]}
        row = found.setdefault((one.movement, one.pocket), {**texts, "came": 0, "went": 0, "n": 0})
        row["came"] += one.in_centi
        row["went"] += one.out_centi
        row["n"] += one.n
    return list(found.values())


def _days(found: Statement, sums: Sequence[DaySum]) -> BarChart | None:
    """What came and went day by day, in the pocket where most moved: earnings or what can be spent."""
    moved = {pocket: sum(one.n for one in sums if one.pocket == pocket) for pocket in (Pocket.EARNED, Pocket.SPEND)}
    pocket = max(moved, key=lambda one: moved[one])
    days = {day: [0, 0] for day in _list_days(found.month)}
    for one in sums:
        if one.pocket == pocket and one.day in days:
            days[one.day][0] += one.in_centi
            days[one.day][1] += one.out_centi
    chart = BarChart(
        title=_("%(pocket)s: in and out by day (UTC)") % {"pocket": pocket_names()[pocket]},
        series=[Series(name=_("In"), look="a"), Series(name=_("Out"), look="b")],
        groups=[Group(label=date_format(day, "j M"), values=values) for day, values in days.items()],
    )
    return None if chart.is_empty else chart


def _list_days(month: date) -> list[date]:
    end = statement_selectors.next_month(month)
    return [date.fromordinal(day) for day in range(month.toordinal(), end.toordinal())]
