"""The files of pictures, read for who may see them; that somebody may is a selector's word."""

from __future__ import annotations

from pairly.common.problems import NotFound

from ..models import Picture


def read_picture(*, picture: Picture, width: int) -> bytes:
    """One stored width of a picture, whole: it is small. Raises NotFound, also when it moved a moment ago."""
    if width not in picture.widths:
        raise NotFound()
    try:
        with picture.storage.open(picture.file_name(width)) as file:
            content: bytes = file.read()
            return content
    except FileNotFoundError as error:
        raise NotFound() from error
