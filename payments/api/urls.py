from __future__ import annotations

from django.urls import path

from . import views

app_name = "payments"

urlpatterns = [
    path("payments/packages", views.PackagesView.as_view(), name="package-list"),
    path("payments/checkout", views.CheckoutView.as_view(), name="checkout-create"),
    path("payments/webhook", views.WebhookView.as_view(), name="webhook-receive"),
    path("payments/webhook/stripe", views.WebhookView.as_view(provider="stripe"), name="webhook-receive-stripe"),
    path(
        "payments/webhook/razorpay",
        views.WebhookView.as_view(provider="razorpay"),
        name="webhook-receive-razorpay",
    ),
    path("payments/<uuid:payment_id>", views.PaymentView.as_view(), name="payment-detail"),
]
