"""What the demo's staff have done and have to do: requests to be verified, reports, the figures of the past weeks."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from django.utils import timezone
from PIL import Image

from moderation.document_checks.evaluation import people as cards
from moderation.document_checks.evaluation import templates
from moderation.models import Report, ReportCase, Verification, WorkItem
from moderation.reports.services import submitting
from moderation.services import figures, work
from moderation.verifications.services import checking, requests
from users.models import User

from .cast import CREATORS
from .dealings import moved_to
from .people import People, Role
from .plan import DAY, Part, Side
from .staff import STAFF

_CAMERA_PX = (1600, 1200)
_FACE_PX = (720, 900)
# A shade lighter than a table, so that a card's edges are found.
_TABLE = (92, 84, 78)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A creator asks to be verified; `outcome` is one of the queue's decisions, "" while it waits."""

    at_h: float
    creator: int
    template: int
    purpose: str
    outcome: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Complaint:
    """Fans report a creator, for the same reason; `outcome` as in `Request`."""

    at_h: float
    fans: tuple[int, ...]
    creator: int
    category: str
    details: str
    outcome: str = ""


Deed = Request | Complaint
DEEDS: tuple[Deed, ...] = (
    Request(at_h=-9 * DAY, creator=7, template=2, purpose="To be found by who looks for a coach", outcome="approved"),
    Request(
        at_h=-3 * DAY,
        creator=8,
        template=0,
        purpose="To sell recordings",
        outcome="unreadable",
        note="The light lies right on your name. By a window, without a flash, it is readable.",
    ),
    Request(at_h=-5.0, creator=11, template=3, purpose="To be paid out"),
    Request(at_h=-1.5, creator=5, template=1, purpose="To sell in the shop"),
    Complaint(
        at_h=-6 * DAY,
        fans=(9,),
        creator=3,
        category="other",
        details="He says that rye needs no salt. It does.",
        outcome="dismissed",
    ),
    Complaint(
        at_h=-20.0,
        fans=(6, 10),
        creator=9,
        category="spam",
        details="The same three lines about a newsletter, to everybody who follows.",
    ),
    Complaint(
        at_h=-0.7,
        fans=(7,),
        creator=10,
        category="harassment",
        details="Asks for my telephone number in every answer, after I said no twice.",
    ),
)


class House:
    """Does what is not done yet, through the services of everybody and of staff, at the plan's times."""

    def __init__(self, *, people: People, part: Part, deeds: tuple[Deed, ...] = DEEDS) -> None:
        self._people = people
        self._part = part
        self._deeds = deeds

    def carry_out(self) -> None:
        """Every deed whose people are in this part."""
        if not self._part.n_staff:
            return
        for deed in sorted(self._deeds, key=lambda one: one.at_h):
            with moved_to(self._people.at(deed.at_h)):
                if isinstance(deed, Request):
                    self._verify(deed)
                else:
                    self._report(deed)

    def count(self) -> None:
        """The figures of the past weeks, as the nights would have counted them."""
        figures.count_due(at=timezone.now())

    def _find(self, side: Side, number: int) -> User | None:
        there = self._part.n_fans if side == "fan" else self._part.n_creators
        return self._people.user_of(role=Role(side=side, number=number)) if number < there else None

    def _verify(self, deed: Request) -> None:
        user = self._find("creator", deed.creator)
        if user is None or Verification.objects.filter(user=user).exists():
            return
        made = requests.submit(
            user=user,
            document=_card(user, deed),
            selfie=_face(seed=user.pk),
            document_type=templates.TEMPLATES[deed.template].document_class,
            purpose=deed.purpose,
            has_consented=True,
        )
        if deed.outcome:  # the others are checked by the worker, as everybody's are
            checking.check(uid=made.uid)
            self._decide("verification", deed.outcome, deed.note)

    def _report(self, deed: Complaint) -> None:
        aim = self._find("creator", deed.creator)
        fans = [fan for number in deed.fans if (fan := self._find("fan", number)) is not None]
        if aim is None or len(fans) < len(deed.fans) or ReportCase.objects.filter(subject=aim).exists():
            return
        for fan in fans:
            submitting.submit(reporter=fan, kind="user", target=aim.uid, category=deed.category, details=deed.details)
        Report.objects.filter(case__subject=aim).update(created_at=timezone.now())  # the plan's: see moved_to
        if deed.outcome:
            self._decide("report", deed.outcome, "")

    def _decide(self, kind: str, outcome: str, note: str) -> None:
        """As in the queue: a moderator takes the newest case and settles it."""
        moderator = self._people.users[next(one.email for one in STAFF if one.role == "moderator")]
        case = WorkItem.objects.filter(kind=kind, decided_at__isnull=True).latest("pk")
        work.take(uid=case.uid, user=moderator)
        work.decide(uid=case.uid, user=moderator, outcome=outcome, note=note)


def _card(user: User, deed: Request) -> bytes:
    """A document of no state, on a table."""
    given, _space, family = user.name.rpartition(" ")
    rng = np.random.default_rng(user.pk)
    born_on = user.birth_date or date(1990, 1, 1)
    holder = replace(
        cards.invent(rng),
        given=given or user.name,
        family=family,
        born_on=born_on,
        country=CREATORS[deed.creator].country,
        expires_on=timezone.now().date() + timedelta(days=1200),
        face=user.pk,
    )
    drawn = Image.fromarray(templates.draw(templates.TEMPLATES[deed.template], holder).rgb)
    drawn.thumbnail((_CAMERA_PX[0] - 240, _CAMERA_PX[1] - 160))
    table = Image.new("RGB", _CAMERA_PX, _TABLE)
    table.paste(drawn, ((table.width - drawn.width) // 2, (table.height - drawn.height) // 2))
    return _jpeg(table)


def _face(*, seed: int) -> bytes:
    return _jpeg(templates.portrait(seed, _FACE_PX))


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92)
    return out.getvalue()
