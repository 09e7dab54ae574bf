"""AUC, and the two error rates of ISO/IEC 30107-3: of attacks that pass, and of genuine ones that are stopped."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

RATE = 0.05


def auc(*, genuine: ArrayLike, attacks: ArrayLike) -> float:
    """How often an attack scores higher than a genuine one; ties count half. NaN where either is empty."""
    low, high = np.asarray(genuine, dtype=float), np.asarray(attacks, dtype=float)
    if not low.size or not high.size:
        return float("nan")
    return float((high[:, None] > low[None]).mean() + (high[:, None] == low[None]).mean() / 2)


def apcer_at(*, genuine: ArrayLike, attacks: ArrayLike, bpcer: float = RATE) -> float:
    """The share of attacks that pass where at most `bpcer` of the genuine are stopped."""
    low, high = np.asarray(genuine, dtype=float), np.asarray(attacks, dtype=float)
    if not low.size or not high.size:
        return float("nan")
    return float((high <= np.quantile(low, 1 - bpcer, method="higher")).mean())


def bpcer_at(*, genuine: ArrayLike, attacks: ArrayLike, apcer: float = RATE) -> float:
    """The share of genuine ones that are stopped where at most `apcer` of the attacks pass."""
    low, high = np.asarray(genuine, dtype=float), np.asarray(attacks, dtype=float)
    if not low.size or not high.size:
        return float("nan")
    return float((low >= np.quantile(high, apcer, method="lower")).mean())
