from __future__ import annotations

from django.urls import path

from . import views

app_name = "messaging"

urlpatterns = [
    path("keys/statements", views.StatementsView.as_view(), name="key-statements"),
    path("keys/session", views.SessionDeviceView.as_view(http_method_names=["get"]), name="key-session"),
    path("keys/bind", views.SessionDeviceView.as_view(http_method_names=["post"]), name="key-bind"),
    path("keys/server", views.ServerKeysView.as_view(), name="key-server"),
    path("keys/backup", views.BackupView.as_view(), name="key-backup"),
    path("keys/<uuid:user_id>/bundle", views.BundleView.as_view(), name="key-bundle"),
    path("keys/<uuid:user_id>/log", views.KeyLogView.as_view(), name="key-log"),
    path("messages", views.MessagesView.as_view(), name="message-send"),
    path("messages/conversations", views.ConversationsView.as_view(), name="conversation-list"),
    path("messages/conversations/<uuid:conversation_id>/marks", views.MarksView.as_view(), name="conversation-mark"),
    path("messages/history/<uuid:user_id>", views.HistoryView.as_view(), name="message-history"),
]
