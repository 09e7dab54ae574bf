from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("verifications", views.VerificationsView.as_view(), name="verification-list"),
    path("verifications/<uuid:uid>", views.VerificationView.as_view(), name="verification-detail"),
    path("admin/verifications/take-next", views.TakeNextView.as_view(), name="verification-take-next"),
    path("admin/verifications/<uuid:uid>/files/<slug:kind>", views.FileView.as_view(), name="verification-file"),
]
