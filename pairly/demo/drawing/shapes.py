"""Curves and outlines as lists of points, in the units of whoever draws them. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Point = tuple[float, float]
Points = Sequence[Point]

_STEPS = 12
_TENSION = 0.4


def cubic(start: Point, first: Point, second: Point, end: Point) -> list[Point]:
    """Samples of a cubic Bézier curve, without its end."""
    found = []
    for step in range(_STEPS):
        t = step / _STEPS
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        found.append(
            (
                a * start[0] + b * first[0] + c * second[0] + d * end[0],
                a * start[1] + b * first[1] + c * second[1] + d * end[1],
            )
        )
    return found


def _handles(before: Point, at: Point, after: Point) -> tuple[Point, Point]:
    arriving, leaving = math.dist(before, at), math.dist(at, after)
    whole = arriving + leaving or 1.0
    dx, dy = after[0] - before[0], after[1] - before[1]
    back, on = _TENSION * arriving / whole, _TENSION * leaving / whole
    return (at[0] - dx * back, at[1] - dy * back), (at[0] + dx * on, at[1] + dy * on)


def loop(points: Points) -> list[Point]:
    """A smooth closed curve through the points."""
    count = len(points)
    handles = [_handles(points[i - 1], points[i], points[(i + 1) % count]) for i in range(count)]
    found: list[Point] = []
    for i in range(count):
        after = (i + 1) % count
        found += cubic(points[i], handles[i][1], handles[after][0], points[after])
    return found


def curve(*points: Point) -> list[Point]:
    """A smooth open curve through the points, its ends included. Two curves joined meet in a corner."""
    padded = [points[0], *points, points[-1]]
    handles = [_handles(padded[i - 1], padded[i], padded[i + 1]) for i in range(1, len(padded) - 1)]
    found: list[Point] = []
    for i in range(len(points) - 1):
        found += cubic(points[i], handles[i][1], handles[i + 1][0], points[i + 1])
    return [*found, points[-1]]


def ellipse(x: float, y: float, rx: float, ry: float | None = None, turn: float = 0.0) -> list[Point]:
    """An ellipse about (x, y), turned clockwise by `turn` degrees."""
    ry = rx if ry is None else ry
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    found = []
    for step in range(64):
        angle = step * math.tau / 64
        a, b = rx * math.cos(angle), ry * math.sin(angle)
        found.append((x + a * cos - b * sin, y + a * sin + b * cos))
    return found


def box(x: float, y: float, width: float, height: float, radius: float = 0.0) -> list[Point]:
    """An upright rectangle from its upper left corner, its corners rounded by `radius`."""
    r = min(radius, width / 2, height / 2)
    if r <= 0:
        return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    corners = ((x + width - r, y + r, -90), (x + width - r, y + height - r, 0), (x + r, y + height - r, 90))
    found: list[Point] = []
    for cx, cy, start in (*corners, (x + r, y + r, 180)):
        for step in range(9):
            angle = math.radians(start + step * 90 / 8)
            found.append((cx + r * math.cos(angle), cy + r * math.sin(angle)))
    return found


def brush(points: Points, width: float, profile: Callable[[float], float] | None = None) -> list[Point]:
    """A stroke along the points as an outline: widest in its middle and pointed, or as `profile` (0..1) says."""
    shape = profile or (lambda t: math.sin(math.pi * t) ** 0.6 if 0 < t < 1 else 0.0)
    lefts: list[Point] = []
    rights: list[Point] = []
    last = len(points) - 1
    for i, (x, y) in enumerate(points):
        (ax, ay), (bx, by) = points[max(i - 1, 0)], points[min(i + 1, last)]
        length = math.hypot(bx - ax, by - ay) or 1.0
        half = max(width * shape(i / last), 0.4) / 2
        nx, ny = -(by - ay) / length * half, (bx - ax) / length * half
        lefts.append((x + nx, y + ny))
        rights.append((x - nx, y - ny))
    return lefts + rights[::-1]


def mirrored(half: Points, axis: float = 500.0) -> list[Point]:
    """The half outline, given downwards on the right of the axis, with its left counterpart. Ends lie on the axis."""
    return [*half, *((2 * axis - x, y) for x, y in reversed(half[1:-1]))]


def flipped(points: Points, axis: float = 500.0) -> list[Point]:
    """The outline as a mirror on the vertical axis shows it."""
    return [(2 * axis - x, y) for x, y in points]


def moved(points: Points, dx: float, dy: float, scale: float = 1.0) -> list[Point]:
    """The outline scaled about the origin, then moved."""
    return [(x * scale + dx, y * scale + dy) for x, y in points]


def turned(points: Points, degrees: float, pivot: Point) -> list[Point]:
    """The outline turned clockwise about the pivot."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    px, py = pivot
    return [(px + (x - px) * cos - (y - py) * sin, py + (x - px) * sin + (y - py) * cos) for x, y in points]


def scalloped(centre: Point, rx: float, ry: float, bumps: int, depth: float, turn: float = 0.0) -> list[Point]:
    """An ellipse with a soft wavy edge: hair in curls, foliage, clouds."""
    found = []
    for step in range(bumps * 12):
        angle = step * math.tau / (bumps * 12)
        out = 1 + depth * (abs(math.sin(angle * bumps / 2 + turn)) - 0.5)
        found.append((centre[0] + rx * out * math.cos(angle), centre[1] + ry * out * math.sin(angle)))
    return found
