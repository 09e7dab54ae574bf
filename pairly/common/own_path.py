"""Where a page may send people on to."""

from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme


def own_path(given: str | None) -> str:
    """`given` if it is a path on this site, else "": an address from a URL may lead anywhere (CWE-601)."""
    is_ours = given is not None and given.startswith("/") and url_has_allowed_host_and_scheme(given, allowed_hosts=None)
    return given if is_ours and given else ""
