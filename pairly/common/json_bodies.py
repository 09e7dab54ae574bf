"""Bodies of the API: JSON as RFC 8259 has it, read one way only."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError

# Written as escapes, which may also be a whole pair.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class JSONParser(parsers.JSONParser):
    """As DRF's, but in UTF-8 alone (section 8.1), and two members of one name, half of a character or brackets without
    end are refused.

    Readers differ in which of the two members counts (section 4), so a check and what it guards could read different
    values. A lone surrogate is no character (section 8.2): nothing can store it or send it back. A stack that overflows
    would be an error of ours. Django looked at the length before.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            text = stream.read().decode("utf-8")
            body = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
            if _SURROGATE.search(text):
                json.dumps(body, ensure_ascii=False).encode()
            return body
        except RecursionError as error:
            raise ParseError(_("The JSON of the request is nested too deeply.")) from error
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member is named twice")
    return members


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
