from __future__ import annotations

from django.urls import path

from . import records, views
from .design import design
from .security_txt import security_txt

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
    path(".well-known/security.txt", security_txt, name="security-txt"),
]
