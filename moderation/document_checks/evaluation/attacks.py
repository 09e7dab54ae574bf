"""What forgers do to a photograph, and what they do before it is taken.

The first kind changes pixels of a genuine photograph; the second is a picture of a screen or a print; the third is a
flawless picture of a card, or a form, with wrong contents.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ..images import Bytes, Floats, box_mean
from . import cameras, templates
from .cameras import Camera, Shot
from .templates import Box, Drawn

HELD_OUT = "field_spliced"
_VALUES = ("birth", "number", "expiry", "given", "family")


@dataclass(frozen=True, slots=True)
class Forged:
    """Pixels after the forgery, and the boxes on the flat card that were touched."""

    rgb: Bytes
    boxes: tuple[Box, ...]


def retyped(shot: Shot, drawn: Drawn, rng: np.random.Generator) -> Forged:
    """A value erased and set anew in the same typeface, blurred and grained to look alike."""
    name = str(rng.choice(_VALUES))
    return _typed(shot, drawn, rng, drawn.boxes[name], _other_text(drawn.texts[name], rng), name)


def digit_retyped(shot: Shot, drawn: Drawn, rng: np.random.Generator) -> Forged:
    """The same with one or two digits of a date or number."""
    name = str(rng.choice(("birth", "number", "expiry")))
    text = drawn.texts[name]
    places = [n for n, char in enumerate(text) if char.isdigit()]
    begin = int(rng.choice(places[:-1]))
    chosen = text[begin : begin + 2]
    height = next(field[3] for field in drawn.template.fields if field[0] == name)
    face = templates.font(drawn.template.font, round(height * drawn.rgb.shape[0]))
    left, top, _, bottom = drawn.boxes[name]
    x0 = left + round(face.getlength(text[:begin]))
    box = (x0, top, x0 + round(face.getlength(chosen)), bottom)
    return _typed(shot, drawn, rng, box, _other_text(chosen, rng), name, at=x0)


def copied_digits(shot: Shot, drawn: Drawn, rng: np.random.Generator) -> Forged:
    """Digits of one value of the photograph laid over digits of another."""
    source, target = rng.permutation(["birth", "number", "expiry"])[:2]
    a, b = drawn.boxes[str(source)], drawn.boxes[str(target)]
    share = rng.uniform(0.25, 0.5)
    width = round(min(a[2] - a[0], b[2] - b[0]) * share)
    xa, xb = (int(rng.integers(box[0], max(box[2] - width, box[0] + 1))) for box in (a, b))
    size = (drawn.rgb.shape[1], drawn.rgb.shape[0])
    flat = _flat(shot, size)
    pad = 4
    cut = flat[a[1] - pad : a[3] + pad, xa : xa + width].astype(np.float32)
    box = (xb, b[1], xb + width, b[1] + cut.shape[0] - 2 * pad)
    place = flat[b[1] - pad : b[1] - pad + cut.shape[0], xb : xb + width]
    cut = cut + (np.median(place, axis=(0, 1)) - np.median(cut, axis=(0, 1)))  # the light is another there
    painted = flat.copy()
    painted[b[1] - pad : b[1] - pad + cut.shape[0], xb : xb + width] = np.clip(cut, 0, 255).astype(np.uint8)
    return _put(shot, painted, box, rng)


def portrait_swapped(shot: Shot, drawn: Drawn, rng: np.random.Generator) -> Forged:
    """Another face, from a picture that had been compressed before."""
    left, top, right, bottom = box = drawn.boxes["portrait"]
    scale = rng.uniform(0.45, 1.2)
    face = templates.portrait(
        int(rng.integers(1 << 30)), (round((right - left) * scale), round((bottom - top) * scale))
    )
    noisy = np.asarray(face, dtype=np.float32) + rng.normal(0, rng.uniform(1, 5), (face.height, face.width, 3))
    out = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=int(rng.integers(65, 92)))
    other = Image.open(out).resize((right - left, bottom - top), Image.Resampling.BICUBIC)
    flat = _flat(shot, (drawn.rgb.shape[1], drawn.rgb.shape[0])).copy()
    was = flat[top:bottom, left:right].astype(np.float32)
    new = np.asarray(other, dtype=np.float32)
    new = new * (was.mean() / max(float(new.mean()), 1.0))
    flat[top:bottom, left:right] = np.clip(new, 0, 255).astype(np.uint8)
    return _put(shot, flat, box, rng)


def field_spliced(shot: Shot, drawn: Drawn, rng: np.random.Generator) -> Forged:
    """A value cut from the photograph of another card, by another camera."""
    name = str(rng.choice(_VALUES))
    left, top, right, bottom = box = drawn.boxes[name]
    camera = cameras.CAMERAS[int(rng.integers(len(cameras.CAMERAS)))]
    height = next(field[3] for field in drawn.template.fields if field[0] == name)
    other = np.asarray(drawn.rgb).copy()
    clean = templates._paper(drawn.template, (other.shape[1], other.shape[0]))
    pad = 6
    other[top - pad : bottom + pad, left - pad : right + pad] = clean[
        top - pad : bottom + pad, left - pad : right + pad
    ]
    image = Image.fromarray(other)
    face = templates.font(drawn.template.font, round(height * other.shape[0]))
    at = (
        round(next(f[1] for f in drawn.template.fields if f[0] == name) * other.shape[1]),
        round(next(f[2] for f in drawn.template.fields if f[0] == name) * other.shape[0]),
    )
    ImageDraw.Draw(image).text(at, _other_text(drawn.texts[name], rng), font=face, fill=templates._INK)
    taken = cameras.photograph(camera, np.asarray(image), rng)
    donor, flat = _flat(taken, image.size).astype(np.float32), _flat(shot, image.size).copy()
    rows, columns = slice(top - pad, bottom + pad), slice(left - pad, right + pad)
    moved = donor[rows, columns] + (
        np.percentile(flat[rows, columns], 80, axis=(0, 1)) - np.percentile(donor[rows, columns], 80, axis=(0, 1))
    )
    flat[rows, columns] = np.clip(moved, 0, 255).astype(np.uint8)
    return _put(shot, flat, box, rng)


PIXEL_ATTACKS: dict[str, Callable[[Shot, Drawn, np.random.Generator], Forged]] = {
    "retyped": retyped,
    "digit_retyped": digit_retyped,
    "copied_digits": copied_digits,
    "portrait_swapped": portrait_swapped,
    "field_spliced": field_spliced,
}


def screen(camera: Camera, drawn: Drawn, rng: np.random.Generator) -> Shot:
    """A photograph of a screen that shows the card: stripes of red, green and blue beat with the sensor's grid."""
    first = cameras.photograph(camera, drawn.rgb, rng)
    across = int(rng.integers(900, 1400))  # pixels of the screen in the view
    shown = Image.fromarray(first.rgb).resize((across, round(across * 0.75)), Image.Resampling.BICUBIC)
    fine = np.repeat(np.repeat(np.asarray(shown, dtype=np.float32), 3, axis=0), 3, axis=1)
    grid = np.full((fine.shape[0], fine.shape[1], 3), rng.uniform(0.3, 0.6), dtype=np.float32)
    for n in range(3):
        grid[:, n::3, n] = 1.0
    grid[2::3] *= rng.uniform(0.4, 0.8)
    glowing = np.clip(fine * grid * 1.6 + rng.uniform(2, 12), 0, 255)
    return cameras.photograph(camera, drawn.rgb, rng, scene=glowing.astype(np.uint8))


