"""Accounts for staff: found, read, suspended and let back; every look is recorded."""

from __future__ import annotations

import html
import uuid
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from moderation import account_selectors
from moderation.account_selectors import AccountFilter
from moderation.models import Sanction
from moderation.reports.services import submitting
from moderation.sanctions.services import imposing
from pairly.common.ids import uuid7
from pairly.outbox.models import OutboxRow
from pairly.testing.people import make_staff, make_user, sign_in_as
from payments.models import MoneyBack, Payment
from security.models import AlertAccount, AuditEntry, FraudAlert
from users.constants import SECURITY_MAIL_KIND
from users.models import AccountClosure, Restriction, Session, User
from users.services import security_mails, suspensions

from .test_csv import EVIL, lines_of

pytestmark = pytest.mark.django_db

PAGE, FILE, API = "/staff/users/", "/staff/users.csv", "/api/v1/admin/users"
FORM = {"rule": "spam", "facts": "The same text to 400 people", "scope": "all", "duration": "24"}


@pytest.fixture
def fan() -> User:
    return make_user(name="Robin Fairweather")


@pytest.fixture
def moderator() -> User:
    return make_staff("moderator", name="Petra Vogt")


def proven(staff: User) -> Client:
    """A browser of `staff` that gave a fresh proof."""
    browser = sign_in_as(staff)
    Session.objects.filter(user=staff).update(stepped_up_at=timezone.now())
    return browser


def names(client: Client, query: str) -> set[str]:
    """Who the API finds; the page finds the same."""
    answer = client.get(f"{API}{query}")
    assert answer.status_code == 200, answer.content
    found = {row["name"] for row in answer.json()["results"]}
    page = client.get(f"{PAGE}{query}").content.decode()
    assert all(f"<bdi>{html.escape(name)}</bdi></a>" in page for name in found)
    assert page.count("data-row") == len(found)
    return found


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action).order_by("pk"))


# -- the list
def test_every_filter_finds_what_it_names_and_nobody_finds_themselves(moderator):
    ada, bela, cleo, dora, eve, fay = (make_user(name=name) for name in ("Ada", "Bela", "Cleo", "Dora", "Eve", "Fay"))
    gita, _hugo = make_user("creator", name="Gita"), make_staff("support", name="Hugo")
    imposing.impose(user=bela, by=moderator, kind="permanent_ban", rule="spam", facts="x", is_automated=False)
    now = timezone.now()
    for user, kind, fields in (
        (cleo, "rest", {}),
        (dora, "deletion", {"erase_at": now + timedelta(days=3)}),
        (eve, "deletion", {"erase_at": now - timedelta(days=1), "erased_at": now}),
    ):
        AccountClosure.objects.create(user=user, kind=kind, **fields)
    User.objects.filter(pk__in=[cleo.pk, dora.pk, eve.pk, fay.pk]).update(is_active=False)
    User.objects.filter(pk=gita.pk).update(verification_level=2, created_at=now - timedelta(days=9))
    client, today = sign_in_as(moderator), now.date()
    everybody = {"Ada", "Bela", "Cleo", "Dora", "Eve", "Fay", "Gita", "Hugo"}
    for query, found in {
        "": everybody,
        "?role=creator": {"Gita"},
        "?role=staff": {"Hugo"},
        "?state=active": {"Ada", "Gita", "Hugo"},
        "?state=suspended": {"Bela"},
        "?state=resting": {"Cleo"},
        "?state=leaving": {"Dora"},
        "?state=deleted": {"Eve"},
        "?state=inactive": {"Fay"},
        "?verified=2": {"Gita"},
        "?verified=0": everybody - {"Gita"},
        f"?until={today - timedelta(days=9)}": {"Gita"},
        f"?since={today}&until=9999-12-31": everybody - {"Gita"},
        f"?q={ada.uid}": {"Ada"},
        f"?q={ada.email.upper()}": {"Ada"},
        "?q=bE": {"Bela"},
        "?q=ela": set(),
        "?q=!": set(),
        "?q=nobody@example.org": set(),
        f"?q={uuid.uuid4()}": set(),
        f"?q={moderator.uid}": set(),
        "?q=g&state=active&role=creator": {"Gita"},
    }.items():
        assert names(client, query) == found, query


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("robin", {"Robin Fairweather"}),
        ("fair rob", {"Robin Fairweather"}),
        ("Jean-Luc", {"Jean-Luc O'Neil"}),
        ("luc neil", {"Jean-Luc O'Neil"}),
        ("o'neil", {"Jean-Luc O'Neil"}),
        ("ÉLO", {"Élodie Ünal"}),
        ("प्रिया", {"प्रिया"}),
        ("प्र", {"प्रिया"}),
        ("राम", set()),
        ("robin | jean", set()),
        ("!robin", {"Robin Fairweather"}),
        ("rob':* | '", {"Robin Fairweather"}),
        ("robin\\", {"Robin Fairweather"}),
        ("<-> ( ) & :*", set()),
        ("'", set()),
        ("_", set()),
    ],
)
def test_a_name_is_found_by_how_its_words_begin_whatever_signs_are_typed(moderator, fan, query, found):
    for name in ("Jean-Luc O'Neil", "Élodie Ünal", "प्रिया"):
        make_user(name=name)
    assert names(sign_in_as(moderator), f"?{urlencode({'q': query})}") == found


