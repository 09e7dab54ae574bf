from __future__ import annotations

from django.urls import path

from . import views

app_name = "payments"

urlpatterns = [
    path("credits/buy/", views.BuyPage.as_view(), name="buy"),
    path("credits/payments/<uuid:payment_id>/", views.PaymentPage.as_view(), name="payment-detail"),
]
