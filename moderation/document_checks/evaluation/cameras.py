"""Cameras that photograph a card on a table: lens, sensor with colour filter, processing, compression, metadata."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from ..cards import Points, perspective
from ..images import Bytes, Floats, box_mean
from .exif_blocks import exif_block

SIZE = (1200, 900)


@dataclass(frozen=True, kw_only=True, slots=True)
class Camera:
    """Blur in pixels; noise as shot (of the signal's root) and read (of full scale); `own_tables` are not libjpeg's."""

    name: str
    make: str
    blur: float
    shot: float
    read: float
    sharpen: float
    denoise: float
    quality: int
    subsampling: int
    gamma: float
    own_tables: bool
    is_held_out: bool = False


CAMERAS = (
    Camera(
        name="a1",
        make="Samsung",
        blur=0.7,
        shot=0.012,
        read=0.004,
        sharpen=0.9,
        denoise=0.3,
        quality=95,
        subsampling=2,
        gamma=2.2,
        own_tables=False,
    ),
    Camera(
        name="a2",
        make="Apple",
        blur=0.6,
        shot=0.009,
        read=0.003,
        sharpen=0.6,
        denoise=0.5,
        quality=93,
        subsampling=2,
        gamma=2.3,
        own_tables=True,
    ),
    Camera(
        name="a3",
        make="Xiaomi",
        blur=0.9,
        shot=0.016,
        read=0.006,
        sharpen=1.3,
        denoise=0.6,
        quality=92,
        subsampling=2,
        gamma=2.1,
        own_tables=False,
    ),
    Camera(
        name="a4",
        make="motorola",
        blur=1.0,
        shot=0.02,
        read=0.007,
        sharpen=0.8,
        denoise=0.2,
        quality=90,
        subsampling=2,
        gamma=2.2,
        own_tables=False,
    ),
    Camera(
        name="a5",
        make="Canon",
        blur=0.5,
        shot=0.006,
        read=0.002,
        sharpen=0.3,
        denoise=0.0,
        quality=96,
        subsampling=0,
        gamma=2.2,
        own_tables=True,
    ),
    Camera(
        name="b1",
        make="Google",
        blur=0.65,
        shot=0.011,
        read=0.0035,
        sharpen=1.1,
        denoise=0.45,
        quality=94,
        subsampling=2,
        gamma=2.25,
        own_tables=False,
        is_held_out=True,
    ),
    Camera(
        name="b2",
        make="OPPO",
        blur=0.95,
        shot=0.018,
        read=0.008,
        sharpen=1.0,
        denoise=0.4,
        quality=91,
        subsampling=2,
        gamma=2.15,
        own_tables=False,
        is_held_out=True,
    ),
    Camera(
        name="b3",
        make="Sony",
        blur=0.55,
        shot=0.008,
        read=0.0025,
        sharpen=0.5,
        denoise=0.1,
        quality=95,
        subsampling=0,
        gamma=2.2,
        own_tables=True,
        is_held_out=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Shot:
    """A photograph: its pixels as the file has them, where the card's corners are, and the file."""

    rgb: Bytes
    corners: Points
    file: bytes
    camera: Camera


def photograph(camera: Camera, card: Bytes, rng: np.random.Generator, *, scene: Bytes | None = None) -> Shot:
    """The card on some table in some light, held by hand. `scene` is what is photographed instead, filling the view."""
    if scene is None:
        light, corners = _scene(card, rng)
    else:
        light, corners = _filling(scene, rng)
    linear = ((np.clip(light, 0, 255) / 255.0) ** camera.gamma).astype(np.float32)
    linear *= _lighting(rng)[..., None]
    pixels = _processing(camera, _sensor(camera, linear, rng))
    data = encode(camera, pixels, rng)
    return Shot(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), corners, data, camera)


def _scene(card: Bytes, rng: np.random.Generator) -> tuple[Floats, Points]:
    width, height = SIZE
    table = np.empty((height, width, 3), dtype=np.float32)
    shade = rng.uniform(20, 120) if rng.random() < 0.75 else rng.uniform(120, 165)
    table[:] = shade + rng.uniform(-18, 18, 3)
    grain = Image.fromarray(rng.normal(0, rng.uniform(2, 7), (height // 12, width // 3)).astype(np.float32))
    table += np.asarray(grain.resize(SIZE, Image.Resampling.BICUBIC))[..., None]
    share = rng.uniform(0.72, 0.84)
    across = width * share
    down = across * card.shape[0] / card.shape[1]
    if down > height * 0.9:
        across, down = across * height * 0.9 / down, height * 0.9
    x0, y0 = (width - across) / 2, (height - down) / 2
    flat = np.array([[x0, y0], [x0 + across, y0], [x0 + across, y0 + down], [x0, y0 + down]])
    angle = np.radians(rng.normal(0, 2.0))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = flat.mean(axis=0)
    corners = (flat - middle) @ turn.T + middle + rng.normal(0, 9, (4, 2)) + rng.normal(0, 6, 2)
    corners[:, 0], corners[:, 1] = np.clip(corners[:, 0], 15, width - 15), np.clip(corners[:, 1], 15, height - 15)
    laid, mask = lay(card, corners)
    return table * (1 - mask) + laid * mask, corners


def lay(
    flat: Bytes, corners: Points, mask: Floats | None = None, size: tuple[int, int] = SIZE
) -> tuple[Floats, Floats]:
    """A flat picture as the camera sees it at `corners`, and how much of each pixel it covers."""
    height, width = flat.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)
    coefficients = perspective(source=source, target=corners)
    scale = max(1.0, width / float(np.linalg.norm(corners[1] - corners[0])))
    picture = Image.fromarray(flat)
    if scale > 1.15:  # what is made smaller is blurred first, as light does
        picture = picture.filter(ImageFilter.GaussianBlur(0.45 * scale))
    given = mask if mask is not None else np.ones((height, width), dtype=np.float32)
    method, how = Image.Transform.PERSPECTIVE, Image.Resampling.BICUBIC
    covered = Image.fromarray(given).transform(size, method, coefficients, Image.Resampling.BILINEAR)
    laid = np.asarray(picture.transform(size, method, coefficients, how), dtype=np.float32)
    return laid, np.asarray(covered, dtype=np.float32)[..., None]


def _filling(scene: Bytes, rng: np.random.Generator) -> tuple[Floats, Points]:
    width, height = SIZE
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) + rng.normal(0, 14, (4, 2))
    grown = (corners - corners.mean(axis=0)) * 1.06 + corners.mean(axis=0)
    laid, _ = lay(scene, grown)
    return laid, grown


def _lighting(rng: np.random.Generator) -> Floats:
    width, height = SIZE
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    fall = 1 + rng.uniform(-0.12, 0.12) * (x / width - 0.5) + rng.uniform(-0.12, 0.12) * (y / height - 0.5)
    radius = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) * rng.uniform(0.1, 0.3)
    return np.asarray(fall * (1 - radius) * rng.uniform(0.8, 1.0), dtype=np.float32)


