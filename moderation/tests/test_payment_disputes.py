"""Payments that a bank disputes as cases: when they open and close, who sees them, what the page shows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from moderation import payment_disputes as queue
from moderation.models import WorkItem
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import make_staff, sign_in_as
from payments.models import MoneyBack
from payments.tests.buying import deliver_all, start, work
from payments.tests.conftest import sandbox, shop  # noqa: F401 - fixtures
from security.models import AuditEntry

pytestmark = pytest.mark.django_db

QUEUE = f"/staff/queues/{queue.KIND}/"


class Affair:
    """A fan whose bank disputes 500 credits, of which 50 were answered for and 50 are held."""

    def __init__(self, shop) -> None:  # noqa: F811
        self.shop = shop
        self.fan = PenFriend("fan", name="Fay Fan")
        self.creator = PenFriend("creator", name="Cleo Creator", price_centi=5_000)
        self.payment = start(self.fan.user)
        self.happen("paid")
        letters = Letters(fan=self.fan, creator=self.creator)
        letters.write(self.fan, "Nobody but us may read this.")
        letters.write(self.creator, "ok")
        letters.write(self.fan, "Nor this.")

    def happen(self, word: str, **how: object) -> None:
        deliver_all(self.shop.hold(self.payment.uid, word, **how))
        work()

    @property
    def item(self) -> WorkItem:
        return WorkItem.objects.get(kind=queue.KIND)


@pytest.fixture
def affair(shop) -> Affair:  # noqa: F811
    return Affair(shop)


def test_an_inquiry_is_no_case_a_dispute_is_one_and_ends_when_the_bank_decides(affair):
    affair.happen("disputed", is_inquiry=True)
    assert WorkItem.objects.count() == 0
    affair.happen("escalated")
    row = MoneyBack.objects.get()
    assert (affair.item.ref, affair.item.subject_uid) == (row.uid, affair.fan.user.uid)
    assert affair.item.due_at == row.evidence_due_at - timedelta(days=1)
    affair.happen("lost")
    assert (affair.item.outcome, affair.item.decided_by) == ("lost", None)


def test_finance_sees_the_figures_and_no_text_and_notes_that_evidence_was_sent(affair):
    affair.happen("disputed")
    staff = make_staff("finance", name="Fin Ance")
    browser = sign_in_as(staff)
    assert "Disputes of payments" in browser.get(QUEUE).content.decode()
    assert browser.post(f"{QUEUE}take/").headers["Location"] == f"/staff/cases/{affair.item.uid}/"
    page = browser.get(f"/staff/cases/{affair.item.uid}/").content.decode()
    for shown in ("USD 5.00", "USD 15.00", "Fay Fan", "Cleo Creator", "fraudulent", str(affair.payment.uid), "400"):
        assert shown in page
    assert "Nobody but us" not in page
    said = {"outcome": "answered", "note": "Receipts and the times of the messages were sent."}
    assert browser.post(f"/staff/cases/{affair.item.uid}/decide/", said).status_code == 302
    assert (affair.item.outcome, affair.item.decided_by) == ("answered", staff)
    assert AuditEntry.objects.filter(action="staff.case_decided", actor_uid=staff.uid).count() == 1
    affair.happen("won")
    assert affair.item.outcome == "answered"  # what staff did stays


def test_who_may_not_decide_on_disputes_of_payments_finds_no_queue(affair):
    affair.happen("disputed")
    for staff in (make_staff("moderator"), make_staff("support")):
        assert sign_in_as(staff).get(QUEUE).status_code == 404
        assert sign_in_as(staff).get(f"/staff/cases/{affair.item.uid}/").status_code == 404
    assert sign_in_as(affair.fan.user).get(QUEUE).status_code in (302, 403, 404)
