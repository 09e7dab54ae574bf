from __future__ import annotations

import subprocess
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from pairly.site import api_document, socket_document

DOCUMENT = settings.BASE_DIR / "docs" / "api" / "openapi.yaml"
SOCKET_DOCUMENT = settings.BASE_DIR / "docs" / "api" / "asyncapi.yaml"
TYPES = settings.BASE_DIR / "frontend" / "src" / "api-types.ts"
_HEAD = "// Generated from docs/api/openapi.yaml by `manage.py write_api`.\n"


def types_of(*, document: bytes) -> str:
    """The browser's types of an OpenAPI document (YAML), made by openapi-typescript of node_modules."""
    tool = settings.BASE_DIR / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
    # `--alphabetize`: what moves in the document does not move the types.
    command = ["node", str(tool), "--alphabetize", "--empty-objects-unknown", "--default-non-nullable=false"]
    made = subprocess.run(command, input=document, capture_output=True, check=True, timeout=60, cwd=settings.BASE_DIR)
    return _HEAD + made.stdout.decode()


class Command(BaseCommand):
    help = (
        "Write the API's description, docs/api/openapi.yaml, the browser's types of it, and the socket's, "
        "docs/api/asyncapi.yaml."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        document = api_document.as_yaml()
        DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
        DOCUMENT.write_bytes(document)
        TYPES.write_text(types_of(document=document), encoding="utf-8")
        SOCKET_DOCUMENT.write_bytes(socket_document.as_yaml())
        for path in (DOCUMENT, TYPES, SOCKET_DOCUMENT):
            self.stdout.write(f"wrote {path.relative_to(settings.BASE_DIR)}")
