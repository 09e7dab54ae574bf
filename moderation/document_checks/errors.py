"""What cannot be checked."""

from __future__ import annotations


class NotAssessable(Exception):
    """A layer has nothing to go by. `code` is one of `reasons.TEXTS`; the layer becomes unknown."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
