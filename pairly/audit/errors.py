from __future__ import annotations


class AuditFailed(RuntimeError):
    """The product, Chromium or Node did not do its part; the message says which and how."""
