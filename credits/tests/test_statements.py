"""Statements by month: equal to the sum of everything before, in one order, the same in every form."""

from __future__ import annotations

import csv
import io
import json
import random
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credits import statement_selectors as statements
from credits.services import deadlines, money_back, payouts, purchases, unlocks
from credits.statement_files import csv_file, json_file, readable
from credits.statement_selectors import Pocket
from pairly.common.ids import uuid7
from pairly.testing.people import make_user, sign_in_as

pytestmark = pytest.mark.django_db
BEGIN = datetime(2026, 8, 30, tzinfo=UTC)
MONTHS = [date(2026, month, 1) for month in (8, 9, 10, 11)]


def call(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def hold(fan, creator, position, at, *, amount=5_000, days=3):
    code = call(
        "SELECT code FROM credits_hold(%s, %s, %s, 1, %s, %s, 2000, %s, %s)",
        uuid7(), fan.pk, creator.pk, position, amount, at, at + timedelta(days=days),
    )  # fmt: skip
    assert code == [("",)]


def reply(creator, position, at):
    call("SELECT credits_post_holds(%s, %s, 1, %s, %s, 7, 14, 90)", uuid7(), creator.pk, position, at)


def buy(fan, at, *, credits_centi=50_000, minor=500):
    payment = uuid7()
    purchases.record_purchase(
        user_id=fan.pk, op_id=uuid7(), credits_centi=credits_centi, currency="USD", amount_minor=minor,
        payment_uid=payment, at=at,
    )  # fmt: skip
    return payment


@pytest.fixture
def history():
    """Three months of everything that can happen, and somebody else in between."""
    fan, creator, other = make_user("fan"), make_user("creator"), make_user("fan")
    chance, at = random.Random(8), BEGIN
    first = buy(fan, at)
    purchases.grant_promo(user_id=fan.pk, op_id=uuid7(), credits_centi=7_000, at=at)
    for position in range(1, 61):
        at += timedelta(hours=chance.randint(5, 50))
        buy(other, at)
        hold(fan, creator, position, at, amount=chance.randint(100, 2_000))
        if chance.random() < 0.6:
            reply(creator, position, at + timedelta(hours=1))
        if position % 10 == 0:
            buy(fan, at + timedelta(hours=2))
            deadlines.void_overdue(at=at + timedelta(hours=3))
    unlocks.unlock(op_id=uuid7(), user_id=fan.pk, payee_id=creator.pk, item=7, unlock=1, amount_centi=1_500, at=at)
    payouts.lock(user_id=creator.pk, op_id=uuid7(), amount_centi=500, at=at + timedelta(days=1))
    money_back.take_back(
        user_id=fan.pk, op_id=uuid7(), payment_uid=first, kind="dispute", amount_minor=500, at=at + timedelta(days=1)
    )
    return fan, creator


def added_up(user, end):
    """Every movement of the person before `end`, by pocket: the long way."""
    rows = call(
        "SELECT a.kind, sum(CASE WHEN t.credit = a.id THEN t.amount ELSE -t.amount END)::bigint FROM credits_account a "
        "JOIN credits_transfer t ON a.id IN (t.debit, t.credit) WHERE a.owner = %s AND t.created_at < %s GROUP BY 1",
        user.pk, end,
    )  # fmt: skip
    found = dict.fromkeys(Pocket, 0)
    for kind, total in rows:
        found[statements._POCKETS[kind]] += total
    return found


def midnight(day):
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def statement_of(user, month):
    return statements.get_statement(user_id=user.pk, month=month)


def test_balances_at_both_ends_are_the_sum_of_all_before(history):
    seen = set()
    for user in history:
        for month in MONTHS:
            found, following = statement_of(user, month), midnight(statements.next_month(month))
            for pocket in found.opening:
                assert found.opening[pocket] == added_up(user, midnight(month))[pocket]
                assert found.closing[pocket] == added_up(user, following)[pocket]
                seen.update({pocket} if found.closing[pocket] else ())
    assert seen == {Pocket.SPEND, Pocket.OWED, Pocket.EARNED, Pocket.EARNED_PROMO, Pocket.SET_ASIDE}


def test_the_lines_lead_from_one_balance_to_the_other_and_none_is_missing(history):
    for user in history:
        n_lines = 0
        for month in MONTHS:
            found = statement_of(user, month)
            balances = dict(found.opening)
            for line in statements.iterate_lines(statement=found):
                balances[line.pocket] += line.amount_centi
                assert line.balance_centi == balances[line.pocket]
                n_lines += 1
            assert balances == found.closing
        ((n_all,),) = call(
            "SELECT count(*) FROM credits_account a JOIN credits_transfer t ON a.id IN (t.debit, t.credit) "
            "WHERE a.owner = %s",
            user.pk,
        )
        assert n_lines == n_all


def test_pages_show_what_the_whole_shows(history):
    found = statement_of(history[0], MONTHS[1])
    whole, paged, after = list(statements.iterate_lines(statement=found)), [], None
    while True:
        lines, after = statements.list_lines(statement=found, after_id=after, limit=7)
        paged += lines
        if after is None:
            break
    assert len(paged) > 20
    assert paged == whole


def test_sums_by_day_add_up_to_the_difference_of_the_balances(history):
    for user in history:
        for month in MONTHS:
            found = statement_of(user, month)
            change = dict.fromkeys(found.opening, 0)
            for one in statements.list_day_sums(statement=found):
                change[one.pocket] += one.in_centi - one.out_centi
                assert (one.day.year, one.day.month) == (month.year, month.month)
            assert change == {pocket: found.closing[pocket] - found.opening[pocket] for pocket in found.opening}


def test_what_is_written_a_moment_late_changes_no_months_end():
    fan = make_user("fan")
    end = datetime(2026, 10, 1, tzinfo=UTC)
    for minutes in (-2, 1, -1, 2):  # dated in another order than written
        buy(fan, end + timedelta(minutes=minutes), credits_centi=100)
    september, october = statement_of(fan, date(2026, 9, 1)), statement_of(fan, date(2026, 10, 1))
    assert september.closing == october.opening == {**october.opening, Pocket.SPEND: 100}
    assert [line.created_at.minute for line in statements.iterate_lines(statement=october)] == [1, 59, 2]
    for number in range(40):  # what comes after moves nothing that stood before
        buy(fan, end + timedelta(days=number), credits_centi=100)
    assert statement_of(fan, date(2026, 10, 1)).opening == october.opening


def test_months_without_movements_and_people_without_any_have_statements():
    fan = make_user("fan")
    assert list(statements.iterate_lines(statement=statement_of(fan, date(2026, 1, 1)))) == []
    buy(fan, BEGIN)
    empty = statement_of(fan, date(2026, 10, 1))
    assert empty.opening == empty.closing == {Pocket.SPEND: 50_000, Pocket.OWED: 0}
    assert (empty.first_month, empty.previous) == (date(2026, 8, 1), date(2026, 9, 1))


def test_what_a_shop_sold_has_words_of_its_own(history):
    fan, creator = history
    for user, movement, text in ((fan, "unlock", "Bought in a shop"), (creator, "sale", "Sold in your shop")):
        rows = statements.list_transactions(user_id=user.pk, limit=500)
        ours = [row for row in rows if row.transaction_type == movement]
        assert {row.description for row in ours} == {text}
        assert sum(row.transaction_type in ("hold", "earn") for row in rows) > 10
    assert {row.transaction_type for row in statements.list_transactions(user_id=fan.pk, limit=500)} >= {
        "purchase", "promo", "hold", "unlock", "void",
    }  # fmt: skip


def test_the_csv_and_the_json_say_the_same_as_the_lines(history):
    found = statement_of(history[0], MONTHS[1])
    lines = list(statements.iterate_lines(statement=found))
    head, *rows = csv.reader(io.StringIO(csv_file(statement=found).getvalue().decode()))
    cells = [dict(zip(head, row, strict=True)) for row in rows]
    moved = [row for row in cells if row["id"]]
    assert [(int(row["in_centi"] or 0) - int(row["out_centi"] or 0), int(row["id"])) for row in moved] == [
        (line.amount_centi, line.id) for line in lines
    ]
    assert [row["type"] for row in cells[:2]] == ["opening"] * 2
    assert {row["pocket"]: int(row["balance_centi"]) for row in cells[-2:]} == found.closing
    assert all(row["time_utc"].endswith("Z") for row in moved)
    document = json.loads(json_file(statement=found).getvalue())
    assert [(row["id"], row["amount_centi"]) for row in document["movements"]] == [
        (line.id, line.amount_centi) for line in lines
    ]
    assert (document["opening_centi"], document["closing_centi"]) == (found.opening, found.closing)
    assert sum(one["n"] for one in document["sums"]) == len(lines)


def test_no_cell_begins_like_a_formula(history):
    for month in MONTHS:  # the fan owes in the last one, which counts below zero
        rows = csv.reader(io.StringIO(csv_file(statement=statement_of(history[0], month)).getvalue().decode()))
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert [readable(centi) for centi in (5, -5, 123_456)] == ["0.05", "-0.05", "1234.56"]


def test_an_empty_month_is_valid_json_too():
    assert json.loads(json_file(statement=statement_of(make_user("fan"), MONTHS[0])).getvalue())["movements"] == []


def test_the_first_piece_costs_the_same_however_long_the_month_is(monkeypatch):
    monkeypatch.setattr(statements, "STATEMENT_CHUNK", 20)
    monkeypatch.setattr("pairly.common.csv_files._ROWS_AT_ONCE", 20)
    counts = []
    for n in (60, 120):
        fan = make_user("fan")
        for number in range(n):
            buy(fan, datetime(2026, 9, 1, tzinfo=UTC) + timedelta(minutes=number), credits_centi=100)
        with CaptureQueriesContext(connection) as before:
            pieces = iter(csv_file(statement=statement_of(fan, date(2026, 9, 1))))
            next(pieces), next(pieces)
        n_first = len(before)
        with CaptureQueriesContext(connection) as after:
            list(pieces)
        counts.append((n_first, len(after)))
    assert counts[0][0] == counts[1][0]
    assert counts[0][1] < counts[1][1]


# -- the doors ------------------------------------------------------------------------------------------------


def test_the_page_is_the_same_number_of_queries_for_twice_the_movements(django_assert_num_queries):
    counts = []
    for n in (4, 8):
        fan, creator = make_user("fan"), make_user("creator")
        buy(fan, BEGIN)
        for position in range(n):
            hold(fan, creator, fan.pk * 100 + position, BEGIN + timedelta(hours=position))
        client = sign_in_as(fan)
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/wallet/statement/?month=2026-08").content.decode()
        assert page.count("Message sent, held until the answer") == n + 1  # and the sum
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("month", ["2026-13", "1999-01", "2999-01", "x", "2026-1", "２０２６-01"])
def test_a_month_that_cannot_be_is_not_found_and_named_by_the_api(month):
    client = sign_in_as(make_user("fan"))
    assert client.get("/wallet/statement/", {"month": month}).status_code == 404
    answer = client.get("/api/v1/credits/statement", {"month": month})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/month")


def test_a_statement_holds_only_ones_own(history):
    stranger = sign_in_as(make_user("fan"))
    document = json.loads(stranger.get("/api/v1/credits/statement?month=2026-09").getvalue())
    assert document["movements"] == []
    assert Client().get("/api/v1/credits/statement").status_code == 401


def test_both_doors_give_files(history):
    client = sign_in_as(history[0])
    for path in ("/wallet/statement/file/", "/api/v1/credits/statement"):
        as_csv, as_json = (client.get(path, {"month": "2026-09", "format": one}) for one in ("csv", "json"))
        assert as_csv.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert as_csv.headers["Content-Disposition"] == 'attachment; filename="pairly-statement-2026-09.csv"'
        assert len(json.loads(as_json.getvalue())["movements"]) == as_csv.getvalue().count(b"2026-09-")
    assert client.get("/api/v1/credits/statement?format=xml").status_code == 422


@pytest.mark.parametrize("statement", [statements._UP, statements._DOWN])
def test_a_plan_for_any_account_reads_along_the_accounts_own_index(history, statement):
    for number, name in enumerate(("accounts", "beyond", "end", "limit"), start=1):
        statement = statement.replace(f"%({name})s", f"${number}")
    with connection.cursor() as cursor:
        for setting in ("plan_cache_mode = force_generic_plan", "enable_seqscan = off"):
            cursor.execute(f"SET LOCAL {setting}")
        cursor.connection.execute(f"PREPARE page (bigint[], bigint, bigint, int) AS {statement}")
        cursor.execute("EXPLAIN EXECUTE page('{1,2}', 0, 9, 30)")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "credits_transfer_debit on credits_transfer d" in plan
    assert "credits_transfer_credit on credits_transfer c" in plan
    assert "Hash Join" not in plan
