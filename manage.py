#!/usr/bin/env python
"""Django's command line; starts the embedded servers for commands that need them."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext

OWNER_COMMANDS = {"migrate", "makemigrations", "showmigrations", "sqlmigrate"}
SERVERLESS_COMMANDS = {"up", "help", "version", "--help", "--version", "makemessages", "compilemessages", "collectstatic"}


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pairly.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in OWNER_COMMANDS:
        os.environ.setdefault("PAIRLY_DB_ROLE", "owner")
    from django.core.management import execute_from_command_line

    with _servers(command):
        execute_from_command_line(sys.argv)


def _servers(command: str):  # type: ignore[no-untyped-def]  # a context manager of either kind
    from pairly.embedded import servers

    database, redis = servers.wanted()
    if command in SERVERLESS_COMMANDS or not (database or redis):
        return nullcontext()
    return servers.running(var_dir=servers.var_dir(), database=database, redis=redis)


if __name__ == "__main__":
    main()
