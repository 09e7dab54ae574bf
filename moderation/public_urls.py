"""Pages of moderation that are for everybody, not behind the doors of staff."""

from __future__ import annotations

from .certificates.urls import urlpatterns as certificates
from .verifications.urls import urlpatterns as verifications

app_name = "trust"

urlpatterns = [
    *verifications,
    # -- reports
    # -- sanctions and appeals
    # -- certificates
    *certificates,
    # -- organisations
]
