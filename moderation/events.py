"""What happens in moderation that other rooms of it tell on. Filled in `AppConfig.ready()`."""

from __future__ import annotations

from typing import Protocol

from .models import Certificate


class CertificateHook(Protocol):
    """Called inside the transaction that changes a certificate; `event` is `certificate.issued`, `.revoked` or
    `.expired`. Raising undoes it."""

    def __call__(self, *, certificate: Certificate, event: str) -> None: ...


_certificate_hooks: list[CertificateHook] = []


def on_certificate(hook: CertificateHook) -> None:
    """Run `hook` for every certificate that is given out, taken back or over. Registering twice is once."""
    if hook not in _certificate_hooks:
        _certificate_hooks.append(hook)


def certificate_changed(*, certificate: Certificate, event: str) -> None:
    """Called by the services of certificates, and by the job that finds those whose time is over."""
    for hook in _certificate_hooks:
        hook(certificate=certificate, event=event)
