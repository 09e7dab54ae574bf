from __future__ import annotations

from django.urls import path

from ..shop.api.urls import urlpatterns as shop
from . import money_back_views, payout_views, views

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
    # -- refunds and disputes
    path("payments/<uuid:payment_id>/money-back", money_back_views.MoneyBackView.as_view(), name="money-back-list"),
    path("earnings/money-back", money_back_views.TouchedListView.as_view(), name="touched-list"),
    path("earnings/money-back/<uuid:case_id>", money_back_views.TouchedView.as_view(), name="touched-detail"),
    # -- payouts
    path("payouts/request", payout_views.PayoutRequestView.as_view(), name="payout-request"),
    path("payouts/my-payouts", payout_views.PayoutsView.as_view(), name="payout-list"),
    path("payouts/methods", payout_views.MethodsView.as_view(), name="payout-method-list"),
    path("payouts/methods/<uuid:method_id>", payout_views.MethodView.as_view(), name="payout-method-detail"),
    path("payouts/<uuid:payout_id>", payout_views.PayoutView.as_view(), name="payout-detail"),
    path("payouts/<uuid:payout_id>/timeline", payout_views.TimelineView.as_view(), name="payout-timeline"),
    # -- shop
    *shop,
]
