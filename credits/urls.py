from __future__ import annotations

from django.urls import path

from . import caps_views, earnings_views, statement_views, views

app_name = "credits"

urlpatterns = [
    path("wallet/", views.wallet, name="wallet"),
    path("wallet/lots/", statement_views.lots, name="lots"),
    path("wallet/statement/", statement_views.statement, name="statement"),
    path("wallet/statement/file/", statement_views.statement_file, name="statement-file"),
    path("earnings/", earnings_views.earnings, name="earnings"),
    # -- caps
    path("wallet/caps/", caps_views.CapsPage.as_view(), name="caps"),
    path("wallet/caps/keep/", caps_views.KeepCapPage.as_view(), name="cap-keep"),
    path("wallet/cool-off/", caps_views.CoolOffPage.as_view(), name="cool-off"),
]
