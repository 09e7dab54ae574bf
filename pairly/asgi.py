"""The ASGI application: HTTP through Django, sockets through Channels."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pairly.settings")
http_application = get_asgi_application()

from messaging.routing import websocket_urlpatterns  # noqa: E402 - models need the app registry

sockets = URLRouter(websocket_urlpatterns)  # type: ignore[arg-type]  # see messaging/routing.py
application = ProtocolTypeRouter({"http": http_application, "websocket": sockets})