def test_a_name_is_looked_up_in_its_index_and_not_in_every_account(moderator):
    """Among many, on the page and for the file: no account is read that is not called so."""
    given = {"role": "fan", "birth_date": date(1990, 1, 1)}
    rows = [User(email=f"{n}@example.org", name=f"Person{n} Nobody", **given) for n in range(5_000)]
    User.objects.bulk_create(rows, batch_size=1_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE users_user")
        for way in ("seqscan", "indexscan"):  # what is left is what the words' index can do
            cursor.execute(f"SET LOCAL enable_{way} = off")
    found = account_selectors.list_accounts(staff=moderator, wanted=AccountFilter(text="person77 nob"))
    plan = found[:51].explain()
    assert "user_name_words_idx" in plan
    assert "Seq Scan on users_user" not in plan
    assert {row.name for row in found[:51]} == {"Person77 Nobody", *(f"Person77{n} Nobody" for n in range(10))}


@pytest.mark.parametrize("query", ["?role=king", "?state=gone", "?verified=9", "?since=monday", "?q=%00"])
def test_a_filter_that_cannot_be_read_is_named(moderator, query):
    client = sign_in_as(moderator)
    assert client.get(f"{PAGE}{query}").status_code == 422
    answer = client.get(f"{API}{query}")
    pointer = "/" + query[1:].partition("=")[0]
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert client.get(f"{FILE}{query}").status_code == 302


def test_pages_go_on_where_the_last_one_ended(moderator):
    made = [make_user(name=f"Person {n:03}") for n in range(53)]
    client = sign_in_as(moderator)
    first = client.get(f"{PAGE}?role=fan&q=Person").content.decode()
    assert first.count("data-row") == 50
    following = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "role=fan" in following
    rest = client.get(f"{PAGE}{following}").content.decode()
    assert [user.name for user in made if user.name in rest] == ["Person 000", "Person 001", "Person 002"]
    assert 'rel="next"' not in rest
    page, seen = client.get(f"{API}?q=Person&limit=20").json(), 0
    while page["next"]:
        seen += len(page["results"])
        page = client.get(page["next"]).json()
    assert seen + len(page["results"]) == 53


def test_lists_show_no_address_and_record_the_search_without_its_words(moderator, fan):
    client = sign_in_as(moderator)
    for path in (PAGE, FILE, API):
        for query in ("", "?q=Fairweather&state=active", f"?q={fan.email}"):
            answer = client.get(f"{path}{query}")
            text = (answer.getvalue() if answer.streaming else answer.content).decode()
            assert "Robin Fairweather" in text
            assert text.replace(f'value="{fan.email}"', "").count(fan.email) == 0
    rows = [*entries("staff.accounts_listed"), *entries("staff.accounts_exported")]
    assert len(rows) == 9
    assert [row.subject_uid for row in rows] == [None, None, fan.uid] * 3
    assert [row.is_private_view for row in rows] == [False, False, True] * 3
    assert rows[1].details["filter"] == {"q": "(words)", "state": "active"}
    assert not [row for row in rows if fan.email in str(row.details) or "Fairweather" in str(row.details)]


def test_the_file_has_every_row_that_fits_and_no_formula(moderator):
    make_user(name=EVIL)
    for _ in range(3):
        make_user("creator")
    head, *rows = lines_of(sign_in_as(moderator), f"{FILE}?role=fan&state=active")
    assert head == ["account", "name", "role", "staff", "state", "verification", "joined"]
    assert [row[1] for row in rows] == [f"'{EVIL}"]
    assert len(lines_of(sign_in_as(moderator), f"{FILE}?role=creator")) == 4


# -- one account
def test_an_account_shows_its_figures_and_the_look_is_private(moderator, fan):
    other, now = make_user("creator", name="Lou Linked"), timezone.now()
    submitting.submit(reporter=fan, kind="user", target=other.uid, category="scam", details="see")
    submitting.submit(reporter=other, kind="user", target=fan.uid, category="spam", details="see")
    imposing.impose(user=fan, by=moderator, kind="warning", rule="spam", facts="Ads <b>here</b>", is_automated=False)
    paid = Payment.objects.create(
        user=fan, request_id=uuid7(), provider="stripe", package="s", currency="USD", amount_minor=500,
        credits_centi=500, paid_at=now, status="paid", provider_payment_id="pi_1",
    )  # fmt: skip
    MoneyBack.objects.create(payment=paid, kind="refund", state="pending", amount_minor=5, provider_object_id="re_1")
    alert = FraudAlert.objects.create(user_uid=fan.uid, score=50, action="review")
    for user in (fan, other):
        AlertAccount.objects.create(alert=alert, user_uid=user.uid, links=["device"])
    body = sign_in_as(moderator).get(f"{API}/{fan.uid}").json()
    wanted = {"n_strikes": 1, "n_reports": 1, "n_reported": 1, "n_reported_upheld": 0, "n_payments": 1, "n_refunds": 1}
    assert {name: body["figures"][name] for name in wanted} == wanted
    assert (body["email"], body["state"], body["restrictions"][0]["kind"]) == (fan.email, "active", "warning")
    page = sign_in_as(moderator).get(f"{PAGE}{fan.uid}/").content.decode()
    for words in (fan.email, "Ads &lt;b&gt;here", "Writing the same to many people", "Petra Vogt"):
        assert words in page
    assert str(other.uid) not in page  # a moderator settles no fraud alerts
    assert f"{PAGE}{other.uid}/" in sign_in_as(make_staff("security")).get(f"{PAGE}{fan.uid}/").content.decode()
    looks = entries("staff.account_viewed")
    assert len(looks) == 3
    assert all(row.is_private_view and row.by_staff and row.subject_uid == fan.uid for row in looks)


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("support", {"/staff/sign-ins/"}),
        ("finance", {"/staff/payments/"}),
        ("moderator", set()),
        ("admin", {"/staff/sign-ins/", "/staff/payments/", "/staff/audit/"}),
    ],
)
def test_links_lead_only_where_one_may_go(fan, role, seen):
    page = sign_in_as(make_staff(role)).get(f"{PAGE}{fan.uid}/").content.decode()
    links = {path for path in ("/staff/sign-ins/", "/staff/payments/", "/staff/audit/") if f'href="{path}?' in page}
    assert links == seen
    assert ("/suspend/" in page) is (role in ("moderator", "admin"))


