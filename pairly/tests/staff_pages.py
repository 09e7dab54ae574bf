"""Staff's pages for the table: some are rendered here, for only tests know a queue that always has cases."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from moderation.models import WorkItem
from moderation.services import work
from moderation.tests.kinds import KIND, open_cases, registered
from pairly.testing.people import make_staff, make_user, sign_in_as

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
