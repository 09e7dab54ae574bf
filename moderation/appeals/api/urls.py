from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("restrictions/<uuid:uid>/appeal", views.SanctionAppealView.as_view(), name="restriction-appeal"),
    path("verifications/<uuid:uid>/appeal", views.VerificationAppealView.as_view(), name="verification-appeal"),
    path("appeals/<uuid:uid>", views.AppealView.as_view(), name="appeal-detail"),
]
