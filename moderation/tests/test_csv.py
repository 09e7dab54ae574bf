"""The logs as files: complete, harmless in a spreadsheet, sent while they are read."""

from __future__ import annotations

import asyncio
import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from pairly.common.csv_files import DANGEROUS, CsvFile, safe_cell
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import AuditEntry, LoginAttempt
from security.services import audit
from security.types import Door

EVIL = '=HYPERLINK("http://elsewhere.example","see")'


def write(n: int, **fields: object) -> None:
    values = {"outcome": "failed", "failure_reason": "wrong_password", "ip": "192.0.2.9", **fields}
    LoginAttempt.objects.bulk_create(
        LoginAttempt(identifier_hash=b"x", door=Door.PAGE, **values) for _ in range(n)
    )  # fmt: skip


def lines_of(client: Client, path: str) -> list[list[str]]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return list(csv.reader(io.StringIO(answer.getvalue().decode())))


@pytest.mark.parametrize("first", DANGEROUS)
def test_what_may_begin_a_formula_gets_an_apostrophe(first: str) -> None:
    assert safe_cell(f"{first}1+1") == f"'{first}1+1"


@given(st.text())
def test_no_text_begins_a_formula_and_none_is_lost(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(DANGEROUS)
    assert cell.removeprefix("'") == text.removeprefix("'")


def test_numbers_and_nothing_stay_as_they_are() -> None:
    assert [safe_cell(value) for value in (None, 7, "", "a=b")] == ["", "7", "", "a=b"]


@pytest.mark.django_db
def test_the_sign_in_log_as_a_file_has_every_row_that_fits() -> None:
    fan = make_user()
    write(1_203, user_uid=fan.uid)
    write(7, ip="198.51.100.9")
    client = sign_in_as(make_staff("support"))
    head, *rows = lines_of(client, "/staff/sign-ins.csv")
    assert (head[0], len(rows)) == ("time", 1_210)
    assert len({row[0] for row in rows}) >= 1
    _head, *rows = lines_of(client, f"/staff/sign-ins.csv?user={fan.uid}")
    assert (len(rows), {row[4] for row in rows}) == (1_203, {str(fan.uid)})
    assert fan.email not in str(rows)


@pytest.mark.django_db
def test_exporting_is_recorded_before_the_first_row_leaves() -> None:
    fan = make_user()
    sign_in_as(make_staff("support")).get(f"/staff/sign-ins.csv?user={fan.uid}")  # nobody reads the answer
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.is_private_view, entry.subject_uid) == ("staff.sign_ins_exported", True, fan.uid)


@pytest.mark.django_db
def test_words_of_strangers_cannot_become_formulas() -> None:
    audit.record(action="account.note", reason=EVIL)
    client = sign_in_as(make_staff("security"))
    _head, *rows = lines_of(client, "/staff/audit.csv?action=account")
    assert rows[0][7] == f"'{EVIL}"


@pytest.mark.django_db
def test_a_file_holds_no_more_than_the_most_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderation.log_views.CSV_ROWS_MAX", 600)
    write(700)
    assert len(lines_of(sign_in_as(make_staff("support")), "/staff/sign-ins.csv")) == 601


@pytest.mark.django_db
def test_rows_are_read_in_pieces_while_they_are_sent() -> None:
    write(1_500, user_uid=make_user().uid)
    client = sign_in_as(make_staff("support"))
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/staff/sign-ins.csv")
        n_before = len(queries)
        pieces = iter(answer)
        next(pieces), next(pieces)
        assert len(queries) == n_before + 2  # the first 500 rows and their risk
        assert sum(1 for _ in pieces) > 1
    assert answer.streaming


def test_under_asgi_too_the_first_piece_leaves_before_the_last_row_is_read() -> None:
    read: list[int] = []

    def rows():
        for number in range(1_000):
            read.append(number)
            yield [number]

    async def first_two() -> bytes:
        pieces = aiter(CsvFile(name="n", columns=["n"], rows=rows()))
        return await anext(pieces) + await anext(pieces)

    assert asyncio.run(first_two()).startswith(b"n\r\n0\r\n1\r\n")
    assert len(read) < 1_000


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/staff/sign-ins.csv", "/staff/audit.csv"])
def test_strangers_and_fans_get_no_file(path: str) -> None:
    assert Client().get(path).status_code == 302
    assert sign_in_as(make_user()).get(path).status_code == 404
    assert sign_in_as(make_staff("finance")).get(path).status_code == 403
    assert sign_in_as(make_staff("admin"), factor=None).get(path).status_code == 302
