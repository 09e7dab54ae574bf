from __future__ import annotations

from django.urls import path

from . import ban_views, people_views, views

app_name = "moderation"

urlpatterns = [
    path("admin/login-history", views.LoginHistoryView.as_view(), name="login-history"),
    # -- people and invitations
    path("admin/staff/invitations", people_views.InvitationsView.as_view(), name="invitation-list"),
    path("admin/staff/invitations/<uuid:uid>", people_views.InvitationView.as_view(), name="invitation-detail"),
    # -- bans
    path("admin/security/bans", ban_views.BansView.as_view(), name="ban-list"),
    path("admin/security/ban-ip", ban_views.BanView.as_view(), name="ban-create"),
    path("admin/security/unban-ip", ban_views.UnbanView.as_view(), name="ban-lift"),
    # -- lost factors
]
