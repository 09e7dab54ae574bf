from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from pairly.common.own_path import own_path
from pairly.common.problems import Problem, as_problem, problem_response

PAGES = {403, 404, 429, 503}  # 503.html asks the database nothing: there may be no connection to ask with


# Where a page leads to that asks for a proof first, by the refusal's code.
PROOFS = {"step_up_required": "users:step-up", "second_factor_required": "users:two-factor"}


class ProblemMiddleware:
    """Refusals that views raise: problem documents below /api/, pages elsewhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Render a Problem; other errors go their way."""
        problem = as_problem(error)
        if problem is None:
            return None
        return answer(request=request, problem=problem)


def answer(*, request: HttpRequest, problem: Problem) -> HttpResponse:
    """The refusal as it leaves: a problem document below /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return problem_response(problem)
    if problem.code in PROOFS:
        query = urlencode({"next": _way_back(request)})
        return redirect(f"{reverse(PROOFS[problem.code])}?{query}")
    template = f"{problem.status}.html" if problem.status in PAGES else "problem.html"
    response = render(request, template, {"problem": problem}, status=problem.status)
    for name, value in problem.headers().items():
        response[name] = value
    return response


def _way_back(request: HttpRequest) -> str:
    """The page to come back to with the proof; from a form, the page that it stood on."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    return own_path(came_from.path) if came_from.netloc == request.get_host() else request.path
