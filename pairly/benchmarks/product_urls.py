"""Every URL of the product and the yardstick: a view that asks who is there, as every view does, and no more.

For a server of its own: reading it lifts the limits of all views in the process that reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly import urls as product
from pairly.urls import handler400 as handler400
from pairly.urls import handler403 as handler403
from pairly.urls import handler404 as handler404
from pairly.urls import handler500 as handler500

from .searches import EMPTY


class AuthenticatedEmptyView(APIView):
    """Answers at once, to whoever is signed in."""

    def get(self, request: Request) -> Response:
        return Response({})


urlpatterns = [path(EMPTY, AuthenticatedEmptyView.as_view()), *product.urlpatterns]


def _views(patterns: list[Any]) -> Iterator[Any]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", pattern.callback)
        else:
            yield from _views(pattern.url_patterns)


# Limits of single views are counted as they are, and never reached.
for view in _views(urlpatterns):
    if limit := getattr(view, "per_minute", None):
        view.per_minute = (limit[0], 1_000_000_000)
