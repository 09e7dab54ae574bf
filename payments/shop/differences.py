"""What a copy has that its original has not, cell by cell, once what was done to the whole picture is taken off:
another brightness, contrast or curve of tones, a haze, sharper or softer edges, a shift by part of a pixel."""

from __future__ import annotations

import math
from itertools import accumulate
from operator import mul

from PIL import Image

_FINE = 4  # pixels a cell at which tones are compared
_BROAD = 4  # cells over which a difference is not the mark's
_CLIP = 2.5  # what is further off than so many times its surroundings is something else: a sticker, the visible mark
_QUIET = 0.5  # below so many steps of brightness every place is as good as any other


def difference_of(
    *, copy: Image.Image, original: Image.Image, loudness: Image.Image, box: tuple[float, ...]
) -> list[float]:
    """The weighed difference in each cell of the original's grid, which is that of `loudness`: how strong a mark would
    be there. Cells that the copy, which shows `box` of the original, does not have are 0."""
    grid_w, grid_h = loudness.size
    x0, x1 = _whole(box[0], box[2], grid_w)
    y0, y1 = _whole(box[1], box[3], grid_h)
    size = (x1 - x0, y1 - y0)
    if min(size) < 8:
        return [0.0] * (grid_w * grid_h)
    shown = (
        (x0 / grid_w - box[0]) / (box[2] - box[0]) * copy.width,
        (y0 / grid_h - box[1]) / (box[3] - box[1]) * copy.height,
        (x1 / grid_w - box[0]) / (box[2] - box[0]) * copy.width,
        (y1 / grid_h - box[1]) / (box[3] - box[1]) * copy.height,
    )
    there = tuple(
        at / n * side for at, n, side in zip((x0, y0, x1, y1), (grid_w, grid_h) * 2, original.size * 2, strict=True)
    )
    fine = (_FINE * size[0], _FINE * size[1])
    seen_fine = copy.convert("L").resize(fine, Image.Resampling.BOX, box=_within(shown, copy.size))
    had_fine = original.convert("L").resize(fine, Image.Resampling.BOX, box=_within(there, original.size))
    had = _toned(had_fine, _tones(had_fine.histogram(), seen_fine.histogram()), size)
    seen = seen_fine.convert("F").resize(size, Image.Resampling.BOX)
    loud = _list(loudness.crop((x0, y0, x1, y1)))
    weighed = _weigh(_residual(_list(seen), had, size), loud, size)
    return _placed(weighed, x0, y0, size, (grid_w, grid_h))


def _whole(start: float, end: float, n: int) -> tuple[int, int]:
    """The cells that lie wholly between two shares of a side."""
    return max(0, math.ceil(start * n - 0.1)), min(n, math.floor(end * n + 0.1))


def _within(box: tuple[float, ...], size: tuple[int, int]) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    return max(0.0, left), max(0.0, top), min(float(size[0]), right), min(float(size[1]), bottom)


def _tones(had: list[int], seen: list[int]) -> list[float]:
    """What became of each level of brightness, as the two histograms have it: the mean of what stands at its ranks."""
    total = sum(had)
    mass = list(accumulate(seen, initial=0))
    worth: list[float] = list(accumulate(map(mul, seen, range(256)), initial=0))
    scale = mass[-1] / total if total else 0.0

    def integral(rank: float) -> float:
        low, high = 0, 255
        while low < high:
            middle = (low + high + 1) // 2
            if mass[middle] <= rank:
                low = middle
            else:
                high = middle - 1
        return worth[low] + (rank - mass[low]) * low

    found, before = [], 0
    for count in had:
        ranks = before * scale, (before + count) * scale
        found.append((integral(ranks[1]) - integral(ranks[0])) / (ranks[1] - ranks[0]) if count else 0.0)
        before += count
    return found


def _toned(image: Image.Image, tones: list[float], size: tuple[int, int]) -> list[float]:
    """The means of cells, each pixel's level replaced; in two parts, for a table holds whole numbers."""
    whole = [min(255, max(0, int(value))) for value in tones]
    rest = [min(255, max(0, round((value - base) * 255))) for value, base in zip(tones, whole, strict=True)]
    parts = [_list(image.point(table).convert("F").resize(size, Image.Resampling.BOX)) for table in (whole, rest)]
    return [base + more / 255 for base, more in zip(*parts, strict=True)]


def _residual(seen: list[float], had: list[float], size: tuple[int, int]) -> list[float]:
    """What is left when the original's own shape is taken off by least squares: itself, its slopes, its edges."""
    found = _minus_broad([a - b for a, b in zip(seen, had, strict=True)], size)
    width = size[0]
    n = len(had)
    across = [had[min(at + 1, n - 1)] - had[max(at - 1, 0)] for at in range(n)]
    down = [had[min(at + width, n - 1)] - had[max(at - width, 0)] for at in range(n)]
    shapes: list[list[float]] = []
    for shape in (_minus_broad(had, size), _minus_broad(across, size), _minus_broad(down, size)):
        for known in shapes:
            shape = _without(shape, known)
        found = _without(found, shape)
        shapes.append(shape)
    return found


def _without(values: list[float], shape: list[float]) -> list[float]:
    power = sum(map(mul, shape, shape))
    share = sum(map(mul, values, shape)) / power if power > 1e-9 else 0.0
    return [value - share * one for value, one in zip(values, shape, strict=True)]


def _weigh(values: list[float], loud: list[float], size: tuple[int, int]) -> list[float]:
    """A place says the more the louder a mark is there and the less else differs around it."""
    around = _broad([value * value for value in values], size)
    weighed = []
    for value, level, power in zip(values, loud, around, strict=True):
        noise = max(power, 0.0) + _QUIET**2
        most = _CLIP * math.sqrt(noise)
        weighed.append(level / noise * max(-most, min(most, value)))
    return weighed


def _minus_broad(values: list[float], size: tuple[int, int]) -> list[float]:
    return [value - mean for value, mean in zip(values, _broad(values, size), strict=True)]


def _broad(values: list[float], size: tuple[int, int]) -> list[float]:
    image = Image.new("F", size)
    image.putdata(values)
    small = (max(1, round(size[0] / _BROAD)), max(1, round(size[1] / _BROAD)))
    return _list(image.resize(small, Image.Resampling.BOX).resize(size, Image.Resampling.BILINEAR))


def _list(image: Image.Image) -> list[float]:
    return list(memoryview(image.tobytes()).cast("f"))


def _placed(values: list[float], x0: int, y0: int, size: tuple[int, int], grid: tuple[int, int]) -> list[float]:
    found = [0.0] * (grid[0] * grid[1])
    for row in range(size[1]):
        start = (y0 + row) * grid[0] + x0
        found[start : start + size[0]] = values[row * size[0] : (row + 1) * size[0]]
    return found
