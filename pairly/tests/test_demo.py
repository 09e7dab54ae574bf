"""The demo's data: complete, honest to the ledger, readable by who has the recovery code, and made once."""

from __future__ import annotations

import io
import json
import os
import re
from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credits import invariants
from credits import statement_selectors as ledger
from messaging import key_selectors
from messaging import selectors as messaging
from messaging.client import backup, recovery_code
from messaging.client.conversation import Conversation as View
from messaging.inbox_selectors import list_inbox
from messaging.models import Conversation, Message
from messaging.protocol.base64url import b64u_decode
from messaging.server_keys import list_server_keys
from moderation.models import Certificate, DailyFigures, DailyRevenue, ReportCase, Verification, WorkItem
from pairly.common import redis as common_redis
from pairly.demo import seeding
from pairly.demo.catalogue import GiveBack, Sale
from pairly.demo.house import Complaint, House, Request
from pairly.demo.logins import demo_file, totp_code
from pairly.demo.painters import Painters
from pairly.demo.people import People
from pairly.demo.plan import Part, list_sales
from pairly.demo.staff import STAFF
from payments import payout_selectors
from payments.models import MoneyBack, Payout
from profiles.models import Picture, Profile
from profiles.services import delete_profile, update_profile
from security.types import Client as Visitor
from security.types import Door
from users.models import User
from users.services import challenges, sign_in
from users.staff_selectors import roles_of
from users.types import Method

PART = Part(n_creators=2, n_fans=5)  # answered, refunded and waiting talks
N_STEPS = 2 * PART.n_creators + PART.n_fans + PART.n_staff + len(PART.talks) + 6


class Interrupted(Exception):
    pass


@pytest.fixture
def place(committed_db, settings, tmp_path) -> Path:
    """A machine without a demo."""
    settings.VAR_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path


def seed(part=PART, *, steps=10**6) -> str:
    """What the command prints; it is interrupted after so many steps."""
    printed, left = io.StringIO(), iter(range(steps - 1))

    def on_step():
        if next(left, None) is None:
            raise Interrupted

    call_command("seed_demo", creators=part.n_creators, fans=part.n_fans, stdout=printed, on_step=on_step)
    return printed.getvalue()


def login(email="fan@demo.pairly.example"):
    return next(row for row in json.loads(demo_file().read_text()) if row["email"] == email)


def read_as(user, peer, recovery) -> list[str]:
    """All texts of a conversation, verified and opened with nothing but the recovery code, as a new device does."""
    file = key_selectors.find_backup(user=user).file
    opened = backup.open_file(file=file, recovery=recovery_code.decode(text=recovery))
    me = backup.to_identity(opened, device_seed=os.urandom(32), log_seq=3, log_hash=b"")
    place = messaging.find_conversation(user=user, peer_id=peer.pk)
    server_keys = {key.skid: key.public for key in list_server_keys()}
    view = View(place.uid.bytes, me, peer.uid.bytes, server_keys)
    texts = []
    for row in messaging.list_history(user=user, peer_uid=peer.uid, after_n=0).rows:
        sender = b64u_decode(row["envelope"]["hdr"])[38:54]
        owner = user if sender == user.uid.bytes else peer

        def find(kid, owner=owner):
            return key_selectors.find_device_key(kid=kid, user_id=owner.pk)

        found = view.receive(envelope=row["envelope"], srv=row["srv"], find_device_key=find, sender=sender)
        texts.append(found.text)
    return texts


def check_everything() -> None:
    """The state after seeding PART, whichever way it came about."""
    assert [f for f in invariants.check_all() if not f.is_ok] == []
    people = {user.email: user for user in User.objects.all()}
    assert len(people) == 7 + len(STAFF)
    lines = [line for talk in PART.talks for line in talk.lines]
    assert Message.objects.count() == len(lines)
    assert Message.objects.filter(pushed=False).count() == 0
    paid = sum(line.by == "fan" for line in lines)
    states = asked("SELECT state::text, count(*) FROM credits_hold GROUP BY 1")
    sold = Counter(type(deal) for deal in list_sales() if deal.fan < PART.n_fans)
    assert dict(states) == {"posted": paid - 4 + sold[Sale] - sold[GiveBack], "voided": 1 + sold[GiveBack], "open": 3}
    assert asked("SELECT count(*) FROM credits_hold WHERE state = 'open' AND expires_at < now()") == [(0,)]
    assert sorted(Picture.objects.values_list("profile__user__email", "kind")) == sorted(
        (email, kind)
        for email in ("creator@demo.pairly.example", "creator2@demo.pairly.example")
        for kind in ("portrait", "gallery", "gallery", "gallery")
    )
    payouts = Payout.objects.filter(user=people["creator@demo.pairly.example"]).order_by("pk")
    assert [payout.status for payout in payouts] == ["paid", "rejected", "returned", "approved", "requested"]
    assert WorkItem.objects.filter(kind="payout", decided_at__isnull=True).count() == 1
    assert sorted(MoneyBack.objects.values_list("kind", "state")) == [("dispute", "open"), ("refund", "succeeded")]
    assert payout_selectors.withdrawable(user=payouts[0].user).withdrawable_centi > 2_000_00
    for talk in PART.talks:
        fan, creator = people[f"fan{number(talk.fan)}"], people[f"creator{number(talk.creator)}"]
        texts = [line.text for line in talk.lines]
        assert read_as(fan, creator, login(fan.email)["recovery"]) == texts
        assert read_as(creator, fan, login(creator.email)["recovery"]) == texts


