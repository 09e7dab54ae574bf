from __future__ import annotations


class UpFailed(RuntimeError):
    """The product does not start or did not stay up; the message says why and holds the end of a log."""
