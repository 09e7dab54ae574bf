"""Reads the machine-readable zone off a flat card by comparing each place of its grid with the letters of OCR-B.

The zone is made for this: one typeface, one pitch, 37 characters, and places where only digits or only letters may
stand. `data/ocr_b.png` holds the letters, drawn from OCR-B by N. Schwarz, which may be used without limitation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from . import mrz
from .images import Bytes, Floats, box_mean, luma_of
from .ink import ink_of, runs

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
CELL = (20, 30)  # of the letters' sheet; as wide as the pitch, half as high again
CERTAIN, PLACE_MIN = 0.78, 0.65  # correlations: of the whole zone, and of each place that check digits cover
PITCH_MM = 2.54
_WIDTHS_MM: dict[mrz.Form, float] = {"TD1": 85.6, "TD2": 105.0, "TD3": 125.0}
HEIGHTS_MM: dict[mrz.Form, float] = {"TD1": 54.0, "TD2": 74.0, "TD3": 88.0}
_NEAR = 0.12  # a second reading that is so near to the first is as good where it makes the check digit right
_ATLAS = Path(__file__).parent / "data" / "ocr_b.png"
_DIGITS = frozenset("0123456789<")
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ<")
# Where only digits, or only letters, may stand: line, begin, end.
_DIGIT_PLACES: dict[mrz.Form, list[tuple[int, int, int]]] = {
    "TD1": [(1, 0, 7), (1, 8, 15), (1, 29, 30), (0, 14, 15)],
    "TD2": [(1, 9, 10), (1, 13, 20), (1, 21, 28), (1, 35, 36)],
    "TD3": [(1, 9, 10), (1, 13, 20), (1, 21, 28), (1, 42, 44)],
}
_LETTER_PLACES: dict[mrz.Form, list[tuple[int, int, int]]] = {
    "TD1": [(0, 0, 5), (1, 7, 8), (1, 15, 18), (2, 0, 30)],
    "TD2": [(0, 0, 36), (1, 10, 13), (1, 20, 21)],
    "TD3": [(0, 0, 44), (1, 10, 13), (1, 20, 21)],
}


@dataclass(frozen=True, slots=True)
class ZoneReading:
    """Lines as read, how sure (0 to 1), and whether a check digit decided between two readings of a place."""

    zone: mrz.Zone
    lines: tuple[str, ...]
    certainty: float
    is_certain: bool
    number_field: tuple[float, float, float, float]  # left, top, right, bottom on the flat card
    is_upside_down: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    top: int
    bottom: int
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where the places of a line are: the left edge of the first, the height of their middles, their distance."""

    begin: float
    middle: float
    pitch: float


def read(*, flat: Bytes) -> ZoneReading | None:
    """The zone of the card, whichever way up it lies; None where there is none to be read."""
    upright = _read_upright(flat)
    if upright is not None and upright.is_certain:
        return upright
    turned = _read_upright(np.ascontiguousarray(flat[::-1, ::-1]))
    if turned is None or (upright is not None and upright.certainty >= turned.certainty):
        return upright
    return ZoneReading(turned.zone, turned.lines, turned.certainty, turned.is_certain, turned.number_field, True)


def _read_upright(flat: Bytes) -> ZoneReading | None:
    luma = luma_of(flat)
    ink = ink_of(luma)
    found: list[ZoneReading] = []
    for group in _groups(_lines(ink)):
        reading = _read_lines(ink, group)
        if reading is not None:
            found.append(reading)
    return max(found, key=lambda reading: reading.certainty, default=None)


def _lines(ink: Floats) -> list[_Line]:
    """Rows of text in the lower part that reach across most of the card."""
    height, width = ink.shape
    begin = int(height * 0.45)
    rows = (ink[begin:] > 0.35).mean(axis=1)
    smooth = np.convolve(rows, np.ones(3) / 3, mode="same")
    lines: list[_Line] = []
    for top, bottom in runs(smooth > max(0.06, 0.3 * float(np.percentile(smooth, 90)))):
        if not 7 <= bottom - top <= 60:
            continue
        columns = np.convolve((ink[begin + top : begin + bottom] > 0.4).mean(axis=0), np.ones(5) / 5, mode="same")
        inked = np.flatnonzero(columns > 0.05)
        if inked.size and inked[-1] - inked[0] > 0.55 * width:
            lines.append(_Line(begin + top, begin + bottom, int(inked[0]), int(inked[-1])))
    return lines


