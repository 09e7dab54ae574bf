"""Django alone as an ASGI application, with the settings it is given: without the request queue and the sockets."""

from __future__ import annotations

from django.core.asgi import get_asgi_application

application = get_asgi_application()
