from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from profiles.models import Profile
from users.models import User

from ..models import ShopFile, Unlock
from ..shop import files, pictures, selectors

register = template.Library()

SHELF = 3  # of a shop, on its creator's page


@register.simple_tag
def preview_url(file: ShopFile) -> str:
    """Address of the blurred preview, which is for everybody."""
    return files.preview_url(file=file)


@register.inclusion_tag("payments/shop/picture.html")
def bought_picture(unlock: Unlock, file: ShopFile, *, number: int, sizes: str = "100vw") -> dict[str, Any]:
    """`{% bought_picture unlock file number=1 %}`: a picture of the buyer's own copy."""
    widths = pictures.shown_widths(width_px=file.width_px)
    urls = {width: reverse("payments:library-file", args=[unlock.uid, file.uid, width]) for width in widths}
    return {
        "file": file,
        "number": number,
        "src": urls[widths[0]],
        "full": urls[widths[-1]],
        "srcset": ", ".join(f"{url} {width}w" for width, url in urls.items()),
        "sizes": sizes,
    }


@register.inclusion_tag("payments/shop/on_profile.html", takes_context=True)
def shop_shelf(context: dict[str, Any], profile: Profile) -> dict[str, Any]:
    """`{% shop_shelf profile %}`: the newest of a creator's shop, or nothing where nothing is on sale."""
    user = context.get("user")
    viewer = user if isinstance(user, User) else None
    rows = list(selectors.list_on_sale(user=viewer, profile=profile)[: SHELF + 1])
    return {"profile": profile, "items": rows[:SHELF], "has_more": len(rows) > SHELF}
