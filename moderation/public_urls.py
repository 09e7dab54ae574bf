"""Pages of moderation that are for everybody, not behind the doors of staff."""

from __future__ import annotations

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
    # -- organisations
    *organisations,
]
