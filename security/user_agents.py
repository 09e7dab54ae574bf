"""What a user agent says in plain words: browser and system. A client may claim anything; it is a hint, no proof."""

from __future__ import annotations

import ua_parser
from django.utils.translation import gettext as _

# The parser keeps apart what people call by one name.
_BROWSERS = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Edge Mobile": "Edge",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "HeadlessChrome": "Chrome",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Opera Mobile": "Opera",
}
_SYSTEMS = {"Mac OS X": "macOS"}


def name_of(*, user_agent: str) -> str:
    """Browser and system in words, as "Firefox on Linux"; what the user agent does not tell is called unknown."""
    found = ua_parser.parse(user_agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    names = {"browser": _BROWSERS.get(browser, browser), "system": _SYSTEMS.get(system, system)}
    if browser and system:
        return _("%(browser)s on %(system)s") % names
    if system:
        return _("Unknown program on %(system)s") % names
    return names["browser"] or _("Unknown device")
