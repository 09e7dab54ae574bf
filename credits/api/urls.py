from __future__ import annotations

from django.urls import path

from . import caps_views, statement_views, views

app_name = "credits"

urlpatterns = [
    path("credits/balance", views.BalanceView.as_view(), name="balance"),
    path("credits/transactions", views.TransactionsView.as_view(), name="transaction-list"),
    path("credits/lots", views.LotsView.as_view(), name="lot-list"),
    path("credits/statement", statement_views.StatementView.as_view(), name="statement"),
    # -- caps
    path("credits/caps", caps_views.CapsView.as_view(), name="cap-list"),
    path("credits/cool-off", caps_views.CoolOffView.as_view(), name="cooling-off"),
    path("earnings", views.EarningsView.as_view(), name="earnings"),
]