def test_who_may_not_see_accounts_sees_none_and_nobody_their_own(fan):
    stranger, staff = sign_in_as(make_user("creator")), make_staff("support")
    for path in (PAGE, FILE, API, f"{PAGE}{fan.uid}/", f"{API}/{fan.uid}"):
        assert stranger.get(path).status_code == 404
    own = sign_in_as(staff)
    for path in (f"{PAGE}{staff.uid}/", f"{API}/{staff.uid}", f"{PAGE}{uuid.uuid4()}/"):
        assert own.get(path).status_code == 404
    assert own.post(f"{PAGE}{fan.uid}/suspend/", FORM).status_code == 403
    assert stranger.post(f"{PAGE}{fan.uid}/suspend/", FORM).status_code == 404
    assert entries("staff.account_viewed") == entries("staff.accounts_listed") == []
    assert Sanction.objects.count() == 0


# -- suspend and let back
def test_a_form_sent_twice_suspends_once_and_says_why(moderator, fan):
    client, form = proven(moderator), {**FORM, "nonce": str(uuid7())}
    for _ in range(2):
        assert client.post(f"{PAGE}{fan.uid}/suspend/", form).headers["Location"] == f"{PAGE}{fan.uid}/"
    made = Sanction.objects.get()
    assert (made.kind, made.rule, made.facts, made.decided_by) == ("temporary_ban", "spam", FORM["facts"], moderator)
    assert timedelta(hours=23) < made.until - timezone.now() < timedelta(hours=25)
    page = client.get(f"{PAGE}{fan.uid}/").content.decode()
    assert "/unsuspend/" in page
    assert FORM["facts"] in page
    assert client.post(f"{PAGE}{make_user().uid}/suspend/", form).status_code == 404
    form |= {"duration": "forever", "nonce": str(uuid7())}
    client.post(f"{PAGE}{fan.uid}/suspend/", form)
    assert [row.kind for row in Sanction.objects.order_by("pk")] == ["temporary_ban", "permanent_ban"]


