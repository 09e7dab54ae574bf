from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("verification/", views.overview, name="verifications"),
    path("verification/new/", views.new, name="verification-new"),
    path("verification/<uuid:uid>/withdraw/", views.withdraw, name="verification-withdraw"),
]
staff_urlpatterns = [
    path("verifications/<uuid:uid>/files/<slug:kind>", views.FilePage.as_view(), name="verification-file"),
]
