"""The shop as everybody sees it: a creator's shelf, an item, buying it. Works without scripts."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from credits import selectors as ledger
from pairly.common.ids import uuid7
from pairly.common.per_minute import per_minute
from pairly.common.problems import NotFound, Problem
from users.requests import find_user_of, user_of

from ..models import ShopItem
from . import files, selectors
from .constants import PAGE, SHOP_PER_MINUTE
from .forms import UnlockForm
from .services import unlocks


@require_safe
@never_cache
def shop(request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
    """What a creator has on sale."""
    user = find_user_of(request)
    profile = selectors.get_shop(user=user, uid=user_id)
    rows = selectors.list_on_sale(user=user, profile=profile)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit():
        rows = rows.filter(pk__lt=int(before[:18]))
    found = list(rows[: PAGE + 1])
    context = {
        "profile": profile,
        "items": found[:PAGE],
        "before": found[PAGE - 1].pk if len(found) > PAGE else None,
    }
    return render(request, "payments/shop/shelf.html", context)


@require_safe
@never_cache
def item(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """One item: its previews, its price, what one gets."""
    found = selectors.get_on_sale(user=find_user_of(request), uid=item_id)
    return _item_page(request, found, form=_form_of(found))


@per_minute("shop", SHOP_PER_MINUTE)
@require_POST
@login_required
@never_cache
def unlock(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Buy it for the price that was shown."""
    user, form = user_of(request), UnlockForm(request.POST)
    if not form.is_valid():
        return _item_page(request, selectors.get_on_sale(user=user, uid=item_id), form=form, status=422)
    try:
        bought = unlocks.unlock_item(user=user, uid=item_id, **form.as_fields())
    except NotFound:
        raise
    except Problem as problem:
        found = selectors.get_on_sale(user=user, uid=item_id)
        again = _form_of(found)  # with the price in force: pressing once more agrees to that one
        again.problem = problem
        return _item_page(request, found, form=again, status=problem.status)
    if bought.is_new:
        messages.success(request, _("It is yours now."))
    return redirect("payments:library-item", bought.unlock.uid)


def _form_of(found: ShopItem) -> UnlockForm:
    return UnlockForm(initial={"price_centi": found.price_centi, "nonce": uuid7()})


def _item_page(request: HttpRequest, found: ShopItem, *, form: UnlockForm, status: int = 200) -> HttpResponse:
    user = find_user_of(request)
    context = {
        "item": found,
        "form": form,
        "problem": form.problem,
        "previews": [files.preview_url(file=file) for file in found.files.all()],
        "owned": selectors.find_bought(user=user, item=found) if user else None,
        "balance": ledger.get_balance(user_id=user.pk) if user else None,
        "is_own": user is not None and user.pk == found.seller_id,
    }
    return render(request, "payments/shop/item.html", context, status=status)
