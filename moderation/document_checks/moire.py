"""Pictures of pictures: a screen's or a print's grid beats with the sensor's, which shows as peaks in the spectrum.

A card's own fine lines make ridges that turn from place to place; a grid makes the same few peaks all over the picture.
No training: how far the strongest peak stands out of its surroundings, in most parts of the picture.
"""

from __future__ import annotations

import numpy as np

from .images import Floats, Picture, box_mean

WINDOW = 128
_LOWEST = 0.08  # cycles a pixel: below are print and faces


def peak(*, picture: Picture) -> float:
    """How far the strongest peak stands out, in natural logarithms of power; 0 where the picture is too small."""
    luma = picture.luma
    residual = luma - box_mean(luma, 4)
    height, width = residual.shape
    steps = [(y, x) for y in range(0, height - WINDOW + 1, WINDOW) for x in range(0, width - WINDOW + 1, WINDOW)]
    if len(steps) < 12:
        return 0.0
    window = np.hanning(WINDOW)[:, None] * np.hanning(WINDOW)[None, :]
    prominent = []
    for y, x in steps:
        part = residual[y : y + WINDOW, x : x + WINDOW]
        part = part / (part.std() + 1e-3)  # letters are loud; what matters is the pattern
        spectrum = np.log(np.abs(np.fft.rfft2(part * window)) ** 2 + 1e-4)
        prominent.append(_prominence(np.fft.fftshift(spectrum, axes=0).astype(np.float32)))
    # In most of the picture: lettering peaks somewhere, a grid nearly everywhere.
    return float(np.median(np.array(prominent)))


def _prominence(spectrum: Floats) -> float:
    around = box_mean(spectrum, 6)
    peaks = box_mean(spectrum, 1) - around
    return float(peaks[_allowed()].max())


def _allowed() -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Where a peak counts: not the lowest frequencies, not those of blocks of eight pixels on the axes."""
    down = np.fft.fftshift(np.fft.fftfreq(WINDOW))[:, None]
    across = np.fft.rfftfreq(WINDOW)[None, :]
    radius = np.hypot(down, across)
    near_axis = (np.abs(down) < 3 / WINDOW) | (np.abs(across) < 3 / WINDOW)
    of_blocks = (np.abs(down * 8 - np.round(down * 8)) < 0.2) & (np.abs(across * 8 - np.round(across * 8)) < 0.2)
    return np.asarray((radius > _LOWEST) & (radius < 0.48) & ~(near_axis & of_blocks))
