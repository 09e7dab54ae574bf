from __future__ import annotations

from django.urls import path, re_path

from . import money_back_views, payout_views, receipt_views, views
from .shop.urls import urlpatterns as shop

app_name = "payments"

urlpatterns = [
    path("credits/buy/", views.BuyPage.as_view(), name="buy"),
    path("credits/payments/", receipt_views.PaymentsPage.as_view(), name="payment-list"),
    path("credits/payments/<uuid:payment_id>/receipt/", receipt_views.ReceiptPage.as_view(), name="receipt"),
    path("credits/payments/<uuid:payment_id>/", views.PaymentPage.as_view(), name="payment-detail"),
    # -- refunds and disputes
    path("credits/money-back/<uuid:case_id>/", money_back_views.MoneyBackPage.as_view(), name="money-back"),
    path("earnings/money-back/", money_back_views.TouchedPage.as_view(), name="touched"),
    path("earnings/money-back/<uuid:case_id>/", money_back_views.TouchedCasePage.as_view(), name="touched-case"),
    # -- payouts
    path("payouts/", payout_views.OverviewPage.as_view(), name="payouts"),
    path("payouts/request/", payout_views.RequestPage.as_view(), name="payout-request"),
    path("payouts/accounts/", payout_views.MethodsPage.as_view(), name="payout-methods"),
    path("payouts/accounts/add/", payout_views.AddMethodPage.as_view(), name="payout-method-add"),
    path("payouts/accounts/<uuid:method_id>/", payout_views.MethodPage.as_view(), name="payout-method"),
    path("payouts/accounts/<uuid:method_id>/go-on/", payout_views.OnboardPage.as_view(), name="payout-method-onboard"),
    path(
        "payouts/accounts/<uuid:method_id>/remove/",
        payout_views.RemoveMethodPage.as_view(),
        name="payout-method-remove",
    ),
    path("payouts/years/<int:year>/", payout_views.YearPage.as_view(), name="payout-year"),
    re_path(
        r"^payouts/years/(?P<year>[0-9]{4})/payouts\.(?P<kind>csv|json)$",
        payout_views.YearFile.as_view(),
        name="payout-year-file",
    ),
    path("payouts/<uuid:payout_id>/", payout_views.PayoutPage.as_view(), name="payout"),
    path("payouts/<uuid:payout_id>/cancel/", payout_views.CancelPage.as_view(), name="payout-cancel"),
    path("payouts/<uuid:payout_id>/receipt/", payout_views.ReceiptPage.as_view(), name="payout-receipt"),
    # -- shop
    *shop,
]
