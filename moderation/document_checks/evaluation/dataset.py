"""The set: templates x cameras x attacks x channels, by one seed. Each card is a job of its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

from .. import cards, moire, pixel_features
from ..errors import NotAssessable
from ..images import Floats, decode
from ..ink import Box
from ..pixel_features import Parts
from . import attacks, cameras, channels, people, templates

GENUINE = "genuine"
_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Job:
    """One person's card before one camera."""

    camera: int
    template: int
    seed: int
    attacks: tuple[str, ...]
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """One file: what was done to it, what was measured (None: not assessable), and which parts were touched."""

    attack: str
    channel: str
    parts: Parts | None
    peak: float
    is_text_forged: Floats | None = None


def jobs(*, is_held_out: bool, people_each: int, seed: int) -> list[Job]:
    """The jobs of one part: cameras that training never sees, or the others, without the attack that is held out."""
    kinds = tuple(name for name in attacks.PIXEL_ATTACKS if is_held_out or name != attacks.HELD_OUT)
    if is_held_out:
        kinds += tuple(attacks.RECAPTURES)
    sent = channels.CHANNELS if is_held_out else ("original", "messenger")
    return [
        Job(
            camera, template, int(np.random.SeedSequence([seed, camera, template, n]).generate_state(1)[0]), kinds, sent
        )
        for camera, one in enumerate(cameras.CAMERAS)
        if one.is_held_out == is_held_out
        for template in range(len(templates.TEMPLATES))
        for n in range(people_each)
    ]


def measured(*, todo: list[Job], processes: int) -> Iterator[list[Measured]]:
    """The files of each job, in the order of `todo`."""
    if processes < 2:
        yield from map(measure, todo)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(measure, todo)


def measure(job: Job) -> list[Measured]:
    """One genuine photograph and its forgeries, through each channel."""
    rng = np.random.default_rng(job.seed)
    camera, template = cameras.CAMERAS[job.camera], templates.TEMPLATES[job.template]
    drawn = templates.draw(template, people.invent(rng))
    shot = cameras.photograph(camera, drawn.rgb, rng)
    files: list[tuple[str, bytes, tuple[Box, ...]]] = [(GENUINE, shot.file, ())]
    for name in job.attacks:
        if name in attacks.RECAPTURES:
            files.append((name, attacks.RECAPTURES[name](camera, drawn, rng).file, ()))
        else:
            forged = attacks.PIXEL_ATTACKS[name](shot, drawn, rng)
            files.append((name, channels.edited(forged.rgb, rng), forged.boxes))
    scale = cards.CARD_WIDTH / templates.WIDTH
    return [
        _measured(name, channel, channels.send(data, channel), boxes, scale)
        for name, data, boxes in files
        for channel in job.channels
    ]


def _measured(attack: str, channel: str, data: bytes, boxes: tuple[Box, ...], scale: float) -> Measured:
    picture = decode(data=data)
    peak = moire.peak(picture=picture)
    try:
        card = cards.find(rgb=picture.rgb)
        if card is None:
            return Measured(attack, channel, None, peak)
        parts = pixel_features.measure(picture=picture, card=card)
    except NotAssessable:
        return Measured(attack, channel, None, peak)
    touched = [tuple(value * scale for value in box) for box in boxes]
    is_forged = [max((_covered(part, box) for box in touched), default=0) > _SHARE for part in parts.texts]
    return Measured(attack, channel, parts, peak, np.array(is_forged, dtype=np.float32))


def _covered(part: Box, box: tuple[float, ...]) -> float:
    """How much of a part a touched box covers."""
    across = min(part[2], box[2]) - max(part[0], box[0])
    down = min(part[3], box[3]) - max(part[1], box[1])
    return max(across, 0) * max(down, 0) / ((part[2] - part[0]) * (part[3] - part[1]))
