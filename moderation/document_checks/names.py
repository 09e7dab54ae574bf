"""Whether two names may be one person's: whatever script, order, accents and initials they are written in.

The machine-readable zone has Latin letters only and few of them, forms have what the person's keyboard has. Both are
brought to Latin (anyascii) and compared word by word (rapidfuzz).
"""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii
from rapidfuzz.distance import JaroWinkler

ALIKE = 0.85  # two words that differ by a transliteration: Dmitriy and Dmitry, Müller and Mueller
# ICAO Doc 9303 part 3, section 6: what the zone writes for letters that others write by dropping the accent.
_DIGRAPHS = (("AE", "A"), ("OE", "O"), ("UE", "U"), ("SS", "S"), ("IJ", "Y"), ("TH", "T"))
_NO_WORDS = {"MR", "MRS", "MS", "DR", "PROF"}


def folded(text: str) -> str:
    """Letters and digits only, Latin capitals: what numbers and names are hashed by."""
    return "".join(re.findall(r"[A-Z0-9]+", _latin(text)))


def words(text: str) -> list[str]:
    """The words of a name in Latin capitals, titles left out."""
    found = re.findall(r"[A-Z]+", _latin(text).replace("'", "").replace("`", ""))
    return [word for word in found if word not in _NO_WORDS]


def similarity(*, one: str, other: str) -> float:
    """From 0 (another name) to 1 (may well be the same): each word of the shorter name has to find its own.

    A single letter stands for any word that begins with it. An empty name is like none.
    """
    short, long = sorted((words(one), words(other)), key=lambda found: (len(found), found))
    if not short:
        return 0.0
    joined = max(JaroWinkler.similarity("".join(short), "".join(long)), _joined(sorted(short), sorted(long)))
    left, total, full = list(long), 0.0, 0
    for word in sorted(short, key=len, reverse=True):
        scored = [(_word(word, other_word), index) for index, other_word in enumerate(left)]
        if not scored:
            return joined
        best, index = max(scored)
        full += len(word) > 1 and len(left[index]) > 1 and best >= ALIKE
        del left[index]
        total += best
    matched = total / len(short)
    # Initials alone name nobody; one full word in common is the least.
    return max(matched if full else min(matched, 0.5), joined if joined >= 0.95 else 0.0)


def _joined(one: list[str], other: list[str]) -> float:
    return float(JaroWinkler.similarity("".join(one), "".join(other)))


def _word(one: str, other: str) -> float:
    if len(one) == 1 or len(other) == 1:
        return 1.0 if one[0] == other[0] else 0.0
    # The zone has a fixed length and cuts the last name off.
    if min(len(one), len(other)) >= 4 and (one.startswith(other) or other.startswith(one)):
        return 0.95
    return max(float(JaroWinkler.similarity(one, other)), float(JaroWinkler.similarity(_plain(one), _plain(other))))


def _plain(word: str) -> str:
    for long, short in _DIGRAPHS:
        word = word.replace(long, short)
    return re.sub(r"(.)\1+", r"\1", word)


def _latin(text: str) -> str:
    return anyascii(unicodedata.normalize("NFKC", text)).upper()
