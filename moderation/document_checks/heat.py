"""The picture for the reviewer: the card in grey, odd parts in red."""

from __future__ import annotations

import numpy as np

from .images import Bytes, Floats, as_png, box_mean, luma_of
from .ink import Box
from .pixel_model import sigmoid

_RED = np.array([214, 40, 40], dtype=np.float32)


def draw(*, flat: Bytes, boxes: tuple[Box, ...], logits: Floats) -> bytes:
    """A PNG of the flat card; a part is the redder the more it differs, from a probability of one half on."""
    height, width = flat.shape[:2]
    heat = np.zeros((height, width), dtype=np.float32)
    for (left, top, right, bottom), odd in zip(boxes, sigmoid(logits), strict=True):
        area = heat[max(top - 3, 0) : bottom + 3, max(left - 3, 0) : right + 3]
        np.maximum(area, max(float(odd) * 2 - 1, 0), out=area)
    heat = box_mean(heat, 5)[..., None] * 0.75
    grey = np.repeat(luma_of(flat)[..., None], 3, axis=2) * 0.8 + 40
    return as_png(rgb=np.clip(grey * (1 - heat) + _RED * heat, 0, 255).astype(np.uint8))
