"""Print on a flat card: what is ink, and which pieces of it hang together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .images import Floats, box_mean

Box = tuple[int, int, int, int]


def ink_of(luma: Floats) -> Floats:
    """How dark against the paper around, 0 to 1, whatever the light."""
    dark = np.clip(box_mean(luma, 22) - luma, 0, None)
    # Fine lines of the paper are ink as well, but paler than any letter near them or on the whole card.
    top = np.maximum(np.sqrt(np.maximum(box_mean(dark**2, 30), 0)) * 2.2 + 6, 0.5 * float(np.percentile(dark, 99)))
    return np.asarray(np.clip(dark / top, 0, 1), dtype=np.float32)


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Begin and end of each row of True in a line."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [(int(begin), int(end)) for begin, end in zip(edges[::2], edges[1::2], strict=True)]


def labelled(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A number for each connected region (by sides), 0 for what is in none: row by row, runs that touch join."""
    labels = np.zeros(mask.shape, dtype=np.int64)
    parent = [0]

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    above: list[tuple[int, int, int]] = []
    for y in range(mask.shape[0]):
        here = []
        for begin, end in runs(mask[y]):
            touching = {root(label) for first, last, label in above if first < end and begin < last}
            label = min(touching) if touching else len(parent)
            if not touching:
                parent.append(label)
            for one in touching:
                parent[one] = label
            labels[y, begin:end] = label
            here.append((begin, end, label))
        above = here
    roots = np.array([root(one) for one in range(len(parent))])
    return np.asarray(roots[labels])


def boxes(mask: NDArray[np.bool_]) -> list[Box]:
    """Left, top, right, bottom of each connected region."""
    labels = labelled(mask)
    rows, columns = np.nonzero(labels)
    numbers, which = np.unique(labels[rows, columns], return_inverse=True)
    found = []
    for n in range(numbers.size):
        y, x = rows[which == n], columns[which == n]
        found.append((int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1))
    return found


def text_boxes(ink: Floats) -> list[Box]:
    """Words and lines of a flat card: ink that lies side by side at one height."""
    half = ink[: ink.shape[0] // 2 * 2, : ink.shape[1] // 2 * 2].reshape(ink.shape[0] // 2, 2, -1, 2).mean(axis=(1, 3))
    strong = (half > 0.4).astype(np.float32)
    near = np.apply_along_axis(lambda row: np.convolve(row, np.ones(7) / 7, mode="same"), 1, strong)
    found = []
    for left, top, right, bottom in boxes(near > 0.16):
        left, top, right, bottom = (2 * left + 4, 2 * top - 1, 2 * right - 4, 2 * bottom + 1)
        height = bottom - top
        if 8 <= height <= 60 and right - left >= 0.4 * height and ink[top + 1 : bottom - 1, left:right].mean() > 0.1:
            found.append((max(left, 0), max(top, 0), right, bottom))
    return found
