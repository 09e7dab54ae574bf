"""Which files of the packages are served."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.staticfiles.finders import AppDirectoriesFinder

# Large, and no page of ours asks for them.
UNUSED = ("drf_spectacular_sidecar/redoc/*", "swagger-ui-standalone-preset*", "swagger-ui-es-*")


class AppFiles(AppDirectoriesFinder):
    """Django's, without UNUSED."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Any:
        return super().list([*(ignore_patterns or ()), *UNUSED])
