from __future__ import annotations

from django.urls import path

from . import (
    announcement_views,
    block_views,
    device_views,
    email_views,
    factor_views,
    notification_views,
    passkey_views,
    password_views,
    phone_views,
    privacy_views,
    push_views,
    staff_views,
    views,
)

app_name = "users"

urlpatterns = [
    path("sign-up/", views.SignUpPage.as_view(), name="sign-up"),
    path("sign-in/", views.SignInPage.as_view(), name="sign-in"),
    path("sign-out/", views.SignOutPage.as_view(), name="sign-out"),
    path("account/password/", password_views.ChangePasswordPage.as_view(), name="password-change"),
    path("forgot-password/", password_views.ForgotPasswordPage.as_view(), name="password-forgot"),
    path("reset-password/", password_views.ResetPasswordPage.as_view(), name="password-reset"),
    path("verify-email/", views.VerifyEmailPage.as_view(), name="email-verify"),
    path("verify-email/resend/", views.ResendEmailCodePage.as_view(), name="email-resend"),
    path("account/sessions/", views.SessionsPage.as_view(), name="sessions"),
    path("account/sessions/end-others/", views.EndOtherSessionsPage.as_view(), name="sessions-end-others"),
    path("account/sessions/<uuid:session_id>/end/", views.EndSessionPage.as_view(), name="session-end"),
    path("account/sign-ins/", views.SignInsPage.as_view(), name="sign-ins"),
    path("account/phone/", phone_views.PhonePage.as_view(), name="phone"),
    # -- second step and second factor
    path("sign-in/second-step/", factor_views.SecondStepPage.as_view(), name="second-step"),
    path("sign-in/second-step/code/", factor_views.SecondStepCodePage.as_view(), name="second-step-code"),
    path("step-up/", factor_views.ConfirmPage.as_view(), name="step-up"),
    path("account/security/", factor_views.SecurityPage.as_view(), name="security"),
    path("account/two-factor/", factor_views.TwoFactorPage.as_view(), name="two-factor"),
    path("account/two-factor/set-up/", factor_views.BeginTotpPage.as_view(), name="totp-begin"),
    path("account/two-factor/email/", factor_views.EnableEmailPage.as_view(), name="email-factor-on"),
    path("account/backup-codes/", factor_views.BackupCodesPage.as_view(), name="backup-codes"),
    # -- passkeys
    path("account/passkeys/", passkey_views.PasskeysPage.as_view(), name="passkeys"),
    path("account/passkeys/<int:passkey_id>/remove/", passkey_views.RemovePasskeyPage.as_view(), name="passkey-remove"),
    path("sign-in/passkey/begin/", passkey_views.SignInBegin.as_view(), name="passkey-sign-in-begin"),
    path("sign-in/passkey/finish/", passkey_views.SignInFinish.as_view(), name="passkey-sign-in-finish"),
    # -- devices, lockout, approval
    path("unlock/", device_views.UnlockPage.as_view(), name="unlock"),
    path("account/devices/", device_views.DevicesPage.as_view(), name="devices"),
    path("account/devices/unlock/", device_views.UnlockElsewherePage.as_view(), name="unlock-elsewhere"),
    path("account/devices/<uuid:device_id>/forget/", device_views.ForgetDevicePage.as_view(), name="device-forget"),
    path("account/devices/<uuid:device_id>/trust/", device_views.TrustDevicePage.as_view(), name="device-trust"),
    path(
        "account/sign-in-requests/<uuid:challenge_id>/",
        device_views.SignInRequestPage.as_view(),
        name="sign-in-request",
    ),
    # -- staff accounts and lost factors
    path("invitation/", staff_views.InvitationPage.as_view(), name="invitation"),
    path("lost-second-factor/", staff_views.FactorRecoveryPage.as_view(), name="factor-recovery"),
    path("lost-second-factor/cancel/", staff_views.CancelRecoveryPage.as_view(), name="factor-recovery-cancel"),
    # -- privacy and suspension
    path("account/privacy/", privacy_views.PrivacyPage.as_view(), name="privacy"),
    path("account/privacy/exports/", privacy_views.RequestExportPage.as_view(), name="export-request"),
    path("account/privacy/exports/<uuid:export_id>/", privacy_views.ExportFilePage.as_view(), name="export-file"),
    path("account/privacy/rest/", privacy_views.DeactivatePage.as_view(), name="deactivate"),
    path("account/privacy/come-back/", privacy_views.ComeBackPage.as_view(), name="come-back"),
    path("account/privacy/delete/", privacy_views.DeleteAccountPage.as_view(), name="delete-account"),
    path("account/accesses/", privacy_views.AccessesPage.as_view(), name="accesses"),
    # -- e-mail address
    path("account/email/", email_views.EmailPage.as_view(), name="email-change"),
    path("account/email/confirm/", email_views.ConfirmEmailPage.as_view(), name="email-confirm"),
    path("account/email/cancel/", email_views.CancelEmailPage.as_view(), name="email-cancel"),
    path("undo-email/", email_views.UndoEmailPage.as_view(), name="email-undo"),
    # -- blocks
    path("account/blocked/", block_views.BlockedPage.as_view(), name="blocked"),
    path("account/blocked/<uuid:user_id>/", block_views.BlockPage.as_view(), name="block"),
    path("account/blocked/<uuid:user_id>/end/", block_views.UnblockPage.as_view(), name="unblock"),
    # -- notifications
    path("notifications/", notification_views.NotificationsPage.as_view(), name="notifications"),
    path(
        "notifications/read-all/",
        notification_views.ReadAllNotificationsPage.as_view(),
        name="notifications-read-all",
    ),
    path(
        "notifications/settings/",
        notification_views.NotificationSettingsPage.as_view(),
        name="notification-settings",
    ),
    path(
        "notifications/<uuid:notification_id>/open/",
        notification_views.OpenNotificationPage.as_view(),
        name="notification-open",
    ),
    path(
        "notifications/mails/<str:token>/stop/",
        notification_views.StopMailsPage.as_view(),
        name="notification-mails-stop",
    ),
    # -- web push and announcements
    path("notifications/devices/", push_views.PushDevicesPage.as_view(), name="push-devices"),
    path(
        "notifications/devices/<uuid:device_id>/remove/",
        push_views.RemovePushDevicePage.as_view(),
        name="push-device-remove",
    ),
    path("notifications/devices/<uuid:device_id>/test/", push_views.TestPushPage.as_view(), name="push-device-test"),
    path("announcements/", announcement_views.AnnouncementsPage.as_view(), name="announcements"),
]
