from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template

from .. import names
from ..models import Picture, Profile

register = template.Library()

# The width behind `src`, for browsers that know no srcset.
_FALLBACK_WIDTH = {Picture.Kind.PORTRAIT: 384, Picture.Kind.GALLERY: 640}


@register.filter
def country_name(code: str) -> str:
    """`"SE"|country_name` is "Sweden" for an English viewer."""
    return names.country_name(code=code)


@register.filter
def language_name(code: str) -> str:
    """`"sv"|language_name` is "Swedish" for an English viewer."""
    return names.language_name(code=code)


@register.filter
def ago(at: datetime) -> str:
    """ "5 minutes ago", in the viewer's language."""
    return names.time_ago(at=at)


@register.simple_tag
def picture_url(shown: Picture, width: int) -> str:
    """Address of the file that is at least `width` pixels wide."""
    return shown.url(width)


@register.inclusion_tag("profiles/picture.html")
def picture(shown: Picture | None, *, sizes: str = "100vw", eager: bool = False, css: str = "") -> dict[str, Any]:
    """`{% picture profile.portrait sizes="96px" %}`: an <img>, or nothing without a picture.

    `sizes` says how wide it is shown (as in HTML), `eager` is for what is in view at once, `css` names classes.
    """
    if shown is None:
        return {"shown": None}
    return {
        "shown": shown,
        "src": shown.url(_FALLBACK_WIDTH[Picture.Kind(shown.kind)]),
        "srcset": ", ".join(f"{shown.url(width)} {width}w" for width in shown.widths),
        "sizes": sizes,
        "eager": eager,
        "css": css,
    }


@register.inclusion_tag("profiles/facts.html")
def response_facts(profile: Profile) -> dict[str, Any]:
    """`{% response_facts profile %}`: how the creator answers, or nothing where too little is known."""
    return {"facts": profile.shown_facts}
