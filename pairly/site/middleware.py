from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from pairly.common.problems import as_problem, problem_response

PAGES = {403, 404, 429, 503}  # 503.html asks the database nothing: there may be no connection to ask with


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
        if request.path.startswith("/api/"):
            return problem_response(problem)
        template = f"{problem.status}.html" if problem.status in PAGES else "problem.html"
        response = render(request, template, {"problem": problem}, status=problem.status)
        for name, value in problem.headers().items():
            response[name] = value
        return response
