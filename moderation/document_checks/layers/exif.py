"""What the file says of its own making: editors, preview, dates, compression, C2PA manifest.

A messenger removes all of it, so that its absence says nothing: then the layer is unknown, not clean.
"""

from __future__ import annotations

import io
import re
import warnings
from datetime import date, datetime, timedelta

import numpy as np
from PIL import Image, ImageOps

from .. import containers
from ..containers import Container, Metadata
from ..errors import NotAssessable
from ..evidence import Evidence
from ..types import LayerResult, Reason

_EDITORS = re.compile(
    r"photoshop|gimp|lightroom|affinity|pixelmator|snapseed|picsart|canva|facetune|photopea|paint\.net|paintshop"
    r"|corel|acdsee|luminar|capture one|darktable|rawtherapee|inkscape|krita|fotor|pixlr|polarr|vsco|remini|meitu"
    r"|photodirector|illustrator|imagemagick|irfanview|xnview|stable diffusion|midjourney|dall[- ]?e|firefly",
    re.IGNORECASE,
)
_GENERATED = re.compile(rb"trainedAlgorithmicMedia|compositeWithTrainedAlgorithmicMedia")
_EDITED = re.compile(rb"c2pa\.(edited|cropped|color_adjustments|drawing|filtered|placed|repackaged|removed)")
# ITU-T T.81, Annex K.1: what libjpeg and its kind scale by quality. Apple and a few others have tables of their own.
_STANDARD = np.array(
    [16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51,
     61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77,
     113, 121, 112, 100, 120, 92, 101, 103, 99]
)  # fmt: skip
_OWN_TABLES = re.compile(r"apple|canon|nikon|sony|fujifilm|olympus", re.IGNORECASE)
_THUMBNAIL_MIN = 0.8  # correlation of genuine ones is above 0.95
_SAVED_LATER = timedelta(minutes=2)


def assess(*, evidence: Evidence) -> LayerResult:
    """Points for each contradiction. Unknown where the file carries nothing about itself."""
    container, metadata = evidence.container, evidence.metadata
    if not container.format:
        raise NotAssessable("picture_unreadable")
    xmp, manifest = containers.xmp_text(container), containers.manifest(container)
    has_editors_parts = container.holds("APP13", b"Photoshop 3.0") or container.holds("APP12", b"Ducky")
    if not (metadata.is_present or xmp or manifest or has_editors_parts):
        raise NotAssessable("no_metadata")
    reasons = [
        *_editors(metadata, xmp, has_editors_parts=has_editors_parts),
        *_manifest(manifest),
        *_dates(metadata, today=evidence.inputs.today),
        *_compression(container, metadata),
        *_thumbnail(evidence.inputs.document, metadata),
    ]
    return LayerResult(score=min(sum(reason.points for reason in reasons), 20), reasons=tuple(reasons), assessable=True)


def _editors(metadata: Metadata, xmp: str, *, has_editors_parts: bool) -> list[Reason]:
    named = (
        " ".join(metadata.software)
        + " "
        + " ".join(re.findall(r"(?:CreatorTool|softwareAgent)\W{1,3}([^<\"]{1,80})", xmp))
    )
    match = _EDITORS.search(named)
    if match:
        return [Reason(code="editor_named", points=10, values={"name": match.group().capitalize()})]
    return [Reason(code="editor_traces", points=6)] if has_editors_parts else []


def _manifest(manifest: bytes) -> list[Reason]:
    if not manifest:
        return []
    if _GENERATED.search(manifest):
        return [Reason(code="manifest_generated", points=20)]
    if _EDITED.search(manifest):
        return [Reason(code="manifest_edited", points=8)]
    return [Reason(code="manifest_present")]


def _dates(metadata: Metadata, *, today: date) -> list[Reason]:
    taken, digitised, changed = (_moment(text) for text in (metadata.taken, metadata.digitised, metadata.changed))
    known = [moment for moment in (taken, digitised, changed) if moment]
    reasons = []
    # Cameras write local time without saying where: a day is within the error.
    if any(moment.date() > today + timedelta(days=1) for moment in known):
        reasons.append(Reason(code="date_in_future", points=6))
    if taken and ((digitised and digitised < taken) or (changed and changed < taken - timedelta(days=1))):
        reasons.append(Reason(code="dates_disordered", points=6))
    if taken and changed and changed > taken + _SAVED_LATER:
        reasons.append(Reason(code="saved_later", points=3))
    return reasons


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S")  # a camera's clock has no zone
    except ValueError:
        return None


def _compression(container: Container, metadata: Metadata) -> list[Reason]:
    reasons = []
    if container.tables and _OWN_TABLES.search(metadata.make) and is_standard(container.tables[0]):
        # Weak: a program that only turned the picture does the same.
        reasons.append(Reason(code="tables_unlike_make", points=4))
    if metadata.pixels and sorted(metadata.pixels) != sorted(container.size):
        reasons.append(Reason(code="size_differs", points=4))
    return reasons


def is_standard(table: tuple[int, ...]) -> bool:
    """Whether a luminance table is that of the standard, scaled by libjpeg's rule for some quality."""
    given = np.array(table)
    if given.shape != (64,):
        return False
    for quality in range(1, 101):
        scale = 5000 // quality if quality < 50 else 200 - 2 * quality
        scaled = np.clip((_STANDARD * scale + 50) // 100, 1, 255)
        # Pillow gives tables in the order of rows, files have them in zigzag: the same set of values either way.
        if np.array_equal(np.sort(scaled), np.sort(given)):
            return True
    return False


def _thumbnail(data: bytes, metadata: Metadata) -> list[Reason]:
    if not metadata.thumbnail:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            small = Image.open(io.BytesIO(metadata.thumbnail), formats=("JPEG",))
            if small.width * small.height > 400_000:
                return []
            preview = small.convert("L")
            opened = Image.open(io.BytesIO(data))
            opened.draft("L", (640, 640))
            whole = opened.convert("L")
    except Exception:  # a preview that cannot be read shows nothing
        return []
    best = max(_correlation(one, whole) for one in (preview, _unbarred(preview, whole)))
    return [Reason(code="thumbnail_differs", points=12)] if best < _THUMBNAIL_MIN else []


def _unbarred(preview: Image.Image, whole: Image.Image) -> Image.Image:
    """The preview without the bars that cameras put around pictures of another shape."""
    wanted = whole.width / whole.height
    if preview.width / preview.height > wanted:
        return ImageOps.fit(preview, (max(round(preview.height * wanted), 8), preview.height))
    return ImageOps.fit(preview, (preview.width, max(round(preview.width / wanted), 8)))


def _correlation(one: Image.Image, other: Image.Image) -> float:
    size = (64, 64)
    a, b = (
        np.asarray(ImageOps.autocontrast(image.resize(size, Image.Resampling.BOX)), dtype=float)
        for image in (one, other)
    )
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / norm) if norm else 1.0
