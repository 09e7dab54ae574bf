"""A creator's own shop: its items and their pictures, and what was sold."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pairly.common.charts import BarChart, Group, Series
from pairly.common.per_minute import per_minute
from pairly.common.problems import NotFound, Problem
from users.models import User
from users.requests import user_of

from . import selectors
from .answers import picture_response
from .constants import ITEMS_MAX, PAGE, PICTURES_MAX, PICTURES_PER_MINUTE, SHOP_PER_MINUTE
from .forms import ItemForm, PictureForm
from .services import items, renderings, unlocks


def _creator(request: HttpRequest) -> User:
    """Raises NotFound for fans: they have no shop."""
    user = user_of(request)
    if not user.is_creator:
        raise NotFound()
    return user


@require_safe
@login_required
@never_cache
def own_shop(request: HttpRequest) -> HttpResponse:
    """All that one sells or is about to."""
    user = _creator(request)
    context = {
        "items": selectors.list_own(user=user)[:ITEMS_MAX],
        "is_verified": selectors.is_verified(user=user),
        "total": selectors.sum_sales(user=user),
    }
    return render(request, "payments/shop/own.html", context)


@per_minute("shop", SHOP_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def new(request: HttpRequest) -> HttpResponse:
    """A form for one more item."""
    user = _creator(request)
    context = {"is_verified": selectors.is_verified(user=user)}
    if request.method != "POST":
        return render(request, "payments/shop/new.html", {"form": ItemForm(), **context})
    form = ItemForm(request.POST)
    if form.is_valid():
        try:
            item = items.create_item(user=user, **form.as_fields())
        except Problem as problem:
            form.add_problem(problem)
        else:
            messages.success(request, _("Saved as a draft. Now add its pictures."))
            return redirect("payments:shop-edit", item.uid)
    status = form.problem.status if form.problem else 422
    return render(request, "payments/shop/new.html", {"form": form, **context}, status=status)


@per_minute("shop", SHOP_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def edit(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """An item's words and price, its pictures, and what can be done with it."""
    user = _creator(request)
    if request.method != "POST":
        return _edit_page(request, item_id)
    form = ItemForm(request.POST)
    if not form.is_valid():
        return _edit_page(request, item_id, form=form, status=422)
    try:
        items.change_item(user=user, uid=item_id, **form.as_fields())
    except NotFound:
        raise
    except Problem as problem:
        form.add_problem(problem)
        return _edit_page(request, item_id, form=form, status=problem.status)
    messages.success(request, _("Saved."))
    return redirect("payments:shop-edit", item_id)


@per_minute("shop-pictures", PICTURES_PER_MINUTE)
@require_POST
@login_required
@never_cache
def add_picture(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Add a picture to an item."""
    user, form = _creator(request), PictureForm(request.POST, request.FILES)
    if not form.is_valid():
        return _edit_page(request, item_id, upload=form, status=422)
    try:
        items.add_picture(user=user, uid=item_id, data=form.read())
    except NotFound:
        raise
    except Problem as problem:
        form.add_problem(problem)
        return _edit_page(request, item_id, upload=form, status=problem.status)
    messages.success(request, _("Your picture is added."))
    return redirect("payments:shop-edit", item_id)


@per_minute("shop", SHOP_PER_MINUTE)
@require_POST
@login_required
@never_cache
def remove_picture(request: HttpRequest, item_id: uuid.UUID, file_id: uuid.UUID) -> HttpResponse:
    """Remove a picture of an item that nobody bought."""
    items.remove_picture(user=_creator(request), item_uid=item_id, uid=file_id)
    messages.success(request, _("Your picture is removed."))
    return redirect("payments:shop-edit", item_id)


@per_minute("shop", SHOP_PER_MINUTE)
@require_POST
@login_required
@never_cache
def set_state(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Put an item on sale, or take it off."""
    try:
        item = items.change_item(user=_creator(request), uid=item_id, state=request.POST.get("state", ""))
    except NotFound:
        raise
    except Problem as problem:
        messages.error(request, str(problem.detail or problem.title))
    else:
        messages.success(request, _("It is on sale now.") if item.is_on_sale else _("It is off sale now."))
    return redirect("payments:shop-edit", item_id)


@per_minute("shop", SHOP_PER_MINUTE)
@require_POST
@login_required
@never_cache
def remove(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Take an item out of the shop for good."""
    items.remove_item(user=_creator(request), uid=item_id)
    messages.success(request, _("It is out of your shop. Who bought it keeps it."))
    return redirect("payments:shop-own")


@require_safe
@login_required
@never_cache
def own_file(request: HttpRequest, item_id: uuid.UUID, file_id: uuid.UUID) -> HttpResponse:
    """A picture that one sells, for oneself."""
    file = selectors.get_own_file(user=user_of(request), item_uid=item_id, uid=file_id)
    return picture_response(renderings.read_own(file=file))


@require_safe
@login_required
@never_cache
def sales(request: HttpRequest) -> HttpResponse:
    """What was sold to whom, and how the weeks went."""
    user = _creator(request)
    rows = selectors.list_sales(user=user)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit():
        rows = rows.filter(pk__lt=int(before[:18]))
    found = list(rows[: PAGE + 1])
    context: dict[str, Any] = {
        "sales": found[:PAGE],
        "before": found[PAGE - 1].pk if len(found) > PAGE else None,
        "total": selectors.sum_sales(user=user),
        "chart": None if before else _weeks(user),
    }
    return render(request, "payments/shop/sales.html", context)


@per_minute("shop", SHOP_PER_MINUTE)
@require_POST
@login_required
@never_cache
def refund(request: HttpRequest, unlock_id: uuid.UUID) -> HttpResponse:
    """Give a buyer their credits back."""
    try:
        unlocks.refund_unlock(user=_creator(request), uid=unlock_id)
    except NotFound:
        raise
    except Problem as problem:
        messages.error(request, str(problem.detail or problem.title))
    else:
        messages.success(request, _("The credits are back with their buyer."))
    return redirect("payments:sales")


def _edit_page(
    request: HttpRequest,
    item_id: uuid.UUID,
    *,
    form: ItemForm | None = None,
    upload: PictureForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; `form` and `upload` are forms that were refused."""
    item = selectors.get_own(user=user_of(request), uid=item_id)
    context = {
        "item": item,
        "form": form or ItemForm(initial=ItemForm.initial_of(item)),
        "upload": upload or PictureForm(),
        "is_fixed": selectors.has_buyers(item=item),
        "most": PICTURES_MAX,
    }
    return render(request, "payments/shop/edit.html", context, status=status)


def _weeks(user: User) -> BarChart | None:
    """What the weeks brought; None before the first sale."""
    weeks = selectors.list_weeks_of_sales(user=user)
    chart = BarChart(
        title=_("Sales by week, in credits before our fee"),
        series=[Series(name=_("Sold"), look="a"), Series(name=_("Given back"), look="c")],
        groups=[
            Group(label=date_format(week.start, "j M"), values=(week.sold_centi, week.refunded_centi)) for week in weeks
        ],
    )
    return None if chart.is_empty else chart
