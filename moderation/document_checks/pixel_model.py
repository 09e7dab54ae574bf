"""From parts that differ to one number: a small logistic regression for lines, one for portraits, one over both.

There is a set of them for fine files and one for coarse ones, in which other things differ.

`data/pixel_model.json` holds the coefficients; `python manage.py eval_documents --train` makes it from the training
cameras and attacks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .images import Floats
from .pixel_features import Parts

FILE = Path(__file__).parent / "data" / "pixel_model.json"


@dataclass(frozen=True, slots=True)
class Judgement:
    """How probably the card was altered, and where: the logits of the pieces of text and of the portrait.

    `genuine` and `certain` are the limits between which the probability says something (`layers.pixels.points_of`).
    """

    probability: float
    text_logits: Floats
    face_logit: float
    genuine: float
    certain: float


@cache
def model() -> dict[str, Any]:
    """The coefficients in use."""
    return dict(json.loads(FILE.read_text()))


def judge(*, parts: Parts, coefficients: dict[str, Any] | None = None) -> Judgement:
    """The model's judgement of a card's parts."""
    used = (coefficients or model())["coarse" if parts.is_coarse else "fine"]
    text = logits(used["text"], parts.text_rows)
    face = float(logits(used["face"], parts.portrait[None])[0])
    summary = summarise(text=text, face=face)
    probability = float(sigmoid(linear(used["card"], summary[None]))[0])
    return Judgement(probability, text, face, used["limits"]["genuine"], used["limits"]["certain"])


def logits(one: dict[str, Any], rows: Floats) -> Floats:
    """The logits of rows of deviations: their size, their squares, and which way they go."""
    return linear(one, expanded(rows))


def expanded(rows: Floats) -> Floats:
    """Deviations as the regressions see them: a part may be too smooth or too rough."""
    return np.asarray(np.concatenate([rows / 4, np.abs(rows) / 4, np.minimum(rows**2, 36) / 16], axis=1))


def summarise(*, text: Floats, face: float) -> Floats:
    """A card in four numbers: its oddest pieces of text, how odd they are on the whole, and its portrait."""
    texts = np.sort(text)[::-1]
    return np.array([texts[0], texts[:3].mean(), texts[:3].mean() - np.median(texts), face], dtype=np.float32)


def sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))), dtype=np.float32)


def linear(one: dict[str, Any], rows: Floats) -> Floats:
    """One regression's logits of rows as they are."""
    mean, spread = np.array(one["mean"]), np.array(one["spread"])
    standard = np.clip((rows - mean) / spread, -5, 5)
    return np.asarray(standard @ np.array(one["weights"]) + one["offset"], dtype=np.float32)


def fit(rows: Floats, is_forged: Floats, *, ridge: float) -> dict[str, Any]:
    """A logistic regression by Newton's method, both classes weighing the same."""
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-3
    x = np.concatenate([np.clip((rows - mean) / spread, -5, 5), np.ones((len(rows), 1))], axis=1)
    share = float(is_forged.mean())
    weight = np.where(is_forged > 0, 0.5 / share, 0.5 / (1 - share))
    penalty = np.eye(x.shape[1]) * ridge * len(rows)
    penalty[-1, -1] = 0
    found = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        slope = x.T @ (weight * (p - is_forged)) + penalty @ found
        curve = (x * (weight * p * (1 - p))[:, None]).T @ x + penalty + 1e-9 * np.eye(x.shape[1])
        step = np.linalg.solve(curve, slope)
        found = found - step
        if np.abs(step).max() < 1e-6:
            break
    return {
        "mean": [round(float(v), 5) for v in mean],
        "spread": [round(float(v), 5) for v in spread],
        "weights": [round(float(v), 5) for v in found[:-1]],
        "offset": round(float(found[-1]), 5),
    }
