"""How long the answers about certificates may be kept on their way.

To strangers all are the same, so a cache between may keep them: ANSWER_KEPT_S without asking (`published` says why no
longer), and after that as long as it likes, for the ETag tells whether they still hold. What is made for somebody who
is signed in is not kept.
"""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers

from .constants import ANSWER_KEPT_S

PUBLIC = f"public, max-age={ANSWER_KEPT_S}, must-revalidate"
VARIES = ("Accept", "Accept-Language", "Cookie", "Authorization")


def is_of_a_stranger(request: HttpRequest) -> bool:
    """Whether nothing in the request tells who asks."""
    return settings.SESSION_COOKIE_NAME not in request.COOKIES and "Authorization" not in request.headers


def shared(*, request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    """`response`, with how long it may be kept; 304 where the caller has it already."""
    patch_vary_headers(response, VARIES)
    if response.status_code != 200 or not is_of_a_stranger(request):
        response["Cache-Control"] = "no-store"
        return response
    response["Cache-Control"] = PUBLIC
    tag = f'"{hashlib.sha256(response.content).hexdigest()[:16]}"'
    response["ETag"] = tag
    return get_conditional_response(request, etag=tag, response=response) or response
