"""Reports, sanctions and appeals for the pages: a case with opened messages, what is in force, what is appealed."""

from __future__ import annotations

from messaging import selectors as chats
from messaging.client.franking import make_report
from messaging.protocol.base64url import b64u_encode
from moderation.appeals.services import appealing
from moderation.models import WorkItem
from moderation.reports.services import submitting
from moderation.sanctions.services import imposing
from moderation.services import work
from moderation.tests.test_verifications import picture
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


def _reported(admin):
    """Messages of which one is altered and two between are missing, with a screenshot; reported by two."""
    fan = PenFriend("fan", name="Robin Fan", credits_centi=50_000)
    creator = PenFriend("creator", name="Mara Lindqvist", price_centi=0)
    letters = Letters(fan=fan, creator=creator)
    for text in ("Good morning", "Are you there?", "Answer me", "I know where you live, and I will come"):
        letters.write(fan, text)
    opened = [_open(letters, creator, row) for row in _rows(letters, creator)]
    altered = {**opened[1], "body": b64u_encode(b'{"t":"text","text":"Something else"}')}
    report = submitting.submit(
        reporter=creator.user, kind="message", target=fan.user.uid, category="harassment",
        details="He has done this before, under another name.", messages=[opened[0], opened[3], altered],
        pictures=[picture("A screenshot")],
    )  # fmt: skip
    submitting.submit(reporter=make_user("creator"), kind="user", target=fan.user.uid, category="harassment")
    return work.take(uid=WorkItem.objects.get(kind="report", ref=report.case.uid).uid, user=admin)


def _rows(letters, reader):
    return chats.list_missed(user=reader.user, conversation_uid=letters.uid, after_n=0)


def _open(letters, reader, row):
    side, srv = letters._sides[reader], dict(row["srv"])
    opened = side.receive(envelope=row["envelope"], srv=srv, find_device_key=letters._find_device)
    return make_report(opened=opened, srv=srv)
