from __future__ import annotations

from django.urls import path

from . import views

app_name = "credits"

urlpatterns = [
    path("credits/balance", views.BalanceView.as_view(), name="balance"),
    path("credits/transactions", views.TransactionsView.as_view(), name="transaction-list"),
    path("credits/lots", views.LotsView.as_view(), name="lot-list"),
    path("earnings", views.EarningsView.as_view(), name="earnings"),
]
