"""People of the demo who are being verified, were, and were not; and the case that a reviewer works on."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont

from moderation.models import WorkItem
from moderation.services import work
from moderation.verifications.services import checking, requests
from pairly.testing.people import make_staff, make_user


def draw(title, *, lines=()):
    """A card that is plainly nobody's document, or a face of two circles."""
    image, out = Image.new("RGB", (1200, 760), "#dfe6e9"), io.BytesIO()
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size=44)
    pen.rectangle((60, 180, 400, 640), fill="#b2bec3")
    pen.ellipse((150, 240, 310, 420), fill="#636e72")
    pen.ellipse((110, 440, 350, 760), fill="#636e72")
    for number, text in enumerate((title, *lines)):
        pen.text((60 if not number else 460, 70 if not number else 110 + 80 * number), text, font=font, fill="#2d3436")
    image.save(out, "JPEG")
    return out.getvalue()


CARD = draw("SPECIMEN  PASSPORT", lines=("SURNAME  LIND", "GIVEN NAME  MARA", "BORN  1 JAN 1990"))
FACE = draw("")


def send(user):
    """A request that waits for a reviewer."""
    made = requests.submit(
        user=user, document=CARD, selfie=FACE, document_type="passport", purpose="To sell in a shop", has_consented=True
    )
    assert checking.check(uid=made.uid)
    return WorkItem.objects.get(kind="verification", ref=made.uid)


def verify(world, reviewer, open_browser):
    """Somebody in each state, each with a browser of `open_browser(user)`; `reviewer` works on one case."""
    people = {name: make_user("creator", name="Mara Lind") for name in ("asking", "verified", "turned down")}
    cases = {name: send(user) for name, user in people.items()}
    moderator = make_staff("moderator")
    for name, outcome, note in (
        ("verified", "approved", ""),
        (
            "turned down",
            "unreadable",
            "The light lies right on your name. By a window, without a flash, it is readable.",
        ),
    ):
        work.take(uid=cases[name].uid, user=moderator)
        work.decide(uid=cases[name].uid, user=moderator, outcome=outcome, note=note)
    work.take(uid=cases["asking"].uid, user=reviewer)
    world.paths["rejected request"] = f"/verification/{cases['turned down'].ref}/appeal/"
    world.contexts |= {name: open_browser(user) for name, user in people.items()}


def held_case(_):
    """The page of the open case, which its reviewer works on for ten more minutes: nobody else sees the pictures."""
    item = WorkItem.objects.get(kind="verification", decided_at__isnull=True)
    work.take(uid=item.uid, user=item.taken_by)
    return f"/staff/cases/{item.uid}/"
