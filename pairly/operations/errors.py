from __future__ import annotations


class OperationFailed(RuntimeError):
    """The operation was not carried out; the message says why and what to do."""
