from __future__ import annotations

from django.urls import path

from . import installable, records, views
from .design import design
from .security_txt import security_txt
from .socket_document import document as socket_document

app_name = "site"

urlpatterns = [
    path("", views.home, name="home"),
    path("how-it-works/", views.how_it_works, name="how-it-works"),
    path("prices/", views.prices, name="prices"),
    path("design/", design, name="design"),
    path("health", views.health, name="health"),
    path("ready", views.ready, name="ready"),
    path("version", views.version_document, name="version"),
    path("metrics", records.metrics_text, name="metrics"),
    path("asyncapi.yaml", socket_document, name="socket-document"),
    path("manifest.webmanifest", installable.manifest, name="manifest"),
    path("service-worker.js", installable.service_worker, name="service-worker"),
    path("offline/", installable.offline, name="offline"),
    path(".well-known/security.txt", security_txt, name="security-txt"),
]
