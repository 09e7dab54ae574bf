from __future__ import annotations

from django.urls import path

from . import views

app_name = "messaging"

urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("keys/", views.keys, name="keys"),
    path("conversations/start/", views.start, name="conversation-start"),
    path("conversations/<uuid:conversation_id>/", views.conversation, name="conversation"),
]