def printed(camera: Camera, drawn: Drawn, rng: np.random.Generator) -> Shot:
    """A photograph of a printout: dots of four colours at their angles, on paper."""
    width = 2000
    card = Image.fromarray(drawn.rgb).resize(
        (width, round(width * drawn.rgb.shape[0] / drawn.rgb.shape[1])), Image.Resampling.BICUBIC
    )
    pixels = np.asarray(card, dtype=np.float32) / 255
    y, x = np.mgrid[0 : card.height, 0 : card.width].astype(np.float32)
    pitch = rng.uniform(5.0, 7.5)
    dotted = np.empty_like(pixels)
    for n, degrees in enumerate((15, 75, 0)):
        angle = np.radians(degrees)
        u = (x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / pitch
        v = (-x * np.sin(angle) + y * np.cos(angle)) * 2 * np.pi / pitch
        level = (np.cos(u) + np.cos(v)) / 4 + 0.5
        dotted[..., n] = np.clip((pixels[..., n] - level) * 4 + 0.5, 0, 1)
    mixed = 0.55 * dotted + 0.45 * pixels
    return cameras.photograph(camera, (np.clip(mixed, 0, 1) * 245).astype(np.uint8), rng)


RECAPTURES: dict[str, Callable[[Camera, Drawn, np.random.Generator], Shot]] = {"screen": screen, "printed": printed}


def _typed(
    shot: Shot, drawn: Drawn, rng: np.random.Generator, box: Box, text: str, name: str, *, at: int | None = None
) -> Forged:
    field = next(one for one in drawn.template.fields if one[0] == name)
    size = (drawn.rgb.shape[1], drawn.rgb.shape[0])
    flat = _flat(shot, size)
    painted = flat.astype(np.float32).copy()
    pad = 4
    left, top, right, bottom = box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad
    region = painted[top:bottom, left:right]
    ink = _ink_colour(region)
    painted[top:bottom, left:right] = _erased(painted, (left, top, right, bottom), rng)
    canvas = Image.new("L", size, 0)
    face = templates.font(drawn.template.font, round(field[3] * size[1]))
    where = (at if at is not None else round(field[1] * size[0]), round(field[2] * size[1]))
    ImageDraw.Draw(canvas).text(where, text, font=face, fill=255)
    ratio = size[0] / float(np.linalg.norm(shot.corners[1] - shot.corners[0]))
    soft = canvas.filter(ImageFilter.GaussianBlur(shot.camera.blur * ratio * rng.uniform(0.6, 1.4)))
    cover = np.asarray(soft, dtype=np.float32)[..., None] / 255
    painted = np.asarray(painted * (1 - cover) + (ink + rng.normal(0, 4, 3)) * cover, dtype=np.float32)
    grain = rng.normal(0, rng.uniform(0, 2.5), (bottom - top, right - left, 1))
    painted[top:bottom, left:right] += grain
    return _put(shot, np.clip(painted, 0, 255).astype(np.uint8), box, rng)


def _ink_colour(region: Floats) -> Floats:
    luma = region.mean(axis=2)
    return np.asarray(region[luma <= np.percentile(luma, 4)].mean(axis=0), dtype=np.float32)


def _erased(painted: Floats, box: Box, rng: np.random.Generator) -> Floats:
    """The paper behind a value: from the rows above and below, or cloned from beside them."""
    left, top, right, bottom = box
    height = bottom - top
    if rng.random() < 0.5:
        above, below = (
            painted[top - 4 : top, left:right].mean(axis=0),
            painted[bottom : bottom + 4, left:right].mean(axis=0),
        )
        share = np.linspace(0, 1, height)[:, None, None]
        return np.asarray(above[None] * (1 - share) + below[None] * share, dtype=np.float32)
    region = painted[top:bottom, left:right]
    luma = region.mean(axis=2)
    paper = luma > np.percentile(luma, 60)
    filled = np.where(paper[..., None], region, np.nan)
    colour = np.nanmedian(filled, axis=(0, 1))
    smooth = np.where(paper[..., None], region, colour)
    return np.stack([box_mean(np.asarray(smooth[..., n], dtype=np.float32), 3) for n in range(3)], axis=-1)


def _flat(shot: Shot, size: tuple[int, int]) -> Bytes:
    from ..cards import perspective

    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], dtype=np.float64)
    coefficients = perspective(source=shot.corners, target=target)
    laid = Image.fromarray(shot.rgb).transform(
        size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC
    )
    return np.asarray(laid)


def _put(shot: Shot, painted: Bytes, box: Box, rng: np.random.Generator) -> Forged:
    """The touched part back into the photograph; everything else keeps its pixels."""
    left, top, right, bottom = box
    pad = int(rng.integers(4, 9))
    mask = np.zeros(painted.shape[:2], dtype=np.float32)
    mask[max(top - pad, 0) : bottom + pad, max(left - pad, 0) : right + pad] = 1
    laid, cover = cameras.lay(painted, shot.corners, mask)
    rgb = shot.rgb * (1 - cover) + laid * cover
    return Forged(np.asarray(np.clip(rgb, 0, 255), dtype=np.uint8), (box,))


def _other_text(text: str, rng: np.random.Generator) -> str:
    """As long, of the same kinds of letters, and different."""
    digits, letters = "0123456789", "ABCDEFGHIKLMNOPRSTUVZ"
    out = [
        str(rng.choice([d for d in digits if d != c]))
        if c.isdigit()
        else str(rng.choice(list(letters)))
        if c.isalpha()
        else c
        for c in text
    ]
    return "".join(out)
