"""Pages and documents that belong to no single app."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pairly.common.problems import Forbidden, MalformedRequest, NotFound, Problem, as_problem, problem_response
from pairly.common.version import get_version
from pairly.layers import refusals
from payments import selectors as payments
from payments.constants import CURRENCIES
from profiles import discovery
from users.requests import find_user_of

from . import health as checks

EXAMPLE_CENTI = 100_00


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What Pairly is, for strangers; people who are signed in start at their inbox or at discovery."""
    user = find_user_of(request)
    if user is not None:
        return redirect("messaging:inbox" if user.is_creator else "profiles:discover")
    creators = discovery.get_creator_page(user=None, wanted=discovery.DiscoverFilter(), size=8).rows
    return render(request, "site/home.html", {"creators": creators, **_terms_of_trade()})


@require_safe
def how_it_works(request: HttpRequest) -> HttpResponse:
    """The way of a message and of its credits, and what we can see of it."""
    return render(request, "site/how_it_works.html", _terms_of_trade())


@require_safe
def prices(request: HttpRequest) -> HttpResponse:
    """What credits cost, what a message costs, and what coming back means."""
    offers = [payments.list_offers(currency=currency) for currency in CURRENCIES]
    packages = [{"credits_centi": row[0].credits_centi, "offers": row} for row in zip(*offers, strict=True)]
    context = {"currencies": CURRENCIES, "packages": packages, **_terms_of_trade()}
    return render(request, "site/prices.html", context)


def _terms_of_trade() -> dict[str, Any]:
    """The parameters that the pages talk about; amounts in hundredths of a credit."""
    fee_centi = EXAMPLE_CENTI * settings.PLATFORM_FEE_BASIS_POINTS // 10_000
    return {
        "fee_percent": number_format((Decimal(settings.PLATFORM_FEE_BASIS_POINTS) / 100).normalize()),
        "price_min_centi": settings.PRICE_MIN_CENTI,
        "price_max_centi": settings.PRICE_MAX_CENTI,
        "hours_min": settings.REPLY_WINDOW_MIN_HOURS,
        "hours_max": settings.REPLY_WINDOW_MAX_HOURS,
        "example_centi": EXAMPLE_CENTI,
        "example_fee_centi": fee_centi,
        "example_earned_centi": EXAMPLE_CENTI - fee_centi,
    }


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """The health document; 503 without the database, for nothing works then."""
    document = checks.check()
    return _checked(document, is_fine=document["checks"]["database"] == "ok")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether to send requests to this process: 200, or 503 with what is missing."""
    document = checks.check_ready()
    return _checked(document, is_fine=document["status"] == "ok")


def _checked(document: checks.Health, *, is_fine: bool) -> JsonResponse:
    response = JsonResponse(document, status=200 if is_fine else 503)
    # A truthful answer to a probe is no error of ours, each few seconds anew: Django's log leaves it out.
    response._has_been_logged = True  # type: ignore[attr-defined]  # django.utils.log.log_response
    return response


@require_safe
def version_document(request: HttpRequest) -> JsonResponse:
    """Which version answers, and of which commit where the build says so."""
    document = {"version": get_version(), "api": "v1", "django": django.get_version()}
    if settings.PAIRLY_COMMIT:
        document["commit"] = settings.PAIRLY_COMMIT
    return JsonResponse(document)


class InternalError(Problem):
    code, status, title = "internal_error", 500, _("Something went wrong on our side")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's refusals of a request itself, e.g. of an unknown host or of too long a body."""
    response = refusals.answer(request=request, problem=as_problem(exception) or MalformedRequest())
    response._has_been_logged = False  # type: ignore[attr-defined]  # Django tells the security log (log_response)
    return response


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refusal(request, Forbidden())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refusal(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """What a layer above the views raised ends here too: a refusal (PostgreSQL is away) stays one."""
    refusal = refusals.find_answer(request=request, error=sys.exception())
    return refusal or _refusal(request, InternalError())


def _refusal(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A problem document below /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return problem_response(problem)
    return render(request, f"{problem.status}.html", status=problem.status)
