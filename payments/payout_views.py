"""The pages of payouts: parse, one service call, render. They work without scripts."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_stubs_ext import StrOrPromise

from credits import earnings_selectors
from credits import selectors as ledger
from pairly.common.csv_files import CsvFile
from pairly.common.ids import uuid7
from pairly.common.problems import NotFound, Problem
from users.browser_sessions import sign_in_of
from users.errors import StepUpRequired
from users.requests import user_of
from users.services import step_up
from users.types import SignIn
from users.views import SignedInPage, redirect_to_next

from . import payout_page_selectors as pages
from . import payout_selectors as selectors
from . import payout_words
from .errors import ProviderUnavailable
from .gateways.payout_registry import list_payout_kinds
from .models import Payout, PayoutMethod
from .payout_forms import WAYS, AccountForm, PayoutForm
from .services import payout_methods, payout_requests

PAGE = 20


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class PayoutsPage(SignedInPage):
    """A page for creators; who is none finds nothing here."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        method = str(request.method).lower()
        is_known = method in ("get", "head", "post") and method in self.http_method_names and hasattr(self, method)
        if is_known and request.user.is_authenticated and not user_of(request).is_creator:
            raise NotFound
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response


class OverviewPage(PayoutsPage):
    """What is ready, what becomes ready when, what stands in the way, and every payout."""

    def get(self, request: HttpRequest) -> HttpResponse:
        user = user_of(request)
        before = request.GET.get("before", "")
        rows = selectors.list_payouts(user=user)
        if before.isascii() and before.isdigit() and len(before) <= 18:
            rows = rows.filter(pk__lt=int(before))
        found = list(rows[: PAGE + 1])
        state = selectors.withdrawable(user=user)
        methods = list(selectors.list_methods(user=user))
        context = {
            "state": state,
            "debt_centi": ledger.get_balance(user_id=user.pk).debt_centi,
            "obstacles": payout_words.list_obstacles(state=state, methods=methods),
            "has_method": bool(methods),
            "maturing": earnings_selectors.list_maturing(user_id=user.pk),
            "rows": pages.with_steps(found[:PAGE]),
            "before": found[PAGE - 1].pk if len(found) > PAGE else None,
            "years": pages.list_years(user=user),
        }
        return render(request, "payments/payouts/overview.html", context)


class RequestPage(PayoutsPage):
    """How much to where; then everything once more, the fresh proof, and the button."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not {"amount", "method"} & request.GET.keys():
            return self._form(request, self._new(request, None))
        form = self._new(request, request.GET)
        return self._confirm(request, form) if form.is_valid() else self._form(request, form, status=422)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self._new(request, request.POST)
        if not form.is_valid():
            return self._form(request, form, status=422)
        try:
            payout = payout_requests.request_payout(
                user=user_of(request),
                method_uid=form.chosen.uid,
                amount_centi=form.amount_centi,
                idempotency_key=form.get_request_id(),
                sign_in=_sign_in_of(request),
            )
        except StepUpRequired:
            return redirect_to_next("users:step-up", _path_of(form))
        except Problem as problem:
            form.add_problem(problem)
            return self._form(request, form, status=problem.status)
        messages.success(request, gettext("Your payout is asked for. The credits are set aside."))
        return redirect("payments:payout", payout.uid)

    def _new(self, request: HttpRequest, data: QueryDict | None) -> PayoutForm:
        methods = list(selectors.list_methods(user=user_of(request)))
        return PayoutForm(data, methods=methods)

    def _form(self, request: HttpRequest, form: PayoutForm, *, status: int = 200) -> HttpResponse:
        state = selectors.withdrawable(user=user_of(request))
        context = {
            "form": form,
            "methods": list(form.methods.values()),
            "state": state,
            "obstacles": payout_words.list_obstacles(state=state, methods=list(form.methods.values())),
            "lock_days": settings.PAYOUT_METHOD_LOCK_DAYS,
        }
        return render(request, "payments/payouts/request.html", context, status=status)

    def _confirm(self, request: HttpRequest, form: PayoutForm) -> HttpResponse:
        sign_in = sign_in_of(request=request)
        minor = selectors.amount_minor(amount_centi=form.amount_centi, currency=form.chosen.currency)
        context = {
            "form": form,
            "method": form.chosen,
            "amount_centi": form.amount_centi,
            "amount_minor": minor,
            "is_large": form.amount_centi > settings.PAYOUT_TWO_PEOPLE_CENTI,
            "nonce": uuid7(),
            "needs_proof": sign_in is None or not step_up.is_fresh(sign_in=sign_in),
        }
        return render(request, "payments/payouts/confirm.html", context)


class PayoutPage(PayoutsPage):
    """One payout: what happened, whose turn it is, why, and until when."""

    def get(self, request: HttpRequest, payout_id: uuid.UUID) -> HttpResponse:
        return self.show(request, selectors.get_payout(user=user_of(request), uid=payout_id))

    def show(self, request: HttpRequest, payout: Payout, problem: Problem | None = None) -> HttpResponse:
        """Its page, with what was refused if something was."""
        context = {
            "payout": payout,
            "steps": selectors.list_steps(payout=payout),
            "can_cancel": payout.status == Payout.Status.REQUESTED,
            "problem": problem,
        }
        status = problem.status if problem else 200
        return render(request, "payments/payouts/detail.html", context, status=status)


class CancelPage(PayoutPage):
    """POST only: take back what was asked for, before it is approved."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, payout_id: uuid.UUID) -> HttpResponse:
        try:
            payout_requests.cancel_payout(user=user_of(request), uid=payout_id)
        except NotFound:
            raise
        except Problem as problem:
            return self.show(request, selectors.get_payout(user=user_of(request), uid=payout_id), problem)
        messages.success(request, gettext("Cancelled. The credits are ready to be paid out again."))
        return redirect("payments:payout", payout_id)


