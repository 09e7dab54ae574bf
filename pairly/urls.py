from __future__ import annotations

from django.urls import include, path

_api = [path("", include("messaging.api.urls"))]

urlpatterns = [
    path("api/v1/", include((_api, "api-v1"))),
]
