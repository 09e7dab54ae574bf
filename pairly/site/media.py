"""The public folder of files, where the storage is a folder of this machine; elsewhere the storage serves itself."""

from __future__ import annotations

from pathlib import Path

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage, storages
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

# All that is ever stored there. A file never changes under its name, so browsers need not ask again.
CONTENT_TYPES = {".webp": "image/webp"}
CACHE = "public, max-age=31536000, immutable"


@require_safe
def public_file(request: HttpRequest, name: str) -> HttpResponse:
    """One file of the public storage; 404 for everything else."""
    path = _find(name)
    # Whole: pictures are small, and Daphne would read a stream into memory as well.
    return HttpResponse(
        path.read_bytes(),
        content_type=CONTENT_TYPES[path.suffix],
        headers={"Cache-Control": CACHE, "X-Content-Type-Options": "nosniff"},
    )


def _find(name: str) -> Path:
    """The file's path, inside the folder also once links are followed. Raises Http404."""
    storage = storages["default"]
    if not isinstance(storage, FileSystemStorage):
        raise Http404
    try:
        path = Path(storage.path(name))
        is_inside = path.resolve().is_relative_to(Path(storage.location).resolve())
        is_public = is_inside and path.suffix in CONTENT_TYPES and path.is_file()
    except (SuspiciousFileOperation, ValueError, OSError) as error:
        raise Http404 from error
    if not is_public:
        raise Http404
    return path
