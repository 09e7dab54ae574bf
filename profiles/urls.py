from __future__ import annotations

from django.urls import path

from . import views

app_name = "profiles"

urlpatterns = [
    path("discover/", views.discover, name="discover"),
    path("creators/<uuid:user_id>/", views.creator, name="creator"),
    path("profile/edit/", views.edit, name="edit"),
]