def _sensor(camera: Camera, linear: Floats, rng: np.random.Generator) -> Floats:
    """Lens blur, a colour filter of two greens, noise, and colours filled in from the neighbours."""
    blurred = np.stack([_gauss(linear[..., n], camera.blur) for n in range(3)], axis=-1)
    height, width = blurred.shape[:2]
    red = np.zeros((height, width), dtype=np.float32)
    red[0::2, 0::2] = 1
    blue = np.zeros_like(red)
    blue[1::2, 1::2] = 1
    masks = (red, 1 - red - blue, blue)
    raw = np.asarray(sum(blurred[..., n] * masks[n] for n in range(3)), dtype=np.float32)
    raw += rng.standard_normal(raw.shape, dtype=np.float32) * np.sqrt(
        camera.shot**2 * np.clip(raw, 0, None) + camera.read**2
    )
    kernel = np.array([[0.25, 0.5, 0.25], [0.5, 1, 0.5], [0.25, 0.5, 0.25]], dtype=np.float32)
    cross = np.array([[0, 0.25, 0], [0.25, 1, 0.25], [0, 0.25, 0]], dtype=np.float32)
    filled = [
        _convolved(np.asarray(raw * mask, dtype=np.float32), cross if n == 1 else kernel)
        for n, mask in enumerate(masks)
    ]
    return np.asarray(np.clip(np.stack(filled, axis=-1), 0, 1) ** (1 / camera.gamma), dtype=np.float32) * 255


def _convolved(values: Floats, kernel: Floats) -> Floats:
    padded = np.pad(values, 1, mode="reflect")
    height, width = values.shape
    return np.asarray(
        sum(kernel[i, j] * padded[i : i + height, j : j + width] for i in range(3) for j in range(3)), dtype=np.float32
    )


def _gauss(values: Floats, sigma: float) -> Floats:
    radius = max(int(3 * sigma), 1)
    kernel = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).astype(np.float32)
    for axis in (0, 1):
        padded = np.pad(values, [(radius, radius) if n == axis else (0, 0) for n in (0, 1)], mode="edge")
        size = values.shape[axis]
        out = np.zeros_like(values)
        for n, weight in enumerate(kernel):
            out += weight * (padded[n : n + size] if axis == 0 else padded[:, n : n + size])
        values = out
    return values


def _processing(camera: Camera, pixels: Floats) -> Bytes:
    """Noise reduction where nothing happens, sharpening where something does."""
    out = pixels
    if camera.denoise:
        smooth = np.stack([box_mean(out[..., n], 1) for n in range(3)], axis=-1)
        flatness = np.exp(-((np.abs(out - smooth).mean(axis=2, keepdims=True) / 4.0) ** 2))
        out = out * (1 - camera.denoise * flatness) + smooth * camera.denoise * flatness
    wide = np.stack([_gauss(out[..., n], 1.2) for n in range(3)], axis=-1)
    return np.asarray(np.clip(out + camera.sharpen * (out - wide), 0, 255), dtype=np.uint8)


def encode(camera: Camera, pixels: Bytes, rng: np.random.Generator) -> bytes:
    """The camera's file: its tables, its metadata, its preview."""
    image = Image.fromarray(pixels)
    small = io.BytesIO()
    image.resize((160, 120), Image.Resampling.BOX).save(small, "JPEG", quality=80)
    moment = f"2026:05:{rng.integers(1, 29):02d} {rng.integers(7, 22):02d}:{rng.integers(0, 60):02d}:00"
    exif = exif_block(
        texts={0x010F: camera.make, 0x0110: f"{camera.make} {camera.name}", 0x0132: moment},
        inner={0x9003: moment, 0x9004: moment, 0xA002: (pixels.shape[1],), 0xA003: (pixels.shape[0],)},
        thumbnail=small.getvalue(),
    )
    out = io.BytesIO()
    if camera.own_tables:
        strength = (100 - camera.quality) / 100
        n = np.arange(64)
        luminance = np.clip(1 + strength * (6 + n * 1.3), 1, 255).astype(int).tolist()
        colours = np.clip(1 + strength * (10 + n * 2.1), 1, 255).astype(int).tolist()
        image.save(out, "JPEG", qtables=[luminance, colours], subsampling=camera.subsampling, exif=exif)
    else:
        image.save(out, "JPEG", quality=camera.quality, subsampling=camera.subsampling, exif=exif)
    return out.getvalue()