class ReceiptPage(PayoutsPage):
    """A payout that was paid, to be printed; 404 before that."""

    def get(self, request: HttpRequest, payout_id: uuid.UUID) -> HttpResponse:
        payout = selectors.get_payout(user=user_of(request), uid=payout_id)
        if payout.status != Payout.Status.PAID:
            raise NotFound
        return render(request, "payments/payouts/receipt.html", {"payout": payout})


class YearPage(PayoutsPage):
    """What was paid in a year, by month and currency."""

    def get(self, request: HttpRequest, year: int) -> HttpResponse:
        user = user_of(request)
        report = selectors.yearly_report(user=user, year=_checked(year))
        context = {
            "year": year,
            "years": pages.list_years(user=user),
            "rows": pages.group_by_month(report.rows),
            "totals": pages.group_by_currency(report.rows),
        }
        return render(request, "payments/payouts/year.html", context)


class YearFile(PayoutsPage):
    """The same as a file: a line for each payout, for whoever does the books."""

    def get(self, request: HttpRequest, year: str, kind: str) -> HttpResponseBase:
        report = selectors.yearly_report(user=user_of(request), year=_checked(int(year)))
        rows = [pages.as_document(row) for row in report.rows]
        if kind == "csv":
            return CsvFile(name=f"payouts-{year}", columns=pages.COLUMNS, rows=(list(row.values()) for row in rows))
        totals = [{"currency": code, "amount_minor": minor} for code, minor in report.totals_minor.items()]
        document = {"year": year, "payouts": rows, "totals": totals, "total_centi": report.total_centi}
        return JsonResponse(document, headers={"Content-Disposition": f'attachment; filename="payouts-{year}.json"'})