def _groups(lines: list[_Line]) -> list[list[_Line]]:
    """The last two or three lines of one height and distance."""
    groups = []
    for count in (3, 2):
        for begin in range(len(lines) - count + 1):
            group = lines[begin : begin + count]
            heights = [line.bottom - line.top for line in group]
            steps = [b.top - a.top for a, b in pairwise(group)]
            if max(heights) < 1.8 * min(heights) and max(steps) < 3.4 * max(heights):
                groups.append(group)
    return groups


def _read_lines(ink: Floats, group: list[_Line]) -> ZoneReading | None:
    best: ZoneReading | None = None
    for form, (count, _) in mrz.FORMS.items():
        if count != len(group) or abs(ink.shape[1] / ink.shape[0] * HEIGHTS_MM[form] / _WIDTHS_MM[form] - 1) > 0.06:
            continue
        scored = [_scores(ink, line, form) for line in group]
        if any(one is None for one in scored):
            continue
        table = np.stack([one[0] for one in scored if one is not None])
        reading = _decided(table, form, [one[1] for one in scored if one is not None])
        if reading is not None and (best is None or reading.certainty > best.certainty):
            best = reading
    return best


def _scores(ink: Floats, line: _Line, form: mrz.Form) -> tuple[Floats, _Grid] | None:
    """Correlations of each place of the line with each character, on the grid that fits best."""
    length, pitch = mrz.FORMS[form][1], ink.shape[1] * PITCH_MM / _WIDTHS_MM[form]
    height = pitch * CELL[1] / CELL[0]
    middle = (line.top + line.bottom) / 2
    if middle + height / 2 >= ink.shape[0] or not 0.45 < (line.bottom - line.top) / pitch < 1.7:
        return None
    centred = (ink.shape[1] - pitch * length) / 2
    best, begin, stretch = -1.0, centred, 1.0
    for one in (0.985, 1.0, 1.015):
        for shift in np.arange(-1.6, 1.61, 0.2):
            at = centred + float(shift) * pitch - (one - 1) * pitch * length / 2
            total = _fit(ink, at, middle, pitch * one, length, coarse=True)
            if total > best:
                best, begin, stretch = total, at, one
    pitch *= stretch
    best, place = -1.0, (begin, middle, pitch)
    for one in (0.994, 1.0, 1.006):
        for shift in (-0.12, -0.04, 0.04, 0.12):
            for rise in (-0.08, 0.0, 0.08):
                tried = (begin + shift * pitch - (one - 1) * pitch * length / 2, middle + rise * pitch, pitch * one)
                total = _fit(ink, *tried, length, coarse=True)
                if total > best:
                    best, place = total, tried
    begin, middle, pitch = place
    # A line lies a little askew: each place may look a pixel up or down, left or right for itself.
    moved = [
        _correlated(ink, begin + shift * pitch, middle + rise * pitch, pitch, length)
        for rise in (-0.1, 0.0, 0.1)
        for shift in (-0.06, 0.0, 0.06)
    ]
    return np.asarray(np.maximum.reduce(moved), dtype=np.float32), _Grid(begin, middle, pitch)


def _fit(ink: Floats, begin: float, middle: float, pitch: float, length: int, *, coarse: bool) -> float:
    return float(_correlated(ink, begin, middle, pitch, length, coarse=coarse).max(axis=1).mean())


