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
    recovery_views,
    views,
)
from .openapi import old_name_of

app_name = "users"

urlpatterns = [
    path("auth/signup", views.SignUpView.as_view(), name="account-create"),
    path("auth/register", old_name_of(views.SignUpView, "auth/signup").as_view(), name="account-create-alias"),
    path("auth/login", views.SignInView.as_view(), name="session-create"),
    path("auth/refresh", views.RefreshView.as_view(), name="session-refresh"),
    path("auth/logout", views.SignOutView.as_view(), name="session-end"),
    path("auth/sessions", views.SessionsView.as_view(), name="session-list"),
    path("auth/sessions/<uuid:session_id>", views.SessionView.as_view(), name="session-detail"),
    path("auth/password/change", password_views.PasswordChangeView.as_view(), name="password-change"),
    path("auth/password/forgot", password_views.PasswordForgotView.as_view(), name="password-forgot"),
    path("auth/password/reset", password_views.PasswordResetView.as_view(), name="password-reset"),
    path("auth/email/verify", views.VerifyEmailView.as_view(), name="email-verify"),
    path("auth/email/resend", views.ResendEmailCodeView.as_view(), name="email-resend"),
    path("auth/login-history", views.SignInsView.as_view(), name="login-history"),
    path("auth/phone", phone_views.PhoneView.as_view(), name="phone"),
    # -- second step and second factor
    path("auth/login-2fa", factor_views.SecondStepView.as_view(), name="second-step"),
    path(
        "auth/login/2fa", old_name_of(factor_views.SecondStepView, "auth/login-2fa").as_view(), name="second-step-alias"
    ),
    path("auth/login-2fa/email-code", factor_views.EmailCodeStepView.as_view(), name="second-step-code"),
    path("auth/2fa/backup-code", factor_views.BackupCodeStepView.as_view(), name="second-step-backup-code"),
    path("auth/step-up", factor_views.StepUpView.as_view(), name="step-up"),
    path("twofa/status", factor_views.FactorStateView.as_view(), name="factor-state"),
    path("twofa/enable-totp", factor_views.BeginTotpView.as_view(), name="totp-begin"),
    path(
        "auth/2fa/enable",
        old_name_of(factor_views.BeginTotpView, "twofa/enable-totp").as_view(),
        name="totp-begin-alias",
    ),
    path("twofa/verify-setup", factor_views.ConfirmTotpView.as_view(), name="totp-confirm"),
    path(
        "auth/2fa/verify",
        old_name_of(factor_views.ConfirmTotpView, "twofa/verify-setup").as_view(),
        name="totp-confirm-alias",
    ),
    path("twofa/disable", factor_views.DisableTotpView.as_view(), name="totp-disable"),
    path(
        "auth/2fa/disable",
        old_name_of(factor_views.DisableTotpView, "twofa/disable").as_view(),
        name="totp-disable-alias",
    ),
    path("twofa/backup-codes", factor_views.BackupCodesView.as_view(), name="backup-codes"),
    path("twofa/email", factor_views.EmailFactorView.as_view(), name="email-factor"),
    # -- passkeys
    path("auth/passkeys", passkey_views.PasskeysView.as_view(), name="passkey-list"),
    path("auth/passkeys/<int:passkey_id>", passkey_views.PasskeyView.as_view(), name="passkey-detail"),
    path("auth/passkeys/register/begin", passkey_views.RegisterBeginView.as_view(), name="passkey-register-begin"),
    path("auth/passkeys/register/finish", passkey_views.RegisterFinishView.as_view(), name="passkey-register-finish"),
    path("auth/passkeys/login/begin", passkey_views.LoginBeginView.as_view(), name="passkey-login-begin"),
    path("auth/passkeys/login/finish", passkey_views.LoginFinishView.as_view(), name="passkey-login-finish"),
    path("auth/passkeys/step-up/begin", passkey_views.StepUpBeginView.as_view(), name="passkey-step-up-begin"),
    path("auth/passkeys/step-up/finish", passkey_views.StepUpFinishView.as_view(), name="passkey-step-up-finish"),
    # -- devices, lockout, approval
    path("auth/unlock", device_views.UnlockView.as_view(), name="unlock"),
    path("auth/lockout", device_views.LockoutView.as_view(), name="lockout"),
    path("auth/devices", device_views.DevicesView.as_view(), name="device-list"),
    path("auth/devices/<uuid:device_id>", device_views.DeviceView.as_view(), name="device-detail"),
    path("auth/devices/<uuid:device_id>/trust", device_views.TrustDeviceView.as_view(), name="device-trust"),
    path("auth/sign-in-requests", device_views.SignInRequestsView.as_view(), name="sign-in-request-list"),
    path(
        "auth/sign-in-requests/<uuid:challenge_id>",
        device_views.SignInRequestView.as_view(),
        name="sign-in-request-detail",
    ),
    path(
        "auth/sign-in-requests/<uuid:challenge_id>/approve",
        device_views.ApproveView.as_view(),
        name="sign-in-request-approve",
    ),
    path(
        "auth/sign-in-requests/<uuid:challenge_id>/refuse",
        device_views.RefuseView.as_view(),
        name="sign-in-request-refuse",
    ),
    # -- staff accounts and lost factors
    path("twofa/lost", recovery_views.LostFactorView.as_view(), name="factor-recovery-create"),
    path("twofa/recovery", recovery_views.RecoveryView.as_view(), name="factor-recovery"),
    # -- privacy and suspension
    path("privacy/exports", privacy_views.ExportsView.as_view(), name="export-list"),
    path("privacy/exports/<uuid:export_id>", privacy_views.ExportView.as_view(), name="export-detail"),
    path("privacy/exports/<uuid:export_id>/file", privacy_views.ExportFileView.as_view(), name="export-file"),
    path("privacy/deactivate", privacy_views.DeactivationView.as_view(), name="deactivation"),
    path("privacy/deletion", privacy_views.DeletionView.as_view(), name="deletion"),
    path("privacy/accesses", privacy_views.AccessesView.as_view(), name="access-list"),
    # -- e-mail address
    path("auth/email/change", email_views.EmailChangeView.as_view(), name="email-change"),
    path("auth/email/change/confirm", email_views.EmailChangeConfirmView.as_view(), name="email-change-confirm"),
    path("auth/email/undo", email_views.EmailUndoView.as_view(), name="email-undo"),
    # -- blocks
    path("blocks", block_views.BlocksView.as_view(), name="block-list"),
    path("blocks/<uuid:user_id>", block_views.BlockView.as_view(), name="block-detail"),
    # -- notifications
    path("notifications", notification_views.NotificationsView.as_view(), name="notification-list"),
    path("notifications/read-all", notification_views.NotificationsReadAllView.as_view(), name="notification-read-all"),
    path("notifications/settings", notification_views.NotificationSettingsView.as_view(), name="notification-settings"),
    path(
        "notifications/<uuid:notification_id>/read",
        notification_views.NotificationReadView.as_view(),
        name="notification-read",
    ),
    # -- web push and announcements
    path("push-devices", push_views.PushDevicesView.as_view(), name="push-device-list"),
    path("push-devices/key", push_views.PushKeyView.as_view(), name="push-device-key"),
    path("push-devices/<uuid:device_id>", push_views.PushDeviceView.as_view(), name="push-device-detail"),
    path("push-devices/<uuid:device_id>/test", push_views.PushTestView.as_view(), name="push-device-test"),
    path("announcements", announcement_views.AnnouncementsView.as_view(), name="announcement-list"),
    path(
        "announcements/<uuid:announcement_id>",
        announcement_views.AnnouncementView.as_view(),
        name="announcement-detail",
    ),
]
