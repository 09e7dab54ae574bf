from __future__ import annotations

from django.urls import path

from . import views

app_name = "moderation"

urlpatterns = [
    path("admin/login-history", views.LoginHistoryView.as_view(), name="login-history"),
    # -- people and invitations
    # -- lost factors
]
