"""How a file comes to us: as the camera or the editor wrote it, saved again, or through a messenger."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ..images import Bytes

CHANNELS = ("original", "resaved", "messenger")
_MESSENGER_SIDE, _MESSENGER_QUALITY, _RESAVED_QUALITY = 1280, 75, 90


def edited(rgb: Bytes, rng: np.random.Generator) -> bytes:
    """As an editor saves: fine, and without the camera's metadata."""
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=int(rng.integers(88, 97)), subsampling=int(rng.choice([0, 2])))
    return out.getvalue()


def send(data: bytes, channel: str) -> bytes:
    """The file at the other end."""
    if channel == "original":
        return data
    image = Image.open(io.BytesIO(data))
    out = io.BytesIO()
    if channel == "resaved":
        image.save(out, "JPEG", quality=_RESAVED_QUALITY, exif=image.info.get("exif", b""))
        return out.getvalue()
    small = image.convert("RGB")
    small.thumbnail((_MESSENGER_SIDE, _MESSENGER_SIDE), Image.Resampling.LANCZOS)
    small.save(out, "JPEG", quality=_MESSENGER_QUALITY)
    return out.getvalue()
