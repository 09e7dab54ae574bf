"""Text of a flat card by tesseract, a program that may or may not be installed (Debian: `tesseract-ocr`)."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from datetime import date

import numpy as np
from PIL import Image
from rapidfuzz import fuzz

from . import names
from .errors import NotAssessable
from .images import Bytes, luma_of

TEXT_MAX = 20_000
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_SEPARATOR = r"[ ./-]{1,3}"
_DATES = (
    re.compile(rf"\b(?P<d>\d{{1,2}}){_SEPARATOR}(?P<m>\d{{1,2}}){_SEPARATOR}(?P<y>\d{{4}})\b"),
    re.compile(rf"\b(?P<y>\d{{4}}){_SEPARATOR}(?P<m>\d{{1,2}}){_SEPARATOR}(?P<d>\d{{1,2}})\b"),
    re.compile(rf"\b(?P<d>\d{{1,2}}){_SEPARATOR}?(?P<w>[A-Z]{{3}})[A-Z]{{0,6}}{_SEPARATOR}?(?P<y>\d{{4}})\b"),
)


def is_there(*, program: str) -> bool:
    return bool(program) and shutil.which(program) is not None


def read(*, flat: Bytes, program: str, seconds: float) -> str:
    """The text of the card, upper case. Raises NotAssessable("text_not_read") without the program or in time."""
    if not is_there(program=program):
        raise NotAssessable("text_not_read")
    luma = luma_of(flat)
    low, high = np.percentile(luma, (1, 90))
    picture = Image.fromarray(np.clip((luma - low) / max(high - low, 1) * 255, 0, 255).astype(np.uint8))
    out = io.BytesIO()
    picture.resize((picture.width * 8 // 5, picture.height * 8 // 5), Image.Resampling.BICUBIC).save(out, "PNG")
    command = [program, "stdin", "stdout", "-l", "eng", "--psm", "11", "--dpi", "300"]
    try:
        # One thread: the layers beside it need the other cores. The picture is ours, drawn anew from pixels.
        done = subprocess.run(
            command, input=out.getvalue(), capture_output=True, timeout=seconds, check=True, env=_environment()
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NotAssessable("text_not_read") from error
    return done.stdout.decode("utf-8", "replace")[:TEXT_MAX].upper()


def _environment() -> dict[str, str]:
    """Nothing of ours, least of all secrets: where programs are, and that one thread is enough."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "OMP_THREAD_LIMIT": "1", "LC_ALL": "C"}


def dates(*, text: str) -> set[date]:
    """Every date that the text may mean; of `03.04.1990` both readings."""
    found: set[date] = set()
    for pattern in _DATES:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            month = _MONTHS.index(parts["w"]) + 1 if parts.get("w") in _MONTHS else int(parts.get("m") or 0)
            for m, d in ((month, int(parts["d"])), (int(parts["d"]), month)):
                try:
                    found.add(date(int(parts["y"]), m, d))
                except ValueError:
                    continue
    return found


def holds_name(*, text: str, name: str) -> bool:
    """Whether each word of the name stands in the text, misread by a letter or so."""
    read_words = names.words(text)
    wanted = [word for word in names.words(name) if len(word) > 1]
    return bool(wanted) and all(
        any(fuzz.ratio(word, other) >= 78 or (len(word) > 3 and word in other) for other in read_words)
        for word in wanted
    )


def holds_number(*, text: str, number: str) -> bool:
    """Whether the number stands in the text, letters and digits that look alike taken for each other."""
    alike = str.maketrans("OQDILZSB", "00011258")
    return names.folded(number).translate(alike) in names.folded(text).translate(alike)
