"""Every URL. The API is mounted twice: /api/v1/ is canonical, /api/ serves older clients."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from pairly.site import api_document, media, records
from pairly.site import views as site

_api: list[URLPattern | URLResolver] = [
    path("health", site.health, name="health"),
    path("ready", site.ready, name="ready"),
    path("version", site.version_document, name="version"),
    path("metrics", records.metrics_text, name="metrics"),
    path("schema", api_document.SchemaView.as_view(), name="schema"),
    path("docs", api_document.docs, name="docs"),
    path("", include("users.api.urls")),
    path("", include("profiles.api.urls")),
    path("", include("credits.api.urls")),
    path("", include("messaging.api.urls")),
    path("", include("payments.api.urls")),
    path("", include("moderation.api.urls")),
]

urlpatterns = [
    path("", include("pairly.site.urls")),
    path("", include("users.urls")),
    path("", include("profiles.urls")),
    path("", include("credits.urls")),
    path("", include("messaging.urls")),
    path("", include("payments.urls")),
    path("staff/", include("moderation.urls")),
    path("", include("moderation.public_urls")),
    path("admin/", admin.site.urls),
    path("media/<path:name>", media.public_file, name="media"),
    path("api/v1/", include((_api, "api-v1"))),
    path("api/", site.health),
    path("api/", include((_api, "api"))),
]

handler400 = "pairly.site.views.bad_request"
handler403 = "pairly.site.views.forbidden"
handler404 = "pairly.site.views.not_found"
handler500 = "pairly.site.views.server_error"
