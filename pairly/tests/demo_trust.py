"""Reports, sanctions and appeals for the pages: a case with opened messages, what is in force, what is appealed."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from messaging import selectors as chats
from messaging.client.franking import make_report
from messaging.protocol.base64url import b64u_encode
from moderation.appeals.services import appealing
from moderation.models import Delivery, Membership, ReportedAttachment, Representation, Webhook, WorkItem
from moderation.organisations.constants import EVENTS
from moderation.organisations.services import founding, members
from moderation.reports.services import submitting
from moderation.sanctions.services import imposing
from moderation.services import work
from moderation.tests.certifying import make_certified
from moderation.tests.reported_files import send_files
from moderation.tests.test_verifications import picture
from pairly.common.ids import uuid7
from pairly.testing import demo
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import make_staff, make_user
from users.models import User

FACTS = "On Monday you wrote to three people where they live, and that you would come."


def judge(world):
    """Paths of it all in `world.paths`; "Suspended Sam" is who was sanctioned, an admin works on the cases."""
    sam = User.objects.get(name="Suspended Sam")
    first, admin = make_staff("moderator", name="Mo First"), User.objects.get(email="admin@demo.pairly.example")
    given = {"by": first, "rule": "harassment", "facts": FACTS, "is_automated": False}
    hidden = imposing.impose(user=sam, kind="hide", **given)  # a second ban would sign them out
    warning = imposing.impose(user=sam, kind="warning", **given)
    appeal = appealing.appeal_sanction(user=sam, uid=warning.uid, text="It was a line of a song, and they know it.")
    appeal_case = work.take(uid=WorkItem.objects.get(kind="appeal", ref=appeal.uid).uid, user=admin)
    appealing.answer(staff=admin, uid=appeal.uid, text="Which song?")
    fan = User.objects.get(email=demo.FAN)
    submitting.submit(reporter=fan, kind="user", target=world.uid_of(demo.CREATOR), category="spam", details="Ads.")
    world.paths |= {
        "account": f"/staff/users/{fan.uid}/",
        "account suspended": f"/staff/users/{sam.uid}/",
        "report creator": f"/report/user/{world.uid_of(demo.CREATOR)}/",
        "report case": f"/staff/cases/{_reported(admin).uid}/",
        "appeal case": f"/staff/cases/{appeal_case.uid}/",
        "statement": f"/account/restrictions/{hidden.uid}/",
        "appeal form": f"/account/restrictions/{hidden.uid}/appeal/",
        "appeal": f"/account/appeals/{appeal.uid}/",
    }


def organise(world):
    """The demo creator's agency: people, a creator, webhooks of which one does not answer; the fan is invited."""
    creator, fan = (User.objects.get(email=email) for email in (demo.CREATOR, demo.FAN))
    agency = founding.create(user=creator, name="North Light Agency").organisation
    now, key = timezone.now(), {"organisation": agency}
    for name, role in (("Ida Manager", "manager"), ("Moe Member", "member")):
        Membership.objects.create(user=make_user(name=name), role=role, accepted_at=now, **key)
    newcomer = User.objects.get(name="Nia Newcomer")
    Membership.objects.create(user=newcomer, role="member", accepted_at=now, **key)
    members.invite(user=creator, uid=agency.uid, who=make_user("creator", name="Gus Guest").uid, role="member")
    members.invite_by_email(user=creator, uid=agency.uid, email=fan.email, role="member")
    Representation.objects.create(creator=make_certified("Tilda Represented").user, accepted_at=now, **key)
    Representation.objects.create(creator=creator, **key)
    hook = Webhook.objects.create(
        target_url="https://hooks.north-light-agency.example.org/notices/of/pairly",
        events=list(EVENTS),
        sealed_secret=b"x",
        sealed_old_secret=b"y",
        old_secret_until=now + timedelta(hours=20),
        **key,
    )
    new_hook = Webhook.objects.create(
        target_url="https://hooks.north-light-agency.example.org/new", events=[EVENTS[0]], sealed_secret=b"x", **key
    )
    given_up = {"state": "dead", "ended_at": now, "n_tries": 13, "last_error": "status", "last_status": 503}
    taken = {"state": "delivered", "ended_at": now, "n_tries": 1, "last_status": 204}
    waiting = {"next_at": now + timedelta(days=2), "n_tries": 2, "last_error": "timeout"}
    for event, state in zip(EVENTS, (given_up, taken, waiting, taken), strict=False):
        Delivery.objects.create(webhook=hook, event=event, event_id=uuid7(), payload={}, **state)
    world.paths |= {
        "organisation": f"/organisations/{agency.uid}/",
        "webhook": f"/organisations/webhooks/{hook.uid}/",
        "new webhook": f"/organisations/webhooks/{new_hook.uid}/",
    }


def _reported(admin):
    """Messages of which one is altered and two between are missing, one with files in every state, with a screenshot;
    reported by two."""
    fan = PenFriend("fan", name="Robin Fan", credits_centi=50_000)
    creator = PenFriend("creator", name="Mara Lindqvist", price_centi=0)
    letters = Letters(fan=fan, creator=creator)
    for text in ("Good morning", "Are you there?", "Answer me", "I know where you live, and I will come"):
        letters.write(fan, text)
    opened = [_open(letters, creator, row) for row in _rows(letters, creator)]
    files = (picture("Your house"), b"%PDF", b"x", b"y")
    sent = send_files(letters, *files, writer=fan, text="See?", name="Your house, seen from the road.jpg")
    altered = {**opened[1], "body": b64u_encode(b'{"t":"text","text":"Something else"}')}
    report = submitting.submit(
        reporter=creator.user, kind="message", target=fan.user.uid, category="harassment",
        details="He has done this before, under another name.", messages=[opened[0], opened[3], altered, sent.opened],
        pictures=[picture("A screenshot")],
    )  # fmt: skip
    states = ({"state": "verified"}, {"state": "not_verified", "flaw": "blob_changed"}, {"state": "gone"})
    for place, state in enumerate(states):
        ReportedAttachment.objects.filter(message__report=report, place=place).update(**state)
    submitting.submit(reporter=make_user("creator"), kind="user", target=fan.user.uid, category="harassment")
    return work.take(uid=WorkItem.objects.get(kind="report", ref=report.case.uid).uid, user=admin)


def _rows(letters, reader):
    return chats.list_missed(user=reader.user, conversation_uid=letters.uid, after_n=0)


def _open(letters, reader, row):
    side, srv = letters._sides[reader], dict(row["srv"])
    opened = side.receive(envelope=row["envelope"], srv=srv, find_device_key=letters._find_device)
    return make_report(opened=opened, srv=srv)
