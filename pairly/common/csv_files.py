"""Files that are sent while they are read; tables among them are harmless where a spreadsheet opens them."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

# What a spreadsheet takes for the beginning of a formula (OWASP: CSV injection).
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_ROWS_AT_ONCE = 200


class SentFile(StreamingHttpResponse):
    """A file to be saved, whose pieces are made as they are sent."""

    def __init__(self, *, name: str, content_type: str, pieces: Iterable[str]) -> None:
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        super().__init__(pieces, content_type=content_type, headers=headers)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Under ASGI, piece by piece: Django itself would read everything before it sends the first."""
        pieces = iter(self)
        read = sync_to_async(lambda: next(pieces, None))
        while (piece := await read()) is not None:
            yield piece


class CsvFile(SentFile):
    """A file of `rows` under a line of `columns`, as UTF-8; rows are read as they are sent."""

    def __init__(self, *, name: str, columns: Sequence[object], rows: Iterable[Sequence[object]]) -> None:
        pieces = _pieces(columns, rows)
        super().__init__(name=f"{name}.csv", content_type="text/csv; charset=utf-8", pieces=pieces)


def safe_cell(value: object) -> str:
    """A value as text that no spreadsheet runs: what might begin a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _pieces(columns: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield _lines([columns])
    rest = iter(rows)
    while piece := list(islice(rest, _ROWS_AT_ONCE)):
        yield _lines(piece)


def _lines(rows: Iterable[Sequence[object]]) -> str:
    file = io.StringIO()
    csv.writer(file).writerows([safe_cell(value) for value in row] for row in rows)
    return file.getvalue()
