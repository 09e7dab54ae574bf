"""Staff's pages for the table: some are rendered here, for only tests know a queue that always has cases."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from moderation.models import CannedReason, DailyFigures, DailyRevenue, WorkItem
from moderation.reports.services import submitting
from moderation.services import assigning, fraud_alerts, reasons, work
from moderation.tests.kinds import KIND, open_cases, registered
from pairly.common.ids import uuid7
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import FraudAlert
from security.services import events, fraud
from security.types import Card
from security.types import Client as Visitor

NOTE = "The papers fit the account. I have asked for nothing else."


def shown(path, *, method="get", act=None, **fields):
    """The answer to a person of staff, with the queue of the tests known."""

    def answer():
        with registered():
            staff, item = work_to_do()
            if act:
                act(staff, item)
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
    give(staff, late)
    for item in (mine, done):
        work.take(uid=item.uid, user=staff)
    work.decide(uid=done.uid, user=staff, outcome="approved", note=NOTE)
    work.add_note(uid=mine.uid, user=staff, text=NOTE)
    return staff, mine


def give(staff, item):
    """It is kept for a colleague of the same role."""
    colleague = make_staff("support", name="Konstantina Colleague-Papadopoulos")
    assigning.assign(uid=item.uid, user=staff, to=colleague.uid, seen=None)


HOME = "/staff/"
QUEUE = f"/staff/queues/{KIND}/"
CASE = "/staff/cases/{case}/"
ASSIGN = "/staff/cases/{case}/assign/"


# -- many reports at once
REPORTS = "/staff/queues/report/"


def _reports(n, *, category="spam"):
    made = [
        submitting.submit(reporter=make_user(), kind="user", target=make_user().uid, category=category, details="Ads.")
        for _ in range(n)
    ]
    return list(WorkItem.objects.filter(ref__in=[report.case.uid for report in made]).order_by("pk"))


def _reports_to_do():
    """Three that are free, one critical, one that a colleague works on."""
    staff, other = make_staff("moderator", name="Mina Moderator"), make_staff("moderator", name="Olu Other")
    free, critical = _reports(4), _reports(1, category="minor")
    work.take(uid=free[-1].uid, user=other)
    return staff, other, [*free, *critical]


def _ask(items, staff, **more):
    return sign_in_as(staff).post(f"{REPORTS}bulk/?severity=1", {"item": [item.uid for item in items], **more})


def bulk_queue():
    staff, other, items = _reports_to_do()
    assigning.assign(uid=items[0].uid, user=staff, to=other.uid, seen=None)
    return sign_in_as(staff).get(REPORTS)


def bulk_asked():
    staff, _other, items = _reports_to_do()
    return _ask(items, staff, action="dismissed")


def bulk_of_nothing():
    staff, other, items = _reports_to_do()
    return _ask(items[3:4], staff, action="assign", to=other.uid)


def bulk_without_reason():
    staff, _other, items = _reports_to_do()
    return _ask(items[:2], staff, action="dismissed", note="", run=uuid7())


# -- kept texts
REASONS = "/staff/reasons/"
KEPT = "{handle}, your messages advertised something. That breaks a rule: {reason}. You may not write until {until}."


def _texts():
    """Somebody who writes them, and three in three languages."""
    admin = make_staff("admin", name="Ada Admin")
    given = (("en", "Advertising", KEPT), ("hi", "विज्ञापन", "{handle}, आपने विज्ञापन भेजा: {reason}."))
    given += (("ar", "إعلانات", "{handle}، لقد أرسلت إعلانات: {reason}."),)
    if not CannedReason.objects.exists():
        for language, title, text in given:
            reasons.write(user=admin, kind="report", language=language, title=title, text=text)
        row = reasons.write(user=admin, kind="sanction", language="en", title="Advertising, again", text=KEPT)
        reasons.retire(user=admin, uid=row.uid)
        reasons.restore(user=admin, uid=row.uid)
    return sign_in_as(admin)


def texts():
    return _texts().get(REASONS)


def texts_none():
    return _texts().get(f"{REASONS}?q=nothing-like-this")


def texts_errors():
    return _texts().get(f"{REASONS}?kind=else")


def text_new():
    return _texts().get(f"{REASONS}new/")


def text_old():
    return _texts().get(f"{REASONS}{CannedReason.objects.earliest('pk').uid}/")


def text_errors():
    wrong = {"kind": "report", "language": "en", "title": "", "text": "Dear {name}"}
    return _texts().post(f"{REASONS}new/", wrong)


def _previewed(**body):
    """A case of reports on which somebody works, with a kept text put in and read as its person will read it."""
    _texts()
    staff, text = make_staff("moderator", name="Mina Moderator"), CannedReason.objects.earliest("pk")
    item = work.take(uid=_reports(1)[0].uid, user=staff)
    sent = {"step": "fill", "canned": text.uid, "shown": "muted", "note": "", **body}
    return sign_in_as(staff).post(f"/staff/cases/{item.uid}/preview/", sent)


def case_preview():
    return _previewed()


def case_preview_refused():
    return _previewed(shown="warned")


def suspension_preview():
    _texts()
    text = CannedReason.objects.get(kind="sanction")
    sent = {"step": "fill", "canned": text.uid, "facts": "", "rule": "spam", "scope": "all", "duration": "168"}
    path = f"/staff/users/{make_user(name='Ben Besteller').uid}/suspend/preview/"
    return sign_in_as(make_staff("moderator", name="Mina Moderator")).post(path, {**sent, "nonce": uuid7()})


# -- fraud
def _ring(*, device="one", ip="5.9.1.1"):
    """Staff of the security role, and two accounts on one device of which one tried many cards; scored."""
    staff = make_staff("security", name="Sef Security")
    for name, n_cards in (("Thea Thief with a rather long display name", 7), ("Linked Lou", 0)):
        user = make_user(name=name)
        known = {"user_uid": user.uid, "joined_at": timezone.now(), "client": Visitor(ip=ip), "device": device}
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


# -- analytics
def _count_days(backs):
    """These days, and no others: the pages share one database."""
    DailyFigures.objects.all().delete()
    DailyRevenue.objects.all().delete()
    today = timezone.now().date()
    for back in backs:
        day, n = today - timedelta(days=back), back * 7 % 11
        DailyFigures.objects.create(
            day=day, counted_at=timezone.now(), kept_centi=n * 91_050, n_joined=n + 3, n_cohort=n + 2,
            n_cohort_bought=n // 3, n_answers=n * 6 + 1, median_answer_s=3_700 * (n + 1), n_cases_decided=n,
            median_decision_s=4_000 if n else None, n_reports=n, n_reports_upheld=n // 2, n_reports_dismissed=n // 3,
            n_sanctions=n // 2, n_sanctions_automated=n // 4, n_appeals=n // 5, n_appeals_granted=n // 6,
            n_appeals_refused=0, n_active_day=410, n_active_week=2_105,
        )  # fmt: skip
        for currency, worth in (("USD", 1_000), ("INR", 84_900)):
            DailyRevenue.objects.create(
                day=day, currency=currency, n_purchases=n, purchased_minor=n * worth, n_refunds=n // 5,
                refunded_minor=n // 5 * worth, n_disputes=n // 9, disputed_minor=n // 9 * worth,
            )  # fmt: skip


def analytics():
    """A month of figures in which two nights are missing, in two currencies."""
    _count_days(back for back in range(1, 31) if back not in (7, 19))
    return sign_in_as(make_staff("finance", name="Fin Finance")).get("/staff/analytics/")


def analytics_empty():
    _count_days(())
    return sign_in_as(make_staff("finance", name="Fin Finance")).get("/staff/analytics/")


def transparency_empty():
    _count_days(())
    return Client().get("/transparency/")


def transparency():
    """More than two months of them: some numbers are too small to be shown."""
    _count_days(back for back in range(1, 93) if back != 60)
    return Client().get("/transparency/")
