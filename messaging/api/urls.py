from __future__ import annotations

from django.urls import path

from . import answer_views, contact_views, key_views, plan_views, views
from . import attachment_views as files

app_name = "messaging"

urlpatterns = [
    path("keys/statements", views.StatementsView.as_view(), name="key-statements"),
    path("keys/session", views.SessionDeviceView.as_view(http_method_names=["get"]), name="key-session"),
    path("keys/bind", views.SessionDeviceView.as_view(http_method_names=["post"]), name="key-bind"),
    path("keys/server", views.ServerKeysView.as_view(), name="key-server"),
    path("keys/backup", views.BackupView.as_view(), name="key-backup"),
    path("keys/approvals", key_views.ApprovalsView.as_view(), name="key-approvals"),
    path("keys/approvals/<uuid:approval_id>", key_views.ApprovalView.as_view(), name="key-approval"),
    path("keys/approvals/<uuid:approval_id>/grant", key_views.GrantView.as_view(), name="key-approval-grant"),
    path("keys/approvals/<uuid:approval_id>/refuse", key_views.RefuseView.as_view(), name="key-approval-refuse"),
    path("keys/devices", key_views.DevicesView.as_view(), name="key-devices"),
    path("keys/devices/<str:kid>", key_views.DeviceView.as_view(), name="key-device"),
    path("keys/reset", key_views.ResetView.as_view(), name="key-reset"),
    path("keys/<uuid:user_id>/bundle", views.BundleView.as_view(), name="key-bundle"),
    path("keys/<uuid:user_id>/log", views.KeyLogView.as_view(), name="key-log"),
    path("messages", views.MessagesView.as_view(), name="message-send"),
    path("messages/conversations", views.ConversationsView.as_view(), name="conversation-list"),
    path("messages/conversations/<uuid:conversation_id>/marks", views.MarksView.as_view(), name="conversation-mark"),
    path("messages/history/<uuid:user_id>", views.HistoryView.as_view(), name="message-history"),
    # -- chat: planned
    path("messages/texts", plan_views.SealedTextsView.as_view(), name="sealed-texts"),
    path("messages/texts/<uuid:text_id>", plan_views.SealedTextView.as_view(), name="sealed-text"),
    path("messages/planned", plan_views.PlansView.as_view(), name="plans"),
    path("messages/planned/due", plan_views.DueView.as_view(), name="plans-due"),
    path("messages/planned/<uuid:plan_id>", plan_views.PlanView.as_view(), name="plan"),
    path("messages/planned/messages/<uuid:message_id>", plan_views.SettleView.as_view(), name="planned-message"),
    # -- held credits after a reply
    path("messages/<uuid:message_id>/not-an-answer", answer_views.NoAnswerView.as_view(), name="message-no-answer"),
    path("messages/<uuid:message_id>/refund", answer_views.RefundView.as_view(), name="message-refund"),
    path("messages/<uuid:message_id>/unreadable", answer_views.UnreadableView.as_view(), name="message-unreadable"),
    # -- attachments
    path("attachments", files.UploadsView.as_view(), name="attachment-list"),
    path("attachments/<uuid:uid>", files.UploadView.as_view(), name="attachment-detail"),
    path("attachments/<uuid:uid>/parts/<int:number>", files.UploadPartView.as_view(), name="attachment-part"),
    path("attachments/<uuid:uid>/complete", files.UploadCompleteView.as_view(), name="attachment-complete"),
    path("attachments/blobs/<uuid:conversation_id>/<str:sha256>", files.BlobView.as_view(), name="attachment-blob"),
    # -- requests, and who writes for free
    path(
        "messages/conversations/<uuid:conversation_id>/accept",
        contact_views.AcceptView.as_view(),
        name="request-accept",
    ),
    path(
        "messages/conversations/<uuid:conversation_id>/decline",
        contact_views.DeclineView.as_view(),
        name="request-decline",
    ),
    path("messages/exceptions/<uuid:user_id>", contact_views.ExceptionView.as_view(), name="exception"),
]
