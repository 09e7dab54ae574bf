"""`python -m pairly.server --port 8000`: serve the application until SIGTERM."""

from __future__ import annotations

# Before anything else of Twisted: it installs the reactor.
from daphne.server import Server as _  # noqa: F401  # isort: skip

import argparse
import logging
import os
import sys

import django
from asgiref.compatibility import guarantee_single_callable
from daphne.endpoints import build_endpoint_description_strings
from daphne.utils import import_by_path

from pairly.settings import environment

APPLICATION = "pairly.asgi:application"
EXIT_UNFINISHED = 1


def main() -> None:
    """Serve. Exits with 1 when the address cannot be had, or when work was left unfinished at the end."""
    parser = argparse.ArgumentParser(prog="pairly.server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    drain_s = environment.SERVER_DRAIN_SECONDS
    parser.add_argument("--drain-seconds", type=float, default=drain_s, help="at most so long after SIGTERM")
    parser.add_argument("application", nargs="?", default=APPLICATION, help="module:name of an ASGI application")
    arguments = parser.parse_args()

    sys.path.insert(0, ".")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pairly.settings")
    django.setup()  # whatever the application is: what the server itself says is translated
    application = guarantee_single_callable(import_by_path(arguments.application))  # type: ignore[no-untyped-call]
    from .limits import Patience
    from .runner import Server

    server = Server(
        application=application,
        endpoints=build_endpoint_description_strings(host=arguments.host, port=arguments.port),
        drain_s=arguments.drain_seconds,
        patience=Patience(),
    )
    server.run()
    if server.n_unfinished:
        # A thread may hang in what it was doing, and Python would wait for it for ever.
        logging.shutdown()
        os._exit(EXIT_UNFINISHED)
    if server.abort_start:
        sys.exit(EXIT_UNFINISHED)


main()
