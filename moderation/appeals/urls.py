from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("account/restrictions/<uuid:uid>/appeal/", views.AppealSanctionPage.as_view(), name="restriction-appeal"),
    path("verification/<uuid:uid>/appeal/", views.AppealVerificationPage.as_view(), name="verification-appeal"),
    path("account/appeals/<uuid:uid>/", views.AppealPage.as_view(), name="appeal"),
]
staff_urlpatterns = [
    path("appeals/<uuid:uid>/answer/", views.AnswerPage.as_view(), name="appeal-answer"),
]
