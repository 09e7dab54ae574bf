"""The evaluation's table and its six lines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .. import ocr, pixel_model
from ..layers.pixels import points_of
from ..types import CheckSettings
from . import attacks, channels
from .cameras import CAMERAS
from .dataset import GENUINE, Measured
from .metrics import apcer_at, auc, bpcer_at
from .semantic import Tried

TARGETS = {
    "pixel_auc_clean": (">=", 0.80),
    "pixel_auc_recompressed": (">=", 0.72),
    "whole_auc_semantic": (">=", 0.92),
    "false_rejection": ("<=", 0.05),
    "resave_shift": ("<=", 5.0),
    "p95_s": ("<=", 5.0),
}


def lines(*, found: list[list[Measured]], tried: list[Tried], settings: CheckSettings) -> Iterator[str]:
    """What is printed: the table of attacks and channels, semantic kinds, then name, value and target of each line."""
    flat = [one for files in found for one in files]
    is_ocr = ocr.is_there(program=settings.tesseract)
    yield f"cards: {len(found)}, files: {len(flat)}, not assessable: {sum(one.parts is None for one in flat)}"
    yield f"held out: cameras {', '.join(sorted(_cameras()))}, attack {attacks.HELD_OUT} (*)"
    yield f"OCR: {'yes' if is_ocr else 'no'}"
    yield f"{'attack':<18}{'channel':<11}{'AUC':>6}{'APCER@5%':>10}{'BPCER@5%':>10}{'n':>5}"
    kinds = [*attacks.PIXEL_ATTACKS, *attacks.RECAPTURES]
    for kind in kinds:
        for channel in channels.CHANNELS:
            genuine, forged = scores(flat, {GENUINE}, channel), scores(flat, {kind}, channel)
            mark = "*" if kind == attacks.HELD_OUT else ""
            yield _row(kind + mark, channel, genuine, forged)
    genuine_totals = [float(one.score) for one in tried if one.kind == "genuine"]
    for kind in dict.fromkeys(one.kind for one in tried if not one.kind.startswith("genuine")):
        yield _row(kind, "original", genuine_totals, [float(one.score) for one in tried if one.kind == kind])
    for name, value in summary(flat=flat, tried=tried, suspect_from=settings.suspect_from).items():
        sign, target = TARGETS[name]
        is_met = value >= target if sign == ">=" else value <= target
        yield f"{name} {value:.3f}   (target {sign} {target:g}: {'met' if is_met else 'NOT MET'})"


def summary(*, flat: list[Measured], tried: list[Tried], suspect_from: int) -> dict[str, float]:
    """The six lines."""
    kinds = set(attacks.PIXEL_ATTACKS)
    clean, recompressed = (
        auc(genuine=scores(flat, {GENUINE}, channel), attacks=scores(flat, kinds, channel))
        for channel in ("original", "messenger")
    )
    genuine = [one for one in tried if one.kind == "genuine"]
    forged = [one.score for one in tried if not one.kind.startswith("genuine")]
    stopped = [one.report.is_suspect or bool(one.report.vetoes) for one in genuine]
    return {
        "pixel_auc_clean": clean,
        "pixel_auc_recompressed": recompressed,
        "whole_auc_semantic": auc(genuine=[one.score for one in genuine], attacks=forged),
        "false_rejection": float(np.mean(stopped)),
        "resave_shift": _shift(flat, tried),
        "p95_s": float(np.quantile([one.seconds for one in genuine], 0.95)),
    }


def scores(flat: list[Measured], kinds: set[str], channel: str) -> list[float]:
    """The pixel layer's ranking of files: the model's probability, or the grid's peak where that says more."""
    limit = pixel_model.model()["moire"]
    return [
        max(probability(one), min(one.peak - limit + 0.9, 1.5) if one.peak > limit else 0.0)
        for one in flat
        if one.attack in kinds and one.channel == channel
    ]


def probability(one: Measured) -> float:
    """0 where the file was not assessable: such a file goes to a person for another reason."""
    return pixel_model.judge(parts=one.parts).probability if one.parts else 0.0


def _points(one: Measured) -> int:
    if one.parts is None:
        return 0
    judged = pixel_model.judge(parts=one.parts)
    return points_of(probability=judged.probability, genuine=judged.genuine, certain=judged.certain)


def _cameras() -> set[str]:
    return {one.name for one in CAMERAS if one.is_held_out}


def _row(kind: str, channel: str, genuine: list[float], forged: list[float]) -> str:
    rates = (f(genuine=genuine, attacks=forged) for f in (auc, apcer_at, bpcer_at))
    one, other, third = rates
    return f"{kind:<18}{channel:<11}{one:>6.2f}{other:>10.2f}{third:>10.2f}{len(forged):>5}"


def _shift(flat: list[Measured], tried: list[Tried]) -> float:
    """The most points that saving a genuine file again moved any layer."""

    def points(channel: str) -> list[int]:
        return [_points(one) for one in flat if one.attack == GENUINE and one.channel == channel]

    moved = [abs(a - b) for a, b in zip(points("original"), points("resaved"), strict=True)]
    firsts = [one.report for one in tried if one.kind == "genuine"]
    again = [one.report for one in tried if one.kind == "genuine_resaved"]
    for first, second in zip(firsts, again, strict=True):
        moved += [abs(first.parts[name].score - second.parts[name].score) for name in first.parts]
    return float(max(moved, default=0))
