"""Placeholders in the texts of reasons: a closed list, put in by plain replacement in one pass.

What is put in is never looked at for placeholders again, and no text is a format string: a name like "{until}" or
"{0.__class__}" stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .errors import EmptyPlaceholder, UnknownPlaceholder

NAMES = {
    "handle": _("the name by which others know the person"),
    "reason": _("the rule or reason of the decision, in words"),
    "until": _("the day on which it ends"),
}
_KNOWN = re.compile("{(" + "|".join(NAMES) + ")}")
_ANY = re.compile(r"{[^{}]*}|[{}]")


def check(*, text: str) -> None:
    """Refuse a text to be kept that has a placeholder which is not of NAMES, or a brace alone. Raises
    UnknownPlaceholder (`/text`)."""
    unknown = [found for found in _ANY.findall(text) if not _KNOWN.fullmatch(found)]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in NAMES)
        detail = gettext("There is no placeholder %(unknown)s. There are: %(known)s.")
        detail %= {"unknown": ", ".join(dict.fromkeys(unknown)), "known": known}
        raise UnknownPlaceholder(errors=[{"pointer": "/text", "code": UnknownPlaceholder.code, "detail": detail}])


def has_any(*, text: str) -> bool:
    """Whether there is something to put in."""
    return _KNOWN.search(text) is not None


def fill(*, text: str, values: Mapping[str, str], pointer: str) -> str:
    """`text` with `values` in the places of its placeholders; what is no placeholder stays as it was written.

    Raises EmptyPlaceholder (at `pointer`) for one that says nothing in this decision, as {until} where there is no end.
    """
    empty = [name for name in dict.fromkeys(_KNOWN.findall(text)) if not values.get(name)]
    if empty:
        detail = gettext("%(names)s says nothing in this decision: take it out.")
        detail %= {"names": ", ".join(f"{{{name}}}" for name in empty)}
        raise EmptyPlaceholder(errors=[{"pointer": pointer, "code": EmptyPlaceholder.code, "detail": detail}])
    return _KNOWN.sub(lambda found: values[found[1]], text)
