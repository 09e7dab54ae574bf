"""How texts are compared in searches: without accents, case and punctuation. PostgreSQL's unaccent is a contrib
extension, so this is done here, for the texts and for the words that are looked for alike."""

from __future__ import annotations

import re
import unicodedata

# Letters that Unicode does not take apart into a base and a mark (UAX 15), as keyboards without them type them.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
# Marks of Indian scripts are no word characters to `re`, and no word is whole without them.
_NO_WORD = re.compile(r"[^\w\u0900-\u0dff]+|_+")


def fold(text: str) -> str:
    """The words of `text`, folded, with single spaces between them; idempotent.

    Compatibility decomposition and case folding (Unicode 3.13, UAX 15). Marks go from Latin, Greek, Cyrillic, Hebrew
    and Arabic letters, whose writers leave them out; in Hindi and its kin a mark is part of the word.
    """
    folded = []
    base = ""
    for letter in unicodedata.normalize("NFKD", text).casefold():
        if not unicodedata.combining(letter):
            base = letter
        elif base < "\u0900":
            continue
        folded.append(letter)
    plain = unicodedata.normalize("NFC", "".join(folded)).translate(_LETTERS)
    return " ".join(word for word in _NO_WORD.split(plain) if word)
