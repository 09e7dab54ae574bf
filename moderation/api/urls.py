from __future__ import annotations

from django.urls import path

from . import people_views, views

app_name = "moderation"

urlpatterns = [
    path("admin/login-history", views.LoginHistoryView.as_view(), name="login-history"),
    # -- people and invitations
    path("admin/staff/invitations", people_views.InvitationsView.as_view(), name="invitation-list"),
    path("admin/staff/invitations/<uuid:uid>", people_views.InvitationView.as_view(), name="invitation-detail"),
    # -- lost factors
]
