from __future__ import annotations

from django.urls import path

from ..appeals.api.urls import urlpatterns as appeals
from ..certificates.api.urls import urlpatterns as certificates
from ..organisations.api.urls import urlpatterns as organisations
from ..reports.api.urls import urlpatterns as reports
from ..sanctions.api.urls import urlpatterns as sanctions
from ..verifications.api.urls import urlpatterns as verifications
from . import (
    account_views,
    analytics_views,
    announcement_views,
    ban_views,
    fraud_views,
    payment_views,
    payout_views,
    people_views,
    views,
)

app_name = "moderation"

urlpatterns = [
    path("admin/login-history", views.LoginHistoryView.as_view(), name="login-history"),
    # -- accounts
    path("admin/users", account_views.AccountsView.as_view(), name="account-list"),
    path("admin/users/<uuid:uid>", account_views.AccountView.as_view(), name="account-detail"),
    # -- analytics
    path("admin/analytics", analytics_views.AnalyticsView.as_view(), name="analytics"),
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
    # -- payments
    path("admin/payments/<uuid:uid>/refund", payment_views.RefundView.as_view(), name="payment-refund"),
    # -- payouts
    path("admin/payouts/pending", payout_views.PendingPayoutsView.as_view(), name="payout-pending"),
    path("admin/payouts/review/<uuid:uid>", payout_views.ReviewPayoutView.as_view(), name="payout-review"),
    # -- verifications
    *verifications,
    # -- certificates
    *certificates,
    # -- organisations
    *organisations,
    # -- fraud
    path("admin/security/fraud-alerts", fraud_views.FraudAlertsView.as_view(), name="fraud-alert-list"),
    path("admin/security/alerts/<uuid:uid>/resolve", fraud_views.ResolveAlertView.as_view(), name="fraud-resolve"),
    path("admin/security/analytics", fraud_views.SecurityAnalyticsView.as_view(), name="security-analytics"),
    # -- reports, sanctions, appeals
    *reports,
    *sanctions,
    *appeals,
    # -- lost factors
]
