"""A month's statement as a file, CSV or JSON, sent while it is read.

Amounts are whole hundredths of a credit; times are UTC. A CSV has what came in and what went out in columns of their
own, so that no amount begins with a minus, which a spreadsheet may take for a formula.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, TypeAlias

from pairly.common.csv_files import CsvFile, SentFile

from . import words
from .constants import CENTI, STATEMENT_CHUNK
from .statement_selectors import Line, Pocket, Statement, iterate_lines

Texts: TypeAlias = Mapping[str, str]
COLUMNS = (
    "time_utc", "type", "description", "pocket", "in_centi", "out_centi", "balance_centi", "in_credits", "out_credits",
    "balance_credits", "id", "operation",
)  # fmt: skip


def name_of(*, statement: Statement) -> str:
    """What the file is called, without an ending."""
    return f"pairly-statement-{statement.month:%Y-%m}"


def csv_file(*, statement: Statement) -> CsvFile:
    """Lines `opening` by pocket, every movement, lines `closing`."""
    return CsvFile(name=name_of(statement=statement), columns=COLUMNS, rows=_rows(statement, words.all_words()))


def json_file(*, statement: Statement) -> SentFile:
    """One object; `closing` and `sums` come last, for they are added up on the way."""
    pieces = _json_pieces(statement, words.all_words())
    return SentFile(name=f"{name_of(statement=statement)}.json", content_type="application/json", pieces=pieces)


def _rows(statement: Statement, texts: Texts) -> Iterator[list[object]]:
    balances = dict(statement.opening)
    yield from (_balance_row("opening", pocket, centi) for pocket, centi in statement.opening.items())
    for line in iterate_lines(statement=statement):
        balances[line.pocket] = line.balance_centi
        yield _line_row(line, texts)
    yield from (_balance_row("closing", pocket, centi) for pocket, centi in balances.items())


def _balance_row(kind: str, pocket: Pocket, centi: int) -> list[object]:
    return ["", kind, "", pocket.value, "", "", centi, "", "", readable(centi), "", ""]


def _line_row(line: Line, texts: Texts) -> list[object]:
    came, went = max(0, line.amount_centi), max(0, -line.amount_centi)
    return [
        f"{line.created_at:%Y-%m-%dT%H:%M:%S.%f}Z", line.movement, texts.get(line.movement, ""), line.pocket.value,
        came or "", went or "", line.balance_centi, readable(came) if came else "", readable(went) if went else "",
        readable(line.balance_centi), line.id, line.op,
    ]  # fmt: skip


def readable(centi: int) -> str:
    """Hundredths with two decimals: 5050 is "50.50"."""
    whole, rest = divmod(abs(centi), CENTI)
    return f"{'-' if centi < 0 else ''}{whole}.{rest:02}"


def _json_pieces(statement: Statement, texts: Texts) -> Iterator[str]:
    balances, sums = dict(statement.opening), dict[tuple[Pocket, str], list[int]]()
    head = {"month": f"{statement.month:%Y-%m}", "unit": "hundredths of a credit", "opening_centi": statement.opening}
    yield f'{json.dumps(head)[:-1]}, "movements": ['
    lines, lead = iterate_lines(statement=statement), ""
    while piece := list(islice(lines, STATEMENT_CHUNK)):
        for line in piece:
            balances[line.pocket] = line.balance_centi
            found = sums.setdefault((line.pocket, line.movement), [0, 0, 0])
            found[0] += max(0, line.amount_centi)
            found[1] += max(0, -line.amount_centi)
            found[2] += 1
        yield lead + ",\n".join(json.dumps(_line_object(line, texts)) for line in piece)
        lead = ",\n"
    tail = {"sums": [_sum_object(*key, texts, *found) for key, found in sums.items()], "closing_centi": balances}
    yield f"], {json.dumps(tail)[1:]}\n"


def _line_object(line: Line, texts: Texts) -> dict[str, Any]:
    return {
        "id": line.id,
        "created_at": f"{line.created_at:%Y-%m-%dT%H:%M:%S.%f}Z",
        "transaction_type": line.movement,
        "description": texts.get(line.movement, ""),
        "pocket": line.pocket,
        "amount_centi": line.amount_centi,
        "balance_after_centi": line.balance_centi,
        "operation": str(line.op),
    }


def _sum_object(pocket: Pocket, movement: str, texts: Texts, came: int, went: int, n: int) -> dict[str, Any]:
    return {
        "pocket": pocket,
        "transaction_type": movement,
        "description": texts.get(movement, ""),
        "in_centi": came,
        "out_centi": went,
        "n": n,
    }
