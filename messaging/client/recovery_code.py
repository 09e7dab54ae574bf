"""The recovery code: 16 random bytes as Crockford base32 with its check symbol (e2e section 4)."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK = ALPHABET + "*~$=U"
_LOOKALIKES = str.maketrans("OIL", "011")
DIGITS = 26


class BadRecoveryCode(ValueError):
    """Mistyped: wrong length, symbol or check."""


def encode(*, code: bytes) -> str:
    """26 symbols and the check symbol, in groups of up to six: `XXXXXX-XXXXXX-XXXXXX-XXXXXX-XXX`."""
    number = int.from_bytes(code, "big")
    digits = "".join(ALPHABET[number >> (5 * i) & 31] for i in reversed(range(DIGITS))) + CHECK[number % 37]
    return "-".join(digits[i : i + 6] for i in range(0, len(digits), 6))


def decode(*, text: str) -> bytes:
    """The 16 bytes; spaces, hyphens and case do not matter, O reads as 0, I and L as 1. Raises BadRecoveryCode."""
    clean = "".join(text.split()).replace("-", "").upper()
    body, check = clean[:-1].translate(_LOOKALIKES), clean[-1:]
    if len(body) != DIGITS or any(c not in ALPHABET for c in body):
        raise BadRecoveryCode("a recovery code has 26 symbols and a check symbol")
    number = 0
    for symbol in body:
        number = number << 5 | ALPHABET.index(symbol)
    if number >> 128 or CHECK[number % 37] != check:
        raise BadRecoveryCode("the check symbol does not fit")
    return number.to_bytes(16, "big")
