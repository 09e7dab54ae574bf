"""Test cards: four layouts of three kinds, drawn flat."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from anyascii import anyascii
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from .. import mrz, places
from ..images import Bytes
from ..mrz_reading import CELL, CHARACTERS
from ..types import DocumentClass
from .people import Person

WIDTH = 1500
Box = tuple[int, int, int, int]
_ATLAS = Path(__file__).parents[1] / "data" / "ocr_b.png"
_FONTS = Path("/usr/share/fonts/truetype")
_INK = (38, 36, 48)


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A layout. Places are shares of the card's width and height; `fields` are name, x, y and letter height."""

    name: str
    document_class: DocumentClass
    form: mrz.Form | None
    ratio: float
    font: str
    paper: tuple[tuple[int, int, int], tuple[int, int, int]]
    portrait: tuple[float, float, float, float]
    fields: tuple[tuple[str, float, float, float], ...]
    date_style: str
    lines: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """A card laid flat with the boxes of its values."""

    rgb: Bytes
    boxes: dict[str, Box]
    template: Template
    texts: dict[str, str]


_COLUMN = ("family", "given", "birth", "sex", "number", "expiry")
TEMPLATES = (
    Template(
        name="id_rose",
        document_class="id_card",
        form="TD1",
        ratio=85.6 / 54,
        font="dejavu/DejaVuSans.ttf",
        paper=((243, 222, 224), (214, 226, 240)),
        portrait=(0.05, 0.2, 0.29, 0.62),
        date_style="%d.%m.%Y",
        lines=9,
        fields=tuple((name, 0.36 + 0.3 * (i % 2), 0.19 + 0.135 * (i // 2), 0.042) for i, name in enumerate(_COLUMN)),
    ),
    Template(
        name="id_green",
        document_class="id_card",
        form="TD1",
        ratio=85.6 / 54,
        font="liberation/LiberationSans-Regular.ttf",
        paper=((226, 240, 222), (240, 236, 214)),
        portrait=(0.04, 0.17, 0.31, 0.63),
        date_style="%d %b %Y",
        lines=14,
        fields=tuple(
            (name, 0.37 + 0.33 * (i > 3), (0.15, 0.27, 0.39, 0.51, 0.15, 0.27)[i], 0.046)
            for i, name in enumerate(_COLUMN)
        ),
    ),
    Template(
        name="passport_blue",
        document_class="passport",
        form="TD3",
        ratio=125 / 88,
        font="liberation/LiberationSans-Regular.ttf",
        paper=((222, 230, 244), (244, 236, 226)),
        portrait=(0.04, 0.18, 0.29, 0.66),
        date_style="%d %b %Y",
        lines=18,
        fields=tuple((name, 0.34 + 0.32 * (i % 2), 0.2 + 0.15 * (i // 2), 0.032) for i, name in enumerate(_COLUMN)),
    ),
    Template(
        name="licence_pink",
        document_class="licence",
        form=None,
        ratio=85.6 / 54,
        font="dejavu/DejaVuSansCondensed.ttf",
        paper=((246, 222, 230), (232, 218, 238)),
        portrait=(0.05, 0.3, 0.28, 0.82),
        date_style="%d.%m.%Y",
        lines=11,
        fields=tuple((name, 0.35, 0.2 + 0.115 * i, 0.052) for i, name in enumerate(_COLUMN)),
    ),
)


def draw(
    template: Template, person: Person, *, changed: dict[str, str] | None = None, zone: list[str] | None = None
) -> Drawn:
    """The card of a person; `changed` are values printed otherwise, `zone` other lines of the zone."""
    size = (WIDTH, round(WIDTH / template.ratio))
    image = Image.fromarray(_paper(template, size))
    canvas = ImageDraw.Draw(image)
    boxes: dict[str, Box] = {}
    left, top, right, bottom = (round(v * s) for v, s in zip(template.portrait, size * 2, strict=True))
    image.paste(portrait(person.face, (right - left, bottom - top)), (left, top))
    boxes["portrait"] = (left, top, right, bottom)
    canvas.text(
        (0.05 * size[0], 0.04 * size[1]),
        f"{template.document_class.upper().replace('_', ' ')}  {person.country}",
        font=font(template.font, round(size[1] * 0.06)),
        fill=(60, 70, 120),
    )
    texts = values(template, person) | (changed or {})
    for name, x, y, height in template.fields:
        at, pixels = (round(x * size[0]), round(y * size[1])), round(height * size[1])
        canvas.text(
            (at[0], at[1] - round(pixels * 0.75)),
            name.capitalize(),
            font=font(template.font, round(pixels * 0.55)),
            fill=(110, 110, 130),
        )
        canvas.text(at, texts[name], font=font(template.font, pixels), fill=_INK)
        boxes[name] = tuple(round(v) for v in canvas.textbbox(at, texts[name], font=font(template.font, pixels)))  # type: ignore[assignment]
    if template.form:
        boxes["zone"] = _print_zone(image, template, zone or zone_of(template, person))
    return Drawn(np.asarray(image), boxes, template, texts)


def values(template: Template, person: Person) -> dict[str, str]:
    return {
        "family": person.family.upper(),
        "given": person.given.upper(),
        "birth": person.born_on.strftime(template.date_style).upper(),
        "expiry": person.expires_on.strftime(template.date_style).upper(),
        "sex": person.sex,
        "number": person.number,
    }


def zone_of(template: Template, person: Person) -> list[str]:
    assert template.form
    return mrz.compose(
        form=template.form,
        code="P" if template.form == "TD3" else "ID",
        issuer="D" if person.country == "DE" else places.alpha3(person.country),
        number=person.number,
        names=(anyascii(person.family).upper(), anyascii(person.given).upper()),
        birth=person.born_on.strftime("%y%m%d"),
        sex=person.sex,
        expiry=person.expires_on.strftime("%y%m%d"),
    )


@cache
def font(name: str, pixels: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font of the system (fonts-dejavu, fonts-liberation), or Pillow's own where it is not there."""
    path = _FONTS / name
    return ImageFont.truetype(str(path), pixels) if path.exists() else ImageFont.load_default(pixels)


def _paper(template: Template, size: tuple[int, int]) -> Bytes:
    """A gradient with fine waves, as security paper has."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    share = (x / width * 0.7 + y / height * 0.3)[..., None]
    one, other = (np.array(colour, dtype=np.float32) for colour in template.paper)
    paper = one * (1 - share) + other * share
    for n in range(template.lines):
        wave = height * (n + 0.5) / template.lines + np.sin(x / width * (6 + n % 5) + n) * height * 0.06
        paper -= (np.exp(-(((y - wave) / 1.6) ** 2)) * 22)[..., None]
    return np.asarray(np.clip(paper, 0, 255), dtype=np.uint8)


def portrait(seed: int, size: tuple[int, int]) -> Image.Image:
    """A face from some ellipses, with skin that is not smooth."""
    rng = np.random.default_rng(seed)
    width, height = size
    skin = np.array([rng.integers(150, 235), rng.integers(110, 190), rng.integers(85, 165)])
    image = Image.new("RGB", size, tuple(int(v) for v in rng.integers(175, 225, 3)))
    canvas = ImageDraw.Draw(image)
    hair = tuple(int(v) for v in rng.integers(15, 120, 3))
    cx, cy, rx, ry = width * 0.5, height * 0.45, width * rng.uniform(0.24, 0.3), height * rng.uniform(0.27, 0.33)
    canvas.ellipse(
        (cx - rx * 1.9, height * 0.78, cx + rx * 1.9, height * 1.4),
        fill=tuple(int(v) for v in rng.integers(30, 160, 3)),
    )
    canvas.ellipse((cx - rx * 1.15, cy - ry * 1.25, cx + rx * 1.15, cy + ry * rng.uniform(0.6, 1.3)), fill=hair)
    canvas.rectangle(
        (cx - rx * 0.4, cy + ry * 0.7, cx + rx * 0.4, cy + ry * 1.3), fill=tuple(int(v * 0.85) for v in skin)
    )
    canvas.ellipse((cx - rx, cy - ry, cx + rx, cy + ry), fill=tuple(int(v) for v in skin))
    for side in (-1, 1):
        ex = cx + side * rx * rng.uniform(0.36, 0.44)
        canvas.ellipse((ex - rx * 0.18, cy - ry * 0.2, ex + rx * 0.18, cy - ry * 0.06), fill=(245, 245, 245))
        canvas.ellipse((ex - rx * 0.08, cy - ry * 0.2, ex + rx * 0.08, cy - ry * 0.06), fill=(40, 30, 25))
        canvas.line(
            (ex - rx * 0.22, cy - ry * 0.32, ex + rx * 0.22, cy - ry * 0.34), fill=hair, width=max(width // 70, 2)
        )
    canvas.line(
        (cx, cy, cx - rx * 0.1, cy + ry * 0.3, cx + rx * 0.08, cy + ry * 0.32),
        fill=tuple(int(v * 0.75) for v in skin),
        width=3,
    )
    canvas.arc((cx - rx * 0.35, cy + ry * 0.4, cx + rx * 0.35, cy + ry * 0.62), 10, 170, fill=(150, 70, 70), width=4)
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(2)), dtype=np.float32)
    texture = Image.fromarray(rng.normal(0, 9, (height // 3 + 1, width // 3 + 1)).astype(np.float32)).resize(
        size, Image.Resampling.BICUBIC
    )
    pixels += np.asarray(texture)[..., None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _print_zone(image: Image.Image, template: Template, lines: list[str]) -> Box:
    """The lines in OCR-B at their true pitch of 2.54 mm."""
    millimetre = image.width / (85.6 if template.form == "TD1" else 125.0)
    pitch = 2.54 * millimetre
    left = round((image.width - pitch * len(lines[0])) / 2)
    height = round(pitch * CELL[1] / CELL[0])
    step = round(4.23 * millimetre)
    top = image.height - round(3.2 * millimetre) - step * len(lines)
    canvas = Image.new("L", image.size, 0)
    for row, line in enumerate(lines):
        for column, char in enumerate(line):
            canvas.paste(_glyph(char, round(pitch), height), (round(left + column * pitch), top + row * step))
    image.paste(_INK, (0, 0), canvas)
    return left, top, left + round(pitch * len(lines[0])), top + step * (len(lines) - 1) + height


@cache
def _glyph(char: str, width: int, height: int) -> Image.Image:
    """A letter's ink: the sheet is small, so it is drawn larger and made crisp again."""
    sheet = Image.open(_ATLAS).convert("L")
    at = CHARACTERS.index(char) * CELL[0]
    cell = sheet.crop((at, 0, at + CELL[0], CELL[1])).resize((width, height), Image.Resampling.BICUBIC)
    ink = (255 - np.asarray(cell, dtype=np.float32) - 70) * 2.1
    return Image.fromarray(np.clip(ink, 0, 255).astype(np.uint8))
