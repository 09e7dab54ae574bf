from __future__ import annotations

from django.urls import path

from . import views

app_name = "profiles"

urlpatterns = [
    path("profiles", views.OwnProfileView.as_view(), name="profile-own"),
    path("profiles/<uuid:user_id>", views.ProfileView.as_view(), name="profile-detail"),
    path("discover", views.DiscoverView.as_view(), name="profile-discover"),
]
