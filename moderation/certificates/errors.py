from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Problem


class UnknownCertificate(Problem):
    """No certificate has this code: it was mistyped, or made up."""

    code, status, title = "unknown_certificate", 404, _("We gave out no certificate with this code")


class NotVerified(Problem):
    """A certificate says what an approved verification showed."""

    code, status, title = "not_verified", 409, _("Get verified first; the certificate comes with it")


class TooManyCertificates(Problem):
    """Each one replaces the one before; nobody needs many a day."""

    code, status, title = "too_many_certificates", 429, _("You had several certificates today. Try again tomorrow")