def _correlated(ink: Floats, begin: float, middle: float, pitch: float, length: int, *, coarse: bool = False) -> Floats:
    across, down = (CELL[0] // 2, CELL[1] // 2) if coarse else CELL
    x = begin + pitch * (np.arange(length)[:, None] + (np.arange(across)[None, :] + 0.5) / across)
    y = middle + pitch * (CELL[1] / CELL[0]) * ((np.arange(down) + 0.5) / down - 0.5)
    columns = np.clip(np.round(x).astype(int), 0, ink.shape[1] - 1)
    rows = np.clip(np.round(y).astype(int), 0, ink.shape[0] - 1)
    cells = ink[rows[None, :, None], columns[:, None, :]].reshape(length, -1)
    cells = cells - cells.mean(axis=1, keepdims=True)
    cells /= np.maximum(np.linalg.norm(cells, axis=1, keepdims=True), 1.0)
    return np.asarray(np.einsum("ij,kj->ik", cells, _templates(coarse=coarse)), dtype=np.float32)


@cache
def _templates(*, coarse: bool) -> Floats:
    """One normed row for each character: a little blurred, as a camera sees it."""
    sheet = 255 - np.asarray(Image.open(_ATLAS).convert("L"), dtype=np.float32)
    cells = np.stack([box_mean(cell, 1) for cell in np.split(sheet, len(CHARACTERS), axis=1)])
    if coarse:
        cells = cells.reshape(len(CHARACTERS), CELL[1] // 2, 2, CELL[0] // 2, 2).mean(axis=(2, 4))
    rows = cells.reshape(len(CHARACTERS), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def _decided(table: Floats, form: mrz.Form, grids: list[_Grid]) -> ZoneReading | None:
    table = table.copy()
    for places, allowed in ((_DIGIT_PLACES[form], _DIGITS), (_LETTER_PLACES[form], _LETTERS)):
        barred = [index for index, char in enumerate(CHARACTERS) if char not in allowed]
        for line, begin, end in places:
            table[line, begin:end, barred] = -1
    best = table.max(axis=2)
    lines = ["".join(CHARACTERS[index] for index in row) for row in table.argmax(axis=2)]
    zone = mrz.parse(lines=lines)
    if zone is None or not re.match(r"[PIACVD]", lines[0]):
        return None
    if zone.wrong_digits:
        lines, zone = _repaired(table, lines, zone)
    certainty = float(best.mean())
    number = grids[0 if form == "TD1" else 1]
    left = number.begin + number.pitch * (5 if form == "TD1" else 0)
    strip = (left, number.middle - 0.75 * number.pitch, left + 9 * number.pitch, number.middle + 0.75 * number.pitch)
    covered = [at for at in np.ndindex(best.shape) if _is_checked((at[0], at[1]), form)]
    is_certain = certainty >= CERTAIN and min(float(best[at]) for at in covered) >= PLACE_MIN
    return ZoneReading(zone, tuple(lines), certainty, is_certain, strip)


def _repaired(table: Floats, lines: list[str], zone: mrz.Zone) -> tuple[list[str], mrz.Zone]:
    """The zone with one or two doubtful places read the other way, where that makes every check digit right."""
    order = np.argsort(-table, axis=2)
    first = np.take_along_axis(table, order[:, :, :1], axis=2)[:, :, 0]
    second = np.take_along_axis(table, order[:, :, 1:2], axis=2)[:, :, 0]
    margin = first - second
    doubtful = [(int(line), int(place)) for line, place in np.argwhere(margin < _NEAR)]
    doubtful.sort(key=lambda at: float(margin[at]))
    doubtful = [at for at in doubtful if _is_checked(at, zone.form)][:12]

    def other(text: list[str], at: tuple[int, int]) -> list[str]:
        line, place = at
        changed = list(text)
        changed[line] = text[line][:place] + CHARACTERS[order[line, place, 1]] + text[line][place + 1 :]
        return changed

    once = [(at, other(lines, at)) for at in doubtful]
    twice = [(at, other(text, more)) for index, (at, text) in enumerate(once) for more in doubtful[index + 1 :]]
    for _, text in once + twice:
        found = mrz.parse(lines=text)
        if found is not None and not found.wrong_digits:
            return text, found
    return lines, zone


def _is_checked(at: tuple[int, int], form: mrz.Form) -> bool:
    line, place = at
    return (line == 0 and place >= 5) or (line == 1 and place < 30) if form == "TD1" else line == 1
