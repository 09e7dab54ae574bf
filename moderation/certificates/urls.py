from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("verify/", views.search, name="certificate-search"),
    path("verify/<str:code>", views.certificate, name="certificate"),
    path(".well-known/pairly-certificates", views.keys, name="certificate-keys"),
    path(".well-known/pairly-certificates/revoked", views.revoked, name="certificates-revoked"),
    path("verification/certificates/", views.own, name="certificates"),
    path("verification/certificates/<slug:code>/file", views.download, name="certificate-file"),
    path("verification/certificates/<slug:code>/revoke/", views.revoke, name="certificate-revoke"),
]
