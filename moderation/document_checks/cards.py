"""Finds the card in a photograph and lays it flat.

The card is what differs from the margin of the picture: its colour, or its texture. Four corners of the largest such
region, refined by straight lines along its sides, give the perspective.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .images import Bytes, Floats, box_mean
from .ink import labelled

CARD_WIDTH = 1000  # pixels of the card laid flat; a line of a zone then has glyphs of about 20 x 14
RATIOS = {"TD1": 85.6 / 54.0, "TD3": 125.0 / 88.0}  # ISO/IEC 7810: ID-1 and ID-3
_SMALL = 240
_SHARE_MIN = 0.12

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Card:
    """A card laid flat: `rgb` is `CARD_WIDTH` wide; `corners` are those in the picture, clockwise from top left."""

    rgb: Bytes
    corners: Points
    ratio: float
    coefficients: tuple[float, ...]  # of Pillow's perspective transform: from the flat card to the picture

    @property
    def size(self) -> tuple[int, int]:
        return self.rgb.shape[1], self.rgb.shape[0]

    def flat(self, values: Floats) -> Floats:
        """A map of the picture's size, as the flat card sees it."""
        image = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
        laid = image.transform(self.size, Image.Transform.PERSPECTIVE, self.coefficients, Image.Resampling.BILINEAR)
        return np.asarray(laid, dtype=np.float32)


def find(*, rgb: Bytes) -> Card | None:
    """The card in the picture, None where no four-sided region stands out. A scan is a card that fills it."""
    corners = _corners(rgb)
    height, width = rgb.shape[:2]
    if corners is None:
        corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], dtype=np.float64)
        ratio = width / height
        if min(abs(ratio / known - 1) for known in RATIOS.values()) > 0.08:
            return None
    return _laid_flat(rgb, corners)


def _laid_flat(rgb: Bytes, corners: Points) -> Card | None:
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    across, down = (sides[0] + sides[2]) / 2, (sides[1] + sides[3]) / 2
    if down > across:  # held upright: the longer sides are top and bottom; which is which, the text tells
        corners, across, down = np.roll(corners, -1, axis=0), down, across
    if down < 60 or across < 100:
        return None
    measured = across / down
    ratio = min(RATIOS.values(), key=lambda known: abs(known - measured))
    size = (CARD_WIDTH, round(CARD_WIDTH / ratio))
    flat = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], dtype=np.float64)
    coefficients = perspective(source=corners, target=flat)
    laid = Image.fromarray(rgb).transform(size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC)
    return Card(np.asarray(laid, dtype=np.uint8), corners, float(measured), coefficients)


def perspective(*, source: Points, target: Points) -> tuple[float, ...]:
    """Pillow's eight coefficients that take points of `target` to those of `source`."""
    rows, values = [], []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return tuple(float(one) for one in np.linalg.solve(np.array(rows), np.array(values)))


def _corners(rgb: Bytes) -> Points | None:
    height, width = rgb.shape[:2]
    scale = max(width, height) / _SMALL
    size = (max(round(width / scale), 8), max(round(height / scale), 8))
    small = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX), dtype=np.float32)
    region = _largest(_foreground(small))
    if region is None or region.mean() < _SHARE_MIN or region.mean() > 0.97:
        return None
    rows, columns = np.nonzero(region)
    found = _refined(columns.astype(np.float64), rows.astype(np.float64))
    if found is None:
        return None
    # The rest of the region's box: a region that is no quadrilateral has much of it.
    if abs(_area(found) / region.sum() - 1) > 0.18:
        return None
    return np.asarray((found + 0.5) * np.array([width / size[0], height / size[1]]))


