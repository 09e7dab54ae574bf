"""Staff's pages for the table: some are rendered here, for only tests know a queue that always has cases."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from moderation.models import WorkItem
from moderation.services import fraud_alerts, work
from moderation.tests.kinds import KIND, open_cases, registered
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import FraudAlert
from security.services import events, fraud
from security.types import Card, Client

NOTE = "The papers fit the account. I have asked for nothing else."


def shown(path, *, method="get", **fields):
    """The answer to a person of staff, with the queue of the tests known."""

    def answer():
        with registered():
            staff, item = work_to_do()
            where = path.format(case=item.uid)
            return getattr(sign_in_as(staff), method)(where, fields)

    return answer


def work_to_do():
    """Four cases: one late and severe, one somebody else's, one decided, and one that is ours and has a note."""
    staff, other = make_staff("support", name="Sofia Support"), make_staff("support", name="Olu Other")
    subject = make_user("creator", name="Clara Creator")
    mine, late, theirs, done = open_cases(4, subject_uid=subject.uid)
    WorkItem.objects.filter(pk=late.pk).update(severity=4, due_at=timezone.now() - timedelta(hours=3))
    work.take(uid=theirs.uid, user=other)
    for item in (mine, done):
        work.take(uid=item.uid, user=staff)
    work.decide(uid=done.uid, user=staff, outcome="approved", note=NOTE)
    work.add_note(uid=mine.uid, user=staff, text=NOTE)
    return staff, mine


HOME = "/staff/"
QUEUE = f"/staff/queues/{KIND}/"
CASE = "/staff/cases/{case}/"


# -- fraud
def _ring(*, device="one", ip="5.9.1.1"):
    """Staff of the security role, and two accounts on one device of which one tried many cards; scored."""
    staff = make_staff("security", name="Sef Security")
    for name, n_cards in (("Thea Thief with a rather long display name", 7), ("Linked Lou", 0)):
        user = make_user(name=name)
        known = {"user_uid": user.uid, "joined_at": timezone.now(), "client": Client(ip=ip), "device": device}
        events.report(kind="sign_in", **known)
        for number in range(n_cards):
            events.report(kind="card_declined", card=Card(f"{device}-{number}", "US"), **known)
        if n_cards:
            events.report(kind="purchase", amount_centi=1_050_000, **known)
    fraud.score_recent()
    return staff


def fraud_queue():
    return sign_in_as(_ring()).get("/staff/queues/fraud_alert/")


def fraud_case():
    browser = sign_in_as(_ring())
    return browser.get(browser.post("/staff/queues/fraud_alert/take/").headers["Location"])


def security_analytics():
    staff = _ring(device="another", ip="5.9.2.2")
    alert = FraudAlert.objects.latest("pk")
    fraud_alerts.review(uid=alert.uid, staff=staff, outcome="true_positive", note=NOTE)
    return sign_in_as(staff).get("/staff/security/")
