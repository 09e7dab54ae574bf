"""Mail addresses that are made to be thrown away, by the list of the package `disposable-email-domains`."""

from __future__ import annotations


def is_disposable(*, email: str) -> bool:
    """Whether the domain of the address, or one above it, is a known provider of throw-away addresses. A list is never
    whole: no means not known."""
    from disposable_email_domains import blocklist  # ten thousand names: not before they are needed

    labels = email.rpartition("@")[2].strip().lower().rstrip(".").split(".")
    return any(".".join(labels[start:]) in blocklist for start in range(len(labels) - 1))
