from __future__ import annotations

from django.urls import path

from . import (
    account_views,
    analytics_views,
    announcement_views,
    assign_views,
    ban_views,
    bulk_views,
    case_views,
    fraud_views,
    log_views,
    money_views,
    payment_views,
    payout_views,
    people_views,
    reason_views,
    views,
)
from .appeals.urls import staff_urlpatterns as appeals
from .organisations.urls import staff_urlpatterns as organisations
from .reports.urls import staff_urlpatterns as reports
from .verifications.urls import staff_urlpatterns as verifications

app_name = "moderation"

urlpatterns = [
    path("", views.HomePage.as_view(), name="home"),
    path("queues/<slug:kind>/", case_views.QueuePage.as_view(), name="queue"),
    path("queues/<slug:kind>/take/", case_views.TakeNextPage.as_view(), name="take-next"),
    path("queues/<slug:kind>/bulk/", bulk_views.BulkPage.as_view(), name="bulk"),
    path("cases/<uuid:uid>/", case_views.CasePage.as_view(), name="case"),
    path("cases/<uuid:uid>/take/", case_views.TakePage.as_view(), name="case-take"),
    path("cases/<uuid:uid>/release/", case_views.ReleasePage.as_view(), name="case-release"),
    path("cases/<uuid:uid>/assign/", assign_views.AssignPage.as_view(), name="case-assign"),
    path("cases/<uuid:uid>/unassign/", assign_views.UnassignPage.as_view(), name="case-unassign"),
    path("cases/<uuid:uid>/pass-on/", case_views.PassOnPage.as_view(), name="case-pass-on"),
    path("cases/<uuid:uid>/note/", case_views.NotePage.as_view(), name="case-note"),
    path("cases/<uuid:uid>/preview/", case_views.PreviewPage.as_view(), name="case-preview"),
    path("cases/<uuid:uid>/decide/", case_views.DecidePage.as_view(), name="case-decide"),
    # -- sign-in log and audit log
    path("sign-ins/", log_views.SignInsPage.as_view(), name="sign-ins"),
    path("sign-ins.csv", log_views.SignInsFile.as_view(), name="sign-ins-file"),
    path("sign-ins/<uuid:family>/end/", log_views.EndSignInPage.as_view(), name="sign-in-end"),
    path("audit/", log_views.AuditPage.as_view(), name="audit"),
    path("audit.csv", log_views.AuditFile.as_view(), name="audit-file"),
    # -- accounts
    path("users/", account_views.AccountsPage.as_view(), name="accounts"),
    path("users.csv", account_views.AccountsFile.as_view(), name="accounts-file"),
    path("users/<uuid:uid>/", account_views.AccountPage.as_view(), name="account"),
    path("users/<uuid:uid>/suspend/", account_views.SuspendPage.as_view(), name="account-suspend"),
    path("users/<uuid:uid>/suspend/preview/", account_views.PreviewPage.as_view(), name="account-suspend-preview"),
    path("users/<uuid:uid>/unsuspend/", account_views.UnsuspendPage.as_view(), name="account-unsuspend"),
    # -- analytics
    path("analytics/", analytics_views.AnalyticsPage.as_view(), name="analytics"),
    # -- people and invitations
    path("people/", people_views.PeoplePage.as_view(), name="people"),
    path("people/<uuid:uid>/", people_views.MemberPage.as_view(), name="member"),
    path("people/<uuid:uid>/remove/", people_views.RemovePage.as_view(), name="member-remove"),
    path("invitations/", people_views.InvitationsPage.as_view(), name="invitations"),
    path("invitations/<uuid:uid>/revoke/", people_views.RevokePage.as_view(), name="invitation-revoke"),
    # -- texts of reasons
    path("reasons/", reason_views.ReasonsPage.as_view(), name="reasons"),
    path("reasons/new/", reason_views.NewReasonPage.as_view(), name="reason-new"),
    path("reasons/<uuid:uid>/", reason_views.ReasonPage.as_view(), name="reason"),
    path("reasons/<uuid:uid>/retire/", reason_views.RetireReasonPage.as_view(), name="reason-retire"),
    path("reasons/<uuid:uid>/restore/", reason_views.RestoreReasonPage.as_view(), name="reason-restore"),
    # -- bans
    path("bans/", ban_views.BansPage.as_view(), name="bans"),
    path("bans/<uuid:uid>/lift/", ban_views.LiftPage.as_view(), name="ban-lift"),
    # -- web push and announcements
    path("announcements/", announcement_views.AnnouncementsPage.as_view(), name="announcements"),
    path("announcements/<uuid:uid>/withdraw/", announcement_views.WithdrawPage.as_view(), name="announcement-withdraw"),
    # -- money: trial balance
    path("money/", money_views.MoneyPage.as_view(), name="money"),
    path("money/check/", money_views.CheckPage.as_view(), name="money-check"),
    # -- payments
    path("payments/", payment_views.PaymentsPage.as_view(), name="payments"),
    path("payments/<uuid:uid>/", payment_views.PaymentPage.as_view(), name="payment"),
    path("disputes/<uuid:uid>/evidence/", payment_views.EvidencePage.as_view(), name="dispute-evidence"),
    path("payments/<uuid:uid>/refund/", payment_views.RefundPage.as_view(), name="payment-refund"),
    # -- payouts
    path("transfers/", payout_views.TransfersPage.as_view(), name="transfers"),
    path("transfers/<uuid:uid>/", payout_views.TransferPage.as_view(), name="transfer"),
    path("transfers/<uuid:uid>/account/", payout_views.AccountPage.as_view(), name="transfer-account"),
    path("transfers/<uuid:uid>/sent/", payout_views.SentPage.as_view(), name="transfer-sent"),
    path("transfers/<uuid:uid>/returned/", payout_views.ReturnedPage.as_view(), name="transfer-returned"),
    # -- verifications
    *verifications,
    # -- organisations
    *organisations,
    # -- fraud
    path("security/", fraud_views.SecurityAnalyticsPage.as_view(), name="security-analytics"),
    # -- reports and appeals
    *reports,
    *appeals,
    # -- lost factors
]
