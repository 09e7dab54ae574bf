"""EXIF blocks for pictures of the test set: Pillow writes neither previews nor a directory of positions."""

from __future__ import annotations

import struct


def exif_block(
    *,
    texts: dict[int, str],
    inner: dict[int, str | tuple[int, ...]],
    position: tuple[float, float] | None = None,
    thumbnail: bytes = b"",
) -> bytes:
    """An EXIF block for test pictures: texts of the first directory, texts and numbers of the second, a preview."""
    return _Writer(texts=texts, inner=inner, position=position, thumbnail=thumbnail).block()


class _Writer:
    """TIFF 6.0, big-endian: directories of 12-byte entries, values longer than four bytes behind them."""

    def __init__(
        self,
        *,
        texts: dict[int, str],
        inner: dict[int, str | tuple[int, ...]],
        position: tuple[float, float] | None,
        thumbnail: bytes,
    ) -> None:
        self.texts, self.inner, self.position, self.thumbnail = texts, inner, position, thumbnail
        self.body = bytearray(b"MM\x00*\x00\x00\x00\x08")

    def block(self) -> bytes:
        first: list[tuple[int, int, int, bytes]] = [_entry(tag, value) for tag, value in self.texts.items()]
        pointers = [(0x8769, [_entry(tag, value) for tag, value in self.inner.items()])]
        if self.position is not None:
            pointers.append((0x8825, _gps(self.position)))
        count = len(first) + len(pointers)
        after = 8 + 2 + 12 * count + 4
        values = bytearray()
        entries = []
        for tag, kind, number, data in first:
            entries.append((tag, kind, number, _placed(data, after, values)))
        for tag, inner in pointers:
            at = after + len(values)
            values += _directory(inner, at)
            entries.append((tag, 4, 1, struct.pack(">I", at)))
        following = 0
        if self.thumbnail:
            following = after + len(values)
            preview = [(0x0201, 4, 1, b""), (0x0202, 4, 1, struct.pack(">I", len(self.thumbnail)))]
            offset = following + 2 + 12 * len(preview) + 4
            preview[0] = (0x0201, 4, 1, struct.pack(">I", offset))
            values += _directory(preview, following) + self.thumbnail
        self.body += struct.pack(">H", count)
        for tag, kind, number, data in sorted(entries):
            self.body += struct.pack(">HHI", tag, kind, number) + data.ljust(4, b"\x00")
        self.body += struct.pack(">I", following) + values
        return b"Exif\x00\x00" + bytes(self.body)


def _entry(tag: int, value: str | tuple[int, ...]) -> tuple[int, int, int, bytes]:
    if isinstance(value, str):
        data = value.encode("ascii", "replace") + b"\x00"
        return tag, 2, len(data), data
    return tag, 4, len(value), struct.pack(f">{len(value)}I", *value)


def _gps(position: tuple[float, float]) -> list[tuple[int, int, int, bytes]]:
    found = []
    for tag, value, signs in ((1, position[0], "NS"), (3, position[1], "EW")):
        thirds = struct.pack(">6I", round(abs(value) * 1_000_000), 1_000_000, 0, 1, 0, 1)
        found += [(tag, 2, 2, signs[value < 0].encode() + b"\x00"), (tag + 1, 5, 3, thirds)]
    return found


def _placed(data: bytes, after: int, values: bytearray) -> bytes:
    if len(data) <= 4:
        return data
    at = after + len(values)
    values += data + b"\x00" * (len(data) % 2)
    return struct.pack(">I", at)


def _directory(entries: list[tuple[int, int, int, bytes]], at: int) -> bytes:
    values = bytearray()
    after = at + 2 + 12 * len(entries) + 4
    rows = b"".join(
        struct.pack(">HHI", tag, kind, number) + _placed(data, after, values).ljust(4, b"\x00")
        for tag, kind, number, data in sorted(entries)
    )
    return struct.pack(">H", len(entries)) + rows + b"\x00\x00\x00\x00" + bytes(values)
