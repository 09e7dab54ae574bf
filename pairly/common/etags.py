"""ETags and what depends on them: answers that need not be sent again, changes that must not undo another's.

RFC 9110: 8.8.3 (ETag), 13.1.1 (If-Match), 13.1.2 (If-None-Match), 15.4.5 (304). A tag is `version`, or
`version.content` where the document holds more than what the version counts: `If-Match` asks for the version alone,
`If-None-Match` for the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from .openapi import answer_header, documented, header
from .problems import Problem

Handler = TypeVar("Handler", bound=Callable[..., Any])

_ETAG = answer_header("ETag", "the version of this document (RFC 9110, section 8.8.3)", statuses=(200, 201, 304))
_IF_NONE_MATCH = header("If-None-Match", "ETags that you have: 304 where one still holds (RFC 9110, section 13.1.2)")

# A handler whose answer has an ETag, and no more than that.
tagged = documented(_ETAG)


class PreconditionFailed(Problem):
    """What `If-Match` names is not what there is. Apps subclass it with what to do next."""

    code, status, title = "precondition_failed", 412, _("This was changed elsewhere; load it again")


def tag_of(document: Any, *, version: str = "") -> str:
    """The strong ETag of a JSON document, with its quotes; with `version` it begins with it."""
    content = hashlib.sha256(JSONEncoder(sort_keys=True).encode(document).encode()).hexdigest()[:16]
    return f'"{version}.{content}"' if version else f'"{content}"'


def conditional(handler: Handler) -> Handler:
    """A GET handler whose answer has an ETag: 304 without a body when `If-None-Match` names it (or is `*`)."""

    @wraps(handler)
    def get(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
        response = handler(view, request, *args, **kwargs)
        tag = response.headers.get("ETag", "")
        if response.status_code != 200 or not tag or not _is_named(tag, request.headers.get("If-None-Match", "")):
            return response
        return Response(status=304, headers={"ETag": tag})

    return documented(_IF_NONE_MATCH, _ETAG, answers={304: "it is still what you have"})(get)  # type: ignore[return-value]


def _is_named(tag: str, given: str) -> bool:
    """The weak comparison of section 8.8.3.2."""
    names = [name.strip().removeprefix("W/") for name in given.split(",")]
    return "*" in names or tag in names


def guarded(*, required: bool = False) -> Callable[[Handler], Handler]:
    """A writing handler that looks at `If-Match`: described with the header, 412 and the ETag of its answer."""
    key = header(
        "If-Match",
        "the version that you change, as its ETag; 412 where there is another by now (RFC 9110, section 13.1.1)",
        required=required,
    )
    return documented(key, _ETAG, refusals=(412,))


def versions_of(*, request: Request) -> list[str] | None:
    """The versions that `If-Match` names, without quotes; None where any will do (no header, or `*`).

    The strong comparison: weak tags name none. A bare version is taken as well.
    """
    given = request.headers.get("If-Match", "*").strip()
    if given == "*":
        return None
    tags = [tag.strip() for tag in given.split(",")]
    return [tag.strip('"').partition(".")[0] for tag in tags if not tag.startswith("W/")]
