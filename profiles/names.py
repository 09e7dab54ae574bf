"""What countries and languages are called, in the viewer's language (CLDR, through Babel)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import product
from string import ascii_uppercase

from babel import Locale, UnknownLocaleError
from babel.dates import format_timedelta
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

# Languages that CLDR has no name for.
_OTHERS = {
    "bfi": _("British Sign Language"),
    "dgs": _("German Sign Language"),
    "dse": _("Dutch Sign Language"),
    "ins": _("Indian Sign Language"),
    "isg": _("Irish Sign Language"),
}


def country_name(*, code: str) -> str:
    """The country with this ISO 3166 code; an unknown code is its own name."""
    return str(_locale(get_language() or "en").territories.get(code, code))


def time_ago(*, at: datetime) -> str:
    """How long ago `at` is, in its largest unit and no finer than a minute: "5 minutes ago"."""
    past = min(-timedelta(minutes=1), at - timezone.now())
    return str(format_timedelta(past, add_direction=True, granularity="minute", locale=_locale(get_language() or "en")))


def country_name_in_english(*, code: str) -> str:
    """The same whoever asks: what searches compare."""
    return str(_locale("en").territories.get(code, code))


def language_name(*, code: str) -> str:
    """The language with this BCP 47 code; an unknown code is its own name."""
    if code in _OTHERS:
        return str(_OTHERS[code])
    return _name(get_language() or "en", code) or code


def is_country(*, code: str) -> bool:
    """Whether this is the code of a country: two letters that CLDR knows, and not a stand-in such as ZZ or EU."""
    return len(code) == 2 and code in _locale("en").territories and code not in _NO_COUNTRIES


def country_choices(*, codes: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Codes (default: of every country) with their names in the viewer's language, by name."""
    every = codes or [code for code in map("".join, product(ascii_uppercase, repeat=2)) if is_country(code=code)]
    return sorted(((code, country_name(code=code)) for code in every), key=lambda pair: pair[1])


def is_language(*, code: str) -> bool:
    """Whether the code names a language that we have a name for."""
    return code in _OTHERS or _name("en", code) is not None


_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


@lru_cache(maxsize=4_096)
def _name(language: str, code: str) -> str | None:
    """The name of `code` in `language`: of the whole tag where it has one, else of its parts."""
    locale = _locale(language)
    if found := locale.languages.get(code.replace("-", "_")):
        return str(found)
    base, *parts = code.split("-")
    name = locale.languages.get(base)
    if name is None:
        return None
    known = [locale.scripts.get(part) or locale.territories.get(part) or part for part in parts]
    return f"{name} ({', '.join(known)})" if known else name