class MethodsPage(PayoutsPage):
    """Where money may go, and from when."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(request)

    def show(self, request: HttpRequest, problem: Problem | None = None) -> HttpResponse:
        """The page, with what was refused if something was."""
        context = {
            "methods": list(selectors.list_methods(user=user_of(request))),
            "lock_days": settings.PAYOUT_METHOD_LOCK_DAYS,
            "problem": problem,
        }
        return render(request, "payments/payouts/methods.html", context, status=problem.status if problem else 200)


class AddMethodPage(PayoutsPage):
    """A new account, in the way that the URL names."""

    def get(self, request: HttpRequest) -> HttpResponse:
        way = self._way(request)
        return self._page(request, way, WAYS[way][1]())

    def post(self, request: HttpRequest) -> HttpResponse:
        way = self._way(request)
        form = WAYS[way][1](request.POST)
        if not form.is_valid():
            return self._page(request, way, form, status=422)
        try:
            method = payout_methods.add_method(user=user_of(request), sign_in=_sign_in_of(request), **form.get_fields())
        except StepUpRequired:
            return redirect_to_next("users:step-up", request.get_full_path())
        except Problem as problem:
            form.add_problem(problem)
            return self._page(request, way, form, status=problem.status)
        if method.state == PayoutMethod.State.PENDING and method.kind == PayoutMethod.Kind.STRIPE:
            return _go_to_provider(request, method.uid)  # a provider that is away now is asked again from the list
        messages.success(request, gettext("Added. We wrote to you about it."))
        return redirect("payments:payout-methods")

    def _way(self, request: HttpRequest) -> str:
        way, offered = request.GET.get("way", ""), self._offered()
        return way if way in offered else next(iter(offered))

    def _offered(self) -> dict[str, StrOrPromise]:
        """The ways whose provider is set up, by their code, with their names."""
        kinds = list_payout_kinds()
        return {code: name for code, (name, form) in WAYS.items() if form.kind in kinds}

    def _page(self, request: HttpRequest, way: str, form: AccountForm, *, status: int = 200) -> HttpResponse:
        sign_in = sign_in_of(request=request)
        context = {
            "way": way,
            "ways": list(self._offered().items()),
            "form": form,
            "lock_days": settings.PAYOUT_METHOD_LOCK_DAYS,
            "needs_proof": sign_in is None or not step_up.is_fresh(sign_in=sign_in),
        }
        return render(request, "payments/payouts/method_add.html", context, status=status)


class MethodPage(PayoutsPage):
    """Where the provider's page leads back to: asks the provider, then on to all accounts."""

    def get(self, request: HttpRequest, method_id: uuid.UUID) -> HttpResponse:
        method = selectors.get_method(user=user_of(request), uid=method_id)
        try:
            method = payout_methods.refresh_method(uid=method.uid)
        except ProviderUnavailable:
            messages.info(request, gettext("Stripe cannot be asked just now. We look again by ourselves."))
            return redirect("payments:payout-methods")
        if method.state == PayoutMethod.State.READY:
            messages.success(request, gettext("Stripe has everything it needs."))
        else:
            messages.info(request, gettext("Stripe still needs something from you. Go on there when you are ready."))
        return redirect("payments:payout-methods")


class OnboardPage(PayoutsPage):
    """POST only: on to the provider's page."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, method_id: uuid.UUID) -> HttpResponse:
        try:
            return _go_to_provider(request, method_id)
        except NotFound:
            raise
        except Problem as problem:
            messages.error(request, str(problem.title))
            return redirect("payments:payout-methods")


class RemoveMethodPage(MethodsPage):
    """POST only: nothing goes there any more."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, method_id: uuid.UUID) -> HttpResponse:
        try:
            payout_methods.remove_method(user=user_of(request), uid=method_id)
        except NotFound:
            raise
        except Problem as problem:
            return self.show(request, problem)
        messages.success(request, gettext("Removed. We wrote to you about it."))
        return redirect("payments:payout-methods")


def _go_to_provider(request: HttpRequest, method_id: uuid.UUID) -> HttpResponse:
    url = payout_methods.onboarding_url(user=user_of(request), uid=method_id)
    return HttpResponse(status=303, headers={"Location": url})


def _path_of(form: PayoutForm) -> str:
    """The page that shows once more what was asked for: where one comes back to from the proof."""
    query = QueryDict(mutable=True)
    query.update({"amount": form.data.get("amount", ""), "method": form.data.get("method", "")})
    return f"{reverse('payments:payout-request')}?{query.urlencode()}"


def _checked(year: int) -> int:
    if not 2000 <= year <= timezone.now().year:
        raise NotFound
    return year


def _sign_in_of(request: HttpRequest) -> SignIn:
    sign_in = sign_in_of(request=request)
    if sign_in is None:
        raise NotFound
    return sign_in
