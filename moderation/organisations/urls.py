from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("organisations/", views.overview, name="organisations"),
    path("organisations/<uuid:uid>/", views.organisation, name="organisation"),
    path("organisations/webhooks/<uuid:uid>/", views.webhook, name="webhook"),
]
staff_urlpatterns = [
    path("webhooks/", views.DeadDeliveriesPage.as_view(), name="dead-deliveries"),
    path("webhooks/<uuid:uid>/resend/", views.ResendPage.as_view(), name="delivery-resend"),
]