def asked(query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def counts():
    tables = ["users_user", "messaging_message", "credits_transfer", "profiles_picture", "messaging_key"]
    tables += ["profiles_follow", "profiles_connection", "profiles_listentry", "profiles_visit"]
    return [asked(f"SELECT count(*) FROM {table}") for table in tables]


def number(position) -> str:
    return f"{'' if position == 0 else position + 1}@demo.pairly.example"


def test_the_demo_is_complete_and_made_once(place):
    printed = seed()
    assert printed.splitlines()[0].startswith(f"[1/{N_STEPS}] ")
    assert printed.splitlines()[-2].startswith(f"[{N_STEPS}/{N_STEPS}] ")
    check_everything()
    rows = json.loads(demo_file().read_text())
    assert [row["email"] for row in rows[:2]] == ["fan@demo.pairly.example", "creator@demo.pairly.example"]
    assert [row["role"] for row in rows[2:9]] == [member.role for member in STAFF]
    assert len(rows) == 7 + len(STAFF)
    assert demo_file().stat().st_mode & 0o777 == 0o600
    assert not any(row.get(secret, "-" * 9) in printed for row in rows for secret in ("password", "recovery", "totp"))

    before = (counts(), demo_file().read_bytes())
    with CaptureQueriesContext(connection) as queries:
        assert seed() == "demo data is there\n"
    assert len(queries) == 2
    assert before == (counts(), demo_file().read_bytes())


def test_the_demos_past_looks_lived_in(place):
    seed()
    fan = User.objects.get(email="fan@demo.pairly.example")
    creator = User.objects.get(email="creator@demo.pairly.example")
    movements = ledger.list_transactions(user_id=fan.pk, limit=500)
    dates = [row.created_at for row in movements]
    assert dates == sorted(dates, reverse=True)
    assert timezone.now() - dates[-1] > timedelta(days=30)
    assert all(row.balance_after_centi >= 0 for row in movements)
    assert {row.transaction_type for row in movements} == {"purchase", "hold", "money_back", "unlock", "refund"}
    assert len({row.amount_centi for row in movements if row.transaction_type == "purchase"}) > 1
    unlucky = User.objects.get(email="fan5@demo.pairly.example")
    void = next(row for row in ledger.list_transactions(user_id=unlucky.pk) if row.transaction_type == "void")
    assert timezone.now() - void.created_at > timedelta(days=8)
    waiting = [row for row in list_inbox(user=creator).rows if row.n_unread]
    assert [row.peer.email for row in waiting] == ["fan3@demo.pairly.example", "fan4@demo.pairly.example"]
    answered = Conversation.objects.get(low=fan, high=creator)
    assert (answered.low_read_n, answered.high_read_n) == (18, 17)
    assert timezone.now() - answered.low_read_at > timedelta(days=7)
    assert creator.created_at < answered.created_at < timezone.now() - timedelta(days=35)
    profile = Profile.objects.get(user=creator)
    assert (profile.country, profile.languages, profile.topics[0]) == ("SE", ["sv", "en"], "ceramics")
    assert profile.price_per_message_centi == 12_000
    browser = Client()
    assert browser.post("/sign-in/", {"email": fan.email, "password": login()["password"]}).status_code == 302
    page = browser.get(f"/creators/{creator.uid}/").content.decode()
    assert "Mara Lindqvist" in page
    assert browser.get(profile.portrait.url(96)).status_code == 200
    assert all(picture.alt for picture in Picture.objects.all())


def test_the_demos_staff_sign_in_with_their_app_and_may_what_their_role_may(place):
    seed()
    assert Counter(member.role for member in STAFF) == {
        "admin": 1, "moderator": 2, "finance": 2, "support": 1, "security": 1
    }  # fmt: skip
    for member in STAFF:
        mine = login(member.email)
        assert "recovery" not in mine
        user = User.objects.get(email=member.email)
        assert (user.name, user.is_staff, user.is_superuser) == (member.name, True, False)
        assert roles_of(user) == [member.role]
        common_redis.get_client().flushdb()
        waiting = sign_in.sign_in(
            email=member.email, password=mine["password"], kind="api", door=Door.API, client=Visitor(ip="192.0.2.7")
        )
        code = totp_code(secret=mine["totp"])
        begun = challenges.complete(token=waiting.token, method=Method.TOTP, code=code, client=Visitor(ip="192.0.2.7"))
        assert begun.session.factor == "totp"


def test_the_logins_are_printed_a_line_each(place):
    seed()
    call_command("demo_logins", stdout=(printed := io.StringIO()))
    lines = printed.getvalue().splitlines()
    assert len(lines) == 7 + len(STAFF)
    secret = login("admin@demo.pairly.example")["totp"]
    assert len(secret) == 32
    assert re.fullmatch(rf"admin +admin@demo\.pairly\.example +\S+   TOTP: {secret}", lines[2])
    assert re.fullmatch(r"fan +fan@demo\.pairly\.example +\S+   recovery code: [A-Z0-9-]+[A-Z0-9*~$=]", lines[0])


LONG_FORM = [pytest.param(steps, marks=pytest.mark.prove) for steps in ([1], [8], [17, 3])]


@pytest.mark.parametrize("steps", [[4, 3], [12, 2], *LONG_FORM])
def test_an_interrupted_seeding_is_completed_by_the_next(place, steps):
    for n in steps:
        with pytest.raises(Interrupted):
            seed(steps=n)
    assert seed().endswith("s\n")
    check_everything()
    assert seed() == "demo data is there\n"


def test_a_larger_part_follows_a_smaller_one(place):
    seed(Part(n_creators=1, n_fans=1))
    assert seed(Part(n_creators=1, n_fans=1)) == "demo data is there\n"
    seed()
    check_everything()


def test_an_account_of_an_older_demo_gets_the_rest_and_who_deleted_a_profile_is_left_alone(place):
    with pytest.raises(Interrupted):
        seed(steps=7)
    first = User.objects.get(email="creator@demo.pairly.example")
    update_profile(user=first, headline="", location=None, topics=[])
    delete_profile(user=User.objects.get(email="creator2@demo.pairly.example"))
    assert seed().endswith("s\n")
    assert Profile.objects.get(user=first).city == "Malmö"
    assert not Profile.objects.filter(user__email="creator2@demo.pairly.example").exists()
    assert Picture.objects.count() == 4


def test_staff_have_requests_reports_and_figures_to_look_at(place, monkeypatch):
    deeds = (
        Request(at_h=-200.0, creator=0, template=0, purpose="To sell", outcome="approved"),
        Request(at_h=-5.0, creator=1, template=3, purpose="To be paid out"),
        Complaint(at_h=-100.0, fans=(1,), creator=1, category="other", details="No.", outcome="dismissed"),
        Complaint(at_h=-20.0, fans=(2, 3), creator=0, category="spam", details="Again."),
    )
    monkeypatch.setattr(seeding, "House", partial(House, deeds=deeds))
    seed()
    day = timedelta(days=1)
    states = {one.user.email: one.state for one in Verification.objects.select_related("user")}
    assert states == {"creator@demo.pairly.example": "approved", "creator2@demo.pairly.example": "submitted"}
    certificate = Certificate.objects.select_related("user").get()
    assert (certificate.user.email, certificate.revoked_at) == ("creator@demo.pairly.example", None)
    cases = {case.subject.email: (case.state, case.reports.count()) for case in ReportCase.objects.all()}
    assert cases == {"creator@demo.pairly.example": ("open", 2), "creator2@demo.pairly.example": ("dismissed", 1)}
    waiting = WorkItem.objects.get(kind="report", decided_at__isnull=True)
    assert 0.8 * day < timezone.now() - waiting.created_at < 0.9 * day
    assert DailyFigures.objects.count() == 35
    assert sum(DailyFigures.objects.values_list("n_reports", flat=True)) >= 1
    assert sum(DailyRevenue.objects.values_list("n_purchases", flat=True)) > 0

    staff = User.objects.get(email="admin@demo.pairly.example")
    House(people=(people := People(part=PART)), part=PART, deeds=deeds).carry_out()  # done again it changes nothing
    assert people.users[staff.email] == staff
    assert (Verification.objects.count(), ReportCase.objects.count()) == (2, 2)
    assert WorkItem.objects.filter(kind__in=("report", "verification")).count() == 3  # one is not checked yet


def test_without_the_logins_the_rest_is_left_alone_and_said_so(place):
    with pytest.raises(Interrupted):
        seed(steps=19)
    demo_file().unlink()
    n = Message.objects.count()
    assert "demo.json does not know" in seed()
    assert Message.objects.count() == n


def test_a_painter_that_ends_is_an_error_and_not_an_endless_wait():
    with Painters() as painters, pytest.raises(RuntimeError, match="painter ended"):
        painters.draw({"theme": "no such theme", "seed": 1}).result(timeout=60)


def test_the_command_takes_its_part_from_the_settings(place, settings):
    settings.DEMO_CREATORS = settings.DEMO_FANS = 0
    call_command("seed_demo", stdout=(printed := io.StringIO()))
    assert printed.getvalue() == "demo data is there\n"
