"""Public keys: their id, their form, and the weak ones."""

from __future__ import annotations

from .labels import sha256

ALG_ED25519 = 0x01
ALG_XWING = 0x02
LENGTHS = {ALG_ED25519: 32, ALG_XWING: 1216}
MLKEM_PUBLIC = 1184
_MLKEM_Q = 3329

# The encodings of the eight points of small order of edwards25519, canonical and not (RFC 8032 section 5.1.7 lets
# verifiers disagree on them; Chalkias et al., "Taming the many EdDSAs", table 1). Compared without the sign bit.
_SMALL_ORDER_Y = frozenset(
    bytes.fromhex(y)
    for y in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)


class KeyInvalid(ValueError):
    """The public key is not acceptable; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def key_id(*, alg: int, public: bytes) -> bytes:
    """kid = H(u8 alg || public)."""
    return sha256(bytes([alg]) + public)


def check_public_key(*, alg: int, public: bytes) -> None:
    """Raise KeyInvalid: `bad_key_length`, `weak_key` (small order), `bad_key` (ML-KEM encoding)."""
    if len(public) != LENGTHS.get(alg, -1):
        raise KeyInvalid("bad_key_length")
    if alg == ALG_ED25519:
        if public[:31] + bytes([public[31] & 0x7F]) in _SMALL_ORDER_Y:
            raise KeyInvalid("weak_key")
    elif not _is_mlkem_encoding(public[:MLKEM_PUBLIC]):
        raise KeyInvalid("bad_key")


def _is_mlkem_encoding(public: bytes) -> bool:
    """FIPS 203 section 7.2, the modulus check: every 12-bit coefficient is below q."""
    for i in range(0, MLKEM_PUBLIC - 32, 3):
        a, b, c = public[i : i + 3]
        if a | (b & 0x0F) << 8 >= _MLKEM_Q or (b >> 4) | c << 4 >= _MLKEM_Q:
            return False
    return True
