from __future__ import annotations

from django.urls import re_path

from .consumers import ChatConsumer

_USER = r"(?:/(?P<user_id>[0-9a-f-]{36}))?"

websocket_urlpatterns = [
    # Channels routes ASGI applications through Django's re_path, whose stubs know views only.
    re_path(rf"^api/(?:v1/)?messages/ws{_USER}$", ChatConsumer.as_asgi()),  # type: ignore[arg-type]
]
