"""Each part of a card against its siblings on the same card.

Error level, noise and sharpness differ from camera to camera, file to file and with what is printed: compared with a
number that holds for all, they say nothing. Compared with the other lines of the card, of which all but the forged one
went the same way through lens, sensor and compression, they do. What a line's own strength of print explains is taken
out first, by a regression over the card's lines.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .cards import Card
from .errors import NotAssessable
from .images import Floats, Picture, box_mean
from .ink import Box, ink_of, text_boxes

QUALITIES = (92, 75)
CELL, MARGIN = 28, 12  # of the grid of cells, in pixels of the flat card
TEXTS_MIN, BLANKS_MIN = 8, 25
PORTRAIT = (0.03, 0.16, 0.33, 0.82)
_PORTRAIT_TEXT_BOTTOM, _PORTRAIT_TEXT_RIGHT = 0.72, 0.32  # what looks like letters within it is hair and eyes
SIBLINGS, _HEIGHT_STEP, _TONE_STEP = 16, 0.12, 0.3  # how many, and what a height or a tone apart counts
_TONES = 13  # the column of the ink's tone
TEXT_COLUMNS, BLANK_COLUMNS = 23, 10
_EPSILON = 0.05
# Messengers and sites compress by qualities up to about 80, cameras and editors by finer ones (mean step of the table).
COARSE_FROM = 20.0


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a card with how far each is from what its siblings lead to expect, in robust deviations.

    `is_coarse`: the file is compressed so much that only what is coarse is left to differ.
    """

    texts: tuple[Box, ...]
    text_rows: Floats
    portrait: Floats
    portrait_box: Box
    is_coarse: bool


def measure(*, picture: Picture, card: Card) -> Parts:
    """The parts of the card in the picture. Raises NotAssessable where there are too few to compare."""
    maps = _maps(picture, card)
    ink = ink_of(maps["luma"])
    texts = [chunk for box in text_boxes(ink) for chunk in _chunks(box)]
    if len(texts) < TEXTS_MIN:
        raise NotAssessable("too_few_fields")
    blanks, portrait = _cells(ink, texts)
    if len(blanks) < BLANKS_MIN:
        raise NotAssessable("too_few_fields")
    text_rows = _text_rows(maps, ink, texts)
    covariates, values = _cell_values(maps, blanks)
    face_covariates, face_values = _cell_values(maps, portrait)
    face = _beyond(covariates, values, face_covariates, face_values) if portrait else np.zeros(BLANK_COLUMNS)
    left, top, right, bottom = (round(v * s) for v, s in zip(PORTRAIT, card.size * 2, strict=True))
    texts, text_rows = against_siblings(boxes=texts, rows=text_rows, size=card.size)
    return Parts(
        tuple(texts),
        _with_neighbours(text_rows, texts),
        np.asarray(face, dtype=np.float32),
        (left, top, right, bottom),
        picture.quantisation >= COARSE_FROM,
    )


def against_siblings(*, boxes: list[Box], rows: Floats, size: tuple[int, int]) -> tuple[list[Box], Floats]:
    """Each piece of text against those of about its height and tone: values with values, the zone with the zone."""
    places = np.array(boxes, dtype=np.float64)
    x, y = (places[:, 0] + places[:, 2]) / 2 / size[0], (places[:, 1] + places[:, 3]) / 2 / size[1]
    is_face = (x > PORTRAIT[0]) & (x < _PORTRAIT_TEXT_RIGHT) & (y > PORTRAIT[1]) & (y < _PORTRAIT_TEXT_BOTTOM)
    if (~is_face).sum() >= TEXTS_MIN:
        places, rows, boxes = (
            places[~is_face],
            rows[~is_face],
            [box for box, is_it in zip(boxes, is_face, strict=True) if not is_it],
        )
    height = np.log(places[:, 3] - places[:, 1])
    tone = rows[:, _TONES]
    distance = np.abs(height[:, None] - height[None]) / _HEIGHT_STEP + _TONE_STEP * np.abs(tone[:, None] - tone[None])
    nearest = np.argsort(distance, axis=1)[:, 1 : min(SIBLINGS, len(rows) - 1) + 1]
    family = rows[nearest]
    middle = np.median(family, axis=1)
    spread = np.median(np.abs(family - middle[:, None]), axis=1) * 1.48
    return boxes, np.asarray(np.clip((rows - middle) / (spread + 0.5), -8, 8), dtype=np.float32)


