from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("reports/", views.overview, name="reports"),
    path("report/<slug:kind>/<uuid:uid>/", views.new, name="report"),
]
staff_urlpatterns = [
    path("reports/files/<uuid:uid>", views.FilePage.as_view(), name="report-file"),
    path("reports/attachments/<uuid:uid>", views.AttachmentPage.as_view(), name="report-attachment"),
]
