from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("certificates", views.CertificatesView.as_view(), name="certificate-list"),
    path("certificates/<slug:code>", views.CertificateView.as_view(), name="certificate-detail"),
    path("certificates/<slug:code>/revoke", views.RevokeView.as_view(), name="certificate-revoke"),
]
