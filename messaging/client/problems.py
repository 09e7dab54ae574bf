"""What a client refuses by itself, whatever the server says."""

from __future__ import annotations


class CannotVerify(ValueError):
    """Show "cannot verify", never content; `code` says which check failed (docs/encryption.md)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
