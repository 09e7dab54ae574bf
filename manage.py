#!/usr/bin/env python
"""Django's command line; starts the embedded servers for commands that need them."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext

OWNER_COMMANDS = {"migrate", "makemigrations", "showmigrations", "sqlmigrate", "seed_scale"}
# Commands that talk to no server; `up` starts them itself, after looking at its port, and the audits start `up`.
SERVERLESS_COMMANDS = {
    "up",
    "audit",
    "screenshots",
    "help",
    "version",
    "check",
    "makemessages",
    "compilemessages",
    "collectstatic",
    "findstatic",
    "diffsettings",
    "spectacular",
    "known_migrations",
}


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pairly.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in OWNER_COMMANDS:
        os.environ.setdefault("PAIRLY_DB_ROLE", "owner")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from environs import EnvError

    from pairly.embedded.processes import StartFailed

    try:
        with _servers(command):
            execute_from_command_line(sys.argv)
    except (EnvError, ImproperlyConfigured, StartFailed) as failure:
        sys.exit(str(failure))


def _servers(command: str) -> AbstractContextManager[object]:
    from django.conf import settings

    from pairly.embedded import paths, servers

    if command in SERVERLESS_COMMANDS or command.startswith("-") or {"-h", "--help"} & set(sys.argv):
        return nullcontext()
    if settings.EMBEDDED_DATABASE:
        # `dbshell` runs psql: the embedded server's own, where the machine has none.
        os.environ["PATH"] += os.pathsep + str(paths.postgres_binary("psql").parent)
    return servers.running(var_dir=settings.VAR_DIR, database=settings.EMBEDDED_DATABASE, redis=settings.EMBEDDED_REDIS)


if __name__ == "__main__":
    main()
