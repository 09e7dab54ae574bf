from __future__ import annotations

from django.urls import path

from . import views, webhook_views

_ONE = "organisations/<uuid:uid>"

urlpatterns = [
    path("organisations", views.OrganisationsView.as_view(), name="organisation-list"),
    path(_ONE, views.OrganisationView.as_view(), name="organisation-detail"),
    path(f"{_ONE}/accept", views.AcceptView.as_view(), name="organisation-accept"),
    path(f"{_ONE}/members", views.MembersView.as_view(), name="organisation-members"),
    path(f"{_ONE}/members/withdraw", views.WithdrawView.as_view(), name="organisation-withdraw"),
    path(f"{_ONE}/members/<uuid:user_id>", views.MemberView.as_view(), name="organisation-member"),
    path(f"{_ONE}/creators", views.CreatorsView.as_view(), name="organisation-creators"),
    path(f"{_ONE}/certificates", views.CertificatesView.as_view(), name="organisation-certificates"),
    path("representations", views.RepresentationsView.as_view(), name="representation-list"),
    path("representations/<uuid:uid>", views.RepresentationView.as_view(), name="representation-detail"),
    path("representations/<uuid:uid>/accept", views.AcceptRepresentationView.as_view(), name="representation-accept"),
    path("webhooks", webhook_views.WebhooksView.as_view(), name="webhook-list"),
    path("webhooks/<uuid:uid>", webhook_views.WebhookView.as_view(), name="webhook-detail"),
    path("webhooks/<uuid:uid>/deliveries", webhook_views.DeliveriesView.as_view(), name="webhook-deliveries"),
    path("webhooks/<uuid:uid>/redeliver", webhook_views.RedeliverView.as_view(), name="webhook-redeliver"),
    path("webhooks/<uuid:uid>/rotate-secret", webhook_views.RotateSecretView.as_view(), name="webhook-rotate-secret"),
    path("admin/webhooks/dead", webhook_views.DeadDeliveriesView.as_view(), name="dead-delivery-list"),
    path("admin/webhooks/dead/<uuid:uid>/resend", webhook_views.ResendView.as_view(), name="dead-delivery-resend"),
]
