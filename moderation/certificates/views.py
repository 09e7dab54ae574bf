"""Pages of certificates: for everybody who has a code, and for their holder."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pairly.common.per_minute import per_minute
from pairly.common.problems import PROBLEM_JSON, Problem
from users.requests import user_of

from . import documents, published, selectors, words
from .answers import shared
from .constants import CHANGES_PER_MINUTE, LOOKUPS_PER_MINUTE
from .errors import UnknownCertificate
from .services import issuing, revoking
from .types import Published

_JSON = "application/json"


@per_minute("certificates", LOOKUPS_PER_MINUTE)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Look for a certificate by its code, `?q=`."""
    code = published.normalised(request.GET.get("q", ""))
    if not code:
        return render(request, "moderation/certificates/search.html", {"is_asked": "q" in request.GET})
    if not (code.isascii() and code.isalnum()):
        return _unknown(request, code)
    return redirect("trust:certificate", code)


@per_minute("certificates", LOOKUPS_PER_MINUTE)
@require_safe
def certificate(request: HttpRequest, code: str) -> HttpResponseBase:
    """What a certificate says and whether it holds, as a page or, by `Accept`, as JSON.

    `?on=` is the id of the account on whose profile it was met: a certificate about another one is copied.
    """
    typed = published.normalised(code)
    if typed != code and typed.isascii() and typed.isalnum():
        return redirect("trust:certificate", typed)
    try:
        found = published.find(code=code)
    except UnknownCertificate:
        return shared(request=request, response=_unknown(request, typed))
    now, on = timezone.now(), request.GET.get("on", "")
    if _wants_json(request):
        document = documents.document_of(found=found, at=now, on=on)
        return shared(request=request, response=JsonResponse(document))
    page = render(request, "moderation/certificates/certificate.html", _shown(found, on, now))
    return shared(request=request, response=page)


@per_minute("certificates", LOOKUPS_PER_MINUTE)
@require_safe
def keys(request: HttpRequest) -> HttpResponseBase:
    """The public keys that certificates are signed with."""
    return shared(request=request, response=JsonResponse(documents.keys_document()))


@per_minute("certificates", LOOKUPS_PER_MINUTE)
@require_safe
def revoked(request: HttpRequest) -> HttpResponseBase:
    """The list of what was taken back, for checks without us."""
    return shared(request=request, response=JsonResponse(documents.revoked_document(at=timezone.now())))


# -- one's own
@per_minute("certificates-own", CHANGES_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def own(request: HttpRequest) -> HttpResponse:
    """One's certificates; POST asks for one that says what is true today."""
    user = user_of(request)
    if request.method == "POST":
        try:
            _made, is_new = issuing.renew(user=user)
        except Problem as problem:
            messages.error(request, str(problem.title))
        else:
            text = _("This is your new certificate.") if is_new else _("Your certificate says all that is true today.")
            messages.success(request, text)
        return redirect("trust:certificates")
    held = selectors.find_in_force(user=user)
    context = {
        "held": held,
        "qr": documents.qr_of(code=held.code) if held else "",
        "can_renew": selectors.find_approved(user=user) is not None,
        "earlier": [
            (row, words.reason_of(because=row.revoked_because) if row.revoked_at else "")
            for row in selectors.list_own(user=user).exclude(code=held.code if held else "")[:20]
        ],
    }
    return render(request, "moderation/certificates/own.html", context)


@require_safe
@login_required
@never_cache
def download(request: HttpRequest, code: str) -> HttpResponse:
    """A certificate of one's own as a file."""
    row = selectors.get_own(user=user_of(request), code=code)
    found = documents.document_of(found=published.show(certificate=row), at=timezone.now())
    headers = {"Content-Disposition": f'attachment; filename="pairly-certificate-{row.code}.json"'}
    return JsonResponse(found, headers=headers, json_dumps_params={"indent": 2})


@per_minute("certificates-own", CHANGES_PER_MINUTE)
@require_POST
@login_required
@never_cache
def revoke(request: HttpRequest, code: str) -> HttpResponse:
    """Take a certificate of one's own back."""
    revoking.take_back(user=user_of(request), code=code)
    messages.success(request, _("Taken back. Everybody who looks sees it within a minute."))
    return redirect("trust:certificates")


def _shown(found: Published, on: str, now: datetime) -> dict[str, Any]:
    says = found.says
    return {
        "found": found,
        "state": found.state(at=now),
        "document": documents.document_of(found=found, at=now),
        "says": says,
        "issued_at": datetime.fromisoformat(says["issued_at"]) if says else None,
        "level": words.level_of(level=says.get("level", "")),
        "reason": words.reason_of(because=found.revoked_because) if found.revoked_at else "",
        "is_copied": bool(on and says) and not documents.is_about(found=found, on=on),
        "identity": _in_groups(says.get("identity") or ""),
        "qr": documents.qr_of(code=found.code),
    }


def _in_groups(fingerprint: str) -> str:
    return " ".join(fingerprint[start : start + 8] for start in range(0, len(fingerprint), 8))


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", _JSON]) == _JSON


def _unknown(request: HttpRequest, code: str) -> HttpResponse:
    problem = UnknownCertificate()
    if _wants_json(request):
        return JsonResponse(problem.document(), status=404, content_type=PROBLEM_JSON)
    return render(request, "moderation/certificates/search.html", {"is_unknown": True, "code": code}, status=404)
