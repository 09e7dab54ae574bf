from __future__ import annotations

from django.urls import path

from . import views

app_name = "credits"

urlpatterns = [path("wallet/", views.wallet, name="wallet")]
