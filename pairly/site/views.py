from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import django
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from pairly.common.problems import NotFound, Problem, problem_response
from profiles import selectors as profiles

from . import health as checks


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What Pairly is, for strangers; people who are signed in start at their inbox."""
    if request.user.is_authenticated:
        return redirect("messaging:inbox" if request.user.is_creator else "profiles:discover")
    creators = profiles.list_creators(user=None).order_by("-pk")[:6]
    return render(request, "site/home.html", {"creators": creators})


@require_GET
def how_it_works(request: HttpRequest) -> HttpResponse:
    return render(request, "site/how_it_works.html")


@never_cache
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    document = checks.check()
    return JsonResponse(document, status=200 if document["checks"]["database"] == "ok" else 503)  # type: ignore[index]


@require_GET
def version_document(request: HttpRequest) -> JsonResponse:
    try:
        number = version("pairly")
    except PackageNotFoundError:  # run from a checkout, not from an installed package
        number = "0.1.0"
    return JsonResponse({"version": number, "api": "v1", "django": django.get_version()})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_response(NotFound())
    return render(request, "404.html", status=404)


class InternalError(Problem):
    code, status, title = "internal_error", 500, "Something went wrong on our side"


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_response(InternalError())
    return render(request, "500.html", status=500)
