"""Django's ASGI handler, with all layers and the view in one thread.

All our layers and views are synchronous. Left to itself Django goes into a thread for the layers, back to the event
loop for the innermost step, and into the thread again for the view: three changes for each request instead of one.
"""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler


class OneThreadHandler(ASGIHandler):
    """As the parent; refuses to start with a middleware that is asynchronous only, as Django does under WSGI."""

    _middleware_chain: Any

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)
        self._middleware_chain = sync_to_async(self._middleware_chain, thread_sensitive=True)
