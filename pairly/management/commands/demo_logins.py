from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from pairly.demo.logins import demo_file


class Command(BaseCommand):
    help = "Prints the demo logins of this machine, one a line: role, e-mail, password, TOTP key, recovery code."

    def handle(self, *args: Any, **options: Any) -> None:
        if not demo_file().exists():
            return
        for login in json.loads(demo_file().read_text()):
            line = "{role:<9} {email:<33} {password}".format(**login)
            if "totp" in login:
                line += f"   TOTP: {login['totp']}"
            if "recovery" in login:
                line += f"   recovery code: {login['recovery']}"
            self.stdout.write(line)
