"""The pages of whom one blocks: parse, one service call, render."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from pairly.common.own_path import own_path
from pairly.common.problems import InvalidInput

from . import block_selectors, registry
from .forms import BlockForm
from .models import User
from .requests import user_of
from .services import blocks
from .views import SignedInPage


@method_decorator(never_cache, name="dispatch")
class BlockedPage(SignedInPage):
    """Whom one blocks, and why."""

    def get(self, request: HttpRequest) -> HttpResponse:
        before = request.GET.get("before", "")
        before_id = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
        page = block_selectors.get_block_page(user=user_of(request), before_id=before_id)
        return render(request, "users/blocked.html", {"rows": page.rows, "before": page.before})


@method_decorator(never_cache, name="dispatch")
class BlockPage(SignedInPage):
    """What happens when one blocks somebody, and the button; for whom one blocks already, the reason to change."""

    def get(self, request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
        other = block_selectors.get_blockable(user=user_of(request), uid=user_id)
        found = block_selectors.find_block(user=user_of(request), uid=user_id)
        form = BlockForm(initial={"reason": found.reason if found else ""})
        return self._page(request, form, other, is_blocked=found is not None)

    def post(self, request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
        other = block_selectors.get_blockable(user=user_of(request), uid=user_id)
        is_blocked = block_selectors.find_block(user=user_of(request), uid=user_id) is not None
        form = BlockForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, other, is_blocked=is_blocked, status=422)
        try:
            _block, is_new = blocks.block(user=user_of(request), uid=user_id, reason=form.cleaned_data["reason"])
        except InvalidInput as problem:
            form.add_problem(problem)
            return self._page(request, form, other, is_blocked=is_blocked, status=problem.status)
        name = _name(other)
        done = gettext("%(name)s is blocked.") if is_new else gettext("Your note about %(name)s is saved.")
        messages.success(request, done % {"name": name})
        return redirect("users:blocked")

    def _page(
        self, request: HttpRequest, form: BlockForm, other: User, *, is_blocked: bool, status: int = 200
    ) -> HttpResponse:
        context = {
            "form": form,
            "other": other,
            "name": _name(other),
            "is_blocked": is_blocked,
            "back": own_path(request.GET.get("next")),
        }
        return render(request, "users/block.html", context, status=status)


class UnblockPage(SignedInPage):
    """POST only; 404 for whom one does not block."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
        found = block_selectors.get_block(user=user_of(request), uid=user_id)
        blocks.unblock(user=user_of(request), uid=user_id)
        messages.success(request, gettext("%(name)s is no longer blocked.") % {"name": _name(found.blocked)})
        return redirect("users:blocked")


def _name(other: User) -> str:
    return registry.names_of(users=[other])[other.pk]
