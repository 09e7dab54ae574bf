from __future__ import annotations

from django.urls import path

from . import announcement_views, ban_views, payout_views, people_views, views

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
    # -- web push and announcements
    path("admin/announcements", announcement_views.StaffAnnouncementsView.as_view(), name="announcement-list"),
    path(
        "admin/announcements/<uuid:uid>", announcement_views.StaffAnnouncementView.as_view(), name="announcement-detail"
    ),
    path(
        "admin/announcements/<uuid:uid>/withdraw",
        announcement_views.WithdrawView.as_view(),
        name="announcement-withdraw",
    ),
    # -- payouts
    path("admin/payouts/pending", payout_views.PendingPayoutsView.as_view(), name="payout-pending"),
    path("admin/payouts/review/<uuid:uid>", payout_views.ReviewPayoutView.as_view(), name="payout-review"),
    # -- lost factors
]