@pytest.mark.parametrize("missing", ["rule", "facts", "scope", "duration", "nonce"])
def test_nothing_is_left_out_and_what_was_typed_stays(moderator, fan, missing):
    form: dict[str, Any] = {**FORM, "facts": "Long words that nobody types twice", "nonce": str(uuid7())}
    del form[missing]
    answer = proven(moderator).post(f"{PAGE}{fan.uid}/suspend/", form)
    assert answer.status_code == 422
    assert missing == "facts" or form["facts"] in answer.content.decode()
    assert Sanction.objects.count() == 0


def test_the_reason_of_letting_somebody_back_is_recorded_and_told(moderator, fan):
    client, why = proven(moderator), {"reason": "Somebody else had used the account"}
    client.post(f"{PAGE}{fan.uid}/suspend/", {**FORM, "nonce": str(uuid7())})
    assert client.post(f"{PAGE}{fan.uid}/unsuspend/", {"reason": " "}).status_code == 422
    fan.refresh_from_db()
    assert not fan.is_active
    assert client.post(f"{PAGE}{fan.uid}/unsuspend/", why).status_code == 302
    fan.refresh_from_db()
    assert fan.is_active
    assert Sanction.objects.get().lifted_reason == why["reason"]
    assert [row.reason for row in entries("sanction.lifted")] == [why["reason"]]
    assert client.post(f"{PAGE}{fan.uid}/unsuspend/", why).status_code == 409


def test_who_was_suspended_by_a_rule_alone_is_told_the_reason_too(moderator, fan):
    suspensions.suspend(user=fan, until=None, reasons=["spam"])
    proven(moderator).post(f"{PAGE}{fan.uid}/unsuspend/", {"reason": "The rule was wrong"})
    assert Restriction.objects.get().lifted_at
    assert [row.reason for row in entries("account.suspension_lifted")] == ["The rule was wrong"]
    row = OutboxRow.objects.filter(kind=SECURITY_MAIL_KIND).latest("pk")
    security_mails.deliver(row.user_uid, row.payload)
    assert "Why: The rule was wrong" in mail.outbox[-1].body


def test_without_a_fresh_proof_nothing_is_done(moderator, fan):
    client = sign_in_as(moderator)
    Session.objects.filter(user=moderator).update(stepped_up_at=timezone.now() - timedelta(hours=1))
    for what, form in (("suspend", {**FORM, "nonce": str(uuid7())}), ("unsuspend", {"reason": "x"})):
        answer = client.post(f"{PAGE}{fan.uid}/{what}/", form)
        assert answer.headers["Location"].startswith("/step-up/?next=")
    assert "confirm that it is you" in client.get(f"{PAGE}{fan.uid}/").content.decode()
    assert Sanction.objects.count() == 0


# -- cost
def test_accounts_cost_the_same_queries_for_n_and_2n_rows(fan):
    client, staff = sign_in_as(make_staff("admin")), make_staff("moderator")

    def double() -> list[int]:
        alert = FraudAlert.objects.create(user_uid=uuid7(), score=50, action="review")
        AlertAccount.objects.create(alert=alert, user_uid=fan.uid)
        for _ in range(5):
            user = make_user()
            imposing.impose(user=fan, by=staff, kind="warning", rule="spam", facts="x", is_automated=False)
            submitting.submit(reporter=make_user(), kind="user", target=user.uid, category="scam")
            submitting.submit(reporter=make_user(), kind="user", target=fan.uid, category="scam")
            suspensions.suspend(user=user, until=None, reasons=["spam"])
            AlertAccount.objects.create(alert=alert, user_uid=user.uid, links=["device"])
        counts = []
        for path in (PAGE, API, f"{PAGE}{fan.uid}/", f"{API}/{fan.uid}"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts.append(len(queries))
        return counts

    once, twice = double(), double()
    assert once == twice
    assert once[:2] <= [16, 12]
    assert once[2] <= 34
    assert once[3] <= 26
