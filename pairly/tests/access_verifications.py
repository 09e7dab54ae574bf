"""Verifications in the access matrix: the owner has sent one in, and it waits for a reviewer."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from moderation.models import WorkItem
from moderation.services import work
from moderation.verifications.services import checking, requests
from users.models import User

if TYPE_CHECKING:
    from .access_setups import Scene


def draw(text: str) -> bytes:
    """A picture that is large enough for a document."""
    image, out = Image.new("RGB", (900, 600), "white"), io.BytesIO()
    ImageDraw.Draw(image).text((20, 20), text, fill="black")
    image.save(out, "JPEG")
    return out.getvalue()


def make_verification(owner: User) -> dict[str, Any]:
    """A request of the owner's that waits for a reviewer."""
    given: dict[str, Any] = {"document_type": "passport", "has_consented": True, "ip": "192.0.2.77"}
    made = requests.submit(user=owner, document=draw("PASSPORT"), selfie=draw("A face"), **given)
    assert checking.check(uid=made.uid)
    return {"verification": made.uid, "document kind": "document"}


def both_pictures(scene: Scene) -> dict[str, Any]:
    """What a new request takes; the owner's is withdrawn, for there is one at a time."""
    requests.withdraw(user=scene.owner, uid=scene.world.objects["verification"])
    files = {name: SimpleUploadedFile(f"{name}.jpg", draw(name), "image/jpeg") for name in ("document", "selfie")}
    return {"document_type": "passport", "reason": "To sell", "consent": "true", **files}


def held(scene: Scene) -> None:
    """Its case is worked on by one reviewer: nobody else may open the pictures, whatever they may."""
    item = WorkItem.objects.get(kind="verification", ref=scene.world.objects["verification"])
    work.take(uid=item.uid, user=scene.world.people["staff with"].user)
