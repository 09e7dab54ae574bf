from __future__ import annotations

from django.urls import path

from . import views

app_name = "users"

urlpatterns = [
    path("sign-up/", views.SignUpPage.as_view(), name="sign-up"),
    path("sign-in/", views.SignInPage.as_view(), name="sign-in"),
    path("sign-out/", views.SignOutPage.as_view(), name="sign-out"),
    path("verify-email/", views.VerifyEmailPage.as_view(), name="email-verify"),
    path("verify-email/resend/", views.ResendEmailCodePage.as_view(), name="email-resend"),
]
