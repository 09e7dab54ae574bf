"""The pages of buying credits: parse, one service call, render. They work without scripts."""

from __future__ import annotations

import uuid

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from credits import selectors as ledger
from pairly.common.ids import uuid7
from pairly.common.own_path import own_path
from pairly.common.problems import NotFound, Problem
from users.requests import user_of

from . import money_back_selectors, selectors
from .constants import CURRENCIES, DEFAULT_CURRENCY
from .errors import ProviderUnavailable
from .forms import BuyForm
from .models import Payment
from .money_back_words import money_back_text
from .services import buying, checkout, fulfilment

WAY_BACK = "after_buying"


@method_decorator(never_cache, name="dispatch")
class BuyPage(LoginRequiredMixin, View):
    """Cards of packages in one currency; choosing one leads to the provider's page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        _remember_the_way_back(request)
        currency = _currency(request.GET.get("currency"))
        providers = buying.list_providers_for(currency=currency)
        offers = selectors.list_offers(currency=currency)
        chosen = next((offer.package_id for offer in offers if offer.package_id == request.GET.get("package")), None)
        initial = {"currency": currency, "nonce": uuid7(), "provider": providers[0], "package_id": chosen}
        form = BuyForm(offers=offers, providers=providers, initial=initial)
        return self._page(request, form, currency, status=200)

    def post(self, request: HttpRequest) -> HttpResponse:
        currency = _currency(request.POST.get("currency"))
        providers = buying.list_providers_for(currency=currency)
        form = BuyForm(request.POST, offers=selectors.list_offers(currency=currency), providers=providers)
        if not form.is_valid():
            return self._page(request, form, currency, status=422)
        try:
            payment = checkout.start_checkout(
                user=user_of(request),
                package_id=form.cleaned_data["package_id"],
                provider=form.cleaned_data["provider"],
                currency=currency,
                idempotency_key=form.get_request_id(),
            )
        except Problem as problem:
            form.add_problem(problem)
            return self._page(request, form, currency, status=problem.status)
        return HttpResponse(status=303, headers={"Location": payment.checkout_url})

    def _page(self, request: HttpRequest, form: BuyForm, currency: str, *, status: int) -> HttpResponse:
        offers = selectors.list_offers(currency=currency)
        context = {
            "form": form,
            "cards": list(zip(form["package_id"], offers, strict=True)),
            "providers": form["provider"],
            "verdict": buying.preview(user=user_of(request)),
            "currency": currency,
            "currencies": CURRENCIES,
        }
        return render(request, "payments/buy.html", context, status=status)


@method_decorator(never_cache, name="dispatch")
class PaymentPage(LoginRequiredMixin, View):
    """Where the provider sends the buyer back to: asks the provider, then says what became of it."""

    def get(self, request: HttpRequest, payment_id: uuid.UUID) -> HttpResponse:
        try:
            payment = selectors.get_payment(user=user_of(request), uid=payment_id)
        except NotFound as error:
            raise Http404 from error
        if buying.is_way_back(payment=payment, query=request.GET.dict()):
            return redirect(request.path)  # what the provider wrote into the address stays in no history and no log
        if payment.is_open:
            payment = self._fulfilled(payment)
        offer = selectors.offer_of(payment=payment)
        balance = ledger.get_balance(user_id=payment.user_id)
        back = request.session.get(WAY_BACK, "")
        backs = money_back_selectors.list_money_back(user=user_of(request), payment_uid=payment.uid)
        context = {
            "payment": payment,
            "offer": offer,
            "back": back,
            "balance": balance,
            "refunded": offer.part(payment.refunded_minor),
            "money_back": [(back, text) for back in backs if (text := money_back_text(back))],
        }
        return render(request, "payments/payment.html", context)

    def _fulfilled(self, payment: Payment) -> Payment:
        try:
            return fulfilment.fulfil(payment_id=payment.uid)
        except ProviderUnavailable:
            return payment  # the page says that it is waiting; the reconciler asks again


def _remember_the_way_back(request: HttpRequest) -> None:
    """Where the buyer came from, a page of ours: the provider's pages lie between here and the thanks."""
    if path := own_path(request.GET.get("next")):
        request.session[WAY_BACK] = path


def _currency(value: str | None) -> str:
    return value if value in CURRENCIES else DEFAULT_CURRENCY
