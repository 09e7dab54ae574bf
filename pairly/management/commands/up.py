"""`manage.py up`: everything a fresh machine needs to run Pairly, stopped by Ctrl-C."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError

from pairly.common.sql import close_connections
from pairly.embedded import servers
from pairly.embedded.processes import StartFailed
from pairly.embedded.servers import InUse
from pairly.up import checks, database, static_files
from pairly.up.children import Child, list_children, make_sandbox
from pairly.up.errors import UpFailed
from pairly.up.runner import Group, Stopped, StopRequest


class Command(BaseCommand):
    help = "Start the servers, the web, the workers and the payment sandbox; Ctrl-C stops them all."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        stop = StopRequest()
        try:
            with stop.listening(), checks.only_one(settings.VAR_DIR):
                self._require_free_ports()
                self._run_on_servers(stop)
        except Stopped:
            self._say("Stopped.")
        except (UpFailed, StartFailed) as failure:
            raise CommandError(str(failure)) from None

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _require_free_ports(self) -> None:
        checks.require_free_port(settings.PORT, variable="PORT")
        if settings.USE_PAYMENT_SANDBOX:
            checks.require_free_port(settings.SANDBOX_PORT, variable="SANDBOX_PORT")

    def _run_on_servers(self, stop: StopRequest) -> None:
        started_at = time.monotonic()
        self._say("Starting ...")
        with servers.running(
            var_dir=settings.VAR_DIR, database=settings.EMBEDDED_DATABASE, redis=settings.EMBEDDED_REDIS
        ) as in_use:
            stop.raise_if_asked()
            self._prepare_data(stop)
            self._run_children(in_use, stop, started_at)

    def _prepare_data(self, stop: StopRequest) -> None:
        for folder in (settings.STATIC_ROOT, settings.MEDIA_ROOT, settings.VAR_DIR / "mail"):
            folder.mkdir(parents=True, exist_ok=True)
        if static_files.collect():
            self._say("Collected the scripts and styles.")
        if not database.is_schema_current():
            self._say("Bringing the database up to date ...")
            database.migrate()
            stop.raise_if_asked()
            self._say("Loading the list of cities ...")
            database.load_places()
            stop.raise_if_asked()
        self._call("seed_demo", on_step=stop.raise_if_asked)
        stop.raise_if_asked()

    def _call(self, name: str, **options: Any) -> None:
        # Looked up, not imported: the demo lives in an app above.
        if name in get_commands():
            call_command(name, stdout=self.stdout, **options)
        close_connections()

    def _run_children(self, in_use: InUse | None, stop: StopRequest, started_at: float) -> None:
        children = list_children(var_dir=settings.VAR_DIR, port=settings.PORT)
        if settings.USE_PAYMENT_SANDBOX:
            children.append(self._make_sandbox())
        group = Group(children, servers=in_use, stop=stop)
        try:
            group.start()
            if degraded := group.find_degraded(health_url=f"http://127.0.0.1:{settings.PORT}/health"):
                self._say(f"Not everything is well: {degraded} (see the logs)")
            self._announce(started_at)
            group.watch()
            self._say("Stopping ...")
        finally:
            group.stop()
        self._say("Stopped.")

    def _make_sandbox(self) -> Child:
        return make_sandbox(
            var_dir=settings.VAR_DIR,
            port=settings.SANDBOX_PORT,
            webhook_base=f"http://127.0.0.1:{settings.PORT}/api/v1/payments/webhook",
            secrets={name: getattr(settings, name) for name in ("STRIPE_WEBHOOK_SECRET", "RAZORPAY_WEBHOOK_SECRET")},
        )

    def _announce(self, started_at: float) -> None:
        self._call("demo_logins")
        self._say(f"Logs are in {settings.VAR_DIR / 'log'}; mails in {settings.VAR_DIR / 'mail'}.")
        self._say(f"Pairly is up after {time.monotonic() - started_at:.1f} s: {settings.PUBLIC_URL}")
        self._say("Ctrl-C stops everything.")