def _maps(picture: Picture, card: Card) -> dict[str, Floats]:
    """Maps of the picture around the card, laid flat. Energies are squared before, which laying flat smooths."""
    x0, y0 = (max(int(low) // 16 * 16, 0) for low in card.corners.min(axis=0))
    x1, y1 = (int(high) + 1 for high in card.corners.max(axis=0))
    rgb = picture.rgb[y0:y1, x0:x1]
    image = Image.fromarray(np.ascontiguousarray(rgb)).convert("YCbCr")
    channels = np.asarray(image, dtype=np.float32)
    luma = channels[..., 0]
    residual = luma - box_mean(luma, 1)
    colour = channels[..., 1] - box_mean(channels[..., 1], 1)
    red = channels[..., 2] - box_mean(channels[..., 2], 1)
    middle = luma - box_mean(luma, 4)
    down, across = np.gradient(luma)
    laplacian = 4 * luma - np.roll(luma, 1, 0) - np.roll(luma, -1, 0) - np.roll(luma, 1, 1) - np.roll(luma, -1, 1)
    y, x = np.mgrid[0 : luma.shape[0], 0 : luma.shape[1]]
    small = {
        "luma": luma,
        "noise": residual**2,
        "colour": colour**2,
        "red": red**2,
        "middle": middle**2,
        "blueness": channels[..., 1],
        "redness": channels[..., 2],
        "gradient": across**2 + down**2,
        "laplacian": laplacian**2,
        # Interpolated colours leave every other pixel smoother than its neighbours.
        "mosaic": laplacian**2 * (1 - 2 * ((x + y) % 2)).astype(np.float32),
        "grid": _grid(luma),
    }
    for quality in QUALITIES:
        small[f"error{quality}"] = _error(image, luma, quality)
    return {name: _laid(values, card, (x0, y0)) for name, values in small.items()}


def _laid(values: Floats, card: Card, offset: tuple[int, int]) -> Floats:
    a, b, c, d, e, f, g, h = card.coefficients
    x0, y0 = offset
    # The same perspective into a picture that begins at `offset`.
    moved = (a - x0 * g, b - x0 * h, c - x0, d - y0 * g, e - y0 * h, f - y0, g, h)
    image = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    laid = image.transform(card.size, Image.Transform.PERSPECTIVE, moved, Image.Resampling.BILINEAR)
    return np.asarray(laid, dtype=np.float32)


def _grid(luma: Floats) -> Floats:
    """How much steeper the steps between blocks of eight are than the others beside them."""
    step = np.abs(np.diff(luma, axis=1, append=luma[:, -1:]))
    second = np.abs(step - (np.roll(step, 1, 1) + np.roll(step, -1, 1)) / 2)
    signs = np.where(np.arange(luma.shape[1]) % 8 == 7, 7.0, -1.0).astype(np.float32)
    return np.asarray(second * signs[None, :], dtype=np.float32)


def _error(image: Image.Image, luma: Floats, quality: int) -> Floats:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling=0)
    again = Image.open(out)
    again.draft("YCbCr", image.size)
    return np.asarray((np.asarray(again.convert("YCbCr"), dtype=np.float32)[..., 0] - luma) ** 2, dtype=np.float32)


def _chunks(box: Box) -> list[Box]:
    """Pieces about half again as wide as high: a changed digit or two fill one of them."""
    left, top, right, bottom = box
    count = max(round((right - left) / (1.6 * (bottom - top))), 1)
    edges = np.linspace(left, right, count + 1).astype(int)
    return [(int(a), top, int(b), bottom) for a, b in pairwise(edges)]


def _cells(ink: Floats, texts: list[Box]) -> tuple[list[Box], list[Box]]:
    """Squares without print, and squares of the place where portraits are."""
    height, width = ink.shape
    taken = np.zeros(ink.shape, dtype=bool)
    for left, top, right, bottom in texts:
        taken[max(top - 3, 0) : bottom + 3, max(left - 3, 0) : right + 3] = True
    left, top, right, bottom = (round(v * s) for v, s in zip(PORTRAIT, (width, height) * 2, strict=True))
    blanks, portrait = [], []
    for y in range(MARGIN, height - CELL - MARGIN, CELL):
        for x in range(MARGIN, width - CELL - MARGIN, CELL):
            box = (x, y, x + CELL, y + CELL)
            if left <= x and x + CELL <= right and top <= y and y + CELL <= bottom:
                portrait.append(box)
            elif not taken[y : y + CELL, x : x + CELL].any() and ink[y : y + CELL, x : x + CELL].mean() < 0.12:
                blanks.append(box)
    return blanks, portrait


def _log(values: Floats | float) -> float:
    return float(np.log(np.mean(values) + _EPSILON))


def _text_rows(maps: dict[str, Floats], ink: Floats, boxes: list[Box]) -> Floats:
    covariates, values = [], []
    for left, top, right, bottom in boxes:
        inner = (slice(top, bottom), slice(left, right))
        outer = (slice(max(top - 4, 0), bottom + 4), slice(max(left - 2, 0), right + 2))
        is_ink, is_paper = ink[inner] > 0.5, ink[outer] < 0.12
        if is_ink.sum() < 6 or is_paper.sum() < 12:
            is_ink, is_paper = ink[inner] >= np.median(ink[inner]), ink[outer] <= np.median(ink[outer])
        luma, gradient = maps["luma"], maps["gradient"][inner]
        dark, light = float(luma[inner][is_ink].mean()), float(luma[outer][is_paper].mean())
        covariates.append(
            [1.0, _log(gradient), np.log(max(light - dark, 1)), float(is_ink.mean()), np.log(bottom - top)]
        )
        strength = _log(gradient)
        row = [_log(maps[name][inner]) for name in ("error92", "error75", "noise", "laplacian", "colour")]
        row += [_log(maps[name][outer][is_paper]) for name in ("error92", "error75", "noise", "laplacian", "colour")]
        row += [
            _log(maps["laplacian"][inner]) - strength,
            float(maps["mosaic"][inner].mean() / (maps["laplacian"][inner].mean() + _EPSILON)),
            float(maps["grid"][inner].mean() / (np.sqrt(gradient.mean()) + 1)),
            dark,
            light,
        ]
        span = max(light - dark, 4.0)
        steep = float(np.sqrt(np.percentile(gradient, 90)))
        around = luma[outer][is_paper]
        row += [
            np.log(steep / span + 0.01),
            float(np.percentile(around, 95) - light) / span,
            _log(maps["middle"][outer][is_paper]),
            _log(maps["middle"][inner]) - strength,
            float(maps["blueness"][inner][is_ink].mean() - maps["blueness"][outer][is_paper].mean()),
            float(maps["redness"][inner][is_ink].mean() - maps["redness"][outer][is_paper].mean()),
            float(np.percentile(luma[inner], 5)) - dark,
            _log(maps["red"][inner]),
        ]
        values.append(row)
    return _deviations(np.array(covariates), np.array(values))


def _cell_values(maps: dict[str, Floats], boxes: list[Box]) -> tuple[Floats, Floats]:
    """What explains a cell, and what is measured in it: means of the whole grid at once, then those of `boxes`."""
    if not boxes:
        return np.zeros((0, 4), dtype=np.float32), np.zeros((0, BLANK_COLUMNS), dtype=np.float32)
    means = {name: _cell_means(values) for name, values in maps.items()}
    means["square"] = _cell_means(maps["luma"] ** 2)
    rows, columns = ((np.array([box[n] for box in boxes]) - MARGIN) // CELL for n in (1, 0))
    at = {name: values[rows, columns] for name, values in means.items()}
    luma = at["luma"] / 128
    variance = np.maximum(at["square"] - at["luma"] ** 2, 0)
    covariates = np.stack([np.ones_like(luma), luma, luma**2, np.log(variance + _EPSILON)], axis=1)
    values = [np.log(at[name] + _EPSILON) for name in ("error92", "error75", "noise", "laplacian", "colour")]
    values += [at["mosaic"] / (at["laplacian"] + _EPSILON), at["grid"]]
    values += [np.log(at["red"] + _EPSILON), np.log((at["laplacian"] + _EPSILON) / (at["middle"] + _EPSILON))]
    values += [np.log((at["noise"] + _EPSILON) / (at["middle"] + _EPSILON))]
    return covariates.astype(np.float32), np.stack(values, axis=1).astype(np.float32)


def _cell_means(values: Floats) -> Floats:
    down, across = ((side - MARGIN) // CELL for side in values.shape)
    inner = values[MARGIN : MARGIN + down * CELL, MARGIN : MARGIN + across * CELL]
    return np.asarray(inner.reshape(down, CELL, across, CELL).mean(axis=(1, 3)))


def _fitted(covariates: NDArray[np.floating], values: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Coefficients and spreads, without the fifth that fits worst: a forged part must not set its own measure."""
    ridge = np.eye(covariates.shape[1]) * 1e-3 * len(covariates)
    coefficients, spreads = [], []
    for column in values.T:
        keep = np.ones(len(column), dtype=bool)
        for _ in range(3):
            rows = covariates[keep]
            found = np.linalg.solve(rows.T @ rows + ridge, rows.T @ column[keep])
            away = np.abs(column - covariates @ found)
            keep = away <= np.quantile(away, 0.8)
        coefficients.append(found)
        spreads.append(float(np.median(np.abs(column - covariates @ found))) * 1.48 + 1e-3)
    return np.array(coefficients, dtype=np.float32), np.array(spreads, dtype=np.float32)


def _deviations(covariates: NDArray[np.floating], values: NDArray[np.floating]) -> Floats:
    coefficients, spreads = _fitted(covariates, values)
    return np.asarray(np.clip((values - covariates @ coefficients.T) / spreads, -8, 8), dtype=np.float32)


def _beyond(covariates: Floats, values: Floats, others: Floats, other_values: Floats) -> Floats:
    """How far the smoother half of other cells is, on the whole, from what the blank ones lead to expect."""
    coefficients, spreads = _fitted(covariates, values)
    smooth = others[:, 3] <= np.median(others[:, 3])
    away = (other_values[smooth] - others[smooth] @ coefficients.T) / spreads
    return np.asarray(np.clip(np.median(away, axis=0), -12, 12), dtype=np.float32)


def _with_neighbours(rows: Floats, boxes: list[Box]) -> Floats:
    """Each part's row, and beside it the mean of the parts next to it: a forgery rarely fills just one."""
    middles = np.array([[(a + c) / 2, (b + d) / 2] for a, b, c, d in boxes])
    sizes = np.array([max(c - a, d - b) for a, b, c, d in boxes])
    distance = np.abs(middles[:, None] - middles[None])
    near = (distance[..., 0] < 1.7 * sizes[:, None]) & (distance[..., 1] < 0.6 * sizes[:, None])
    weights = near / near.sum(axis=1, keepdims=True)
    return np.asarray(np.concatenate([rows, weights @ rows], axis=1), dtype=np.float32)
