"""Makes `data/pixel_model.json` from the training cameras and attacks, and from nothing else."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from .. import pixel_model
from ..pixel_model import FILE
from .dataset import GENUINE, Measured

_RIDGES = {"text": 0.02, "face": 0.2, "card": 0.01}
_GENUINE_QUANTILE, _CERTAIN_QUANTILE, _MOIRE_QUANTILE = 0.9, 0.75, 1.0
_MOIRE_MARGIN = 0.15


def train(*, found: list[Measured]) -> dict[str, Any]:
    """The coefficients for fine and for coarse files, and the limit of a grid's peak."""
    peaks = [one.peak for one in found if one.attack == GENUINE]
    return {
        **{name: _trained(found, is_coarse=is_coarse) for name, is_coarse in (("fine", False), ("coarse", True))},
        "moire": round(float(np.quantile(peaks, _MOIRE_QUANTILE)) + _MOIRE_MARGIN, 4),
    }


def _trained(found: list[Measured], *, is_coarse: bool) -> dict[str, Any]:
    """The last regression learns from halves that the first two did not see."""
    known = [one for one in found if one.parts is not None and one.parts.is_coarse == is_coarse]
    files = np.arange(len(known)) // max(_files_each(known), 1)
    halves = [[one for one, file in zip(known, files, strict=True) if file % 2 == n] for n in (0, 1)]
    summaries, labels = [], []
    for n in (0, 1):
        parts = _parts_models(halves[1 - n])
        summaries += [_summary(parts, one) for one in halves[n]]
        labels += [one.attack != GENUINE for one in halves[n]]
    x, y = np.array(summaries), np.array(labels, dtype=np.float32)
    card = pixel_model.fit(x, y, ridge=_RIDGES["card"])
    model = _parts_models(known) | {"card": card}
    probabilities = pixel_model.sigmoid(pixel_model.linear(card, x))
    model["limits"] = {
        "genuine": round(float(np.quantile(probabilities[y == 0], _GENUINE_QUANTILE)), 4),
        "certain": round(float(np.quantile(probabilities[y == 1], _CERTAIN_QUANTILE)), 4),
    }
    return model


def save(model: dict[str, Any]) -> None:
    FILE.write_text(json.dumps(model, indent=1) + "\n")


def _files_each(known: list[Measured]) -> int:
    """How many files come of one card: two cards are never told apart within a half."""
    first = [n for n, one in enumerate(known) if one.attack == GENUINE and one.channel == known[0].channel]
    return first[1] if len(first) > 1 else len(known)


def _parts_models(known: list[Measured]) -> dict[str, Any]:
    texts, faces = [], []
    for one in known:
        assert one.parts is not None
        assert one.is_text_forged is not None
        texts.append((one.parts.text_rows, one.is_text_forged))
        faces.append((one.parts.portrait[None], np.array([one.attack == "portrait_swapped"], dtype=np.float32)))
    models = {}
    for name, rows in (("text", texts), ("face", faces)):
        x = pixel_model.expanded(np.concatenate([row for row, _ in rows]))
        models[name] = pixel_model.fit(x, np.concatenate([label for _, label in rows]), ridge=_RIDGES[name])
    return models


def _summary(models: dict[str, Any], one: Measured) -> np.ndarray[Any, Any]:
    assert one.parts is not None
    return pixel_model.summarise(
        text=pixel_model.logits(models["text"], one.parts.text_rows),
        face=float(pixel_model.logits(models["face"], one.parts.portrait[None])[0]),
    )
