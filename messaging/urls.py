from __future__ import annotations

from django.urls import path

from . import contact_views, inbox_views, plan_views, safety_views, views

app_name = "messaging"

urlpatterns = [
    path("inbox/", inbox_views.inbox, name="inbox"),
    # -- chat: planned
    path("inbox/planned/", plan_views.planned, name="planned"),
    path("inbox/planned/<uuid:plan_id>/cancel/", plan_views.cancel, name="plan-cancel"),
    path("keys/", views.keys, name="keys"),
    path("conversations/start/", views.start, name="conversation-start"),
    path("conversations/<uuid:conversation_id>/", views.conversation, name="conversation"),
    # -- requests, and who writes for free
    path("conversations/<uuid:conversation_id>/accept/", contact_views.accept, name="request-accept"),
    path("conversations/<uuid:conversation_id>/decline/", contact_views.decline, name="request-decline"),
    path("contact/", contact_views.contact, name="contact"),
    path("contact/free/<uuid:user_id>/", contact_views.set_free, name="free-set"),
    path("contact/free/<uuid:user_id>/remove/", contact_views.set_paid, name="free-remove"),
    path("conversations/<uuid:conversation_id>/safety/", safety_views.safety, name="safety"),
]
