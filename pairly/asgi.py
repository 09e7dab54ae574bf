"""The ASGI application: HTTP through the request queue and Django, sockets through Channels."""

from __future__ import annotations

import os

import django
from channels.routing import ProtocolTypeRouter, URLRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pairly.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402
from django.urls import re_path  # noqa: E402

from messaging.routing import websocket_urlpatterns  # noqa: E402 - models need the app registry
from pairly.common import database_health  # noqa: E402
from pairly.layers.handler import OneThreadHandler  # noqa: E402
from pairly.layers.limits import refuse_banned_sockets  # noqa: E402
from pairly.layers.queue import Receive, RequestQueue, Scope, Send  # noqa: E402

# A request ends in time when PostgreSQL hangs; see there.
database_health.limit_answers(seconds=settings.DATABASE_ANSWER_SECONDS_WEB, refuse=True)


async def no_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a socket at an address that has none (without it, an unknown address is an error in our log)."""
    await receive()
    await send({"type": "websocket.close"})


django_application = OneThreadHandler()
http = RequestQueue(
    django_application,
    n_running=settings.REQUEST_QUEUE_RUNNING,
    wait_s=settings.REQUEST_QUEUE_WAIT_SECONDS,
    n_waiting_max=settings.REQUEST_QUEUE_WAITING_MAX,
)
# Channels routes ASGI applications through Django's re_path, whose stubs know views only.
everywhere_else = re_path("", no_socket)  # type: ignore[arg-type]
sockets = URLRouter([*websocket_urlpatterns, everywhere_else])  # type: ignore[list-item]
application = ProtocolTypeRouter({"http": http, "websocket": refuse_banned_sockets(sockets)})
