from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("account/restrictions/", views.RestrictionsPage.as_view(), name="restrictions"),
    path("account/restrictions/<uuid:uid>/", views.RestrictionPage.as_view(), name="restriction"),
]