def _foreground(small: Floats) -> NDArray[np.bool_]:
    """What is unlike the picture's margin, in units of the margin's own spread."""
    height, width = small.shape[:2]
    border = max(min(height, width) // 40, 2)
    inside = np.zeros((height, width), dtype=bool)
    inside[border:-border, border:-border] = True
    margin = small[~inside]
    # The light falls off across a table: a plane through the margin, not one colour.
    y, x = np.mgrid[0:height, 0:width]
    basis = np.stack([np.ones_like(x), x / width, y / height], axis=-1).astype(np.float32)
    planes = np.linalg.lstsq(basis[~inside], margin, rcond=None)[0]
    away = np.linalg.norm(small - basis @ planes, axis=2).astype(np.float32)
    spread = float(np.median(away[~inside])) * 1.48 + 1.5
    limit = max(3.5 * spread, 0.5 * _otsu(np.minimum(away, 120)))
    return np.asarray(box_mean((away > limit).astype(np.float32), 1) > 0.4)


def _otsu(values: Floats) -> float:
    counts, edges = np.histogram(values, bins=64)
    centres = (edges[:-1] + edges[1:]) / 2
    weight = counts.cumsum()
    total, mean = weight[-1], (counts * centres).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mean[-1] * weight / total - mean) ** 2 / (weight * (total - weight))
    return float(centres[int(np.nanargmax(np.where(np.isfinite(between), between, -1)))])


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """The largest connected region, holes filled."""
    labels = labelled(mask)
    sizes = np.bincount(labels.ravel())
    if sizes.size == 1:
        return None
    sizes[0] = 0
    region = labels == int(sizes.argmax())
    # Holes: between the first and the last pixel of both its row and its column.
    across = np.logical_or.accumulate(region, axis=1) & np.logical_or.accumulate(region[:, ::-1], axis=1)[:, ::-1]
    down = np.logical_or.accumulate(region, axis=0) & np.logical_or.accumulate(region[::-1], axis=0)[::-1]
    return np.asarray(across & down)


def _refined(x: Points, y: Points) -> Points | None:
    """The four corners: the region's extremes along the diagonals, then lines through the sides between them."""
    points = np.stack([x, y], axis=1)
    rough = np.array(
        [points[np.argmin(x + y)], points[np.argmax(x - y)], points[np.argmax(x + y)], points[np.argmin(x - y)]]
    )
    for _ in range(2):
        lines = [_side(points, rough[n], rough[(n + 1) % 4]) for n in range(4)]
        if any(line is None for line in lines):
            return None
        corners = []
        for n in range(4):
            one, other = lines[n - 1], lines[n]
            assert one is not None
            assert other is not None
            matrix = np.array([one[:2], other[:2]])
            if abs(np.linalg.det(matrix)) < 1e-3:
                return None
            corners.append(np.linalg.solve(matrix, np.array([one[2], other[2]])))
        rough = np.array(corners)
    return rough if _area(rough) > 0 else None


def _side(points: Points, begin: Points, end: Points) -> tuple[float, float, float] | None:
    """The line `a x + b y = c` along the outermost points between two corners; rounded corners stay out."""
    along = end - begin
    length = float(np.linalg.norm(along))
    if length < 10:
        return None
    along = along / length
    normal = np.array([along[1], -along[0]])  # outwards, going clockwise with y downwards
    place = (points - begin) @ along
    height = (points - begin) @ normal
    chosen = (place > 0.12 * length) & (place < 0.88 * length) & (height > -0.15 * length)
    bins = (place[chosen]).astype(int)
    if bins.size < 10:
        return None
    outer = np.full(bins.max() + 1, -np.inf)
    np.maximum.at(outer, bins, height[chosen])
    known = np.isfinite(outer)
    at, values = np.flatnonzero(known) + 0.5, outer[known]
    keep = np.ones(at.size, dtype=bool)
    for _ in range(3):
        if keep.sum() < 8:
            return None
        slope, offset = np.polyfit(at[keep], values[keep], 1)
        away = np.abs(values - slope * at - offset)
        keep = away <= max(2 * float(np.median(away)), 0.7)
    one = begin + normal * offset
    other = begin + along * length + normal * (offset + slope * length)
    a, b = other[1] - one[1], one[0] - other[0]
    norm = float(np.hypot(a, b))
    return float(a / norm), float(b / norm), float((a * one[0] + b * one[1]) / norm)


def _area(corners: Points) -> float:
    x, y = corners[:, 0], corners[:, 1]
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) / 2)
