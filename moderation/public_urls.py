"""Pages of moderation that are for everybody, not behind the doors of staff."""

from __future__ import annotations

from django.urls import path

from . import transparency_views
from .appeals.urls import urlpatterns as appeals
from .certificates.urls import urlpatterns as certificates
from .organisations.urls import urlpatterns as organisations
from .reports.urls import urlpatterns as reports
from .sanctions.urls import urlpatterns as sanctions
from .verifications.urls import urlpatterns as verifications

app_name = "trust"

urlpatterns = [
    *verifications,
    # -- reports
    *reports,
    # -- sanctions and appeals
    *sanctions,
    *appeals,
    # -- certificates
    *certificates,
    # -- transparency
    path("transparency/", transparency_views.numbers, name="transparency"),
    path("transparency.json", transparency_views.document, name="transparency-document"),
    # -- organisations
    *organisations,
]
