from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("reports", views.ReportsView.as_view(), name="report-create"),
    path("reports/mine", views.OwnReportsView.as_view(), name="report-list"),
    path("admin/reports", views.CasesView.as_view(), name="report-case-list"),
    path("admin/reports/<uuid:uid>", views.CaseView.as_view(), name="report-case-detail"),
    path(
        "admin/reports/attachments/<uuid:uid>", views.ReportedAttachmentView.as_view(), name="report-attachment-detail"
    ),
]
