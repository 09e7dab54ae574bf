from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("restrictions", views.RestrictionsView.as_view(), name="restriction-list"),
    path("admin/users/<uuid:user_id>/suspend", views.SuspendView.as_view(), name="user-suspend"),
    path("admin/users/<uuid:user_id>/unsuspend", views.UnsuspendView.as_view(), name="user-unsuspend"),
]
