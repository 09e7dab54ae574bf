"""The one rendering of a refusal: a problem document below /api/, a page elsewhere.

Whoever refuses raises a Problem, and a database that is away raises by itself. Django turns what a layer raises into an
answer before the layer above sees it, so no layer at the top can do that for those below. Two places can:
`process_exception` (pairly.site.middleware) for what a view raises, and the handler for 500 (pairly.site.views), where
everything ends that a layer raised, be it the session's. A layer that refuses on purpose returns `answer` itself.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from pairly.common.own_path import own_path
from pairly.common.problems import Problem, as_problem, problem_response

PAGES = {400, 403, 404, 429, 503}  # 503.html asks the database nothing: there may be no connection to ask with
# Where a page leads to that asks for a proof first, by the refusal's code.
PROOFS = {"step_up_required": "users:step-up", "second_factor_required": "users:two-factor"}


def find_answer(*, request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """The answer to a request that ended with `error`, or None when the error is a defect of ours."""
    problem = as_problem(error) if error is not None else None
    return None if problem is None else answer(request=request, problem=problem)


def answer(*, request: HttpRequest, problem: Problem) -> HttpResponse:
    """`problem` as the caller can read it: a document, a page, or the way to the page that asks for a proof.

    Queries: none for a document and for 503; else those of the page's header.
    """
    if request.path.startswith("/api/"):
        response: HttpResponse = problem_response(problem)
    elif problem.code in PROOFS:
        query = urlencode({"next": _way_back(request)})
        return redirect(f"{reverse(PROOFS[problem.code])}?{query}")
    else:
        template = f"{problem.status}.html" if problem.status in PAGES else "problem.html"
        response = render(request, template, {"problem": problem}, status=problem.status)
        for name, value in problem.headers().items():
            response[name] = value
    if problem.status == 503:
        response["Cache-Control"] = "no-store"
    # Refusing is no error of ours: Django's log of answers from 400 on would hold a traceback for each.
    response._has_been_logged = True  # type: ignore[attr-defined]  # django.utils.log.log_response
    return response


def _way_back(request: HttpRequest) -> str:
    """The page to come back to with the proof; from a form, the page that it stood on."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    return own_path(came_from.path) if came_from.netloc == request.get_host() else request.path
