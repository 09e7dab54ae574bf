"""Addresses whose views fail, and the product's own handlers, for the tests of headers."""

from __future__ import annotations

from django.urls import path

from pairly.common.problems import Overloaded
from pairly.urls import handler400, handler403, handler404, handler500
from pairly.urls import urlpatterns as of_the_product

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def broken(request):
    raise RuntimeError("a defect")


def busy(request):
    raise Overloaded(retry_after_s=1)


urlpatterns = [
    path("broken/", broken),
    path("api/v1/broken", broken),
    path("busy/", busy),
    path("api/v1/busy", busy),
    *of_the_product,
]
